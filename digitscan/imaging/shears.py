"""Ink -> how much of it stands in each column when its rows are moved: what slant is told by."""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Mask


def count_sheared(mask: Mask, moves: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Count the ink of each column, for several ways to move the rows.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink.
    moves : ndarray of int, shape (S, H)
        Columns to the right that each row is moved by, at most H either way.

    Returns
    -------
    ndarray of int, shape (S, W + 2 * H + 1)
        The column that stays where it is comes H later.

    Examples
    --------
    >>> leaning = np.array([[0, 1], [1, 0]], bool)
    >>> count_sheared(leaning, np.array([[0, 0], [0, 1]])).tolist()
    [[0, 0, 1, 1, 0, 0, 0], [0, 0, 0, 2, 0, 0, 0]]
    """
    height = mask.shape[0]
    # Wide enough for the greatest move, and a column more for the ends of runs.
    width = mask.shape[1] + 2 * height + 1
    ink = np.ascontiguousarray(mask).view(np.uint8)
    padded = cv2.copyMakeBorder(ink, 0, 0, height, height + 1, cv2.BORDER_CONSTANT).ravel()
    # Only where runs of ink start and end, in turn: a third of the pixels.
    edges = np.flatnonzero(padded[1:] != padded[:-1]) + 1
    # A row of bins for each way: all are counted at once.
    offsets = np.arange(len(moves))[:, np.newaxis] * width - np.arange(height) * width + moves
    changes = _count_moved(edges[::2], offsets, width) - _count_moved(edges[1::2], offsets, width)
    return np.asarray(changes.cumsum().reshape(-1, width), np.intp)


def _count_moved(
    places: npt.NDArray[np.intp], offsets: npt.NDArray[np.intp], width: int
) -> npt.NDArray[np.intp]:
    """Count how many places come to each bin; `offsets` has a row for each way to move them."""
    bins = offsets.take(places // width, axis=1)
    bins += places  # in place: memory for another table takes longer than all sums
    return np.bincount(bins.ravel(), minlength=len(offsets) * width)
