"""Boxes for writing are found with what is written in them; text and tables are none."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.frames import Frame, find_frames
from digitscan.records import Box, Gray
from tests.drawings import PAPER, PEN, write_text

LONE = Box(100, 80, 400, 130)
ROW = Box(100, 200, 300, 250)
SQUARE = Box(600, 90, 622, 112)


def draw(lone: str = "", row: str = "", scale: int = 1) -> Gray:
    """Draw a long box, a row of four boxes and a small square one, with what is written in them."""
    page = np.full((600, 800), PAPER, np.uint8)
    for box in (LONE, ROW, SQUARE):
        cv2.rectangle(page, (box.left, box.top), (box.right, box.bottom), PEN, 2)
    for cell in (1, 2, 3):
        cv2.line(page, (100 + 50 * cell, 200), (100 + 50 * cell, 250), PEN, 2)
    write_text(page, lone, LONE.left + 12, LONE.bottom - 12, 24)
    for cell, digit in enumerate(row):
        write_text(page, digit, ROW.left + 50 * cell + 14, ROW.bottom - 12, 26)
    return np.asarray(cv2.resize(page, None, fx=scale, fy=scale), np.uint8)


def edges(frame: Frame) -> tuple[int, int, int, int]:
    return frame.box.left, frame.box.top, frame.box.right, frame.box.bottom


@pytest.mark.parametrize(
    ("lone", "row"),
    [
        pytest.param("", "", id="blank"),
        pytest.param("84500", "2058", id="filled"),
        pytest.param("11711", "1111", id="upright-strokes"),
    ],
)
@pytest.mark.parametrize("scale", [1, 3])
def test_boxes_are_found_where_they_were_drawn(lone: str, row: str, scale: int) -> None:
    found = find_frames(draw(lone, row, scale))
    assert [(frame.cells, frame.is_square) for frame in found] == [
        (1, False),
        (1, True),
        (4, False),
    ]
    for frame, box in zip(found, (LONE, SQUARE, ROW), strict=True):
        drawn = [scale * edge for edge in (box.left, box.top, box.right, box.bottom)]
        assert edges(frame) == pytest.approx(drawn, abs=3 * scale)


def test_a_black_field_closes_a_box() -> None:
    page = np.full((600, 800), PAPER, np.uint8)
    cv2.rectangle(page, (400, 300), (600, 340), PEN, 2)
    cv2.rectangle(page, (200, 299), (402, 341), PEN, -1)
    (frame,) = find_frames(page)
    assert edges(frame) == pytest.approx((400, 300, 600, 340), abs=3)


def test_a_table_with_large_cells_is_no_box() -> None:
    page = np.full((600, 800), PAPER, np.uint8)
    cv2.rectangle(page, (50, 50), (750, 500), PEN, 2)
    cv2.line(page, (400, 50), (400, 500), PEN, 2)
    assert find_frames(page) == ()


def test_an_open_box_is_none() -> None:
    page = np.full((600, 800), PAPER, np.uint8)
    cv2.polylines(page, [np.array([[100, 80], [100, 130], [400, 130], [400, 80]])], False, PEN, 2)
    assert find_frames(page) == ()


def test_text_is_no_box() -> None:
    page = np.full((600, 800), PAPER, np.uint8)
    for row in range(8):
        write_text(page, "Remark Board 0008 DOQ", 30, 60 + 60 * row, 10 + 2 * row)
    assert find_frames(page) == ()


@pytest.mark.parametrize("shape", [(1, 1), (20, 20), (40, 2000)])
def test_pages_too_small_for_a_box_have_none(shape: tuple[int, int]) -> None:
    assert find_frames(np.full(shape, PAPER, np.uint8)) == ()
    assert find_frames(np.zeros(shape, np.uint8)) == ()
