"""Region -> pieces: cut wherever two digits may meet, more often than needed.

Over-segmentation (LeCun, Bottou, Bengio and Haffner 1998, section VII): the lattice of
`recognition.lattice` decides later which cuts were real.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import (
    estimate_stroke_width,
    estimate_text_height,
    find_components,
)
from digitscan.records import Box, Gray, Mask
from digitscan.settings import CutSettings

LEANS = np.array([-0.45, -0.3, -0.15, 0.0, 0.15, 0.3, 0.45])
"""Columns a row: the slant is out already, what is left is the slope of two round neighbors."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of one region, left to right, in an upright (slant corrected) copy of its ink.

    Attributes
    ----------
    ink : ndarray of uint8, shape (H, W)
        Ink strength, upright.
    owner : ndarray of int16, shape (H, W)
        k + 1 on piece k and its soft edge, 0 elsewhere.
    boxes : ndarray of int32, shape (N, 4)
        left, top, right, bottom of each piece and its soft edge in the upright ink, half open.
    text_height : float
        Height of the writing in pixels.
    slant : float
        Shear that was taken out: a point (x, y) of the region is at x + slant * (y - H / 2) here.
    origin : int
        Column of the upright ink that is column 0 of the region at slant 0.
    source : ndarray of int32, shape (N,)
        Which uncut piece this one is, -1 where it was cut off one.
    fixed : ndarray of bool, shape (N,)
        True where the piece is one digit or none, and joins no other beside it: a cell of a comb,
        or a component of which the network is sure.
    """

    ink: Gray
    owner: npt.NDArray[np.int16]
    boxes: npt.NDArray[np.int32]
    text_height: float
    slant: float
    origin: int
    source: npt.NDArray[np.int32]
    fixed: npt.NDArray[np.bool_]


def split_components(ink: Gray, threshold: int) -> Pieces:
    """Make the ink of a line upright and take each component as a piece.

    Parameters
    ----------
    ink : ndarray of uint8, shape (H, W)
        Ink strength of one line alone, from `isolate.isolate_line` or `isolate.isolate_parts`.
    threshold : int
        Ink strength from which a pixel belongs to the writing.

    Returns
    -------
    Pieces
        No piece where there is no ink.
    """
    mask = np.asarray(ink >= threshold)
    height = estimate_text_height(find_components(mask).heights)
    slant = estimate_slant(mask)
    upright, origin = _shear(ink, slant)
    labels = find_components(upright >= threshold).labels
    # Each component takes its soft edge along.
    soft = cv2.dilate(labels.astype(np.int16), np.ones((3, 3), np.uint8))
    owner = np.where(labels > 0, labels, soft).astype(np.int32)
    free = np.zeros(int(owner.max()), np.bool_)
    pieces = _order(owner, upright, height, slant, origin, np.zeros(free.size, np.int64), free)
    return replace(pieces, source=np.arange(len(pieces.boxes), dtype=np.int32))


def split_pieces(ink: Gray, threshold: int, settings: CutSettings = CutSettings()) -> Pieces:
    """Cut the ink of a line into pieces, each a digit or a part of one, none taken for sure.

    Parameters
    ----------
    ink : ndarray of uint8, shape (H, W)
        Ink strength of one line alone, as for `split_components`.
    threshold : int
        Ink strength from which a pixel belongs to the writing.
    settings : CutSettings

    Returns
    -------
    Pieces
        No piece where there is no ink.
    """
    pieces = split_components(ink, threshold)
    return cut_pieces(pieces, np.zeros(len(pieces.boxes), np.bool_), threshold, settings)


def cut_pieces(
    pieces: Pieces,
    sure: npt.NDArray[np.bool_],
    threshold: int,
    settings: CutSettings = CutSettings(),
) -> Pieces:
    """Cut pieces wherever two digits may meet.

    Parameters
    ----------
    pieces : Pieces
        From `split_components`.
    sure : ndarray of bool, shape (N,)
        True for pieces that are surely one digit: they are left whole and fixed.
    threshold : int
        Ink strength from which a pixel belongs to the writing.
    settings : CutSettings

    Returns
    -------
    Pieces
    """
    owner = np.zeros(pieces.owner.shape, np.int32)
    source: list[int] = []
    fixed: list[bool] = []
    for index, (left, top, right, bottom) in enumerate(pieces.boxes):
        window = np.s_[top:bottom, left:right]
        own = pieces.owner[window] == index + 1
        ink = pieces.ink[window]
        paths: list[npt.NDArray[np.int64]] = []
        if not (sure[index] or pieces.fixed[index]):
            paths = _find_cut_paths(own & (ink >= threshold), ink, pieces.text_height, settings)
        part = _divide(own, ink >= threshold, paths) if paths else own.astype(np.int16)
        owner[window][own] = len(source) + part[own]
        source += [-1 if paths else index] * (len(paths) + 1)
        fixed += [bool(sure[index] or pieces.fixed[index])] * (len(paths) + 1)
    return _order(
        owner,
        pieces.ink,
        pieces.text_height,
        pieces.slant,
        pieces.origin,
        np.array(source, np.int64),
        np.array(fixed, np.bool_),
    )


def join_cells(shape: tuple[int, int], inks: Sequence[Gray], boxes: Sequence[Box]) -> Pieces:
    """Take the writing in the cells of a comb as pieces, each whole.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the region.
    inks : sequence of ndarray of uint8, shape (h, w) each
        Ink strength of each cell's writing; cells without ink become no piece.
    boxes : sequence of Box
        Where each one stands in the region, of its size.

    Returns
    -------
    Pieces

    Examples
    --------
    >>> mark = np.full((4, 2), 255, np.uint8)
    >>> pieces = join_cells((6, 20), [mark, mark * 0], [Box(3, 1, 5, 5), Box(12, 1, 14, 5)])
    >>> pieces.boxes.tolist(), pieces.fixed.tolist()
    ([[3, 1, 5, 5]], [True])
    """
    ink = np.zeros(shape, np.uint8)
    owner = np.zeros(shape, np.int16)
    edges: list[tuple[int, int, int, int]] = []
    for cell, box in zip(inks, boxes, strict=True):
        if not cell.any():
            continue
        edges.append((box.left, box.top, box.right, box.bottom))
        window = np.s_[box.top : box.bottom, box.left : box.right]
        mine = cell > ink[window]
        ink[window][mine] = cell[mine]
        owner[window][mine] = len(edges)
    spots = np.array(edges, np.int32).reshape(-1, 4)
    height = estimate_text_height(spots[:, 3] - spots[:, 1])
    count = len(edges)
    every = np.arange(count, dtype=np.int32)
    return Pieces(ink, owner, spots, height, 0.0, 0, every, np.ones(count, np.bool_))


def estimate_slant(mask: Mask) -> float:
    """Estimate the slant of the writing: the shear that makes its columns most distinct.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the writing of one line.

    Returns
    -------
    float
        Columns per row; positive for writing that leans to the right, so that shearing
        x + slant * (y - H / 2) makes it upright. From -0.4 to 0.8 in steps of 0.1.

    Examples
    --------
    >>> leaning = np.zeros((20, 40), bool)
    >>> for y in range(20):
    ...     leaning[y, 30 - y // 2 : 33 - y // 2] = True
    >>> estimate_slant(leaning)
    0.5
    """
    rows, columns = np.nonzero(mask)
    if rows.size == 0:
        return 0.0
    best, best_score = 0.0, -1.0
    shears = np.arange(-4, 9) / 10
    center = mask.shape[0] / 2
    margin = int(mask.shape[0])
    for shear in shears:
        upright = (columns + shear * (rows - center) + margin).astype(np.int64)
        profile = np.bincount(upright).astype(np.float64)
        # Sum of squares: highest when the ink stands in few columns. A slight pull towards 0
        # decides where round digits say nothing.
        score = float(profile @ profile) * (1 - 0.02 * abs(float(shear)))
        if score > best_score:
            best, best_score = float(shear), score
    return best


def _shear(ink: Gray, slant: float) -> tuple[Gray, int]:
    """Make the ink upright; return it and the column where the region's column 0 now is."""
    rows, columns = ink.shape
    margin = int(np.ceil(abs(slant) * rows / 2)) + 1
    if slant == 0:
        return np.pad(ink, ((0, 0), (margin, margin))), margin
    matrix = np.array([[1, slant, margin - slant * rows / 2], [0, 1, 0]], np.float32)
    upright = cv2.warpAffine(ink, matrix, (columns + 2 * margin, rows))
    return np.asarray(upright, np.uint8), margin


def _find_cut_paths(
    own: Mask, ink: Gray, height: float, settings: CutSettings
) -> list[npt.NDArray[np.int64]]:
    """Return for each cut the first column on its right side, a row each, left to right.

    Two kinds of places are tried. A thin place, where a column holds least ink: two digits joined
    by a stroke. A waist, where the outline is lowest: two round digits side by side share a wall
    there, and the column holds most ink of all. From each goes the straight way down that crosses
    least ink: touching digits overlap in their slant, and one upright line cuts both.
    """
    rows, columns = own.shape
    if columns < settings.narrow * height or rows < settings.low * height:
        return []
    cost = np.where(own, np.maximum(ink, 64), 0).astype(np.float32) / np.float32(255)
    spacing = max(2, round(settings.spacing * height))
    stroke = max(1.0, estimate_stroke_width(own))
    edge = settings.margin * height
    found: list[tuple[npt.NDArray[np.int64], float]] = []
    for profile, reach_px, most_px in (
        (cost.sum(axis=0), settings.corridor * height, settings.crossing * stroke),
        (_measure_extent(own), settings.waist_corridor * height, settings.waist_crossing * height),
    ):
        starts = _find_minima(cv2.blur(profile[np.newaxis, :], (3, 1))[0], spacing)
        starts = starts[(starts >= edge) & (columns - starts >= edge)]
        if starts.size:
            ways, crossed = _lean(cost, starts, max(1, round(reach_px)))
            found += [
                (way, float(ink_px))
                for way, ink_px in zip(ways, crossed, strict=True)
                if ink_px <= most_px
            ]
    return _thin_out(found, settings.spacing * height)


def _divide(
    own: Mask, writing: Mask, paths: Sequence[npt.NDArray[np.int64]]
) -> npt.NDArray[np.int16]:
    """Number the parts of a piece between its cuts, from 1; a soft edge follows its writing."""
    columns = np.arange(own.shape[1])
    part = np.ones(own.shape, np.int16)
    for path in paths:
        part += columns[np.newaxis, :] >= path[:, np.newaxis]
    hard = np.where(own & writing, part, 0).astype(np.int16)
    # Cut like the writing, an edge could become a piece without any.
    soft = cv2.dilate(hard, np.ones((3, 3), np.uint8))
    return np.where(hard > 0, hard, soft).astype(np.int16)


def _measure_extent(own: Mask) -> npt.NDArray[np.float32]:
    """Return for each column the rows from its first ink to its last."""
    first = np.argmax(own, axis=0)
    last = own.shape[0] - np.argmax(own[::-1], axis=0)
    return np.where(own.any(axis=0), last - first, 0).astype(np.float32)


def _thin_out(
    found: list[tuple[npt.NDArray[np.int64], float]], spacing_px: float
) -> list[npt.NDArray[np.int64]]:
    """Return the ways from left to right; of two closer than `spacing_px` the cheaper one."""
    kept: list[tuple[npt.NDArray[np.int64], float]] = []
    for way, ink_px in sorted(found, key=lambda one: float(one[0].mean())):
        if kept and np.abs(way - kept[-1][0]).mean() < spacing_px:
            if ink_px < kept[-1][1]:
                kept[-1] = way, ink_px
            continue
        kept.append((way, ink_px))
    # Ways may cross: each starts where the one to its left ends at the latest.
    ways = [way for way, _ in kept]
    return list(np.maximum.accumulate(ways, axis=0)) if ways else []


def _find_minima(profile: npt.NDArray[np.float32], spacing: int) -> npt.NDArray[np.int64]:
    """Return the columns that are lowest within `spacing` on either side, one a plateau."""
    lowest = cv2.erode(profile[np.newaxis, :], np.ones((1, 2 * spacing + 1), np.uint8))[0]
    low = np.flatnonzero(profile <= lowest + 1e-3)
    if low.size == 0:
        return low
    runs = np.split(low, np.flatnonzero(np.diff(low) > 1) + 1)
    return np.array([run[run.size // 2] for run in runs])


def _lean(
    cost: npt.NDArray[np.float32], starts: npt.NDArray[np.int64], reach: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return for each start the straight way down that crosses least ink, and that ink.

    Ways of every lean and offset within `reach` columns are compared; the first result has shape
    (starts, rows).
    """
    rows, columns = cost.shape
    offsets = np.arange(-reach, reach + 1)
    down = np.linspace(-1.0, 1.0, rows)
    ways = starts[:, None, None, None] + offsets[:, None, None]
    ways = ways + LEANS[:, None] * (rows / 2) * down
    ways = np.clip(np.rint(ways).astype(np.int64), 0, columns - 1)
    crossed = cost[np.arange(rows), ways].sum(axis=3)
    # Leaving the start or the upright costs a little, so that ways through paper stay straight.
    detour = 0.05 * np.abs(offsets)[:, None] + 0.5 * np.abs(LEANS)
    flat = (crossed + detour).reshape(len(starts), -1)
    best = np.argmin(flat, axis=1)
    every = np.arange(len(starts))
    return (
        ways.reshape(len(starts), -1, rows)[every, best],
        crossed.reshape(len(starts), -1)[every, best],
    )


def _order(
    owner: npt.NDArray[np.int32],
    ink: Gray,
    height: float,
    slant: float,
    origin: int,
    source: npt.NDArray[np.int64],
    fixed: npt.NDArray[np.bool_],
) -> Pieces:
    """Number the pieces from left to right by the middle of their box."""
    boxes = _boxes_of(owner)
    present = np.flatnonzero(boxes[:, 2] > boxes[:, 0])
    middle = boxes[present, 0] + boxes[present, 2]
    ordered = present[np.argsort(middle, kind="stable")]
    number = np.zeros(len(boxes) + 1, np.int16)
    number[ordered + 1] = np.arange(1, ordered.size + 1)
    return Pieces(
        ink=ink,
        owner=number[owner],
        boxes=boxes[ordered],
        text_height=height,
        slant=slant,
        origin=origin,
        source=source[ordered].astype(np.int32),
        fixed=fixed[ordered],
    )


def _boxes_of(owner: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return left, top, right, bottom of each number of the map from 1 on; zeros where unused."""
    boxes = np.zeros((int(owner.max()), 4), np.int32)
    rows, columns = np.nonzero(owner)
    numbers = owner[rows, columns] - 1
    order = np.argsort(numbers, kind="stable")
    used, starts = np.unique(numbers[order], return_index=True)
    if used.size:
        for edge, where in ((0, columns), (1, rows)):
            boxes[used, edge] = np.minimum.reduceat(where[order], starts)
            boxes[used, edge + 2] = np.maximum.reduceat(where[order], starts) + 1
    return boxes
