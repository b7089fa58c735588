"""Ink mask -> connected components, and the height of the writing."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Gray, Mask


@dataclass(frozen=True, slots=True)
class Components:
    """The 8-connected components of an ink mask.

    Attributes
    ----------
    labels : ndarray of int32, shape (H, W)
        0 on the paper, k + 1 on component k.
    boxes : ndarray of int32, shape (N, 4)
        left, top, right, bottom of each component, half open.
    areas : ndarray of int32, shape (N,)
        Ink pixels of each component.
    """

    labels: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.int32]
    areas: npt.NDArray[np.int32]

    @property
    def heights(self) -> npt.NDArray[np.int32]:
        """Height of each component in pixels, shape (N,)."""
        return np.asarray(self.boxes[:, 3] - self.boxes[:, 1])

    @property
    def widths(self) -> npt.NDArray[np.int32]:
        """Width of each component in pixels, shape (N,)."""
        return np.asarray(self.boxes[:, 2] - self.boxes[:, 0])


def find_components(mask: Mask) -> Components:
    """Find the 8-connected components of the ink.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the writing.

    Returns
    -------
    Components
        In the order of their topmost, then leftmost pixel.

    Examples
    --------
    >>> two = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 1]], bool)
    >>> find_components(two).boxes.tolist()
    [[0, 0, 2, 2], [0, 3, 3, 4]]
    """
    ink = np.ascontiguousarray(mask).view(np.uint8)
    # OpenCV measures boxes and areas as well, pixel by pixel: on a reduced cheque in 3 ms, which
    # is done in 0.5 from the runs of ink, each of one component.
    count, labels = cv2.connectedComponentsWithAlgorithm(ink, 8, cv2.CV_32S, cv2.CCL_GRANA)
    numbered = np.asarray(labels, np.int32)
    _, edges = _find_edges(ink)
    rows, lefts = np.divmod(edges[::2], np.int32(ink.shape[1] + 1))
    part = numbered[rows, lefts] - 1
    lengths = edges[1::2] - edges[::2]
    return Components(numbered, *_measure_runs(part, rows, lefts, lengths, count - 1))


def measure_labels(
    labels: npt.NDArray[np.integer], count: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Measure the parts of an image.

    Parameters
    ----------
    labels : ndarray of int, shape (H, W)
        0 on the paper, k + 1 on part k.
    count : int
        Number of parts.

    Returns
    -------
    boxes : ndarray of int32, shape (count, 4)
        left, top, right, bottom of each part, half open; zeros where it has no pixel.
    areas : ndarray of int32, shape (count,)
        Pixels of each part.

    Examples
    --------
    >>> measure_labels(np.array([[0, 3, 3], [1, 0, 3]]), 3)[0].tolist()
    [[0, 1, 1, 2], [0, 0, 0, 0], [1, 0, 3, 2]]
    """
    row_by_row, edges = _find_edges(labels)
    names = row_by_row[edges]
    inked = np.flatnonzero(names)
    rows, lefts = np.divmod(edges[inked], np.int32(labels.shape[1] + 1))
    lengths = edges[inked + 1] - edges[inked]
    return _measure_runs(names[inked] - 1, rows, lefts, lengths, count)


def _find_edges(
    image: npt.NDArray[np.integer],
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.int32]]:
    """Return an image row by row, paper at the end of each, and where its runs begin.

    There are far fewer runs than pixels.
    """
    height, width = image.shape
    padded = np.zeros(height * (width + 1) + 1, image.dtype)
    row_by_row = padded[1:]
    row_by_row.reshape(height, width + 1)[:, :width] = image
    return row_by_row, np.flatnonzero(row_by_row != padded[:-1]).astype(np.int32)


def _measure_runs(
    part: npt.NDArray[np.integer],
    rows: npt.NDArray[np.int32],
    lefts: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.int32],
    count: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return boxes and areas of parts as `measure_labels` does, from their runs, row by row."""
    boxes = np.zeros((count, 4), np.int32)
    # Of several values for a part the last one stays.
    boxes[part, 3] = rows + 1
    boxes[part[::-1], 1] = rows[::-1]
    boxes[part, 0] = lefts
    np.minimum.at(boxes[:, 0], part, lefts)
    np.maximum.at(boxes[:, 2], part, lefts + lengths)
    return boxes, np.bincount(part, lengths, count).astype(np.int32)


def find_outlines(mask: Mask) -> list[npt.NDArray[np.int32]]:
    """Find the outer outlines of the 8-connected components of the ink.

    Where boxes and areas are wanted and no labels, this takes a third of the time.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the writing.

    Returns
    -------
    list of ndarray of int32, shape (N, 1, 2)
        Every pixel of the outline of each component, x and y; holes have none.

    Examples
    --------
    >>> ring = np.ones((5, 5), bool)
    >>> ring[1:4, 1:4] = np.eye(3) == [0, 1, 0]
    >>> [cv2.boundingRect(outline) for outline in find_outlines(ring)]
    [(0, 0, 5, 5)]
    """
    ink = np.ascontiguousarray(mask).view(np.uint8)
    outlines, links = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    # A hole has a parent; a component in a hole of another has none.
    parents = np.reshape(links, (-1, 4))[:, 3] if outlines else ()
    return [
        np.asarray(outline, np.int32)
        for outline, parent in zip(outlines, parents, strict=True)
        if parent < 0
    ]


def drop_components(parts: Components, gone: npt.NDArray[np.bool_]) -> Components:
    """Take components out: their boxes and areas become 0, the rest keep their numbers.

    To number the pixels of a page anew took a tenth of the time in which its writing is found.

    Parameters
    ----------
    parts : Components
    gone : ndarray of bool, shape (N,)

    Returns
    -------
    Components
        With the labels of `parts`, on the pixels of what was taken out as well.

    Examples
    --------
    >>> parts = find_components(np.array([[1, 0, 1]], bool))
    >>> drop_components(parts, np.array([True, False])).boxes.tolist()
    [[0, 0, 0, 0], [2, 0, 3, 1]]
    """
    boxes = np.where(gone[:, np.newaxis], 0, parts.boxes)
    return Components(parts.labels, boxes, np.where(gone, 0, parts.areas))


def estimate_text_height(heights: npt.NDArray[np.int32]) -> float:
    """Estimate how high the digits of a line stand, from the heights of its components.

    The median of the heights, each weighted by itself: commas, dots and specks are many but low,
    and do not pull it down.

    Parameters
    ----------
    heights : ndarray of int, shape (N,)
        Heights of the components in pixels.

    Returns
    -------
    float
        Pixels; 0.0 when there is no component.

    Examples
    --------
    >>> estimate_text_height(np.array([40, 42, 38, 3, 3, 5, 2]))
    40.0
    """
    if heights.size == 0:
        return 0.0
    ordered = np.sort(heights)
    weight = np.cumsum(ordered)
    return float(ordered[np.searchsorted(weight, weight[-1] / 2)])


def estimate_stroke_width(mask: Mask) -> float:
    """Estimate the width of the pen's stroke.

    Ink area over half the length of its outline: exact for a long bar of constant width.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the writing.

    Returns
    -------
    float
        Pixels; 0.0 when there is no ink.

    Examples
    --------
    >>> bar = np.zeros((60, 20), bool)
    >>> bar[5:55, 8:12] = True
    >>> round(estimate_stroke_width(bar))
    4
    """
    area = int(np.count_nonzero(mask))
    if area == 0:
        return 0.0
    edges = sum(
        np.count_nonzero(ink[1:] != ink[:-1]) + np.count_nonzero(ink[0]) + np.count_nonzero(ink[-1])
        for ink in (mask, mask.T)
    )
    # A stroke at 45 degrees has sqrt(2) times as many pixel edges as its length: half way between.
    return 2 * area / edges * (1 + 2**0.5) / 2


def keep_ink(ink: Gray, mask: Mask) -> Gray:
    """Keep the ink on a mask, and the soft edge of the strokes about it.

    Parameters
    ----------
    ink : ndarray of uint8, shape (H, W)
    mask : ndarray of bool, shape (H, W)
        True on what stays.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        0 elsewhere.

    Examples
    --------
    >>> keep_ink(np.array([[9, 200, 9, 9]], np.uint8), np.array([[0, 1, 0, 0]], bool)).tolist()
    [[9, 200, 9, 0]]
    """
    solid = np.ascontiguousarray(mask).view(np.uint8)
    soft = cv2.dilate(solid, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.copyTo(ink, soft), np.uint8)


def cut_labeled(
    ink: Gray,
    labels: npt.NDArray[np.integer],
    boxes: npt.NDArray[np.int32],
    chosen: Iterable[int],
) -> list[Gray]:
    """Cut components out of the ink, each without what else stands in its box.

    Parameters
    ----------
    ink : ndarray of uint8, shape (H, W)
    labels : ndarray of int, shape (H, W)
        k + 1 on component k.
    boxes : ndarray of int32, shape (N, 4)
        left, top, right, bottom of each component, half open.
    chosen : iterable of int
        Components to cut out.

    Returns
    -------
    list of ndarray of uint8, shape (h, w)
        Other components are paper, 0.

    Examples
    --------
    >>> labels = np.array([[1, 2], [1, 1]])
    >>> ink = np.full((2, 2), 200, np.uint8)
    >>> cut_labeled(ink, labels, np.array([[0, 0, 2, 2], [1, 0, 2, 1]], np.int32), [0])[0].tolist()
    [[200, 0], [200, 200]]
    """
    places = np.fromiter(chosen, np.intp)
    return [
        ink[top:bottom, left:right] * (labels[top:bottom, left:right] == place + 1)
        for place, (left, top, right, bottom) in zip(
            places.tolist(), boxes[places].tolist(), strict=True
        )
    ]
