"""Gray page -> the combs printed on it: rows of one-digit boxes, wall to wall or apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from digitscan.imaging.boxes_apart import find_boxes_apart
from digitscan.imaging.comb_series import (
    Series,
    grow_series,
    holds_walls,
    sum_along,
)
from digitscan.imaging.geometry import find_runs
from digitscan.imaging.page_lines import LEAST_PX, RULE_DEPTH, find_lines
from digitscan.records import Box, Gray

_REDUCED_PX = 1300
"""Combs are looked for at this length of the longer side: 110 dpi for A4, where a rule of 0.2 mm is
a pixel, 160 dpi for a cheque."""
_LARGEST_SHARE = 0.09
"""Greatest width of a cell as a share of the page's longer side: 25 mm on A4."""
_SETTLE = 2
"""Pixels at the reduced size by which a wall may have been misplaced."""
_UNBROKEN = 0.85
"""Share of its length over which a rule is darker than the cell; lines of letters stay below."""
_PARTED = 0.12
"""Share of a cell's width over which neither of its rules is there, between two boxes that stand
apart: a 1 in one box and a wall of the next but one are as far apart as the two walls between."""


@dataclass(frozen=True, slots=True)
class Comb:
    """A row of equal boxes, one digit each.

    Attributes
    ----------
    box : Box
        From the middle of the first wall to the middle of the last.
    cells : tuple of Box
        Left to right, from the middle of a wall to the middle of the next; boxes that stand apart
        have walls of their own.
    """

    box: Box
    cells: tuple[Box, ...]

    def meets(self, other: "Comb") -> bool:
        """Say whether two combs share some of the page."""
        one, two = self.box, other.box
        across = max(one.left, two.left) < min(one.right, two.right)
        return across and max(one.top, two.top) < min(one.bottom, two.bottom)


def find_combs(gray: Gray, least_cells: int = 2) -> tuple[Comb, ...]:
    """Find the rows of equal boxes, wall to wall or each with walls of its own.

    Thin dark verticals of equal height and equal distance are walls when rules join them above or
    below. A wall that is broken, longer than the others or the edge of a black field is accepted
    where the others foretell it. Writing in the cells does no harm.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, at most 1 degree askew.
    least_cells : int
        Boxes that make a comb.

    Returns
    -------
    tuple of Comb
        Top to bottom, left to right; combs do not overlap.

    Examples
    --------
    >>> page = np.full((100, 600), 255, np.uint8)
    >>> for left in range(20, 260, 40):
    ...     _ = cv2.rectangle(page, (left, 20), (left + 40, 70), 0, 2)
    >>> [len(comb.cells) for comb in find_combs(page)]
    [6]
    """
    scale = min(1.0, _REDUCED_PX / max(gray.shape))
    size = (round(gray.shape[1] * scale), round(gray.shape[0] * scale))
    if min(size) < 2 * LEAST_PX:
        return ()
    small = gray
    if scale < 1.0:
        small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    lines = find_lines(small)
    largest = max(60.0, _LARGEST_SHARE * max(small.shape))
    apart = find_boxes_apart(lines.thin)
    taken: list[Series] = []
    # A handwritten 1 may pass for a wall and halve two cells: the whole cells reach further.
    # Every second wall makes cells of twice the width: of the same reach the finer one is right.
    found = [series for series in grow_series(lines, largest) if len(series.rows) >= least_cells]
    for series in sorted(found, key=_rank, reverse=True):
        if any(_overlap(series, other) for other in taken) or holds_walls(lines, series):
            continue
        if any(_is_among(series, row) for row in apart):
            continue
        if _is_ruled(small, series):
            taken.append(series)
    combs = [_make_comb(gray, series, 1.0 / scale) for series in taken]
    combs += [_make_apart(gray, row, 1.0 / scale) for row in apart if len(row) >= least_cells]
    return tuple(sorted(combs, key=lambda comb: (comb.box.top, comb.box.left)))


def _rank(series: Series) -> float:
    """Return how far a series reaches by walls that are seen."""
    seen = 1.0 - series.hidden / len(series.rows)
    return (series.walls[-1] - series.walls[0]) * (seen + 0.01 * len(series.rows))


def _is_ruled(gray: Gray, series: Series) -> bool:
    """Tell rules from the upper and lower ends of letters, and one box from two: rules go on."""
    dark = total = 0
    for (left, right), rows in zip(pairwise(series.walls), series.rows, strict=True):
        paper = float(np.median(gray[rows[0] : rows[1], left:right]))
        bands = [gray[max(0, row - 1) : row + 2, left:right] for row in rows]
        upper, lower = (band.min(axis=0) < paper - RULE_DEPTH for band in bands)
        gaps = find_runs(np.flatnonzero(~(upper | lower)))
        if any(last - first >= _PARTED * (right - left) for first, last in gaps):
            return False
        dark += int(np.count_nonzero(upper) + np.count_nonzero(lower))
        total += 2 * (right - left)
    return dark >= _UNBROKEN * total


def _make_comb(gray: Gray, series: Series, enlarge: float) -> Comb:
    """Bring a series back to the page, walls and rules to their darkest column and row."""
    reach = round(_SETTLE * enlarge) + 1
    columns = [round((wall + 0.5) * enlarge) for wall in series.walls]
    rows = [
        (round((top + 0.5) * enlarge), round((end + 0.5) * enlarge)) for top, end in series.rows
    ]
    frames = [rows[0], *rows]
    walls = [
        _settle(gray[frame[0] : frame[1]], column, reach, axis=0)
        for column, frame in zip(columns, frames, strict=True)
    ]
    cells = []
    for (left, right), (top, bottom) in zip(pairwise(walls), rows, strict=True):
        across = gray[:, left:right]
        top, bottom = (_settle(across, row, reach, axis=1) for row in (top, bottom))
        cells.append(Box(left, top, right, bottom))
    around = Box(
        walls[0], min(cell.top for cell in cells), walls[-1], max(cell.bottom for cell in cells)
    )
    return Comb(around, tuple(cells))


def _make_apart(gray: Gray, row: Sequence[Box], enlarge: float) -> Comb:
    """Bring boxes that stand apart back to the page, each with walls of its own."""
    reach = round(_SETTLE * enlarge) + 1
    cells = []
    for box in row:
        left, top, right, bottom = (
            round((edge + 0.5) * enlarge) for edge in (box.left, box.top, box.right, box.bottom)
        )
        left, right = (_settle(gray[top:bottom], edge, reach, axis=0) for edge in (left, right))
        top, bottom = (_settle(gray[:, left:right], edge, reach, axis=1) for edge in (top, bottom))
        cells.append(Box(left, top, right, bottom))
    around = Box(
        cells[0].left,
        min(cell.top for cell in cells),
        cells[-1].right,
        max(cell.bottom for cell in cells),
    )
    return Comb(around, tuple(cells))


def _is_among(series: Series, row: Sequence[Box]) -> bool:
    """Say whether a series meets a row of boxes that stand apart."""
    return (
        series.walls[0] < row[-1].right
        and row[0].left < series.walls[-1]
        and min(top for top, _ in series.rows) < max(box.bottom for box in row)
        and min(box.top for box in row) < max(end for _, end in series.rows)
    )


def _settle(gray: Gray, place: int, reach: int, axis: int) -> int:
    """Return the darkest column (axis 0) or row (axis 1) near `place`."""
    first = max(0, place - reach)
    near = slice(first, place + reach + 1)
    return first + int(sum_along(gray[:, near] if axis == 0 else gray[near], axis).argmin())


def _overlap(one: Series, other: Series) -> bool:
    return (
        one.walls[0] < other.walls[-1] - _SETTLE
        and other.walls[0] < one.walls[-1] - _SETTLE
        and min(top for top, _ in one.rows) < max(end for _, end in other.rows) - _SETTLE
        and min(top for top, _ in other.rows) < max(end for _, end in one.rows) - _SETTLE
    )
