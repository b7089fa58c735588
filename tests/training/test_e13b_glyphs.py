"""E-13B drawings: what the standard says of them, and likeness to a font where one is present."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.amounts import DEFAULT_DATA
from training.e13b_glyphs import MASTER_PX, SYMBOLS, draw_glyph, draw_line, draw_master

UNITS_WIDE = {
    "0": 7, "1": 4, "2": 4, "3": 5, "4": 6, "5": 5, "6": 6, "7": 5, "8": 7, "9": 6,
    "A": 7, "B": 7, "C": 7, "D": 7,
}  # fmt: skip
UNITS_HIGH = {**dict.fromkeys("0123456789AB", 9), "C": 7, "D": 4}
FONT = DEFAULT_DATA / "fonts" / "GnuMICR.ttf"


def _parts(symbol: str) -> int:
    return cv2.connectedComponents(draw_master(symbol), connectivity=8)[0] - 1


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_symbol_has_its_size_in_grid_units(symbol: str) -> None:
    ink = draw_master(symbol) > 0
    rows = np.flatnonzero(ink.any(axis=1))
    columns = np.flatnonzero(ink.any(axis=0))
    assert round((columns[-1] + 1 - columns[0]) / MASTER_PX) == UNITS_WIDE[symbol]
    assert round((rows[-1] + 1 - rows[0]) / MASTER_PX) == UNITS_HIGH[symbol]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_right_edge_is_on_the_pitch_line(symbol: str) -> None:
    assert draw_master(symbol)[:, -2:].any()


def test_digits_are_one_piece_and_the_special_symbols_three() -> None:
    assert [_parts(symbol) for symbol in SYMBOLS] == [1] * 10 + [3] * 4


def test_no_two_symbols_are_nearly_alike() -> None:
    masters = [draw_master(symbol) > 0 for symbol in SYMBOLS]
    for first in range(len(masters)):
        for second in range(first):
            both = (masters[first] & masters[second]).sum()
            either = (masters[first] | masters[second]).sum()
            assert both / either < 0.85, (SYMBOLS[first], SYMBOLS[second])


def test_line_keeps_the_pitch_of_an_eighth_of_an_inch() -> None:
    line = draw_line("8888", 800)
    columns = (line > 127).any(axis=0).astype(np.int8)
    rights = np.flatnonzero(np.diff(np.concatenate([columns, [0]])) < 0)
    assert np.abs(np.diff(rights) - 100).max() <= 1


def test_blank_leaves_a_cell_free() -> None:
    assert draw_line("1 1", 300).shape == draw_line("111", 300).shape
    assert draw_line("1 1", 300).sum() < draw_line("111", 300).sum()


@pytest.mark.parametrize("dpi", [50, 100, 300, 1200])
def test_glyph_height_follows_the_resolution(dpi: int) -> None:
    assert draw_glyph("0", dpi).shape == (round(0.117 * dpi), round(0.091 * dpi))


@pytest.mark.parametrize(
    ("text", "dpi"),
    [
        pytest.param("", 300, id="empty"),
        pytest.param("E", 300, id="unknown"),
        pytest.param("1", 20, id="too-coarse"),
    ],
)
def test_bad_requests_are_refused(text: str, dpi: float) -> None:
    with pytest.raises(ValueError, match=r"symbol|dpi"):
        draw_line(text, dpi)


@pytest.mark.realdata
@pytest.mark.skipif(not FONT.is_file(), reason=f"no E-13B font at {FONT}")
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_drawing_agrees_with_an_e13b_font(symbol: str) -> None:
    from training.e13b_data import STRIP_PX, render_font

    rendered = render_font(Path(FONT), symbol, 1.0)[symbol] > 127
    drawn = cv2.resize(
        draw_master(symbol), (7 * STRIP_PX, 9 * STRIP_PX), interpolation=cv2.INTER_AREA
    )
    columns = np.flatnonzero((drawn > 127).any(axis=0))
    drawn = drawn[:, columns[0] :] > 127
    width = min(drawn.shape[1], rendered.shape[1])
    drawn, rendered = drawn[:, -width:], rendered[:, -width:]
    assert (drawn & rendered).sum() / (drawn | rendered).sum() > 0.88
