"""Boxes find their way back to the stored image: held against the pixels themselves."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.geometry import (
    clip_box,
    find_runs,
    grow_box,
    map_box,
    measure_beside,
    rotate_page,
    scale_box,
    stored_from_upright,
    turn_upright,
)
from digitscan.records import Box, Gray

STORED = np.arange(5 * 8, dtype=np.uint8).reshape(5, 8)
"""Every pixel has a value of its own, so that a pixel tells where it came from."""

EXIF = {
    1: STORED,
    2: STORED[:, ::-1],
    3: STORED[::-1, ::-1],
    4: STORED[::-1],
    5: STORED.T,
    6: STORED[::-1].T,
    7: STORED[::-1, ::-1].T,
    8: STORED[:, ::-1].T,
}
"""How Exif 2.3 says that each orientation is shown: which side the 0th row and column are."""


def find_box(image: Gray, values: Gray) -> Box:
    """Return the box around the pixels that have one of the values."""
    rows, columns = np.nonzero(np.isin(image, values))
    return Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_shown_as_exif_says(orientation: int) -> None:
    upright = turn_upright(STORED, orientation)
    assert np.array_equal(upright, EXIF[orientation])
    assert upright.flags.c_contiguous


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "box",
    [
        pytest.param(Box(0, 0, 1, 1), id="corner"),
        pytest.param(Box(2, 1, 4, 2), id="inside"),
        pytest.param(Box(1, 1, 5, 5), id="square"),
    ],
)
def test_a_mapped_box_holds_the_same_pixels(box: Box, orientation: int, quarters: int) -> None:
    upright = turn_upright(STORED, orientation, quarters)
    way = stored_from_upright((5, 8), orientation, quarters)
    pixels = upright[box.top : box.bottom, box.left : box.right]
    assert map_box(box, way) == find_box(STORED, pixels)


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_whole_page_maps_to_the_whole_page(orientation: int, quarters: int) -> None:
    height, width = turn_upright(STORED, orientation, quarters).shape
    way = stored_from_upright((5, 8), orientation, quarters)
    assert map_box(Box(0, 0, width, height), way) == Box(0, 0, 8, 5)


def test_one_pixel_turns_into_itself() -> None:
    for orientation in range(1, 9):
        assert turn_upright(np.zeros((1, 1), np.uint8), orientation).shape == (1, 1)
        assert map_box(Box(0, 0, 1, 1), stored_from_upright((1, 1), orientation)) == Box(0, 0, 1, 1)


def test_four_quarters_are_none() -> None:
    assert np.array_equal(turn_upright(STORED, 5, 4), turn_upright(STORED, 5))
    assert np.array_equal(stored_from_upright((5, 8), 5, 4), stored_from_upright((5, 8), 5))


def test_a_box_never_vanishes() -> None:
    assert map_box(Box(4, 4, 5, 5), np.diag([0.1, 0.1, 1.0])) == Box(0, 0, 1, 1)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param(Box(2, 2, 4, 4), Box(2, 2, 4, 4), id="inside"),
        pytest.param(Box(-5, -5, 40, 40), Box(0, 0, 20, 8), id="larger-than-the-page"),
        pytest.param(Box(-9, -9, -5, -5), Box(0, 0, 1, 1), id="before-the-page"),
        pytest.param(Box(30, 30, 40, 40), Box(19, 7, 20, 8), id="behind-the-page"),
    ],
)
def test_a_clipped_box_is_on_the_page(box: Box, expected: Box) -> None:
    assert clip_box(box, (8, 20)) == expected


def test_boxes_grow_and_scale() -> None:
    assert grow_box(Box(5, 5, 6, 7), 2, 1) == Box(3, 4, 8, 8)
    assert scale_box(Box(5, 5, 6, 7), 3) == Box(15, 15, 18, 21)
    assert scale_box(Box(5, 5, 6, 7), 1) == Box(5, 5, 6, 7)


@pytest.mark.parametrize("angle_deg", [-9.0, -1.5, 0.0, 4.0, 9.0])
def test_a_box_on_a_turned_page_is_back_on_the_mark(angle_deg: float) -> None:
    page = np.full((120, 200), 220, np.uint8)
    mark = Box(130, 30, 150, 44)
    page[mark.top : mark.bottom, mark.left : mark.right] = 20
    page.setflags(write=False)
    turned, way = rotate_page(page, angle_deg)
    assert turned.shape == page.shape
    x, y, width, height = cv2.boundingRect((turned < 120).view(np.uint8))
    back = map_box(Box(x, y, x + width, y + height), way)
    # A box turned twice grows: 20 by 14 px at 9 degrees by 3 px a side, alike on all sides.
    grown = 3 * abs(angle_deg) / 9 + 1
    for found, true in zip(
        (back.left, back.top, back.right, back.bottom), (130, 30, 150, 44), strict=True
    ):
        assert abs(found - true) <= grown
    assert (back.left + back.right) / 2 == pytest.approx(140, abs=1)
    assert (back.top + back.bottom) / 2 == pytest.approx(37, abs=1)


def test_a_turn_is_counter_clockwise_and_filled_with_paper() -> None:
    page = np.full((100, 100), 210, np.uint8)
    page[49:51, 60:90] = 0
    turned, _ = rotate_page(page, 30.0)
    rows, columns = np.nonzero(turned < 100)
    assert rows[columns.argmax()] < 40  # the right end went up
    assert {int(turned[y, x]) for y in (0, -1) for x in (0, -1)} == {210}


def test_the_smallest_page_turns() -> None:
    turned, way = rotate_page(np.full((1, 1), 7, np.uint8), 5.0)
    assert turned.tolist() == [[7]]
    assert way.shape == (3, 3)


@pytest.mark.parametrize(
    ("places", "gap", "expected"),
    [
        pytest.param([], 1, [], id="none"),
        pytest.param([0], 1, [(0, 1)], id="one"),
        pytest.param([3, 4, 6, 7, 8], 1, [(3, 5), (6, 9)], id="a-gap"),
        pytest.param([3, 4, 6, 9], 2, [(3, 7), (9, 10)], id="wider-gaps"),
        pytest.param([3, 9], 6, [(3, 10)], id="as-wide-as-allowed"),
    ],
)
def test_runs_end_where_the_gap_is_too_wide(
    places: list[int], gap: int, expected: list[tuple[int, int]]
) -> None:
    assert find_runs(np.array(places, np.int64), gap) == expected


@pytest.mark.parametrize(
    ("other", "shared", "gap"),
    [
        pytest.param((0, 10, 5, 20), 10, 5, id="left"),
        pytest.param((24, 0, 30, 40), 30, 4, id="right-and-higher"),
        pytest.param((15, 35, 18, 40), -5, -5, id="below"),
    ],
)
def test_what_stands_beside_a_box_is_measured(
    other: tuple[int, int, int, int], shared: int, gap: int
) -> None:
    found = measure_beside(Box(10, 0, 20, 30), np.array([other], np.int32))
    assert [one.tolist() for one in found] == [[shared], [gap]]
