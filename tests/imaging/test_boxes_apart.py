"""Rows of boxes with paper between them: found whole, whatever is written in them."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.boxes_apart import find_boxes_apart
from digitscan.imaging.combs import find_combs
from digitscan.records import Gray

SIZE = (40, 50)
"""Width and height of a box."""


def draw_lines(lefts: list[int], climb: float = 0.0) -> npt.NDArray[np.uint8]:
    """Draw boxes as lines, each a little higher or lower than the one before."""
    lines = np.zeros((160, 700), np.uint8)
    for left in lefts:
        top = round(50 + climb * left)
        cv2.rectangle(lines, (left, top), (left + SIZE[0], top + SIZE[1]), 1)
    return lines


def find_lefts(lines: npt.NDArray[np.uint8]) -> list[list[int]]:
    return [[box.left for box in row] for row in find_boxes_apart(lines)]


@pytest.mark.parametrize("gap", [4, 8, 20])
@pytest.mark.parametrize("climb", [-0.015, 0.0, 0.015])
def test_a_row_is_found(climb: float, gap: int) -> None:
    lefts = [20 + (SIZE[0] + gap) * number for number in range(8)]
    (row,) = find_lefts(draw_lines(lefts, climb))
    assert row == pytest.approx(lefts, abs=1)


def test_a_box_that_a_stroke_parts_is_foretold() -> None:
    lefts = [20 + 48 * number for number in range(6)]
    lines = draw_lines(lefts)
    for broken in (0, 4):
        cv2.line(lines, (lefts[broken] + 20, 40), (lefts[broken] + 20, 110), 1)
    (row,) = find_lefts(lines)
    assert row == pytest.approx(lefts, abs=2)


def test_a_side_that_is_hidden_ends_no_row() -> None:
    lefts = [20 + 48 * number for number in range(6)]
    lines = draw_lines(lefts)
    lines[60:85, lefts[5] + SIZE[0]] = 0
    (row,) = find_lefts(lines)
    assert row == pytest.approx(lefts, abs=2)


@pytest.mark.parametrize(
    "lefts",
    [
        pytest.param([20, 68], id="two boxes: two zeros enclose as much"),
        pytest.param([20, 60, 100, 140], id="walls that are shared"),
        pytest.param([20, 100, 180, 260], id="too far apart: checks for yes and no"),
    ],
)
def test_no_row(lefts: list[int]) -> None:
    assert find_lefts(draw_lines(lefts)) == []


def test_boxes_of_another_size_are_no_part_of_the_row() -> None:
    lefts = [20 + 48 * number for number in range(4)]
    lines = draw_lines(lefts)
    cv2.rectangle(lines, (212, 50), (290, 100), 1)
    (row,) = find_lefts(lines)
    assert row == pytest.approx(lefts, abs=1)


def test_nothing() -> None:
    assert find_lefts(np.zeros((160, 700), np.uint8)) == []


def draw_page(count: int, apart: int) -> Gray:
    page = np.full((300, 800), 240, np.uint8)
    for number in range(count):
        left = 100 + (40 + apart) * number
        cv2.rectangle(page, (left, 100), (left + 40, 150), 40, 2)
        cv2.putText(page, "7", (left + 10, 140), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 30, 3)
    return page


@pytest.mark.parametrize("apart", [8, 12])
def test_a_page_has_one_comb_of_them(apart: int) -> None:
    (comb,) = find_combs(draw_page(6, apart))
    assert [cell.left for cell in comb.cells] == pytest.approx(
        [100 + (40 + apart) * number for number in range(6)], abs=2
    )
    assert [cell.right - cell.left for cell in comb.cells] == pytest.approx([40] * 6, abs=3)
