"""Comb found on a page -> whether its number goes on beyond the boxes that were found."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from digitscan.imaging.combs import Comb
from digitscan.imaging.geometry import find_median, measure_beside

LEAST_HIGH, MOST_HIGH = 0.4, 1.1
"""Heights of a digit in heights of its box; labels beside boxes are lower."""
BROAD, WIDEST = 0.2, 1.2
"""What is narrower, in its heights, is a wall; what is wider, in widths of a box, a word."""
NEXT = 1.2
"""A digit in the next box stands no farther from the middle of the last one, in pitches."""
SAME_GAP = 0.3
"""Boxes that stand apart go on in another comb where the gap between both is their own, within
this share of it. Of 540 drawn rows of boxes four that were accepted were the rest of a number."""


def is_cut_short(comb: Comb, combs: Sequence[Comb], boxes: npt.NDArray[np.int32]) -> bool:
    """Say whether digits, or more boxes, stand where the next box of a comb would.

    Parameters
    ----------
    comb : Comb
    combs : sequence of Comb
        All combs of the page: what is written in them is their own.
    boxes : ndarray of int32, shape (N, 4)
        left, top, right, bottom of the components of the page, rules left out.

    Returns
    -------
    bool

    Examples
    --------
    >>> from digitscan.records import Box
    >>> comb = Comb(Box(20, 10, 80, 50), (Box(20, 10, 50, 50), Box(50, 10, 80, 50)))
    >>> digits = np.array([[28, 18, 42, 44], [58, 18, 72, 44], [88, 18, 102, 44]], np.int32)
    >>> is_cut_short(comb, [comb], digits), is_cut_short(comb, [comb], digits[:2])
    (True, False)
    """
    cells = comb.cells
    height = comb.box.bottom - comb.box.top
    width = find_median(np.array([cell.right - cell.left for cell in cells]))
    gaps = [after.left - before.right for before, after in pairwise(cells)]
    gap = find_median(np.array(gaps)) if gaps else 0.0
    others = [other for other in combs if other is not comb and _is_level(comb, other)]
    if gap > 0 and any(abs(_measure_gap(comb, one) - gap) <= SAME_GAP * gap + 2 for one in others):
        return True
    high, wide = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    level, _ = measure_beside(comb.box, boxes)
    is_digit = (high >= LEAST_HIGH * height) & (high <= MOST_HIGH * height)
    is_digit &= (wide >= BROAD * high) & (wide <= WIDEST * width) & (level >= 0.8 * high)
    for other in (comb, *others):
        is_digit &= (middle < other.box.left) | (middle > other.box.right)
    ends = (cells[0].left + cells[0].right) / 2, (cells[-1].left + cells[-1].right) / 2
    reach = NEXT * (width + gap)
    beside = (middle >= ends[0] - reach) & (middle <= ends[1] + reach)
    return bool((is_digit & beside).any())


def _is_level(comb: Comb, other: Comb) -> bool:
    low = max(comb.box.top, other.box.top)
    high = min(comb.box.bottom, other.box.bottom)
    return high - low >= 0.5 * (comb.box.bottom - comb.box.top)


def _measure_gap(comb: Comb, other: Comb) -> float:
    """Return how far two combs of one level stand apart."""
    one, two = comb.box, other.box
    return float(max(two.left - one.right, one.left - two.right))
