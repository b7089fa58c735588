"""Gray page, ink and boxes -> how dark the ink of each box is: a pen and print differ."""

from collections.abc import Sequence

import numpy as np

from digitscan.records import Box, Floats, Gray, Mask

PAPER_SHARE = 70
"""Percentile of a window's gray that is its paper: writing covers less than a third of it."""


def measure_darkness(gray: Gray, ink: Mask, boxes: Sequence[Box]) -> Floats:
    """Measure how much darker than the paper the ink of each box is, on average.

    Ink strength is relative to what is dark nearby, and all but hides that a wall of dots is
    lighter than the pen beside it.

    Parameters
    ----------
    gray : ndarray of uint8, shape (h, w)
        A window of the page.
    ink : ndarray of bool, shape (h, w)
        True on the ink of the number in it.
    boxes : sequence of Box
        In pixels of the window.

    Returns
    -------
    ndarray of float32, shape (N,)
        In gray levels; 0 of a box without ink.

    Examples
    --------
    >>> gray = np.full((20, 40), 200, np.uint8)
    >>> gray[5:15, 5:8], gray[5:15, 20:23] = 120, 40
    >>> measure_darkness(gray, gray < 150, (Box(4, 4, 9, 16), Box(19, 4, 24, 16))).tolist()
    [80.0, 160.0]
    """
    paper = float(np.percentile(gray, PAPER_SHARE))
    found = []
    for box in boxes:
        rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
        stroke = gray[rows, columns][ink[rows, columns]]
        found.append(paper - float(stroke.mean()) if stroke.size else 0.0)
    return np.array(found, np.float32)
