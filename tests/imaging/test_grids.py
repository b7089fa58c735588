"""The boxes of a comb are found where its rules are, however loosely its zone was drawn."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.grids import locate_cells
from digitscan.records import Box, Gray

COMB = Box(60, 50, 220, 90)
CELLS = 4


def draw_comb(writing: str = "") -> Gray:
    """Draw a comb of four boxes of 40 px, characters in them, a table's rule 12 px above it."""
    patch = np.full((140, 280), 235, np.uint8)
    cv2.line(patch, (10, 38), (270, 38), 60, 2)
    for number in range(CELLS):
        left = COMB.left + 40 * number
        cv2.rectangle(patch, (left, COMB.top), (left + 40, COMB.bottom), 60, 1)
    for number, character in enumerate(writing):
        place = (COMB.left + 40 * number + 12, 80)
        cv2.putText(patch, character, place, cv2.FONT_HERSHEY_SIMPLEX, 0.9, 30, 3)
    return patch


@pytest.mark.parametrize("writing", ["", "1111", "7557"])
@pytest.mark.parametrize(
    ("left", "top", "right", "bottom"),
    [
        pytest.param(0, 0, 0, 0, id="exact"),
        pytest.param(-8, -6, 8, 8, id="loose"),
        pytest.param(8, 6, -8, -8, id="tight"),
        pytest.param(-12, -6, -12, -6, id="up-and-left"),
        pytest.param(12, 8, 12, 8, id="down-and-right"),
    ],
)
def test_boxes_are_found_by_a_careless_zone(
    left: int, top: int, right: int, bottom: int, writing: str
) -> None:
    zone = Box(COMB.left + left, COMB.top + top, COMB.right + right, COMB.bottom + bottom)
    cells = locate_cells(draw_comb(writing), zone, CELLS)
    for number, cell in enumerate(cells):
        true = (60 + 40 * number, 50, 100 + 40 * number, 90)
        assert np.abs(np.subtract((cell.left, cell.top, cell.right, cell.bottom), true)).max() <= 2


def test_a_wall_that_is_missing_is_put_where_the_others_foretell_it() -> None:
    patch = draw_comb()
    patch[52:89, 98:103] = 235
    assert abs(locate_cells(patch, Box(50, 44, 228, 96), CELLS)[0].right - 100) <= 2


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param(np.full((140, 280), 235, np.uint8), id="blank"),
        pytest.param(np.zeros((140, 280), np.uint8), id="black"),
        pytest.param(np.full((1, 1), 235, np.uint8), id="one-pixel"),
    ],
)
def test_a_zone_without_rules_is_parted_equally(patch: Gray) -> None:
    cells = locate_cells(patch, COMB, CELLS)
    assert [(cell.left, cell.right) for cell in cells] == [
        (60, 100), (100, 140), (140, 180), (180, 220)
    ]  # fmt: skip
    assert {(cell.top, cell.bottom) for cell in cells} == {(50, 90)}


def test_large_boxes_are_found_as_small_ones_are() -> None:
    patch = cv2.resize(draw_comb("3120"), None, fx=3, fy=3, interpolation=cv2.INTER_LINEAR)
    cells = locate_cells(np.asarray(patch, np.uint8), Box(160, 130, 680, 290), CELLS)
    assert max(abs(cell.left - 3 * (60 + 40 * k)) for k, cell in enumerate(cells)) <= 4


def write(patch: Gray, writing: str, pitch: int = 40) -> Gray:
    """Write a character in the middle of every box."""
    for number, character in enumerate(writing):
        place = (COMB.left + pitch * number + 12, 80)
        cv2.putText(patch, character, place, cv2.FONT_HERSHEY_SIMPLEX, 0.9, 30, 3)
    return patch


@pytest.mark.parametrize("writing", ["", "1111", "7557", "4096"])
@pytest.mark.parametrize("gap", [5, 8, 14])
@pytest.mark.parametrize("loose", [-4, 0, 6])
def test_boxes_that_stand_apart(loose: int, gap: int, writing: str) -> None:
    patch = np.full((140, 300), 235, np.uint8)
    lefts = [60 + (40 + gap) * number for number in range(CELLS)]
    for left in lefts:
        cv2.rectangle(patch, (left, 50), (left + 40, 90), 60, 1)
    patch = write(patch, writing, 40 + gap)
    cells = locate_cells(patch, Box(60 - loose, 47, lefts[-1] + 40 + loose, 93), CELLS)
    for left, cell in zip(lefts, cells, strict=True):
        assert abs(cell.left - left) <= 2
        assert abs(cell.right - left - 40) <= 2


@pytest.mark.parametrize("writing", ["1111", "7557", "4096", "0123"])
@pytest.mark.parametrize("shift", [-9, 0, 9])
def test_digits_are_no_walls(shift: int, writing: str) -> None:
    patch = write(np.full((140, 280), 235, np.uint8), writing)
    zone = Box(COMB.left + shift, COMB.top, COMB.right + shift, COMB.bottom)
    cells = locate_cells(patch, zone, CELLS)
    assert [cell.left - zone.left for cell in cells] == [0, 40, 80, 120]


@pytest.mark.parametrize("writing", ["", "7557"])
def test_walls_at_the_lower_ends_alone(writing: str) -> None:
    patch = write(np.full((140, 280), 235, np.uint8), writing)
    cv2.line(patch, (COMB.left, 90), (COMB.right, 90), 60, 1)
    for left in range(COMB.left, COMB.right + 1, 40):
        cv2.line(patch, (left, 74), (left, 90), 60, 1)
    cells = locate_cells(patch, Box(54, 50, 226, 92), CELLS)
    assert max(abs(cell.left - 60 - 40 * k) for k, cell in enumerate(cells)) <= 2


def test_broad_walls_are_no_gaps() -> None:
    patch = draw_comb()
    for left in range(COMB.left, COMB.right + 1, 40):
        cv2.line(patch, (left, 50), (left, 90), 60, 6)
    cells = locate_cells(patch, Box(54, 46, 226, 94), CELLS)
    assert max(abs(cell.left - 60 - 40 * k) for k, cell in enumerate(cells)) <= 2
    assert max(abs(cell.right - 100 - 40 * k) for k, cell in enumerate(cells)) <= 2
