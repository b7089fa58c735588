"""Squared paper is told from rows of boxes, and what is written on it stays whole without it."""

import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.combs import Comb
from digitscan.imaging.squared import (
    LEAST_CELLS,
    LEAST_ROWS,
    divide_out_squares,
    find_squares,
    lies_among,
)
from digitscan.records import Box, Gray, Mask

SIDE = 20
PAPER, SQUARE, PEN = 250, 200, 40
Boxes = npt.NDArray[np.int32]


def lay_row(top: int, cells: int = 12, side: int = SIDE, high: int = SIDE, left: int = 0) -> Comb:
    """A row of cells at the left edge of a page."""
    boxes = [Box(left + side * k, top, left + side * (k + 1), top + high) for k in range(cells)]
    return Comb(Box(left, top, left + side * cells, top + high), tuple(boxes))


def lay_sheet(rows: int = 10, cells: int = 12, high: int = SIDE) -> list[Comb]:
    return [lay_row(high * k, cells, high=high) for k in range(rows)]


def write(pitch: float, row: int = 3, count: int = 9, first: float = 10.0) -> Boxes:
    """Characters of a square's height three fifths, seven tenths wide, `pitch` pixels apart."""
    lefts = np.rint(first + pitch * np.arange(count)).astype(np.int32)
    top = SIDE * row + 4
    return np.array([(left, top, left + 14, top + 12) for left in lefts], np.int32)


def test_squares_with_writing_across_their_walls_are_no_combs() -> None:
    assert find_squares(lay_sheet(), write(pitch=16)) == lay_sheet()


@pytest.mark.parametrize(
    ("combs", "boxes"),
    [
        pytest.param(lay_sheet(), write(pitch=SIDE, first=3), id="a-digit-a-square"),
        pytest.param(lay_sheet(rows=LEAST_ROWS - 1), write(pitch=16), id="few-rows"),
        pytest.param(lay_sheet(cells=LEAST_CELLS - 1), write(pitch=16), id="short-rows"),
        pytest.param(lay_sheet(), np.zeros((0, 4), np.int32), id="nothing-written"),
        pytest.param([], write(pitch=16), id="no-combs"),
        pytest.param(
            [lay_row(60 * k, side=12 + 8 * k) for k in range(8)], write(pitch=16), id="uneven"
        ),
    ],
)
def test_rows_of_boxes_stay(combs: list[Comb], boxes: Boxes) -> None:
    assert find_squares(combs, boxes) == []


def test_rows_of_two_squares_are_squared_paper_as_well() -> None:
    sheet = lay_sheet(rows=6, high=2 * SIDE)
    assert find_squares(sheet, write(pitch=16)) == sheet


def test_two_characters_in_a_square_are_a_sign_of_it_as_well() -> None:
    sheet = [lay_row(28 * k, side=28, high=28) for k in range(10)]
    assert find_squares(sheet, write(pitch=14, first=0)) == sheet


def test_squares_between_rules_that_are_seen_are_counted() -> None:
    assert len(find_squares(lay_sheet(rows=2, high=3 * SIDE), write(pitch=16))) == 2


def test_walls_and_specks_are_no_writing() -> None:
    walls = np.array([[38, 60, 42, 80]] * 40, np.int32)
    specks = np.array([[35, 64, 45, 68]] * 40, np.int32)
    boxes = np.concatenate([walls, specks, write(pitch=SIDE, first=3)])
    assert find_squares(lay_sheet(), boxes) == []


def test_what_lies_among_squares_is_no_comb_and_what_lies_beside_them_is() -> None:
    inside, beside = lay_row(60, cells=2, side=9, left=60), lay_row(300, cells=8, side=14)
    squares = find_squares([*lay_sheet(), inside, beside], write(pitch=16))
    assert squares == lay_sheet()
    assert [lies_among(comb, squares) for comb in (inside, beside)] == [True, False]
    assert not lies_among(inside, [])


def draw_squares(square: int, pen: int, wide: int = 1) -> tuple[Gray, Mask]:
    """Squared paper with strokes on it, two of them along a rule; and where these are."""
    gray = np.full((240, 240), PAPER, np.uint8)
    for first in range(0, 240, SIDE):
        gray[first : first + wide] = gray[:, first : first + wide] = square
    strokes = np.zeros(gray.shape, bool)
    strokes[30:55, 38:43] = strokes[98:103, 110:135] = strokes[150:175, 149:154] = True
    gray[strokes] = pen
    return gray, strokes


@pytest.mark.parametrize("wide", [1, 2])
@pytest.mark.parametrize("square", [220, 170, 140])
def test_squares_become_paper_and_strokes_over_them_stay_whole(square: int, wide: int) -> None:
    gray, strokes = draw_squares(square, PEN, wide)
    left = divide_out_squares(gray, lay_sheet())
    assert (left[~strokes] >= PAPER).all()
    assert (left[strokes] < 0.6 * PAPER).all()


def test_a_pen_as_dark_as_the_squares_is_broken_where_they_cross_it_alone() -> None:
    gray, strokes = draw_squares(PEN, PEN)
    left = divide_out_squares(gray, lay_sheet())
    off_rules = strokes.copy()
    off_rules[::SIDE] = off_rules[:, ::SIDE] = False
    assert (left[~strokes] >= PAPER).all()
    # The pen beside a rule is looked at with the rule's light at most.
    beside = np.roll(off_rules, 1, axis=1) & np.roll(off_rules, -1, axis=1)
    assert (left[off_rules & beside & np.roll(beside, 1, axis=0)] < 0.6 * PAPER).mean() > 0.6


def test_noise_and_shade_leave_nothing_of_the_squares() -> None:
    gray, strokes = draw_squares(170, PEN)
    rng = np.random.default_rng(3)
    noisy = gray * np.linspace(0.75, 1, 240) + rng.normal(0, 3, gray.shape)
    left = divide_out_squares(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), lay_sheet())
    rules = np.zeros(gray.shape, bool)
    rules[::SIDE] = rules[:, ::SIDE] = True
    assert (left[rules & ~strokes] > 0.7 * PAPER).all()
    assert (left[strokes] < 0.6 * PAPER).all()


def test_black_and_empty_pages_are_no_trouble() -> None:
    for level in (0, 255):
        page = np.full((90, 120), level, np.uint8)
        assert divide_out_squares(page, lay_sheet()).shape == page.shape
