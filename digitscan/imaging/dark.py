"""Gray page -> what is much darker than the paper around it: print, whatever its shape."""

import cv2
import numpy as np

from digitscan.records import Gray, Mask

_PAPER_SIDE = 9
"""Quarter pixels in which some paper shows: further than the widest stroke of print."""


def find_dark(gray: Gray, share: float) -> Mask:
    """Mark what is darker than a share of the lightest paper nearby.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        A page whose longer side has 1000 to 2000 px.
    share : float
        Of the paper's gray.

    Returns
    -------
    ndarray of bool, shape (H, W)

    Examples
    --------
    >>> page = np.full((40, 40), 200, np.uint8)
    >>> page[20:22, 10:30], page[5] = 60, 150
    >>> find_dark(page, 0.7).any(axis=1).nonzero()[0].tolist()
    [20, 21]
    """
    height, width = gray.shape
    # The paper varies slowly: a quarter of the size will do. Halving twice takes an eighth of the
    # time that a quarter at once takes.
    small = gray
    for _ in range(2):
        half = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        small = np.asarray(half, np.uint8)
    side = (_PAPER_SIDE, _PAPER_SIDE)
    paper = cv2.blur(cv2.dilate(small, np.ones(side, np.uint8)), side)
    least = cv2.convertScaleAbs(paper, alpha=share)
    return np.asarray(gray < cv2.resize(least, (width, height), interpolation=cv2.INTER_LINEAR))
