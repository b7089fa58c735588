"""Ink left out around a number -> whether a stroke that may be one of its digits stands there."""

import numpy as np

from digitscan.records import Box, Mask

LEAST_COVER = 0.8
"""Share of the number's rows that such a stroke has ink in."""
MOST_WIDTH = 0.25
"""Its greatest width, in heights of the number: a bare 1. Signs and letters are wider."""
BEYOND = 0.15
"""What reaches so many heights above and below the number is a wall of its box."""


def find_stroke_beside(left_out: Mask, number: Box) -> bool:
    """Say whether a bare upright stroke as high as a number stands left or right of it.

    Parameters
    ----------
    left_out : ndarray of bool, shape (h, w)
        True on ink that is no part of the number; what lies within `number` is not looked at.
    number : Box
        Where the number stands in it.

    Returns
    -------
    bool

    Examples
    --------
    >>> ink = np.zeros((40, 60), bool)
    >>> ink[10:30, 12:15] = True
    >>> find_stroke_beside(ink, Box(20, 10, 50, 30))
    True
    >>> ink[:, 12:15] = True  # a wall
    >>> find_stroke_beside(ink, Box(20, 10, 50, 30))
    False
    """
    height = number.bottom - number.top
    reach = round(BEYOND * height)
    for side in (left_out[:, : number.left], left_out[:, number.right :]):
        beside = side[number.top : number.bottom]
        columns = np.flatnonzero(beside.any(axis=0))
        if columns.size == 0 or columns[-1] - columns[0] >= MOST_WIDTH * height:
            continue
        is_high = beside.any(axis=1).mean() >= LEAST_COVER
        strip = side[:, columns[0] : columns[-1] + 1]
        above, below = strip[: max(0, number.top - reach)], strip[number.bottom + reach :]
        if is_high and not (above.any() and below.any()):
            return True
    return False
