"""Gray page or crop -> ink: by local contrast, so that the pen stays and the paper goes."""

import cv2
import numpy as np

from digitscan.records import Gray, Mask
from digitscan.settings import InkSettings

_SMALL = 4
"""The paper is estimated at a quarter of the size: it varies slowly, and security patterns,
which are finer than pens, average out."""

_STRONG = 0.99
"""Share of an image that is no darker than its pen."""


def estimate_ink(gray: Gray, settings: InkSettings = InkSettings()) -> Gray:
    """Measure how much ink each pixel carries, against the paper and the pen around it.

    The paper's gray is a morphological closing of the reduced image (strokes vanish, shadows and
    colored paper stay). The darkness below it is divided by the greatest darkness nearby: a faint
    pencil and a black print both come out near 255, and a security pattern, weaker than the pen
    beside it, near 0. Where nothing nearby is darker than `min_contrast` there is no ink.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white. White writing on black is not inverted here.
    settings : InkSettings

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Ink strength, 0 paper to 255 full ink; strokes have soft edges.

    Examples
    --------
    >>> paper = np.full((40, 40), 200, np.uint8)
    >>> paper[10:30, 18:21] = 90
    >>> ink = estimate_ink(paper)
    >>> int(ink[20, 19]), int(ink[20, 5])
    (255, 0)
    """
    height, width = gray.shape
    small_size = (max(1, width // _SMALL), max(1, height // _SMALL))
    # Without the last columns and rows OpenCV averages whole squares, three times as fast.
    whole = gray[: _SMALL * small_size[1], : _SMALL * small_size[0]]
    small = cv2.resize(whole, small_size, interpolation=cv2.INTER_AREA)
    side = 2 * round(settings.stroke_px / _SMALL) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    paper = cv2.blur(paper, (side, side), borderType=cv2.BORDER_REPLICATE)
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    dark = np.asarray(cv2.subtract(paper, gray), np.uint8)
    near = _reach(dark, small_size, settings)
    reach = cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(dark, reach, scale=255.0), np.uint8)


def binarize(gray: Gray, settings: InkSettings = InkSettings()) -> Mask:
    """Tell ink from paper.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white.
    settings : InkSettings

    Returns
    -------
    ndarray of bool, shape (H, W)
        True on the writing.

    Examples
    --------
    >>> binarize(np.full((5, 5), 200, np.uint8)).any()
    np.False_
    """
    return np.asarray(estimate_ink(gray, settings) >= settings.threshold)


def _reach(dark: Gray, small_size: tuple[int, int], settings: InkSettings) -> Gray:
    """Return the greatest darkness near each pixel, reduced, never below the contrast floor."""
    peak = cv2.dilate(cv2.blur(dark, (3, 3)), np.ones((_SMALL, _SMALL), np.uint8))
    peak = cv2.resize(peak, small_size, interpolation=cv2.INTER_NEAREST)
    side = 2 * round(settings.neighborhood_px / _SMALL) + 1
    near = cv2.dilate(peak, np.ones((side, side), np.uint8))
    near = cv2.blur(near, (side, side), borderType=cv2.BORDER_REPLICATE)
    # Pixels of each gray and below it: `numpy.percentile` takes longer.
    counts = cv2.calcHist([peak], [0], None, [256], [0, 256]).cumsum(dtype=np.float64)
    place = _STRONG * (peak.size - 1)
    below = int(place)
    low, high = np.searchsorted(counts, (below, below + 1), side="right").tolist()
    strong = (high - low) * (place - below) + low
    floor = round(max(settings.min_contrast, settings.min_share * strong))
    return np.maximum(np.asarray(near, np.uint8), np.uint8(floor))
