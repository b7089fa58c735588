"""Cells found on a page -> whether they are boxes, or strokes of digits written on a line."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from digitscan.imaging.combs import Comb
from digitscan.imaging.geometry import measure_beside

SURE_CELLS, AS_HIGH, BESIDE, OFF = 4, 0.85, 0.5, 0.04
"""So many equal cells are no chance; of fewer, writing in and beside them, no more of their
heights away, that covers so much of their height tells that they are its own strokes. Of 60 drawn
cheques with the date on a line eight had such cells, and their dates lost two digits to them.
Combs of one row, for day and month, are level within so much of their height."""


def is_written(comb: Comb, combs: Sequence[Comb], boxes: npt.NDArray[np.int32]) -> bool:
    """Say whether a few cells are strokes of digits on a line of a form, and no boxes.

    The sides of a 0 and a 1 beside it are as high, as even and as straight as walls are, and the
    line joins them. But what stands in a box is smaller, and what stands beside it is not as high.

    Parameters
    ----------
    comb : Comb
    combs : sequence of Comb
        All that were found: what stands in another one of this one's level is not beside it.
    boxes : ndarray of int, shape (N, 4)
        Left, top, right and bottom of the components of the page, rules left out.

    Returns
    -------
    bool

    Examples
    --------
    >>> from digitscan.records import Box
    >>> comb = Comb(Box(20, 10, 60, 50), (Box(20, 10, 40, 50), Box(40, 10, 60, 50)))
    >>> digits = np.array([[18, 8, 42, 52], [46, 9, 62, 51], [66, 9, 90, 51]], np.int32)
    >>> is_written(comb, [comb], digits), is_written(comb, [comb], digits[:2])
    (True, False)
    """
    if len(comb.cells) >= SURE_CELLS:
        return False
    left, right = boxes[:, 0], boxes[:, 2]
    height, width = comb.box.bottom - comb.box.top, comb.cells[0].right - comb.cells[0].left
    covered, gap = measure_beside(comb.box, boxes)
    # What is narrower is a wall.
    is_tall = (covered >= AS_HIGH * height) & (right - left >= 0.4 * width)
    middle = (left + right) / 2
    is_inside = (comb.box.left < middle) & (middle < comb.box.right)
    is_beside = ~is_inside & (gap <= BESIDE * height)
    for other in combs:
        off = max(abs(other.box.top - comb.box.top), abs(other.box.bottom - comb.box.bottom))
        if off <= max(1, OFF * height):
            is_beside &= (middle < other.box.left) | (other.box.right < middle)
    # What is as wide as all cells is their frame, on a page that is askew.
    is_inside &= right - left < 0.9 * (comb.box.right - comb.box.left)
    return bool((is_tall & is_inside).any() and (is_tall & is_beside).any())
