"""Paddings around crops and frames around numbers are found; paper and digits are neither."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.crop_edges import find_content, find_inside
from digitscan.records import Box, Gray


def write_crop(paper: int = 215, text: str = "4711") -> Gray:
    """Write a number on grainy paper, 60 px high."""
    crop = np.full((60, 180), paper, np.uint8)
    crop -= np.random.default_rng(1).integers(0, 12, crop.shape, np.uint8)
    cv2.putText(crop, text, (20, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (40,), 3)
    return crop


@pytest.mark.parametrize("gray", [0, 128, 255])
@pytest.mark.parametrize(("across", "down"), [(12, 12), (60, 30), (0, 25), (40, 0)])
def test_a_padding_is_left_out(gray: int, across: int, down: int) -> None:
    crop = write_crop()
    padded = cv2.copyMakeBorder(
        crop, down, down, across, across, cv2.BORDER_CONSTANT, value=(gray,)
    )
    expected = Box(across, down, across + 180, down + 60)
    assert find_content(np.asarray(padded, np.uint8)) == expected


def draw_bars(page: Gray, bars: int) -> None:
    for left in range(100, 100 + 24 * bars, 24):
        page[30:70, left : left + 16] = 0


def draw_text(page: Gray, digits: int) -> None:
    cv2.putText(page, "7" * digits, (60, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (0,), 4)


@pytest.mark.parametrize("draw", [draw_bars, draw_text])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_clean_paper_is_no_padding(draw: object, count: int) -> None:
    assert callable(draw)
    page = np.full((100, 300), 255, np.uint8)
    draw(page, count)
    assert find_content(page) == Box(0, 0, 300, 100)


@pytest.mark.parametrize("size", [(1, 1), (5, 200), (200, 5), (40, 40)])
@pytest.mark.parametrize("gray", [0, 255])
def test_a_blank_crop_is_content(size: tuple[int, int], gray: int) -> None:
    blank = np.full(size, gray, np.uint8)
    assert find_content(blank) == find_inside(blank) == Box(0, 0, size[1], size[0])


@pytest.mark.parametrize("sides", ["all", "lower", "upper-and-lower"])
def test_a_frame_is_left_out(sides: str) -> None:
    crop = write_crop()
    if sides != "lower":
        crop[2:4, 4:-4] = 50
    crop[56:58, 4:-4] = 50
    if sides == "all":
        crop[2:58, 4:6] = crop[2:58, -6:-4] = 50
    found = find_inside(crop)
    expected = {
        "all": Box(6, 4, 174, 56),
        "lower": Box(0, 0, 180, 56),
        "upper-and-lower": Box(0, 4, 180, 56),
    }
    assert found == expected[sides]


@pytest.mark.parametrize("text", ["4711", "1111", "000000", "7"])
def test_digits_are_no_frame(text: str) -> None:
    assert find_inside(write_crop(text=text)) == Box(0, 0, 180, 60)
