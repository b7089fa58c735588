"""A part of the ink -> the ways along which two digits in it may be cut apart.

Two kinds of places are tried. A thin place, where a column holds least ink: two digits joined by a
stroke. A notch in the outline above or below, where two digits side by side meet: round ones share
a wall there or overlap, and the column holds most ink of all.
"""

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import estimate_stroke_width
from digitscan.records import Gray, Mask
from digitscan.settings import CutSettings

LEANS = np.array([-0.45, -0.3, -0.15, 0.0, 0.15, 0.3, 0.45])
"""Columns a row: the slant is out already, what is left is the slope of two round neighbors."""
SIDE_STEP = 1.0
"""Pixels of ink that a way from a notch crosses rather than lean by one column more. With 0.3 ways
lean along strokes, and the lattice reads 8 of 580 amounts less; 1.5 is no better."""
BESIDE = 0.5
"""Text heights to the left and right of a notch in which the outline must stand above it."""
PEAK = 0.1
"""Text heights to either side in which a notch is the deepest."""

Ways = npt.NDArray[np.int64]
"""For each way the first column on its right side, a row each: shape (ways, rows)."""


def find_cut_paths(
    own: Mask, ink: Gray, height: float, settings: CutSettings = CutSettings()
) -> Ways:
    """Find the ways along which a part of the ink may be cut.

    Parameters
    ----------
    own : ndarray of bool, shape (H, W)
        True on the part, which is connected; its slant is out.
    ink : ndarray of uint8, shape (H, W)
        Ink strength.
    height : float
        Height of the writing in pixels.
    settings : CutSettings

    Returns
    -------
    ndarray of int64, shape (N, H)
        Left to right; they may touch and never cross.

    Examples
    --------
    >>> bar = np.zeros((20, 30), bool)
    >>> bar[:, :3] = bar[:, -3:] = bar[9:11] = True
    >>> find_cut_paths(bar, bar * np.uint8(255), 20.0)[:, 0].tolist()
    [15]
    """
    rows = own.shape[0]
    cost = np.where(own, np.maximum(ink, 64), 0).astype(np.float32) / np.float32(255)
    inked = own.any(axis=0)
    top = np.where(inked, np.argmax(own, axis=0), rows)
    bottom = np.where(inked, rows - np.argmax(own[::-1], axis=0), 0)
    upper, over = _cut_notches(top, bottom, cost, height, settings)
    lower, under = _cut_notches(rows - bottom, rows - top, cost[::-1], height, settings)
    thin, crossed = _cut_thin_places(own, cost, height, settings)
    ways = np.concatenate([upper, lower[:, ::-1], thin])
    apart = (np.abs(ways[:, np.newaxis] - ways).sum(axis=2) / rows).tolist()
    notched = np.append(over, under)
    kept = _thin_out(apart, _rank(notched), [], settings.notch_spacing * height)
    rank = [notched.size + k for k in _rank(crossed)]
    ways = ways[_thin_out(apart, rank, kept, settings.spacing * height)]
    ways = ways[np.argsort(ways.sum(axis=1), kind="stable")]
    # Ways may cross: each starts where the one to its left ends at the latest.
    return np.maximum.accumulate(ways, axis=0)


def _cut_thin_places(
    own: Mask, cost: npt.NDArray[np.float32], height: float, settings: CutSettings
) -> tuple[Ways, npt.NDArray[np.float32]]:
    """Return the straight ways through thin places and the ink that each crosses."""
    columns = own.shape[1]
    edge = settings.margin * height
    profile = cv2.blur(cost.sum(axis=0)[np.newaxis, :], (3, 1))[0]
    starts = _find_minima(profile, max(2, round(settings.spacing * height)))
    starts = starts[(starts >= edge) & (columns - starts >= edge)]
    if starts.size == 0:
        return np.zeros((0, len(own)), np.int64), np.zeros(0, np.float32)
    ways, crossed = _lean(cost, starts, max(1, round(settings.corridor * height)))
    few = crossed <= settings.crossing * max(1.0, estimate_stroke_width(own))
    return ways[few], crossed[few]


def _cut_notches(
    top: npt.NDArray[np.int64],
    bottom: npt.NDArray[np.int64],
    cost: npt.NDArray[np.float32],
    height: float,
    settings: CutSettings,
) -> tuple[Ways, npt.NDArray[np.float32]]:
    """Return the way down from each notch in the upper outline and the ink that each crosses.

    `top` and `bottom` are the first row of ink of each column and the one after its last.
    It goes upright through the paper to the notch, straight through the ink to the lower outline,
    and upright again.
    """
    rows, columns = cost.shape
    starts = _find_notches(top, height, settings)
    if starts.size == 0:
        return np.zeros((0, rows), np.int64), np.zeros(0, np.float32)
    reach = round(settings.notch_reach * height)
    offsets = np.arange(-reach, reach + 1)
    ends = np.minimum(np.maximum(starts[:, None] + offsets, 0), columns - 1)
    first = top[starts][:, None]
    length = np.maximum(bottom[ends] - first, 1)
    down = (np.arange(rows) - first[..., None]) / length[..., None]
    down = np.minimum(np.maximum(down, 0), 1)
    steps = (ends - starts[:, None])[..., None]
    ways = np.rint(starts[:, None, None] + down * steps).astype(np.int64)
    crossed = np.take(cost, ways + np.arange(rows) * columns).sum(axis=2)
    best = np.argmin(crossed + SIDE_STEP * np.abs(offsets), axis=1)
    every = np.arange(len(starts))
    return ways[every, best], crossed[every, best]


def _find_notches(
    top: npt.NDArray[np.int64], height: float, settings: CutSettings
) -> npt.NDArray[np.int64]:
    """Return the columns where an outline, rows down from above, is deepest between two sides."""
    columns = top.size
    beside, near = max(2, round(BESIDE * height)), max(1, round(PEAK * height))
    outline = top[np.newaxis, :].astype(np.float32)
    before = np.ones((1, beside), np.uint8)
    # The highest place of the outline on either side: the kernel ends at the column, or begins.
    left = cv2.erode(outline, before, anchor=(beside - 1, 0))[0]
    right = cv2.erode(outline, before, anchor=(0, 0))[0]
    deepest = cv2.dilate(outline, np.ones((1, 2 * near + 1), np.uint8))[0]
    depth = top - np.maximum(left, right)
    is_notch = (top >= deepest) & (depth >= max(1.0, settings.notch_depth * height))
    edge = settings.margin * height
    found = np.flatnonzero(is_notch)
    return _take_middles(found[(found >= edge) & (columns - found >= edge)])


def _rank(crossed: npt.NDArray[np.float32]) -> list[int]:
    """Return the ways' numbers, that through least ink first."""
    ranked: list[int] = np.argsort(crossed, kind="stable").tolist()
    return ranked


def _thin_out(
    apart: list[list[float]], ranked: list[int], kept: list[int], spacing_px: float
) -> list[int]:
    """Return the ways kept so far and, in their rank, the others so far from all of them."""
    kept = list(kept)
    for way in ranked:
        if all(apart[way][other] >= spacing_px for other in kept):
            kept.append(way)
    return kept


def _find_minima(profile: npt.NDArray[np.float32], spacing: int) -> npt.NDArray[np.int64]:
    """Return the columns that are lowest within `spacing` on either side, one a plateau."""
    lowest = cv2.erode(profile[np.newaxis, :], np.ones((1, 2 * spacing + 1), np.uint8))[0]
    return _take_middles(np.flatnonzero(profile <= lowest + 1e-3))


def _take_middles(columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the middle of each run of neighboring columns."""
    if columns.size == 0:
        return columns
    after = (np.flatnonzero(columns[1:] - columns[:-1] > 1) + 1).tolist()
    return columns[[(start + end) // 2 for start, end in pairwise([0, *after, columns.size])]]


def _lean(
    cost: npt.NDArray[np.float32], starts: npt.NDArray[np.int64], reach: int
) -> tuple[Ways, npt.NDArray[np.float32]]:
    """Return for each start the straight way down that crosses least ink, and that ink.

    Ways of every lean and offset within `reach` columns are compared; the first result has shape
    (starts, rows).
    """
    rows, columns = cost.shape
    offsets = np.arange(-reach, reach + 1)
    lean = np.rint(LEANS[:, None] * np.linspace(-rows / 2, rows / 2, rows)).astype(np.int64)
    # Neighboring starts share most of their ways: every one through the image is measured once.
    through = np.arange(-reach, columns + reach)[:, None, None] + lean
    through = np.minimum(np.maximum(through, 0), columns - 1)
    crossed = np.take(cost, through + np.arange(rows) * columns).sum(axis=2)
    crossed = crossed[starts[:, None] + offsets + reach]
    # Leaving the start or the upright costs a little, so that ways through paper stay straight.
    detour = 0.05 * np.abs(offsets)[:, None] + 0.5 * np.abs(LEANS)
    best = np.argmin((crossed + detour).reshape(len(starts), detour.size), axis=1)
    aside, leaning = np.divmod(best, LEANS.size)
    every = np.arange(len(starts))
    return through[starts + aside, leaning], crossed[every, aside, leaning]
