"""A cell is empty where nothing is written in it, not where its writing is faint."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.faint_cells import find_cell_ink
from digitscan.records import Box, Gray

CELLS = tuple(Box(left, 40, left + 60, 100) for left in (100, 160, 220))


def draw_boxes(rule: int = 20, field: int | None = None) -> Gray:
    """Draw three boxes, with a field of one gray beside the first."""
    page = np.full((140, 320), 250, np.uint8)
    if field is not None:
        page[40:100, :100] = field
    for cell in CELLS:
        cv2.rectangle(page, (cell.left, cell.top), (cell.right, cell.bottom), (rule,), 2)
    return page


def write(page: Gray, place: int, text: str, pen: int) -> None:
    corner = CELLS[place].left + 14, CELLS[place].bottom - 12
    cv2.putText(page, text, corner, cv2.FONT_HERSHEY_SIMPLEX, 1.4, (pen,), 3)


@pytest.mark.parametrize("pen", [30, 120, 180, 200])
@pytest.mark.parametrize("field", [None, 5])
def test_faint_writing_is_seen_beside_a_black_field(pen: int, field: int | None) -> None:
    page = draw_boxes(field=field)
    for place, text in enumerate("129"):
        write(page, place, text, pen)
    found = find_cell_ink(page, CELLS)
    for cell, one in zip(CELLS, found, strict=True):
        assert one.ink.any()
        assert cell.left < one.box.left < one.box.right < cell.right
        assert one.box.bottom - one.box.top > 25


def speckle(page: Gray) -> None:
    spots = np.random.default_rng(3).random(page.shape) < 0.01
    page[spots] = 190


def watermark(page: Gray) -> None:
    cv2.circle(page, (190, 70), 25, (228,), 8)


@pytest.mark.parametrize("draw", [speckle, watermark])
def test_a_cell_without_writing_stays_empty(draw: object) -> None:
    assert callable(draw)
    page = draw_boxes(field=5)
    draw(page)
    write(page, 2, "7", 40)
    first, second, third = find_cell_ink(page, CELLS)
    assert not first.ink.any()
    assert not second.ink.any()
    assert third.ink.any()


def test_no_cells_have_no_ink() -> None:
    assert find_cell_ink(draw_boxes(), ()) == ()
