"""Combs are found wall by wall, whatever is written in them; text and tables are none."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.combs import Comb, find_combs
from digitscan.imaging.page_size import reduce_page
from digitscan.records import Box

Gray = npt.NDArray[np.uint8]


def _paper(height: int = 800, width: int = 1000) -> Gray:
    return np.full((height, width), 240, np.uint8)


def _draw_comb(
    page: Gray, box: Box, count: int, gray: int = 40, thick: int = 2, digits: str = ""
) -> list[int]:
    """Draw a comb and what is written in it; returns the columns of its walls."""
    walls = [round(x) for x in np.linspace(box.left, box.right, count + 1)]
    cv2.rectangle(page, (box.left, box.top), (box.right, box.bottom), gray, thick)
    for wall in walls[1:-1]:
        cv2.line(page, (wall, box.top), (wall, box.bottom), gray, thick)
    for left, digit in zip(walls, digits, strict=False):
        corner = (left + 6, box.bottom - 8)
        cv2.putText(page, digit, corner, cv2.FONT_HERSHEY_SIMPLEX, 1.1, 50, 2)
    return walls


def _walls(comb: Comb) -> list[int]:
    return [comb.cells[0].left, *(cell.right for cell in comb.cells)]


@pytest.mark.parametrize("count", [2, 3, 8, 12])
@pytest.mark.parametrize("digits", ["", "150320160742"])
def test_walls_are_where_they_were_drawn(count: int, digits: str) -> None:
    page = _paper()
    walls = _draw_comb(page, Box(100, 300, 100 + 40 * count, 350), count, digits=digits)
    (comb,) = find_combs(page)
    assert _walls(comb) == pytest.approx(walls, abs=2)
    assert (comb.box.top, comb.box.bottom) == pytest.approx((300, 350), abs=2)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_resolution_needs_no_setting(scale: int) -> None:
    page = _paper(400 * scale, 1000 * scale)
    box = Box(100 * scale, 100 * scale, 420 * scale, 150 * scale)
    walls = _draw_comb(page, box, 8, thick=2 * scale)
    (comb,) = find_combs(page)
    assert _walls(comb) == pytest.approx(walls, abs=2 * scale)


def test_faint_rules_are_enough() -> None:
    page = _paper()
    _draw_comb(page, Box(100, 300, 420, 350), 8, gray=205)
    assert [len(comb.cells) for comb in find_combs(page)] == [8]


def test_hatched_background_is_no_comb_and_hides_none() -> None:
    page = _paper()
    for offset in range(-800, 1000, 6):
        cv2.line(page, (offset, 0), (offset + 800, 800), 205, 1)
    _draw_comb(page, Box(100, 300, 420, 350), 8)
    assert [len(comb.cells) for comb in find_combs(page)] == [8]


def test_wall_broken_by_a_scan_is_foretold() -> None:
    page = _paper()
    walls = _draw_comb(page, Box(100, 300, 420, 350), 8)
    page[318:322, walls[4] - 2 : walls[4] + 3] = 240
    (comb,) = find_combs(page)
    assert len(comb.cells) == 8


def test_outer_wall_may_be_longer_or_a_black_field() -> None:
    page = _paper()
    walls = _draw_comb(page, Box(500, 300, 620, 350), 3)
    page[300:351, 300:501] = 20
    cv2.line(page, (walls[-1], 100), (walls[-1], 700), 40, 2)
    (comb,) = find_combs(page)
    assert len(comb.cells) == 3
    assert comb.box.left == pytest.approx(500, abs=3)


def test_skew_of_one_degree_is_followed() -> None:
    page = _paper()
    _draw_comb(page, Box(100, 300, 500, 350), 8)
    turn = cv2.getRotationMatrix2D((500, 400), 1.0, 1.0)
    page = np.asarray(cv2.warpAffine(page, turn, page.shape[::-1], borderValue=240), np.uint8)
    (comb,) = find_combs(page)
    assert len(comb.cells) == 8
    assert comb.cells[0].top - comb.cells[-1].top == pytest.approx(350 * 0.0175, abs=3)


def test_combs_come_top_to_bottom_left_to_right() -> None:
    page = _paper()
    _draw_comb(page, Box(600, 100, 720, 140), 3)
    _draw_comb(page, Box(100, 100, 180, 140), 2)
    _draw_comb(page, Box(100, 500, 260, 540), 4)
    assert [len(comb.cells) for comb in find_combs(page)] == [2, 3, 4]


def test_lines_of_text_are_no_combs() -> None:
    page = _paper(800, 1300)
    for row in range(12):
        text = "HILLBILLIES FILL HELIUM TILL 1111 0101 IIIHHH"
        cv2.putText(page, text, (20, 60 + 55 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 20, 2)
    assert find_combs(page) == ()


def test_strokes_and_walls_of_boxes_that_stand_apart_are_no_cells() -> None:
    page = _paper()
    for box, count in ((Box(178, 300, 284, 356), 2), (Box(308, 300, 414, 356), 2)):
        _draw_comb(page, box, count)
    cv2.line(page, (198, 304), (198, 352), 40, 3)  # a 1
    assert [_walls(comb)[0] for comb in find_combs(page)] == pytest.approx([178, 308], abs=2)


def test_boxes_that_stand_close_are_not_read_two_at_a_time() -> None:
    page = _paper(1169, 827)
    for left, right, count in ((121, 175, 2), (184, 238, 2), (247, 355, 4)):
        _draw_comb(page, Box(left, 110, right, 139), count, gray=20, thick=3)
    assert [len(comb.cells) for comb in find_combs(page)] == [2, 2, 4]


def test_dashes_without_rules_are_no_comb() -> None:
    page = _paper()
    for left in range(100, 500, 40):
        cv2.line(page, (left, 300), (left, 350), 40, 2)
    assert find_combs(page) == ()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(np.full((1, 1), 255, np.uint8), id="one-pixel"),
        pytest.param(np.full((600, 900), 255, np.uint8), id="blank"),
        pytest.param(np.zeros((600, 900), np.uint8), id="black"),
        pytest.param(
            np.random.default_rng(2).integers(0, 256, (600, 900)).astype(np.uint8), id="noise"
        ),
    ],
)
def test_page_without_rules_has_none(page: Gray) -> None:
    assert find_combs(page) == ()


def test_page_is_not_modified() -> None:
    page = _paper()
    _draw_comb(page, Box(100, 300, 420, 350), 8)
    page.setflags(write=False)
    before = page.copy()
    find_combs(page)
    assert np.array_equal(page, before)


def test_hatching_between_whose_lines_no_digit_fits_is_no_comb(real_data: Path) -> None:
    file = real_data / "cheques" / "100831.jpg"
    page = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8)
    blurred = cv2.GaussianBlur(page, (0, 0), 3)
    sharp = np.asarray(cv2.addWeighted(page, 3, blurred, -2, 0), np.uint8)
    combs = find_combs(reduce_page(sharp, 2))
    assert [len(comb.cells) for comb in combs if comb.box.left > 1150] == []
