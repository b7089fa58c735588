"""Box arithmetic, and the way between the page as read and the scan as stored."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Box, Gray, Mask

_TURNS = {
    1: (0, False),
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (3, True),
    6: (3, False),
    7: (1, True),
    8: (1, False),
}
"""EXIF orientation -> quarter turns (counter-clockwise, as `numpy.rot90`) and then a mirror from
left to right that show the image upright (Exif 2.3, tag 0x0112)."""


def turn_upright(image: Gray, orientation: int, quarters: int = 0) -> Gray:
    """Turn a stored image upright.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
        As stored.
    orientation : int
        EXIF orientation, 1 to 8.
    quarters : int
        Further quarter turns counter-clockwise, for a page that lies on its side.

    Returns
    -------
    ndarray of uint8
        Contiguous; a new array unless nothing was to be done.

    Examples
    --------
    >>> turn_upright(np.array([[1, 2]], np.uint8), 6).tolist()
    [[1], [2]]
    """
    turns, mirrored = _TURNS[orientation]
    turned = np.rot90(image, turns)
    if mirrored:
        turned = turned[:, ::-1]
    return np.ascontiguousarray(np.rot90(turned, quarters))


def stored_from_upright(
    shape: tuple[int, int], orientation: int, quarters: int = 0
) -> npt.NDArray[np.float64]:
    """Return the affine map from the upright image's pixels back to the stored ones.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the stored image.
    orientation, quarters : int
        As given to `turn_upright`.

    Returns
    -------
    ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the upright image to (x, y, 1) as stored, in pixel edges: a corner of
        a half open box goes to a corner.

    Examples
    --------
    >>> way = stored_from_upright((2, 5), 6)
    >>> map_box(Box(0, 0, 1, 1), way)
    Box(left=0, top=1, right=1, bottom=2)
    """
    height, width = shape
    turns, mirrored = _TURNS[orientation]
    way = np.eye(3)
    way, height, width = _add_turns(way, turns, height, width)
    if mirrored:
        way = way @ np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1]], np.float64)
    way, _, _ = _add_turns(way, quarters % 4, height, width)
    return way


def map_box(box: Box, way: npt.NDArray[np.float64]) -> Box:
    """Return the box around the mapped corners of a box.

    Parameters
    ----------
    box : Box
    way : ndarray of float64, shape (3, 3)
        On (x, y, 1), up to a factor: affine, or a perspective.

    Returns
    -------
    Box
        Rounded to whole pixels, at least one wide and high.

    Examples
    --------
    >>> map_box(Box(1, 2, 3, 4), np.diag([2.0, 2.0, 1.0]))
    Box(left=2, top=4, right=6, bottom=8)
    """
    corners = np.array(
        [
            [box.left, box.right, box.left, box.right],
            [box.top, box.top, box.bottom, box.bottom],
            [1, 1, 1, 1],
        ],
        np.float64,
    )
    x, y, depth = way @ corners
    x, y = x / depth, y / depth
    left, top = round(float(x.min())), round(float(y.min()))
    return Box(left, top, max(left + 1, round(float(x.max()))), max(top + 1, round(float(y.max()))))


def clip_box(box: Box, shape: tuple[int, int]) -> Box:
    """Return the part of a box that lies on an image of `shape` (H, W), at least one pixel.

    Parameters
    ----------
    box : Box
    shape : tuple of int
        (H, W) of the image in pixels.

    Returns
    -------
    Box
        The pixel nearest to the box where no part of it is on the image.

    Examples
    --------
    >>> clip_box(Box(-3, 2, 90, 9), (8, 20))
    Box(left=0, top=2, right=20, bottom=8)
    """
    height, width = shape
    left, top = min(max(box.left, 0), width - 1), min(max(box.top, 0), height - 1)
    right, bottom = max(box.right, left + 1), max(box.bottom, top + 1)
    return Box(left, top, min(right, width), min(bottom, height))


def scale_box(box: Box, factor: int) -> Box:
    """Return the box on an image `factor` times as large.

    Parameters
    ----------
    box : Box
    factor : int
        1 or more.

    Returns
    -------
    Box

    Examples
    --------
    >>> scale_box(Box(1, 2, 3, 4), 3)
    Box(left=3, top=6, right=9, bottom=12)
    """
    return Box(box.left * factor, box.top * factor, box.right * factor, box.bottom * factor)


def grow_box(box: Box, across: int, down: int) -> Box:
    """Return the box grown by `across` on the left and right, by `down` above and below.

    Parameters
    ----------
    box : Box
    across, down : int
        Pixels.

    Returns
    -------
    Box
        It may reach beyond its image.

    Examples
    --------
    >>> grow_box(Box(5, 5, 6, 7), 2, 1)
    Box(left=3, top=4, right=8, bottom=8)
    """
    return Box(box.left - across, box.top - down, box.right + across, box.bottom + down)


def rotate_page(gray: Gray, angle_deg: float) -> tuple[Gray, npt.NDArray[np.float64]]:
    """Turn a page about its middle, paper filled in with its median gray.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    angle_deg : float
        Counter-clockwise as the eye sees the page.

    Returns
    -------
    turned : ndarray of uint8, shape (H, W)
    way : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the turned page back to the page given.
    """
    height, width = gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    matrix = np.vstack([turn, [0, 0, 1]])
    paper = int(np.median(gray[::16, ::16]))
    turned = cv2.warpAffine(
        gray, matrix[:2], (width, height), flags=cv2.INTER_LINEAR, borderValue=(paper,)
    )
    return np.asarray(turned, np.uint8), np.linalg.inv(matrix)


def _add_turns(
    way: npt.NDArray[np.float64], turns: int, height: int, width: int
) -> tuple[npt.NDArray[np.float64], int, int]:
    """Add quarter turns counter-clockwise to a map; return it with the turned height and width."""
    for _ in range(turns):
        # rot90: the turned (x, y) is the former (width - y, x).
        way = way @ np.array([[0, -1, width], [1, 0, 0], [0, 0, 1]], np.float64)
        height, width = width, height
    return way, height, width


def find_median(values: npt.NDArray[np.number[Any]]) -> float:
    """Return the median of a few values: `numpy.median` takes 20 us for ten, this 1.

    Parameters
    ----------
    values : ndarray, shape (N,)
        At least one.

    Returns
    -------
    float

    Examples
    --------
    >>> find_median(np.array([7, 1, 4])), find_median(np.array([1, 4]))
    (4.0, 2.5)
    """
    # Python sorts a few numbers in less time than numpy takes to begin.
    ordered: list[float] = sorted(values.tolist())
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def find_extent(mask: Mask) -> Box | None:
    """Find the box around what is marked.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    Box or None
        None where nothing is.

    Examples
    --------
    >>> mask = np.zeros((9, 9), bool)
    >>> find_extent(mask) is None
    True
    >>> mask[3:5, 2] = True
    >>> find_extent(mask)
    Box(left=2, top=3, right=3, bottom=5)
    """
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(mask).view(np.uint8))
    return Box(left, top, left + width, top + height) if width else None


def find_runs(places: npt.NDArray[np.integer[Any]], gap: int = 1) -> list[tuple[int, int]]:
    """Find the runs of places that follow each other.

    Parameters
    ----------
    places : ndarray of int, shape (N,)
        In rising order.
    gap : int
        Greatest step within a run: 1 for neighbors alone.

    Returns
    -------
    list of tuple of int
        First and one past last of each run.

    Examples
    --------
    >>> find_runs(np.array([2, 3, 4, 7])), find_runs(np.array([2, 3, 4, 7]), gap=3)
    ([(2, 5), (7, 8)], [(2, 8)])
    """
    if places.size == 0:
        return []
    last = np.flatnonzero(np.diff(places) > gap)
    firsts, lasts = places[np.append(0, last + 1)], places[np.append(last, places.size - 1)]
    return [(int(one), int(other) + 1) for one, other in zip(firsts, lasts, strict=True)]


def measure_beside(
    box: Box, boxes: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Measure how boxes stand beside one.

    Parameters
    ----------
    box : Box
    boxes : ndarray of int, shape (N, 4)
        Left, top, right and bottom.

    Returns
    -------
    shared, gap : ndarray of int, shape (N,)
        Rows that each has in common with the one, negative where it lies above or below; columns
        between them, negative where they overlap.

    Examples
    --------
    >>> shared, gap = measure_beside(Box(10, 0, 20, 30), np.array([[25, 10, 30, 40]], np.int32))
    >>> shared.tolist(), gap.tolist()
    ([20], [5])
    """
    left, top, right, bottom = boxes.T
    shared = np.minimum(bottom, box.bottom) - np.maximum(top, box.top)
    return shared, np.maximum(left - box.right, box.left - right)
