"""Lines of a page -> series of walls at equal distances, which may be those of a comb."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.page_lines import LEAST_PX, Bits, Lines

LEVEL = 0.14
"""Ends of the walls of one comb agree within this share of their height."""
EVEN = 0.13
"""Cells of one comb are equally wide within this share."""
NARROWEST, WIDEST = 0.35, 2.2
"""Widths of a cell in heights of its walls."""
_STEP = 3
"""Rows at the reduced size by which the rules of neighboring cells may differ."""
_COVER = 0.7
"""A rule is dark over this share of a cell's width at least."""
_MOST_DARK = 0.8
"""Ink fills no more of a cell: a 5 written with a broad pen had 0.59, and with 0.5 for the limit
its comb of eight cells fell in two, 9535 and 896, each accepted. A black field fills all."""
_WITHIN = 0.95
"""Share of its cell's height that a wall within covers; a handwritten 1 stays below the rules."""
_HIDDEN, _SEEN_CELLS = 0.5, 4
"""Share of a wall, and of the rules beside it, that a stroke leaves to be seen; and how many cells
tell of one such wall: strokes of digits pass for the walls of a few. Of 120 rows of pale boxes 106
are read whole, 97 without it, and none instead of four that are accepted is a part of its number;
where two cells were enough, the date on a line of one of 60 drawn cheques was one."""
_THREE_ROWS = np.ones((3, 1), np.uint8)
_WALL_COVER = 0.87
"""A wall is dark over this share of its height at least; a handwritten 1 seldom is."""

Rows = tuple[int, int]
"""Rows of the rules above and below a cell."""


@dataclass(frozen=True, slots=True)
class Series:
    """Walls at equal distances, with rules between them.

    Attributes
    ----------
    walls : tuple of int
        Their columns, left to right.
    rows : tuple of (int, int)
        Rows of the rules above and below each cell.
    hidden : int
        How many of the walls are not seen but foretold by the others.
    """

    walls: tuple[int, ...]
    rows: tuple[Rows, ...]
    hidden: int = 0


def grow_series(lines: Lines, largest: float) -> list[Series]:
    """Find the series of walls that grow from every pair of neighbors.

    Parameters
    ----------
    lines : Lines
    largest : float
        Greatest width of a cell in pixels.

    Returns
    -------
    list of Series
        They may overlap: strokes of digits pass for walls, and every second wall makes a series.
    """
    stems = lines.stems[np.argsort(lines.stems[:, 1], kind="stable")]
    found: list[Series] = []
    seen: set[tuple[int, int, int]] = set()
    ends = stems.tolist()
    for first, second in _find_pairs(stems, largest):
        (one, *above), (other, *below) = ends[first], ends[second]
        left, right = min(one, other), max(one, other)
        top, bottom = min(above[0], below[0]), max(above[1], below[1])
        if (left // 3, right // 3, top // 3) in seen:
            continue
        reach = max(2, round(LEVEL * (bottom - top)))
        rows = _find_rows(lines, left, right, (top, bottom - 1), reach)
        if rows is not None:
            series = _grow(lines, left, right, rows)
            seen.update((one // 3, other // 3, top // 3) for one, other in pairwise(series.walls))
            found.append(series)
    return found


def _find_pairs(stems: npt.NDArray[np.intp], largest: float) -> list[tuple[int, int]]:
    """Return pairs of verticals that may be the walls of one cell, nearest first."""
    tops, height = stems[:, 1], stems[:, 2] - stems[:, 1]
    reach = LEVEL * height + 1
    width = np.abs(stems[:, 0] - stems[:, :1])
    good = np.abs(stems[:, 2] - stems[:, 2:]) <= reach[:, np.newaxis]
    good &= tops <= (tops + reach)[:, np.newaxis]
    low, high = np.maximum(NARROWEST * height, LEAST_PX - 3), np.minimum(WIDEST * height, largest)
    good &= (width >= low[:, np.newaxis]) & (width <= high[:, np.newaxis])
    first, second = np.nonzero(np.triu(good, 1))
    order = np.lexsort((second, first, width[first, second]))
    return list(zip(first[order].tolist(), second[order].tolist(), strict=True))


def _grow(lines: Lines, left: int, right: int, rows: Rows) -> Series:
    """Extend a cell to both sides as long as the next wall and its rules are in place.

    A wall that a stroke hides, or the rules of one cell, may be missing where the next are there.
    """
    walls, frames, hidden = [left, right], [rows], 0
    while True:
        width = (walls[-1] - walls[0]) / (len(walls) - 1)
        may_hide = hidden < (len(frames) - hidden) // _SEEN_CELLS
        if more := _go_on(lines, walls[-1], width, frames[-1], may_hide):
            walls += more[0]
            frames += more[1]
        elif more := _go_on(lines, walls[0], -width, frames[0], may_hide):
            walls[:0] = more[0][::-1]
            frames[:0] = more[1][::-1]
        else:
            return Series(tuple(walls), tuple(frames), hidden)
        hidden += len(more[0]) - 1


def _go_on(
    lines: Lines, last: int, step: float, rows: Rows, may_hide: bool
) -> tuple[list[int], list[Rows]] | None:
    """Return the next wall and the rows of its cell, or the next two, None where there are none."""
    width = abs(step)
    wall = _find_wall(lines, last + step, width, rows)
    found = wall and _find_rows(lines, min(last, wall), max(last, wall), rows, _STEP)
    if wall and found:
        return [wall], [found]
    far = _find_wall(lines, last + 2 * step, width, rows) if may_hide else None
    if not far:
        return None
    hidden = (last + far) // 2
    found = _find_rows(lines, min(hidden, far), max(hidden, far), rows, 2 * _STEP)
    if not found:
        return None
    # Beyond the end of a comb there is no rule; that of a cell may have a gap where it is written
    # over.
    if not all(_is_seen(lines.rules, last, hidden, row, _STEP) for row in rows):
        return None
    column = lines.walls[rows[0] : rows[1], hidden - 2 : hidden + 3].any(axis=1)
    if column.mean() < _HIDDEN:
        return None
    between = (rows[0] + found[0]) // 2, (rows[1] + found[1]) // 2
    return [hidden, far], [between, found]


def _is_seen(rules: Bits, one: int, other: int, row: int, reach: int) -> bool:
    """Say whether most of a rule is seen between two columns."""
    band = rules[max(0, row - reach) : row + reach + 1, min(one, other) : max(one, other)]
    return band.size > 0 and bool(band.any(axis=0).mean() >= _HIDDEN)


def _find_wall(lines: Lines, expected: float, width: float, rows: Rows) -> int | None:
    """Return the column of the wall near `expected`, None where no column is dark enough."""
    reach = max(2, round(EVEN * width))
    low, high = round(expected) - reach, round(expected) + reach + 1
    if low < 0 or high > lines.walls.shape[1]:
        return None
    band = lines.walls[rows[0] : rows[1], low:high]
    # A wall may lean by a column or two over its height.
    cover = sum_along(band[:, :-1] | band[:, 1:], axis=0)
    solid = (cover >= _WALL_COVER * len(band)).nonzero()[0]
    if solid.size == 0:
        return None
    return low + int(solid[np.abs(solid + (low - expected)).argmin()])


def _find_rows(lines: Lines, left: int, right: int, rows: Rows, reach: int) -> Rows | None:
    """Return the rows of the rules that join two walls, None where there are none or no room."""
    margin = max(2, (right - left) // 8)
    inside = lines.dark[rows[0] + margin : rows[1] - margin, left + margin : right - margin]
    if inside.size == 0 or cv2.countNonZero(inside) > _MOST_DARK * inside.size:
        return None
    found = []
    for row in rows:
        first = max(0, row - reach)
        band = lines.rules[first : row + reach + 1, left + 1 : right]
        if band.size == 0:
            return None
        # A rule askew passes from row to row: three rows together are asked.
        cover = sum_along(cv2.dilate(band, _THREE_ROWS), axis=1).tolist()
        most = max(cover)
        if most < _COVER * band.shape[1]:
            return None
        least = most - 0.02 * band.shape[1]
        best = [place for place, count in enumerate(cover) if count >= least]
        found.append(first + best[len(best) // 2])
    upper, lower = found
    return (upper, lower) if lower - upper >= LEAST_PX - 3 else None


def holds_walls(lines: Lines, series: Series) -> bool:
    """Say whether walls stand within several cells: then these are two or three boxes each.

    Parameters
    ----------
    lines : Lines
    series : Series

    Returns
    -------
    bool
    """
    count = 0
    for (left, right), (top, bottom) in zip(pairwise(series.walls), series.rows, strict=True):
        margin = max(3, round(EVEN * (right - left)))
        inside = lines.walls[top:bottom, left + margin : right - margin]
        count += inside.size > 0 and int(sum_along(inside, axis=0).max()) >= _WITHIN * (
            bottom - top
        )
    return count >= max(2, len(series.rows) / 2)


def sum_along(image: cv2.typing.MatLike, axis: int) -> npt.NDArray[np.int32]:
    """Sum along an axis; of a few rows or columns OpenCV does it in a third of numpy's time.

    Parameters
    ----------
    image : ndarray of uint8, shape (h, w)
    axis : int
        0 for a sum of each column, 1 of each row.

    Returns
    -------
    ndarray of int32
    """
    return np.asarray(cv2.reduce(image, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int32).ravel()
