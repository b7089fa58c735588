"""E-13B line -> the ink of each of its symbols, by the constant pitch."""

from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, floor

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import find_outlines
from digitscan.imaging.geometry import find_runs
from digitscan.records import Box, Gray, MicrLine

_UNITS_HIGH = 9
"""Grid units of 0.013 inch in the height of a digit."""
_WIDEST = 8.4
"""A symbol is up to 7 units wide; blur, spread and dirt at its edge add to it."""
_NARROWEST = 3.2
"""The 1 and the 2 are 4 units wide; worn print loses some of it."""
_SPECK = 0.45
"""Square units of ink under which a component is a speck; the smallest part of a symbol, the
middle bar of `amount`, has 4.5, and half of it still counts."""
_MAX_GAP = 20
"""Blank pitches inside a line: the fields of a cheque stand further apart than words do."""
_PITCH_SPREAD = 0.06
"""Standard deviation of the spacing in pitches: ISO 1004-1 allows 0.010 inch of 0.125."""


@dataclass(frozen=True, slots=True)
class MicrCell:
    """The ink of one symbol.

    Attributes
    ----------
    box : Box
        Around it, in page pixels.
    ink : ndarray of uint8, shape (h, w)
        0 paper to 255 full ink; as high as the line with its margins, as wide as the symbol.
    """

    box: Box
    ink: Gray


@dataclass(frozen=True, slots=True)
class _Run:
    """Columns with ink, from the first to the one after the last."""

    left: int
    right: int
    area: float


def split_micr_cells(gray: Gray, line: MicrLine) -> tuple[MicrCell, ...]:
    """Cut the ink of each symbol out of an E-13B line.

    The columns with ink are grouped so that the groups' right edges follow each other at the
    pitch or a multiple of it, which keeps the three parts of transit, amount, on-us and dash
    together. A group of columns wider than a symbol is cut where the pitch says a gap should be.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        The page in which `imaging.micr.find_micr_line` found the line.
    line : MicrLine

    Returns
    -------
    tuple of MicrCell
        One a symbol, left to right, blanks left out. Ink of other origin in the line's band
        becomes a cell of its own, which the network calls rubbish.
    """
    strip, to_page = _take_strip(gray, line)
    ink = _measure_ink(strip, line.height_px)
    columns = np.count_nonzero(ink, axis=0)
    unit = line.height_px / _UNITS_HIGH
    runs = _split_wide(_find_runs(columns), columns, unit, line.pitch_px)
    runs = _keep_near(runs, (line.box.left, line.box.right), line.pitch_px)
    return tuple(
        _make_cell(ink, to_page, left, right) for left, right in _group(runs, unit, line.pitch_px)
    )


def _take_strip(gray: Gray, line: MicrLine) -> tuple[Gray, npt.NDArray[np.float64]]:
    """Cut the line's strip out of the page, turned level, with 0.3 heights above and below.

    Returns the strip and the 2 x 3 matrix from strip to page coordinates (x, y).
    """
    turn = np.arctan(line.slope)
    cosine, sine = np.cos(turn), np.sin(turn)
    margin = 0.3 * line.height_px
    upper = line.baseline_px - line.height_px / cosine - margin
    to_page = np.array([[cosine, -sine, -upper * sine * cosine], [sine, cosine, 0.0]])
    # Row 0, column 0 of the strip lies on the upper edge, at the page's left edge.
    to_page[0, 2] = 0.0
    to_page[1, 2] = upper
    size = (gray.shape[1], max(1, round(line.height_px + 2 * margin)))
    strip = cv2.warpAffine(
        gray,
        to_page,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(strip, np.uint8), to_page


def _measure_ink(strip: Gray, height_px: float) -> Gray:
    """Return the strength of the ink that counts, 0 elsewhere: no specks, no neighbors' feet."""
    side = max(3, round(height_px))
    small = cv2.resize(strip, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    half = max(1, side // 8)
    paper = cv2.dilate(cv2.blur(small, (3, 3)), np.ones((2 * half + 1, 2 * half + 1), np.uint8))
    paper = cv2.blur(paper, (side // 4 * 2 + 1, 1), borderType=cv2.BORDER_REPLICATE)
    paper = cv2.resize(paper, strip.shape[::-1], interpolation=cv2.INTER_LINEAR)
    dark = cv2.subtract(paper, strip)
    # The darkest hundredth of the strip is the print's own black, wherever the line stands.
    black = max(40, _percentile(np.asarray(dark, np.uint8), 99))
    ink = np.asarray(cv2.convertScaleAbs(dark, alpha=255.0 / black), np.uint8)
    solid = ink >= 110
    margin = (strip.shape[0] - height_px) / 2
    outlines = find_outlines(solid)
    foreign = np.zeros(strip.shape, np.uint8)
    gone = [one for one in outlines if not _may_be_symbol(one, strip.shape[0], margin, height_px)]
    cv2.drawContours(foreign, gone, -1, 1, cv2.FILLED)
    core = cv2.subtract(solid.view(np.uint8), foreign)
    # One pixel around the core keeps the soft edge of the strokes.
    wide = cv2.dilate(core, np.ones((3, 3), np.uint8))
    return np.asarray(ink * ((wide > foreign) & (ink >= 40)), np.uint8)


def _percentile(image: Gray, share: float) -> int:
    """Return the least level that `share` percent of the pixels do not exceed."""
    counts = cv2.calcHist([image], [0], None, [256], [0, 256])
    return int(np.searchsorted(np.cumsum(counts), share / 100 * image.size))


def _may_be_symbol(
    outline: npt.NDArray[np.int32], rows: int, margin: float, height_px: float
) -> bool:
    """Tell a symbol or a part of one from specks and from what stands beside the line."""
    unit = height_px / _UNITS_HIGH
    _, top, _, height = cv2.boundingRect(outline)
    bottom = top + height
    # Pick's theorem: the pixels in and on an outline.
    area = cv2.contourArea(outline) + len(outline) / 2 + 1
    if area < max(2.0, _SPECK * unit * unit):
        return False
    # What stands outside the line's height, or only puts its foot in, is none of its symbols.
    if bottom <= margin + 0.6 * unit or top >= rows - margin - 0.6 * unit:
        return False
    return not (top == 0 or bottom == rows) or height >= margin + 2 * unit


def _find_runs(columns: npt.NDArray[np.intp]) -> list[_Run]:
    return [
        _Run(left, right, float(columns[left:right].sum()))
        for left, right in find_runs(np.flatnonzero(columns > 0))
    ]


def _split_wide(
    runs: list[_Run], columns: npt.NDArray[np.intp], unit: float, pitch: float
) -> list[_Run]:
    """Cut runs wider than a symbol at the gaps that the nearest clean digits foretell."""
    clean = np.array(
        [run.right for run in runs if _NARROWEST * unit <= run.right - run.left <= _WIDEST * unit]
    )
    parts: list[_Run] = []
    for run in runs:
        if run.right - run.left <= _WIDEST * unit or clean.size == 0:
            parts.append(run)
            continue
        anchor = clean[np.argmin(np.abs(clean - run.right))]
        # Symbols leave at least 2.6 units free to the left of the next one.
        gap = anchor + 1.3 * unit
        first = np.ceil((run.left + unit - gap) / pitch)
        cuts = [run.left]
        for position in np.arange(gap + first * pitch, run.right - unit, pitch):
            low = max(cuts[-1] + 1, round(position - 0.7 * unit))
            high = max(low + 1, round(position + 0.7 * unit) + 1)
            cuts.append(low + int(np.argmin(columns[low:high])))
        cuts.append(run.right)
        parts.extend(
            _Run(left, right, float(columns[left:right].sum()))
            for left, right in pairwise(cuts)
            if right > left
        )
    return parts


def _keep_near(runs: list[_Run], core: tuple[int, int], pitch: float) -> list[_Run]:
    """Return the runs that follow the core without too wide a blank."""
    kept = [run for run in runs if run.right > core[0] and run.left < core[1]]
    before = [run for run in runs if run.right <= core[0]]
    after = [run for run in runs if run.left >= core[1]]
    for run in reversed(before):
        if kept and kept[0].left - run.right > _MAX_GAP * pitch:
            break
        kept.insert(0, run)
    for run in after:
        if kept and run.left - kept[-1].right > _MAX_GAP * pitch:
            break
        kept.append(run)
    return kept


def _group(runs: list[_Run], unit: float, pitch: float) -> list[tuple[int, int]]:
    """Group runs into symbols: the cheapest way through, left to right.

    The state is the last run of the last symbol; its cost the best of all ways that end there.
    """
    count = len(runs)
    if count == 0:
        return []
    best = [np.inf] * count
    came = [(-1, -1)] * count
    skip = [0.0, *accumulate(_cost_of_leaving_out(run, unit) for run in runs)]
    for last in range(count):
        for start in range(last, max(-1, last - 6), -1):
            width = (runs[last].right - runs[start].left) / unit
            if width > _WIDEST and start < last:
                break
            own = 0.0 if _NARROWEST <= width <= _WIDEST else 3.0
            if best[last] > skip[start] + own:
                best[last], came[last] = skip[start] + own, (start, -1)
            for previous in range(start - 1, max(-1, start - 4), -1):
                step = (runs[last].right - runs[previous].right) / pitch
                cost = best[previous] + own + _cost_of_step(step)
                cost += skip[start] - skip[previous + 1]
                if cost < best[last]:
                    best[last], came[last] = cost, (start, previous)
    last = min(range(count), key=lambda end: best[end] - skip[end + 1])
    groups = []
    while last >= 0:
        start, previous = came[last]
        groups.append((runs[start].left, runs[last].right))
        last = previous
    return groups[::-1]


def _cost_of_step(step: float) -> float:
    """Return what a distance between right edges costs, in squared standard deviations."""
    cells = max(1.0, round(step))
    off = abs(step - cells)
    # After a blank the next field may have been printed by another machine: any phase will do.
    most = 12.0 if cells == 1 else 4.0
    return min(most, (off / _PITCH_SPREAD) ** 2)


def _cost_of_leaving_out(run: _Run, unit: float) -> float:
    """Return what it costs to call a run dirt: the more ink, the more."""
    return 1.0 + 2.0 * run.area / (unit * unit)


def _make_cell(ink: Gray, to_page: npt.NDArray[np.float64], left: int, right: int) -> MicrCell:
    own = ink[:, left:right].copy()
    _, top, _, height = cv2.boundingRect(own)
    bottom = top + height
    corners = [(x, y) for x in (left, right) for y in (top, bottom)]
    across, down = ([a * x + b * y + c for x, y in corners] for a, b, c in to_page.tolist())
    low = max(0, floor(min(across))), max(0, floor(min(down)))
    return MicrCell(Box(*low, ceil(max(across)), ceil(max(down))), own)
