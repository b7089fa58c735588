"""Each cell of a comb gets its own writing: whole, without walls, without its neighbor's."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.comb_cells import split_cells
from digitscan.records import Box

Ink = npt.NDArray[np.uint8]
CELLS = tuple(Box(100 + 50 * k, 60, 150 + 50 * k, 120) for k in range(4))


def _comb(thick: int = 2) -> Ink:
    ink = np.zeros((200, 400), np.uint8)
    for cell in CELLS:
        cv2.rectangle(ink, (cell.left, cell.top), (cell.right, cell.bottom), 255, thick)
    return ink


def _is_empty(ink: Ink) -> bool:
    return not ink.any()


@pytest.mark.parametrize("thick", [1, 2, 4])
def test_empty_comb_has_empty_cells(thick: int) -> None:
    cells = split_cells(_comb(thick), CELLS)
    assert [_is_empty(cell.ink) for cell in cells] == [True] * 4
    assert [cell.box for cell in cells] == list(CELLS)


def test_a_scrap_in_a_corner_is_no_writing() -> None:
    ink = np.zeros((200, 400), np.uint8)
    ink[112:119, 194:201] = 255
    assert all(_is_empty(cell.ink) for cell in split_cells(ink, CELLS))


def test_digit_keeps_its_box_and_leaves_the_walls() -> None:
    ink = _comb()
    cv2.ellipse(ink, (175, 90), (12, 20), 0, 0, 360, 255, 3)
    cells = split_cells(ink, CELLS)
    assert [_is_empty(cell.ink) for cell in cells] == [True, False, True, True]
    box = cells[1].box
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((162, 69, 189, 112), abs=3)


def test_stroke_over_the_wall_stays_whole() -> None:
    ink = _comb()
    cv2.line(ink, (165, 75), (210, 75), 255, 3)
    cv2.line(ink, (200, 75), (178, 112), 255, 3)
    cells = split_cells(ink, CELLS)
    assert [_is_empty(cell.ink) for cell in cells] == [True, False, True, True]
    assert cells[1].box.right >= 208


def test_stroke_through_the_lower_rule_stays_whole() -> None:
    ink = _comb()
    cv2.line(ink, (225, 75), (225, 135), 255, 3)
    cells = split_cells(ink, CELLS)
    assert not _is_empty(cells[2].ink)
    assert cells[2].box.bottom >= 133
    assert cv2.connectedComponents((cells[2].ink > 0).astype(np.uint8), connectivity=8)[0] == 2


def test_digits_that_touch_over_the_wall_are_cut() -> None:
    ink = _comb()
    cv2.circle(ink, (125, 90), 18, 255, 3)
    cv2.circle(ink, (175, 90), 18, 255, 3)
    cv2.line(ink, (140, 92), (160, 92), 255, 3)
    cells = split_cells(ink, CELLS)
    assert [_is_empty(cell.ink) for cell in cells] == [False, False, True, True]
    assert cells[0].box.right <= 155
    assert cells[1].box.left >= 145


def test_print_beside_the_comb_is_left_out() -> None:
    ink = _comb()
    cv2.putText(ink, "D D M M", (105, 160), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2)
    cv2.putText(ink, "DATE", (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    cells = split_cells(ink, CELLS)
    assert [_is_empty(cell.ink) for cell in cells] == [True] * 4


def test_wall_that_was_found_beside_its_place_is_still_taken_out() -> None:
    moved = tuple(Box(c.left + 2, c.top - 2, c.right + 2, c.bottom + 2) for c in CELLS)
    cells = split_cells(_comb(), moved)
    assert [_is_empty(cell.ink) for cell in cells] == [True] * 4


def test_comb_at_the_edge_of_the_page() -> None:
    page = _comb()[60:121, 100:301]
    cells = tuple(Box(c.left - 100, 0, c.right - 100, 60) for c in CELLS)
    assert len(split_cells(page, cells)) == 4


def test_no_cells_give_none() -> None:
    assert split_cells(_comb(), ()) == ()


def test_ink_is_not_modified() -> None:
    ink = _comb()
    cv2.circle(ink, (125, 90), 18, 255, 3)
    ink.setflags(write=False)
    before = ink.copy()
    split_cells(ink, CELLS)
    assert np.array_equal(ink, before)


def test_a_frame_thicker_than_the_walls_between() -> None:
    ink = _comb(1)
    cv2.rectangle(ink, (100, 60), (300, 120), 255, 6)
    assert all(_is_empty(cell.ink) for cell in split_cells(ink, CELLS))


def test_a_stroke_that_ends_in_a_thick_rule_has_none_of_it() -> None:
    ink = _comb(8)
    cv2.line(ink, (125, 75), (125, 121), 255, 3)
    cell = split_cells(ink, CELLS)[0]
    assert cell.box.bottom <= 118


def test_a_stroke_that_comes_out_of_a_thick_rule_stays_whole() -> None:
    ink = _comb(8)
    cv2.line(ink, (125, 75), (125, 135), 255, 3)
    cell = split_cells(ink, CELLS)[0]
    assert cell.box.bottom >= 134


def test_boxes_that_stand_apart_leave_no_corners() -> None:
    ink = np.zeros((200, 420), np.uint8)
    apart = [Box(100 + 62 * k, 60, 150 + 62 * k, 120) for k in range(4)]
    for cell in apart:
        cv2.rectangle(ink, (cell.left, cell.top), (cell.right, cell.bottom), 255, 3)
    cv2.line(ink, (187, 75), (187, 105), 255, 4)
    cells = split_cells(ink, apart)
    assert [_is_empty(cell.ink) for cell in cells] == [True, False, True, True]
    assert cells[1].box.right - cells[1].box.left < 12
