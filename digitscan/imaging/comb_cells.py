"""Ink of a comb -> the ink written in each of its cells, walls and rules taken out."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import find_components, keep_ink
from digitscan.imaging.geometry import find_median
from digitscan.records import Box, Gray, Mask

_SOLID = 112
"""Ink of this strength counts as writing, as in `binarize`."""
_MARGIN = 0.35
"""Writing may leave its cell by this share of the cell's height."""
_RULE_SHARE = 0.16
"""A wall and its wavering take up this share of a cell's width at most."""
_LONG = 0.45
"""A straight run along a wall of this share of the cell is the wall's own."""
_THICK, _BEYOND = 0.075, 2
"""In a rule thicker than this share of a cell a stroke ends that is not seen beyond it, in so
many pixels; what it has in common with the rule is not its shape."""
_UNBROKEN = 0.95
"""Share of a cell that a thick rule covers in rows where a bar of a digit may lie along it."""
_SPECK = 0.0025
"""Least area of writing as a share of the cell's: a dot of 0.3 mm in a cell of 5 by 6 mm."""
_INSIDE = 0.4
"""What has less than this share of its ink between the comb's rules was printed beside it."""
_SHARED = 0.25
"""A piece of ink is cut at the wall when both cells hold this share of it and it is too wide."""
_TOO_WIDE = 1.2
"""Widths of a cell over which one piece of ink is two digits that touch."""


@dataclass(frozen=True, slots=True)
class CellInk:
    """The writing of one cell.

    Attributes
    ----------
    box : Box
        Around the writing, in page pixels; the cell itself where it is empty.
    ink : ndarray of uint8, shape (h, w)
        0 paper to 255 full ink, of the size of `box`; all 0 where the cell is empty.
    """

    box: Box
    ink: Gray


def split_cells(ink: Gray, cells: Sequence[Box]) -> tuple[CellInk, ...]:
    """Give each cell of a comb its writing.

    Walls and rules are taken out where they are thin: a stroke that crosses them stays whole. A
    piece of ink belongs to the cell that holds most of it, so a digit that strays over the wall is
    not cut; two digits that touch over a wall are.

    Parameters
    ----------
    ink : ndarray of uint8, shape (H, W)
        Ink strength of the page, 0 paper to 255 full ink (`binarize.estimate_ink`).
    cells : sequence of Box
        The cells of one comb, left to right, from wall to wall (`combs.find_combs`).

    Returns
    -------
    tuple of CellInk
        One a cell.

    Examples
    --------
    >>> page = np.zeros((60, 100), np.uint8)
    >>> page[10:50, (10, 40, 70)] = 255
    >>> page[20:40, 25] = 200
    >>> left, right = split_cells(page, (Box(10, 10, 40, 50), Box(40, 10, 70, 50)))
    >>> left.box, bool(right.ink.any())
    (Box(left=25, top=20, right=26, bottom=40), False)
    """
    if not cells:
        return ()
    height = find_median(np.array([cell.bottom - cell.top for cell in cells]))
    width = find_median(np.array([cell.right - cell.left for cell in cells]))
    margin = round(_MARGIN * height)
    left = max(0, cells[0].left - margin)
    top = max(0, min(cell.top for cell in cells) - margin)
    window = ink[top : max(cell.bottom for cell in cells) + margin, left : cells[-1].right + margin]
    local = [
        Box(cell.left - left, cell.top - top, cell.right - left, cell.bottom - top)
        for cell in cells
    ]
    writing = _take_out_rules(window >= _SOLID, local, height, width)
    owner = _assign(writing, local, height, width)
    return tuple(
        _cut(window, owner == number, cell, (left, top)) for number, cell in enumerate(cells)
    )


def _take_out_rules(mask: Mask, cells: Sequence[Box], height: float, width: float) -> Mask:
    """Return the mask without the comb's walls, its upper and its lower rule."""
    reach = max(2, round(_RULE_SHARE * width / 2))
    near_wall, near_end = np.zeros(mask.shape, np.bool_), np.zeros(mask.shape, np.bool_)
    near_rule = np.zeros(mask.shape, np.bool_)
    ends = cells[0].left, cells[-1].right
    # Two cells share a wall: most are located once.
    for top, bottom, column in {
        (cell.top, cell.bottom, column) for cell in cells for column in (cell.left, cell.right)
    }:
        near = near_end if column in ends else near_wall
        near[:, _locate(mask[top:bottom], column, reach, axis=0)] = True
    upper = [_locate_rule(mask, cell, cell.top, reach) for cell in cells]
    lower = [_locate_rule(mask, cell, cell.bottom, reach) for cell in cells]
    for place in (*upper, *lower):
        near_rule[place] = True
    walls = _find_rule(mask & near_wall, mask, round(_LONG * height))
    # The frame of a comb may be thicker than the walls between its cells.
    walls |= _find_rule(mask & near_end, mask, round(_LONG * height))
    rules = _find_rule(_turn(mask & near_rule), _turn(mask), round(_LONG * width))
    writing = np.asarray(mask & ~walls & ~_turn(rules))
    _cut_stubs(writing, mask, upper, _THICK * height, -_BEYOND)
    _cut_stubs(writing, mask, lower, _THICK * height, _BEYOND)
    return writing


def _locate_rule(mask: Mask, cell: Box, row: int, reach: int) -> tuple[slice, slice]:
    """Return the rows and the columns of a cell's rule near a row."""
    # Of boxes that stand apart the corners reach beyond the middle of their walls.
    columns = slice(max(0, cell.left - reach), cell.right + reach)
    return _locate(mask[:, columns], row, reach, axis=1), columns


def _cut_stubs(
    writing: Mask,
    mask: Mask,
    places: Sequence[tuple[slice, slice]],
    most_thick: float,
    beyond: int,
) -> None:
    """Take what strokes that end in a thick rule have in common with it out of the writing."""
    thick = [np.count_nonzero(mask[place].mean(axis=1) >= _LONG) for place in places]
    if find_median(np.array(thick)) <= most_thick:
        return
    for rows, columns in places:
        edge = rows.stop if beyond > 0 else max(0, rows.start + beyond)
        goes_on = mask[edge : edge + abs(beyond), columns].any(axis=0)
        writing[rows, columns] &= goes_on


def _turn(mask: Mask) -> Mask:
    """Transpose in memory: what follows is three times as fast on whole rows."""
    return np.asarray(cv2.transpose(mask.view(np.uint8)), np.uint8).view(np.bool_)


def _locate(mask: Mask, place: int, reach: int, axis: int) -> slice:
    """Return the columns of the wall (axis 0) or the rows of the rule (axis 1) near `place`: the
    fullest one and its full neighbors."""
    around = slice(max(0, place - reach), place + reach + 1)
    # A thick rule may reach farther than its middle can be off.
    first = max(0, place - 2 * reach)
    wide = slice(first, place + 2 * reach + 1)
    near = (mask[:, wide] if axis == 0 else mask[wide]).view(np.uint8)
    if near.size == 0:
        return around
    cover = cv2.reduce(near, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / mask.shape[axis]
    own = cover[around.start - first : around.stop - first]
    if own.size == 0 or own.max() < _LONG:
        return around
    low = high = around.start - first + int(own.argmax())
    # Beyond that a bar of a digit may lie along it.
    full = np.full(cover.size, _UNBROKEN)
    full[around.start - first : around.stop - first] = 0.5 * cover[low]
    while low > 0 and cover[low - 1] >= full[low - 1]:
        low -= 1
    while high + 1 < cover.size and cover[high + 1] >= full[high + 1]:
        high += 1
    return slice(max(0, first + low - 1), first + high + 2)


def _find_rule(near: Mask, mask: Mask, length: int) -> Mask:
    """Mark the thin vertical runs of `near`, strokes of `mask` that cross them left out."""
    joined = cv2.dilate(near.view(np.uint8), np.ones((5, 3), np.uint8))
    runs = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((max(5, length), 1), np.uint8))
    found = np.asarray((runs > 0) & near)
    if not found.any():
        return found
    # Half of the rows have no stroke across the wall: their run is the wall's thickness.
    thick = int(find_median(_measure_runs(found)))
    kernel = np.ones((1, thick + 3), np.uint8)
    across = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_OPEN, kernel)
    return np.asarray(found & (across == 0))


def _measure_runs(mask: Mask) -> npt.NDArray[np.intp]:
    """Return the length of every horizontal run."""
    # Paper at both ends of the rows keeps runs apart, and edges alternate: in, out, in, out.
    flat = cv2.copyMakeBorder(mask.view(np.uint8), 0, 0, 1, 1, cv2.BORDER_CONSTANT).ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return np.asarray(edges[1::2] - edges[::2], np.intp)


def _assign(
    writing: Mask, cells: Sequence[Box], height: float, width: float
) -> npt.NDArray[np.int16]:
    """Return the number of the cell that each pixel of writing belongs to, -1 for none."""
    owner = np.full(writing.shape, -1, np.int16)
    parts = find_components(writing)
    walls = np.array([cells[0].left, *(cell.right for cell in cells)])
    rows = np.arange(writing.shape[0])
    low, high = min(cell.top for cell in cells), max(cell.bottom for cell in cells)
    level = (rows >= low) & (rows < high)
    large = np.flatnonzero(parts.areas >= max(3.0, _SPECK * height * width))
    for number, (x, y, right, bottom), area in zip(
        large.tolist(), parts.boxes[large].tolist(), parts.areas[large].tolist(), strict=True
    ):
        w, h = right - x, bottom - y
        part = parts.labels[y:bottom, x:right] == number + 1
        if part[level[y : y + h]].sum() < _INSIDE * area:
            continue
        if _is_rest(Box(x, y, x + w, y + h), cells, max(2.0, _RULE_SHARE * width / 2)):
            continue
        slots = np.searchsorted(walls, np.arange(x, x + w), side="right") - 1
        shares = np.bincount(slots + 1, part.sum(axis=0), len(cells) + 2)[1:-1] / area
        if shares.sum() < _INSIDE:
            continue
        target = owner[y : y + h, x : x + w]
        several = shares >= _SHARED
        if w > _TOO_WIDE * width and several.sum() > 1:
            columns = np.clip(slots, 0, len(cells) - 1)
            nearest = np.flatnonzero(several)
            whose = nearest[np.abs(columns[:, None] - nearest[None, :]).argmin(axis=1)]
            target[part] = np.broadcast_to(whose, part.shape)[part]
        else:
            target[part] = int(shares.argmax())
    return owner


def _is_rest(box: Box, cells: Sequence[Box], reach: float) -> bool:
    """Tell a scrap of a wall or a rule from writing: thin, where one is, or in a corner of both."""
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    wide, high = box.right - box.left, box.bottom - box.top
    cell = min(cells, key=lambda cell: abs(cell.left + cell.right - 2 * across))
    from_wall = min(abs(wall - across) for one in cells for wall in (one.left, one.right))
    from_rule = min(abs(cell.top - down), abs(cell.bottom - down))
    if wide <= reach + 1:
        return from_wall <= reach
    if high <= reach + 1 and from_rule <= reach:
        return True
    return max(wide, high) <= 3 * reach and max(from_wall, from_rule) <= 2 * reach


def _cut(window: Gray, own: Mask, cell: Box, origin: tuple[int, int]) -> CellInk:
    left, top, width, height = cv2.boundingRect(own.view(np.uint8))
    if width == 0:
        return CellInk(cell, np.zeros((cell.bottom - cell.top, cell.right - cell.left), np.uint8))
    right, bottom = left + width, top + height
    ink = keep_ink(window[top:bottom, left:right], own[top:bottom, left:right])
    box = Box(left + origin[0], top + origin[1], right + origin[0], bottom + origin[1])
    return CellInk(box, ink)
