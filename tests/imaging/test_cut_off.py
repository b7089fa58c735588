"""A number beside which the page ends, or goes dark, may go on there."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.cut_off import find_ground, is_cut_off, is_on_page
from digitscan.records import Box, Gray

MARGIN_PX, CELL_PX = 20, 50


def make_paper() -> Gray:
    return np.full((400, 900), 220, np.uint8)


def ask(page: Gray, box: Box) -> bool:
    return is_cut_off(page, find_ground(page), box, MARGIN_PX, CELL_PX)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param(300, 600, False, id="amidst"),
        pytest.param(300, 880, False, id="a-margin-on-the-right"),
        pytest.param(300, 881, True, id="no-margin-on-the-right"),
        pytest.param(300, 900, True, id="at-the-right"),
        pytest.param(20, 600, False, id="a-margin-on-the-left"),
        pytest.param(19, 600, True, id="no-margin-on-the-left"),
        pytest.param(0, 900, True, id="all-across"),
    ],
)
def test_a_number_without_a_margin_is_cut(left: int, right: int, expected: bool) -> None:
    assert ask(make_paper(), Box(left, 100, right, 140)) is expected


@pytest.mark.parametrize(
    ("top", "bottom", "expected"), [(1, 399, False), (0, 40, True), (360, 400, True)]
)
def test_a_number_at_the_upper_or_lower_end_is_cut(top: int, bottom: int, expected: bool) -> None:
    assert ask(make_paper(), Box(300, top, 600, bottom)) is expected


def fold(page: Gray) -> Gray:
    corner = np.array([[900, 0], [640, 0], [900, 260]])
    return np.asarray(cv2.fillPoly(page, [corner], (12,)), np.uint8)


def lay_on_table(page: Gray) -> Gray:
    page[:30] = page[-30:] = 15
    page[:, :60] = page[:, 740:] = 15
    return page


def print_field(page: Gray) -> Gray:
    page[80:160, 740:860] = 10
    return page


def print_wall(page: Gray) -> Gray:
    page[:, 735:745] = 10
    return page


@pytest.mark.parametrize(
    ("cover", "right", "expected"),
    [
        (fold, 740, True),
        (fold, 600, False),
        (lay_on_table, 730, True),
        (lay_on_table, 700, False),
        (print_field, 738, False),
        (print_wall, 733, False),
    ],
)
def test_ground_ends_the_page_and_print_does_not(cover: object, right: int, expected: bool) -> None:
    assert callable(cover)
    assert ask(cover(make_paper()), Box(300, 100, right, 140)) is expected


@pytest.mark.parametrize(
    ("end", "rules", "expected"),
    [
        pytest.param(860, (100, 140), True, id="rules-go-on"),
        pytest.param(860, (100,), False, id="one-rule-goes-on"),
        pytest.param(860, (), False, id="rules-end"),
        pytest.param(840, (100, 140), False, id="room-for-a-box"),
    ],
)
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_boxes_without_room_for_the_next_are_cut(
    end: int, rules: tuple[int, ...], expected: bool, is_mirrored: bool
) -> None:
    page = make_paper()
    for wall in range(end - 4 * CELL_PX, end + 1, CELL_PX):
        page[100:142, wall - 1 : wall + 1] = 40
    page[100:102, end - 4 * CELL_PX : end] = page[140:142, end - 4 * CELL_PX : end] = 40
    for row in rules:
        page[row : row + 2, end:] = 40
    box = Box(end - 4 * CELL_PX, 100, end, 141)
    if is_mirrored:
        page, box = np.ascontiguousarray(page[:, ::-1]), Box(900 - end, 100, 1100 - end, 141)
    assert ask(page, box) is expected


@pytest.mark.parametrize(
    ("rows", "has_wall", "expected"),
    [
        pytest.param((100, 140), True, False, id="closed"),
        pytest.param((100, 140), False, True, id="open"),
        pytest.param((140,), True, True, id="a-1-on-a-line"),
    ],
)
def test_boxes_that_are_closed_at_the_end_of_the_page_are_whole(
    rows: tuple[int, ...], has_wall: bool, expected: bool
) -> None:
    page = make_paper()
    for row in rows:
        page[row - 1 : row + 1, 690:898] = 40
    if has_wall:
        page[100:141, 896:898] = 40
    assert ask(page, Box(690, 100, 897, 141)) is expected


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_ground_is_looked_for_beside_the_ends_of_a_turned_number(is_mirrored: bool) -> None:
    page = make_paper()
    cv2.fillPoly(page, [np.array([[0, 250], [900, 330], [900, 400], [0, 400]])], (12,))
    page[:, 840:] = 12
    # Rises to the left like the end of the page below it: its hull reaches into the ground.
    box, first, last = Box(200, 200, 700, 290), Box(200, 200, 220, 230), Box(680, 260, 700, 290)
    if is_mirrored:
        page = np.ascontiguousarray(page[:, ::-1])
        box, first, last = (
            Box(900 - b.right, b.top, 900 - b.left, b.bottom) for b in (box, last, first)
        )
    ground = find_ground(page)
    assert is_cut_off(page, ground, box, MARGIN_PX, CELL_PX)
    assert not is_cut_off(page, ground, box, MARGIN_PX, CELL_PX, (first, last))


@pytest.mark.parametrize(("lowest", "expected"), [(112, True), (90, False)])
def test_a_corner_that_is_folded_down_to_the_last_digit_cuts(lowest: int, expected: bool) -> None:
    page = make_paper()
    page[:lowest, 706:] = 12
    box, first, last = Box(300, 90, 700, 170), Box(310, 125, 335, 150), Box(670, 125, 695, 150)
    found = is_cut_off(page, find_ground(page), box, MARGIN_PX, CELL_PX, (first, last))
    assert found is expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        pytest.param(Box(100, 100, 400, 150), True, id="on-paper"),
        pytest.param(Box(440, 130, 560, 170), True, id="up-to-the-end"),
        pytest.param(Box(440, 130, 600, 170), False, id="off-the-page"),
        pytest.param(Box(440, 0, 560, 40), False, id="on-the-ground"),
    ],
)
def test_a_zone_is_on_the_page_or_not(zone: Box, expected: bool) -> None:
    page = fold(make_paper())
    to_page = np.array([[1.5, 0, 60], [0, 1.5, 90], [0, 0, 1]])
    assert is_on_page(page.shape, find_ground(page), zone, to_page) is expected


@pytest.mark.parametrize("size", [(1, 1), (2, 500), (500, 2)])
@pytest.mark.parametrize("gray", [0, 255])
def test_any_page_has_ground_or_none(size: tuple[int, int], gray: int) -> None:
    page = np.full(size, gray, np.uint8)
    ground = find_ground(page)
    assert ground.step == 1
    assert ground.mask.shape == size
    assert not ground.mask.any()
    is_cut_off(page, ground, Box(0, 0, size[1], size[0]), 1, 1)
