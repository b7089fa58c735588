"""White writing on black -> black on white, as every other stage expects it."""

import cv2
import numpy as np

from digitscan.imaging.crop_edges import find_content
from digitscan.records import Gray

LIGHT = 128
"""Median gray from which a page is paper with writing on it: nothing else need be looked at."""
SAMPLE_PX = 16
"""Every so many rows and columns are enough for the median of a page."""
LONG_SIDE_PX = 1000
AROUND_PX = 31
"""Side of the neighborhood, on the reduced page, of whose median the writing differs: some lines of
print. With a neighborhood of 101 the outline of a cheque on a dark table counts as writing."""
CONTRAST = 30
"""Least difference from it, in gray levels: more than the noise of a dark scan."""


def make_positive(gray: Gray) -> Gray:
    """Invert a page or a crop where it is a negative: light writing on a dark ground.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Dark writing on a light ground; `gray` itself where it is that already.

    Examples
    --------
    >>> page = np.full((40, 40), 200, np.uint8)
    >>> page[10:30, 20] = 10
    >>> make_positive(page) is page, np.array_equal(make_positive(255 - page), page)
    (True, True)
    """
    return np.asarray(255 - gray, np.uint8) if is_negative(gray) else gray


def is_negative(gray: Gray) -> bool:
    """Say whether the writing is lighter than the ground around it.

    A dark page alone is none: it may be a cheque photographed on a dark table, or a crop in a black
    padding, which is left out. What differs from the median around it is the writing, since writing
    covers less than half of any place.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)

    Returns
    -------
    bool

    Notes
    -----
    Of 130 cheques and forms and 260 crops of amounts, as they are, at two fifths of their light,
    and pages askew on a black table of twice their size, none passes for a negative; inverted all
    do. The closest is a crop, with twice as much of one as of the other.
    """
    sample = gray[::SAMPLE_PX, ::SAMPLE_PX] if min(gray.shape) > 20 * SAMPLE_PX else gray
    if np.median(sample) >= LIGHT:
        return False
    content = find_content(gray)
    gray = gray[content.top : content.bottom, content.left : content.right]
    share = LONG_SIDE_PX / max(gray.shape)
    small = gray
    if share < 1.0:
        size = max(1, round(gray.shape[1] * share)), max(1, round(gray.shape[0] * share))
        small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    side = min(AROUND_PX, max(5, min(small.shape) // 2)) | 1
    ground = np.asarray(cv2.medianBlur(small, side), np.uint8)
    return _sum_contrast(small, ground) > _sum_contrast(ground, small)


def _sum_contrast(brighter: Gray, darker: Gray) -> int:
    """Sum by how much one picture is brighter than the other, where it clearly is."""
    difference = np.asarray(cv2.subtract(brighter, darker), np.uint8)
    return int(difference[difference >= CONTRAST].sum(dtype=np.int64))
