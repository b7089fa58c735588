"""Cells of an E-13B line: one a symbol, parts together, dirt apart."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.micr_cells import split_micr_cells
from digitscan.records import Box, MicrLine
from training.e13b_glyphs import SYMBOLS, draw_line

DPI = 300
PITCH = DPI / 8
HEIGHT = 0.117 * DPI
LEFT, TOP = 100, 60
Gray = npt.NDArray[np.uint8]


def _page(text: str) -> tuple[Gray, MicrLine]:
    ink = draw_line(text, DPI)
    page = np.full((ink.shape[0] + 2 * TOP, ink.shape[1] + 2 * LEFT), 230, np.uint8)
    page[TOP : TOP + ink.shape[0], LEFT : LEFT + ink.shape[1]] -= (ink * 0.85).astype(np.uint8)
    box = Box(LEFT, TOP, LEFT + ink.shape[1], TOP + ink.shape[0])
    return page, MicrLine(box, float(TOP + ink.shape[0]), 0.0, HEIGHT, PITCH)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_three_of_a_kind_are_three_cells(symbol: str) -> None:
    page, line = _page(symbol * 3)
    cells = split_micr_cells(page, line)
    rights = [cell.box.right for cell in cells]
    expected = [LEFT + 0.091 * DPI + PITCH * k for k in range(3)]
    assert rights == pytest.approx(expected, abs=2.5)
    assert all(cell.ink.max() > 200 for cell in cells)


def test_cells_come_left_to_right_and_blanks_are_left_out() -> None:
    page, line = _page("C12  34A   5B D6")
    lefts = [cell.box.left for cell in split_micr_cells(page, line)]
    assert len(lefts) == 10
    assert lefts == sorted(lefts)


def test_next_field_may_be_out_of_phase() -> None:
    first, line = _page("123C")
    second, _ = _page("A456")
    page = np.hstack([first[:, :-LEFT], np.full((first.shape[0], 51), 230, np.uint8), second])
    assert len(split_micr_cells(page, line)) == 8


def test_symbols_that_touch_are_cut_at_the_pitch() -> None:
    page, line = _page("12345678")
    row = TOP + 6
    page[row : row + 3, LEFT + 130 : LEFT + 175] = 30
    cells = split_micr_cells(page, line)
    assert len(cells) == 8
    assert max(cell.box.right - cell.box.left for cell in cells) < PITCH


def test_speck_is_left_out() -> None:
    page, line = _page("11 11")
    gap = LEFT + round(2.3 * PITCH)
    page[TOP + 10 : TOP + 12, gap : gap + 2] = 20
    assert len(split_micr_cells(page, line)) == 4


def test_print_above_that_only_reaches_in_is_left_out() -> None:
    page, line = _page("11 11")
    gap = LEFT + round(2.3 * PITCH)
    cv2.rectangle(page, (gap, 0), (gap + 6, TOP - 3), 20, -1)
    assert len(split_micr_cells(page, line)) == 4


def test_blank_band_has_no_cells() -> None:
    page, line = _page("11")
    assert split_micr_cells(np.full_like(page, 230), line) == ()


def test_page_stays_as_it_was() -> None:
    page, line = _page("0A")
    page.setflags(write=False)
    before = page.copy()
    split_micr_cells(page, line)
    assert np.array_equal(page, before)
