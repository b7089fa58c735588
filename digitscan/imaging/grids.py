"""A patch of a page and the zone of a comb -> the boxes of the comb, where its rules are."""

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.geometry import find_runs
from digitscan.records import Box, Gray

_CELL_PX = 36
"""Grids are fitted where the shorter side of a cell has this length: a rule is 1 to 4 px wide."""
_RULE_PX = 7
"""A rule is thinner than this there, as in `combs`: a fifth of a cell."""
_DEEP = 30.0
"""Gray levels by which a line is darker than both its sides, and no more said for it: a printed
rule then counts as much as the stroke of a pen, which is shorter."""
_REACH = 0.4
"""Edges of a zone may miss the outer rules by this share of a cell: half of one would be the next
wall as well as this one."""
_SEEN = 6.0
"""Mean gray levels from which a rule was found; less is paper, or hatching. Rules of the dates and
counts of the four forms have 12 to 30."""
_COVER = 0.75
"""A rule is seen over this share of the comb's width; bars of digits are over half of it."""
_MOST_UNSEEN = 0.25
"""Share of the walls that may be missing: broken, hidden by a stroke, the edge of a black field."""
_PULL = 0.15
"""Share of a line's depth that a grid at the far end of the reach loses against one at the zone."""
_SETTLE = 0.08
"""Share of a cell by which one wall may stand off the even grid."""

_Reals = npt.NDArray[np.float64]


def locate_cells(gray: Gray, zone: Box, cells: int) -> tuple[Box, ...]:
    """Return the boxes of a comb: between the rules near its zone, or the zone in equal parts.

    The zone may be drawn loosely or tightly. Of all even grids near it the one is taken whose walls
    are the deepest lines together; writing in the boxes does no harm, since no stroke is repeated
    from box to box.

    Parameters
    ----------
    gray : ndarray of uint8, shape (h, w)
        The patch, 0 black to 255 white; the comb stands straight in it.
    zone : Box
        Where the comb is expected, in pixels of the patch.
    cells : int
        How many boxes there are.

    Returns
    -------
    tuple of Box
        Left to right, from the middle of one wall to the middle of the next, in pixels of the
        patch.

    Examples
    --------
    >>> patch = np.full((70, 170), 255, np.uint8)
    >>> for left in (20, 60, 100):
    ...     _ = cv2.rectangle(patch, (left, 10), (left + 40, 60), 0, 2)
    >>> [cell.left for cell in locate_cells(patch, Box(14, 4, 148, 66), 3)]
    [20, 60, 100]
    >>> [cell.left for cell in locate_cells(np.full_like(patch, 255), Box(14, 4, 149, 66), 3)]
    [14, 59, 104]
    """
    width, height = (zone.right - zone.left) / cells, float(zone.bottom - zone.top)
    scale = min(1.0, _CELL_PX / min(width, height))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    small = gray
    if scale < 1.0:
        small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    outer = np.array([zone.left, zone.right]) * scale
    level = np.array([zone.top, zone.bottom]) * scale
    top, bottom = _find_rules(small, outer, level)
    walls = _find_walls(small, (top, bottom), outer, cells)
    edges = np.round(walls / scale).astype(int)
    upper, lower = round(top / scale), round(bottom / scale)
    return tuple(
        Box(int(a), upper, max(int(b), int(a) + 1), max(lower, upper + 1))
        for a, b in pairwise(edges)
    )


def _measure_depth(gray: Gray) -> npt.NDArray[np.float32]:
    """Return by how much each pixel is darker than both its sides, for lines down the patch."""
    smooth = cv2.blur(gray, (1, _RULE_PX))
    kernel = np.ones((1, _RULE_PX), np.uint8)
    depth = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.minimum(depth.astype(np.float32), _DEEP)


def _find_rules(gray: Gray, outer: _Reals, level: _Reals) -> tuple[float, float]:
    """Return the rows of the upper and the lower rule; the zone's own where there is none."""
    left, right = _clip(outer, gray.shape[1])
    depth = _measure_depth(np.ascontiguousarray(gray[:, left:right].T))
    cover = (depth >= _SEEN).mean(axis=0)
    reach = _REACH * float(np.diff(level)[0])
    top = _find_rule(cover, float(level[0]), reach, True)
    bottom = _find_rule(cover, float(level[1]), reach, False)
    return top, max(bottom, top + 1)


def _find_rule(cover: _Reals, row: float, reach: float, is_upper: bool) -> float:
    """Return the middle of the innermost rule near `row`: a table has another one beyond it."""
    first = max(0, round(row - reach))
    rows = first + np.flatnonzero(cover[first : round(row + reach) + 1] >= _COVER)
    if rows.size == 0:
        return row
    top, end = find_runs(rows)[-1 if is_upper else 0]
    return (top + end - 1) / 2


def _find_walls(gray: Gray, rows: tuple[float, float], outer: _Reals, cells: int) -> _Reals:
    """Return the columns of the walls, the zone in equal parts where they are not seen."""
    even = np.linspace(outer[0], outer[1], cells + 1)
    top, bottom = _clip(np.array(rows), gray.shape[0])
    profile = _measure_depth(gray[top:bottom]).mean(axis=0)
    pitch = float(np.diff(outer)[0]) / cells
    reach = _REACH * pitch
    # A wall may stand a pixel off the grid.
    near = cv2.dilate(profile[None], np.ones((1, 3), np.uint8))[0]
    lefts = np.arange(-reach, reach + 0.5)
    shares = np.linspace(0.0, 1.0, cells + 1)
    starts, ends = outer[0] + lefts[:, None, None], outer[1] + lefts[None, :, None]
    walls = starts + (ends - starts) * shares
    columns = np.clip(np.round(walls).astype(int), 0, len(near) - 1)
    on_patch = (walls[..., 0] >= 0) & (walls[..., -1] <= len(near))
    off = np.maximum(np.abs(lefts)[:, None], np.abs(lefts)[None, :]) / max(1.0, reach)
    depth = np.where(on_patch, near[columns].mean(axis=2) * (1.0 - _PULL * off), -1.0)
    best = np.unravel_index(int(depth.argmax()), depth.shape)
    chosen = walls[best]
    if (near[columns[best]] < _SEEN).mean() > _MOST_UNSEEN:
        return np.asarray(even)
    return np.array([_settle(profile, float(wall), _SETTLE * pitch) for wall in chosen])


def _settle(profile: npt.NDArray[np.float32], column: float, reach: float) -> float:
    """Return the middle of the deepest line near `column`, or `column` where there is none."""
    first = max(0, round(column - reach))
    part = profile[first : round(column + reach) + 1]
    if part.size == 0 or part.max() < _SEEN:
        return column
    deep = np.flatnonzero(part >= 0.9 * part.max())
    return first + float(deep.mean())


def _clip(edges: _Reals, most: int) -> tuple[int, int]:
    low = min(max(0, round(float(edges[0]))), most - 1)
    return low, min(max(low + 1, round(float(edges[1]))), most)
