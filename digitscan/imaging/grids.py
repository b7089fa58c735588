"""A patch of a page and the zone of a comb -> the boxes of the comb, where its rules are."""

from dataclasses import dataclass

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
_MOST_UNSEEN, _MOST_TICKS_UNSEEN = 0.25, 0.05
"""Share of the walls that may be missing: broken, hidden by a stroke, the edge of a black field. Of
those that are seen at one end alone hardly one: strokes of printed digits, which stand alike in all
boxes, are one fewer than walls."""
_PULL = 0.15
"""Share of a line's depth that a grid at the far end of the reach loses against one at the zone."""
_SETTLE = 0.08
"""Share of a cell by which one wall may stand off the even grid."""
_ENDS = 0.22
"""Share of the boxes' height at either end in which walls are looked for."""
_WHOLE, _DOWN = 0.6, 0.9
"""Share of a box's end over which its wall is seen there; strokes of digits reach it by chance. And
share of the box over which the walls of boxes are that stand apart, which no 1 is."""
_LEAST_GAP, _MOST_GAP, _APART = 0.08, 0.45, 0.75
"""Boxes that stand apart do so by a share of the pitch. They are as deep in so much of the depth of
shared walls, which are found on one side of all gaps as well."""

_Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines down a comb, a column: depth at the end of the boxes where it is deeper, shape (w,).

    `at_both` and `at_one` are the share of an end over which a line is seen, a column off at most,
    at the worse and at the better end; `is_whole` is True where one is seen from rule to rule.
    """

    depth: npt.NDArray[np.float32]
    at_both: npt.NDArray[np.float32]
    at_one: npt.NDArray[np.float32]
    is_whole: npt.NDArray[np.bool_]


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
    rows, walls = _locate(gray, zone, cells)
    if walls is None:
        even = np.linspace(zone.left, zone.right, cells + 1)
        walls = np.stack([even[:-1], even[1:]], axis=1)
    return _make_boxes(rows, walls)


def locate_box(gray: Gray, zone: Box) -> Box | None:
    """Return the box that stands alone near a zone, between its rules.

    Parameters
    ----------
    gray : ndarray of uint8, shape (h, w)
        The patch, 0 black to 255 white; the box stands straight in it.
    zone : Box
        Where the box is expected, in pixels of the patch.

    Returns
    -------
    Box or None
        From the middle of one wall to the middle of the other; None where no walls are seen.

    Examples
    --------
    >>> patch = np.full((70, 170), 255, np.uint8)
    >>> locate_box(patch, Box(14, 4, 66, 66)) is None
    True
    >>> _ = cv2.rectangle(patch, (20, 10), (60, 60), 0, 2)
    >>> locate_box(patch, Box(14, 4, 66, 66)).left
    20
    """
    rows, walls = _locate(gray, zone, 1)
    return None if walls is None else _make_boxes(rows, walls)[0]


def _make_boxes(rows: tuple[int, int], walls: _Reals) -> tuple[Box, ...]:
    upper, lower = rows
    return tuple(
        Box(left, upper, max(right, left + 1), max(lower, upper + 1))
        for left, right in np.round(walls).astype(int).tolist()
    )


def _locate(gray: Gray, zone: Box, cells: int) -> tuple[tuple[int, int], _Reals | None]:
    """Return the rows of a comb's rules, and the columns of its walls, None where none are seen."""
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
    rows = round(top / scale), round(bottom / scale)
    return rows, None if walls is None else walls / scale


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


def _find_walls(gray: Gray, rows: tuple[float, float], outer: _Reals, cells: int) -> _Reals | None:
    """Return the columns of the walls left and right of each box, shape (cells, 2)."""
    top, bottom = _clip(np.array(rows), gray.shape[0])
    lines = _measure_lines(gray[top:bottom])
    pitch = float(np.diff(outer)[0]) / cells
    depth, walls = _fit_grid(lines.depth, outer, np.zeros(1), cells)
    # Boxes that stand apart have nearly twice as many walls.
    whole_lines = len(find_runs(np.flatnonzero(lines.is_whole)))
    if cells > 1 and whole_lines > max(cells + 1, 2 * cells * _APART):
        gaps = np.arange(_LEAST_GAP * pitch, _MOST_GAP * pitch)
        whole = np.where(lines.is_whole, lines.depth, np.float32(0))
        apart, candidate = _fit_grid(whole, outer, gaps, cells)
        if apart > _APART * depth:
            walls = candidate
    columns = np.clip(np.round(walls).astype(int), 0, len(lines.depth) - 1)
    at_both, at_one = (np.mean(seen[columns] >= _WHOLE) for seen in (lines.at_both, lines.at_one))
    # The sides of a circle pass for the walls of a box at one end.
    if at_both < 1 - _MOST_UNSEEN and (cells == 1 or at_one < 1 - _MOST_TICKS_UNSEEN):
        return None
    settled = [_settle(lines.depth, float(wall), _SETTLE * pitch) for wall in walls.ravel()]
    return np.reshape(settled, (cells, 2))


def _fit_grid(
    profile: npt.NDArray[np.float32], outer: _Reals, gaps: _Reals, cells: int
) -> tuple[float, _Reals]:
    """Fit boxes of one width, the same gap between them, to where lines are deep.

    Parameters
    ----------
    profile : ndarray of float32, shape (w,)
        Depth of a line in each column.
    outer : ndarray of float64, shape (2,)
        Columns of the zone's sides.
    gaps : ndarray of float64
        Gaps that are tried, in pixels.
    cells : int

    Returns
    -------
    depth : float
        Mean depth of the walls, what stands in the middle of gaps subtracted.
    walls : ndarray of float64, shape (cells, 2)
    """
    # A wall may stand a pixel off the grid.
    near = cv2.dilate(profile[None], np.ones((1, 3), np.uint8))[0]
    reach = _REACH * float(np.diff(outer)[0]) / cells
    moves = np.arange(-reach, reach + 0.5)
    start, end, gap = np.meshgrid(outer[0] + moves, outer[1] + moves, gaps, indexing="ij")
    wide = (end - start - (cells - 1) * gap) / cells
    left = start[..., None] + (wide + gap)[..., None] * np.arange(cells)
    walls = np.stack([left, left + wide[..., None]], axis=-1)
    columns = np.clip(np.round(walls).astype(int), 0, len(near) - 1)
    depth = near[columns].mean(axis=(3, 4))
    if gaps.any():
        # A narrow gap is found where both its walls are met.
        depth = (depth + profile[columns].mean(axis=(3, 4))) / 2
        # Between boxes that stand apart there is paper, and no broad wall.
        middle = np.round(left[..., 1:] - gap[..., None] / 2).astype(int)
        depth -= profile[np.clip(middle, 0, len(near) - 1)].mean(axis=3)
    off = np.maximum(np.abs(start - outer[0]), np.abs(end - outer[1])) / max(1.0, reach)
    depth *= 1.0 - _PULL * off
    depth[(start < 0) | (end > len(near))] = -1.0
    best = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(depth[best]), np.asarray(walls[best])


def _measure_lines(gray: Gray) -> _Lines:
    """Measure the lines that run down between the rules of a comb."""
    lines = _measure_depth(gray)
    end = max(1, round(_ENDS * len(lines)))
    ends = np.stack([lines[:end], lines[-end:]])
    is_seen = lines >= _SEEN
    seen = np.stack([is_seen[:end].mean(axis=0), is_seen[-end:].mean(axis=0)]).astype(np.float32)
    near = cv2.dilate(seen, np.ones((1, 3), np.uint8))
    is_whole = is_seen.mean(axis=0) >= _DOWN
    return _Lines(ends.mean(axis=1).max(axis=0), near.min(axis=0), near.max(axis=0), is_whole)


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
