"""Training tiles for the E-13B network: drawn lines, printed and scanned badly, then read.

Every tile has gone the way it goes when a page is read: a line is drawn from `e13b_glyphs` (or
rendered from an E-13B font, where one is at hand), worn and scanned by `e13b_faults`, cut by
`digitscan.imaging.micr_cells` and brought into the frame by `digitscan.imaging.normalize`.

Rubbish is whatever else may stand in such a line: digits and letters of other fonts at the same
pitch, handwritten digits, halves and pairs of symbols, bars and blots.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from digitscan.imaging.micr_cells import MicrCell, split_micr_cells
from digitscan.imaging.normalize import normalize_tile
from digitscan.records import Box, Floats, Gray, MicrLine
from training.e13b_faults import print_ink, scan_ink
from training.e13b_glyphs import (
    HEIGHT_UNITS,
    PITCH_UNITS,
    SYMBOLS,
    UNIT_INCH,
    WIDTH_UNITS,
    draw_master,
)

logger = logging.getLogger(__name__)

RUBBISH = "rubbish"
LABELS = (*SYMBOLS, RUBBISH)
"""The network's outputs, in order."""
PRINT = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz$&#%*+=?/"
"""Characters of other fonts that are rubbish in a line of E-13B."""
DPI = (100.0, 600.0)
STRIP_PX = 8
"""Pixels in a grid unit before the scan: as many as a scan at 600 dpi has."""
LINE_SYMBOLS = 20
MARGIN_UNITS = 14
"""Paper around a line: half of it still shows when the line is skewed."""
LOOK_ALIKE = 0.80
"""Half a symbol that correlates with a whole one by more than this is left out of the rubbish:
the right part of an 8 is a 3."""

LEAST_LIKE = 0.45
"""A symbol that correlates less than this with its clean self is worn beyond reading."""

Glyphs = dict[str, Gray]
"""Ink (72, w) uint8 per character, the right edge on the pitch line, baseline at the bottom."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What lines are made of.

    Attributes
    ----------
    fonts : tuple of Glyphs
        E-13B in one or more renderings, all symbols each.
    others : tuple of Glyphs
        Other fonts and handwriting: all rubbish.
    names : tuple of str
        Where they come from, for the model's metadata.
    """

    fonts: tuple[Glyphs, ...]
    others: tuple[Glyphs, ...]
    names: tuple[str, ...]


def load_sources(
    micr_font: Path | None, print_fonts: Sequence[Path], digits: npt.NDArray[np.uint8] | None
) -> Sources:
    """Gather the glyphs.

    Parameters
    ----------
    micr_font : Path or None
        A TrueType font with E-13B at 0-9 and A-D, beside the drawn glyphs; a missing file is
        left out with a warning.
    print_fonts : sequence of Path
        Ordinary fonts.
    digits : ndarray of uint8, shape (N, 28, 28), or None
        Handwritten digits, 0 paper to 255 ink.

    Returns
    -------
    Sources
    """
    fonts: list[Glyphs] = [_draw_symbols()]
    names = ["drawn from the geometry of ISO 1004-1"]
    if micr_font is not None and micr_font.is_file():
        fonts.append(render_font(micr_font, SYMBOLS, 1.0))
        names.append(micr_font.name)
    else:
        logger.warning("no E-13B font at %s: training on drawn glyphs alone", micr_font)
    others: list[Glyphs] = []
    for path in print_fonts:
        others.extend(render_font(path, PRINT, size) for size in (0.85, 1.0, 1.15))
        names.append(path.name)
    if digits is not None:
        others.extend(_frame_handwriting(digits[start : start + 60]) for start in range(0, 600, 60))
        names.append("handwritten digits")
    if not others:
        raise ValueError("the rubbish class needs at least one ordinary font or handwriting")
    return Sources(tuple(fonts), tuple(others), tuple(names))


def make_tiles(
    sources: Sources, lines: int, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Make labeled tiles from drawn lines.

    Parameters
    ----------
    sources : Sources
    lines : int
        Two of three are E-13B, the third is rubbish; about 20 tiles each.
    rng : numpy.random.Generator

    Returns
    -------
    tiles : ndarray of float32, shape (N, 28, 28, 1)
        0.0 paper to 1.0 full ink.
    labels : ndarray of int64, shape (N,)
        Positions in `LABELS`.
    """
    tiles: list[Floats] = []
    labels: list[int] = []
    clean = {symbol: normalize_tile(glyph) for symbol, glyph in _draw_symbols().items()}
    for number in range(lines):
        if number % 3 == 2:
            glyphs = sources.others[rng.integers(len(sources.others))]
            text = _pick_text(tuple(glyphs), rng)
            cells, _ = _read_back(glyphs, text, rng)
            tiles.extend(normalize_tile(cell.ink) for cell in cells)
            labels.extend([len(SYMBOLS)] * len(cells))
            continue
        glyphs = sources.fonts[rng.integers(len(sources.fonts))]
        text = _pick_text(tuple(SYMBOLS), rng)
        cells, symbols = _read_back(glyphs, text, rng)
        for cell, symbol in zip(cells, symbols, strict=True):
            tile = normalize_tile(cell.ink)
            if symbol and _correlate(tile, clean[symbol]) >= LEAST_LIKE:
                tiles.append(tile)
                labels.append(SYMBOLS.index(symbol))
        for ink in _spoil(cells, rng):
            tile = normalize_tile(ink)
            if max(_correlate(tile, whole) for whole in clean.values()) < LOOK_ALIKE:
                tiles.append(tile)
                labels.append(len(SYMBOLS))
    stacked = np.stack(tiles)[..., None].astype(np.float32)
    return stacked, np.array(labels, np.int64)


def draw_strip(
    glyphs: Glyphs, text: Sequence[str], rng: np.random.Generator
) -> tuple[Gray, MicrLine, list[float]]:
    """Draw, print and scan one line.

    Parameters
    ----------
    glyphs : Glyphs
    text : sequence of str
        Characters of `glyphs`, `""` for a blank.
    rng : numpy.random.Generator

    Returns
    -------
    gray : ndarray of uint8, shape (H, W)
    line : MicrLine
        Where the line is, as inexactly as `find_micr_line` would say.
    rights : list of float
        Column of each character's right edge, NaN for a blank.
    """
    pitch = PITCH_UNITS * STRIP_PX
    margin = MARGIN_UNITS * STRIP_PX
    width = round(2 * margin + pitch * len(text))
    canvas = np.zeros((HEIGHT_UNITS * STRIP_PX + margin, width), np.uint8)
    top = margin // 2
    rights: list[float] = []
    field_shift = 0.0
    for index, character in enumerate(text):
        if not character:
            # The next field may come from another machine.
            field_shift = float(rng.uniform(-0.4, 0.4)) * pitch if rng.random() < 0.3 else 0.0
            rights.append(np.nan)
            continue
        glyph = glyphs[character]
        right = round(margin + pitch * (index + 1) + field_shift + rng.normal(0, 0.2 * STRIP_PX))
        row = top + round(rng.normal(0, 0.15 * STRIP_PX))
        part = canvas[row : row + glyph.shape[0], right - glyph.shape[1] : right]
        np.maximum(part, glyph[: part.shape[0]], out=part)
        rights.append(right)
    dpi = float(np.exp(rng.uniform(*np.log(DPI))))
    scale = dpi * UNIT_INCH / STRIP_PX
    slope = float(rng.normal(0, 0.006))
    gray = scan_ink(print_ink(canvas, STRIP_PX, rng), STRIP_PX, scale, slope, rng)
    height = HEIGHT_UNITS * STRIP_PX * scale
    line = MicrLine(
        Box(round(margin * scale), 0, round((width - margin) * scale), max(1, round(height))),
        (top + HEIGHT_UNITS * STRIP_PX) * scale + float(rng.normal(0, 0.03)) * height,
        slope + float(rng.normal(0, 0.001)),
        height * float(rng.uniform(0.96, 1.06)),
        pitch * scale * float(rng.uniform(0.99, 1.01)),
    )
    return gray, line, [value * scale for value in rights]


def _draw_symbols() -> Glyphs:
    size = (WIDTH_UNITS * STRIP_PX, HEIGHT_UNITS * STRIP_PX)
    return {
        symbol: np.asarray(
            cv2.resize(draw_master(symbol), size, interpolation=cv2.INTER_AREA), np.uint8
        )
        for symbol in SYMBOLS
    }


def _pick_text(characters: Sequence[str], rng: np.random.Generator) -> list[str]:
    text = [characters[index] for index in rng.integers(len(characters), size=LINE_SYMBOLS)]
    return ["" if rng.random() < 0.1 else character for character in text]


def _read_back(
    glyphs: Glyphs, text: Sequence[str], rng: np.random.Generator
) -> tuple[tuple[MicrCell, ...], list[str]]:
    """Return the cells cut from a drawn line and each one's symbol, empty where it is unclear."""
    gray, line, rights = draw_strip(glyphs, text, rng)
    cells = split_micr_cells(gray, line)
    near = 0.12 * line.pitch_px
    symbols = []
    for cell in cells:
        distance = np.abs(np.array(rights) - cell.box.right)
        index = int(np.nanargmin(distance)) if np.isfinite(distance).any() else -1
        wide = cell.box.right - cell.box.left
        whole = index >= 0 and distance[index] < near
        if whole:
            expected = _width(glyphs[text[index]]) * line.pitch_px / (PITCH_UNITS * STRIP_PX)
            whole = abs(wide - expected) < 0.12 * line.pitch_px + 1
        symbols.append(text[index] if whole else "")
    return cells, symbols


def _width(glyph: Gray) -> int:
    columns = np.flatnonzero(glyph.any(axis=0))
    return int(columns[-1] - columns[0] + 1)


def _spoil(cells: Sequence[MicrCell], rng: np.random.Generator) -> list[Gray]:
    """Return inks that are no single symbol: halves, pairs, bars and blots."""
    spoiled: list[Gray] = []
    for first, second in pairwise(cells):
        chance = rng.random()
        width = first.ink.shape[1]
        if chance < 0.12 and width > 4:
            cut = round(width * rng.uniform(0.35, 0.65))
            spoiled.append(first.ink[:, :cut] if rng.random() < 0.5 else first.ink[:, cut:])
        elif chance < 0.18:
            gap = np.zeros((first.ink.shape[0], round(width * rng.uniform(0.05, 0.6))), np.uint8)
            spoiled.append(np.hstack([first.ink, gap, second.ink]))
        elif chance < 0.22:
            half = first.ink[:, width // 2 :]
            gap = np.zeros((half.shape[0], round(width * rng.uniform(0.05, 0.5))), np.uint8)
            spoiled.append(np.hstack([half, gap, second.ink[:, : second.ink.shape[1] // 2]]))
        elif chance < 0.25:
            spoiled.append(_scribble(rng))
    return [ink for ink in spoiled if ink.size and ink.max() >= 40]


def _scribble(rng: np.random.Generator) -> Gray:
    """Draw bars, lines and blots."""
    ink = np.zeros((40, int(rng.integers(6, 40))), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        points = rng.integers(0, [ink.shape[1], 40], size=(int(rng.integers(2, 5)), 2))
        if rng.random() < 0.5:
            cv2.polylines(ink, [points.astype(np.int32)], False, 255, int(rng.integers(1, 5)))
        else:
            cv2.rectangle(ink, points[0].tolist(), points[1].tolist(), 255, -1)
    return np.asarray(cv2.GaussianBlur(ink, (3, 3), 0), np.uint8)


def _correlate(one: Floats, other: Floats) -> float:
    first, second = one - one.mean(), other - other.mean()
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float((first * second).sum()) / norm if norm else 0.0


def render_font(path: Path, characters: str, size: float) -> Glyphs:
    """Render characters of a font in the frame of `Glyphs`.

    Parameters
    ----------
    path : Path
        TrueType or OpenType font.
    characters : str
        Characters that leave no ink are left out.
    size : float
        Height of a zero as a share of nine units.

    Returns
    -------
    Glyphs
    """
    high = HEIGHT_UNITS * STRIP_PX
    font = ImageFont.truetype(str(path), high)
    _, top, _, bottom = font.getbbox("0", anchor="ls")
    font = ImageFont.truetype(str(path), max(8, round(high * high * size / (bottom - top))))
    glyphs: Glyphs = {}
    for character in characters:
        image = Image.new("L", (round(2 * PITCH_UNITS * STRIP_PX), 2 * high), 0)
        ImageDraw.Draw(image).text((STRIP_PX, high), character, font=font, fill=255, anchor="ls")
        glyph = np.asarray(image, np.uint8)
        columns = np.flatnonzero(glyph.any(axis=0))
        if columns.size:
            glyphs[character] = glyph[:high, columns[0] : columns[-1] + 1]
    return glyphs


def _frame_handwriting(digits: npt.NDArray[np.uint8]) -> Glyphs:
    """Bring handwritten digits to the height of a line."""
    glyphs: Glyphs = {}
    for number, digit in enumerate(digits):
        rows = np.flatnonzero(digit.any(axis=1))
        columns = np.flatnonzero(digit.any(axis=0))
        tight = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        scale = HEIGHT_UNITS * STRIP_PX / tight.shape[0]
        width = min(round(tight.shape[1] * scale), WIDTH_UNITS * STRIP_PX)
        shape = (width, HEIGHT_UNITS * STRIP_PX)
        large = cv2.resize(tight, shape, interpolation=cv2.INTER_CUBIC)
        glyphs[str(number)] = np.where(large > 110, 255, 0).astype(np.uint8)
    return glyphs
