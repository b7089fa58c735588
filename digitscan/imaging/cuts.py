"""Region -> pieces: cut wherever two digits may meet, more often than needed.

Over-segmentation (LeCun, Bottou, Bengio and Haffner 1998, section VII): the lattice of
`recognition.lattice` decides later which cuts were real.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import estimate_text_height, find_components, measure_labels
from digitscan.imaging.cut_paths import Ways, find_cut_paths
from digitscan.imaging.shears import count_sheared
from digitscan.records import Box, Gray, Mask
from digitscan.settings import CutSettings

SLANTS = np.arange(-4, 9) / 10
"""Shears that are tried, in columns per row; writing leans to the right."""


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
    component : ndarray of int32, shape (N,)
        Which uncut piece this one is, or was cut off.
    is_cut : ndarray of bool, shape (N,)
        True where it was cut off one.
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
    component: npt.NDArray[np.int32]
    is_cut: npt.NDArray[np.bool_]
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
    owner = np.where(labels > 0, labels, soft).astype(np.int16)
    boxes, _ = measure_labels(owner, int(owner.max()))
    every = np.arange(len(boxes), dtype=np.int32)
    free = np.zeros(len(boxes), np.bool_)
    pieces = _order(Pieces(upright, owner, boxes, height, slant, origin, every, free, free))
    return replace(pieces, component=every[: len(pieces.boxes)])


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
    fixed = sure | pieces.fixed
    widths = pieces.boxes[:, 2] - pieces.boxes[:, 0]
    heights = pieces.boxes[:, 3] - pieces.boxes[:, 1]
    narrow = widths < settings.narrow * pieces.text_height
    low = heights < settings.low * pieces.text_height
    # Parts are numbered after the pieces; a piece that is cut leaves its own number unused.
    owner = pieces.owner.copy()
    boxes = [pieces.boxes.copy()]
    parts: list[int] = []
    for index in np.flatnonzero(~(fixed | narrow | low)).tolist():
        left, top, right, bottom = pieces.boxes[index].tolist()
        window = np.s_[top:bottom, left:right]
        own = pieces.owner[window] == index + 1
        ink = pieces.ink[window]
        writing = ink >= threshold
        paths = find_cut_paths(own & writing, ink, pieces.text_height, settings)
        if len(paths) == 0:
            continue
        part = np.where(own, _divide(own, writing, paths), 0)
        found, _ = measure_labels(part, len(paths) + 1)
        # A way past the end of a stroke cuts nothing off.
        if np.count_nonzero(found[:, 2]) < 2:
            continue
        owner[window] += np.where(own, part + (len(pieces.boxes) + len(parts) - index - 1), 0)
        boxes[0][index] = 0
        boxes.append(np.where(found[:, 2:3] > 0, found + (left, top, left, top), 0))
        parts += [index] * len(found)
    if not parts:
        return replace(pieces, fixed=fixed)
    component = np.append(pieces.component, np.array(parts, np.int32))
    is_cut = np.arange(len(component)) >= len(pieces.boxes)
    free = fixed[component] & ~is_cut
    return _order(
        replace(
            pieces,
            owner=owner,
            boxes=np.concatenate(boxes).astype(np.int32),
            component=component,
            is_cut=is_cut,
            fixed=free,
        )
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
    return Pieces(ink, owner, spots, height, 0.0, 0, every, every < 0, every >= 0)


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
    height = mask.shape[0]
    # Moved by whole columns, a row at a time. A thousandth: 0.7 * 30 may come out below 21.
    moves = np.floor(np.multiply.outer(SLANTS, np.arange(height) - height / 2) + 1e-3)
    counts = count_sheared(mask, moves.astype(np.intp))
    # Sum of squares: highest when the ink stands in few columns. A slight pull towards 0
    # decides where round digits say nothing.
    scores = np.einsum("ij,ij->i", counts, counts) * (1 - 0.02 * np.abs(SLANTS))
    return float(SLANTS[int(np.argmax(scores))]) if scores.any() else 0.0


def _shear(ink: Gray, slant: float) -> tuple[Gray, int]:
    """Make the ink upright; return it and the column where the region's column 0 now is."""
    rows, columns = ink.shape
    margin = int(np.ceil(abs(slant) * rows / 2)) + 1
    if slant == 0:
        return np.pad(ink, ((0, 0), (margin, margin))), margin
    matrix = np.array([[1, slant, margin - slant * rows / 2], [0, 1, 0]], np.float32)
    upright = cv2.warpAffine(ink, matrix, (columns + 2 * margin, rows))
    return np.asarray(upright, np.uint8), margin


def _divide(own: Mask, writing: Mask, paths: Ways) -> npt.NDArray[np.int16]:
    """Number the parts of a piece between its cuts, from 1; a soft edge follows its writing."""
    columns = np.arange(own.shape[1])
    part = np.ones(own.shape, np.int16)
    for path in paths:
        part += columns[np.newaxis, :] >= path[:, np.newaxis]
    hard = np.where(own & writing, part, 0).astype(np.int16)
    # Cut like the writing, an edge could become a piece without any.
    soft = cv2.dilate(hard, np.ones((3, 3), np.uint8))
    return np.where(hard > 0, hard, soft).astype(np.int16)


def _order(pieces: Pieces) -> Pieces:
    """Number the pieces from left to right by the middle of their box, empty ones left out."""
    boxes = pieces.boxes
    present = np.flatnonzero(boxes[:, 2] > boxes[:, 0])
    middle = boxes[present, 0] + boxes[present, 2]
    ordered = present[np.lexsort((pieces.component[present], middle))]
    number = np.zeros(len(boxes) + 1, np.int16)
    number[ordered + 1] = np.arange(1, ordered.size + 1)
    return replace(
        pieces,
        owner=number[pieces.owner],
        boxes=boxes[ordered],
        component=pieces.component[ordered],
        is_cut=pieces.is_cut[ordered],
        fixed=pieces.fixed[ordered],
    )
