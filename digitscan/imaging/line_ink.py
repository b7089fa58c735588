"""Gray crop of a field -> how much ink stands where, whatever the paper and the pen."""

import cv2
import numpy as np

from digitscan.records import Floats, Gray

WORK_PX = 88
"""Height to which a higher crop is reduced before anything is measured: a pen stroke of a digit
that fills a third of the crop is still two pixels wide there."""
MIN_CONTRAST = 14.0
"""Gray levels: what is less dark against its paper than this is never taken for full ink."""
LOCAL_SHARE = 0.4
"""A faint stroke is lifted to at most 1 / this by its surroundings, measured against the darkest
ink of the crop, so that pencil beside black print is seen and paper noise is not."""


def measure_ink(crop: Gray) -> Gray:
    """Measure the ink of a crop, in a size that is quick to work with.

    The paper is a blur that leaves the ink out (two rounds); the darkness below it is divided by
    the darkest ink nearby, within the bounds of `LOCAL_SHARE` and `MIN_CONTRAST`.

    Parameters
    ----------
    crop : ndarray of uint8, shape (h, w)

    Returns
    -------
    ndarray of uint8, shape (min(h, 88), w')
        0 paper to 255 full ink.

    Examples
    --------
    >>> int(measure_ink(np.full((30, 30), 90, np.uint8)).max())
    0
    """
    return _lift(_estimate_darkness(_reduce(crop)))


def lift_ink(ink: Gray) -> Gray:
    """Measure the ink of a line of which nothing but its ink is left: there the paper is known.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        0 paper to 255 full ink.

    Returns
    -------
    ndarray of uint8, shape (min(h, 88), w')
        As `measure_ink` of black ink on white paper.

    Examples
    --------
    >>> int(lift_ink(np.full((30, 30), 90, np.uint8)).min())
    255
    """
    # As bytes: floats take twice the time, and ink of 255 levels loses nothing.
    return _lift(_reduce(ink))


def _lift(dark: Floats | Gray) -> Gray:
    """Divide darkness by the darkest ink nearby."""
    side = max(3, dark.shape[0] // 2)
    near = cv2.dilate(cv2.blur(dark, (3, 3)), np.ones((side + 2, side + 2), np.uint8))
    wide = cv2.boxFilter(near, cv2.CV_32F, (side, side))
    reach = np.maximum(wide, np.float32(_measure_least_reach(dark)))
    lifted = cv2.divide(dark, reach, scale=255.0, dtype=cv2.CV_32F)
    return np.asarray(np.minimum(lifted, np.float32(255)), np.uint8)


def _reduce(line: Gray) -> Gray:
    """Reduce a line, gray or ink, to a size that is quick to work with."""
    height, width = line.shape
    if height <= WORK_PX:
        return line
    size = (max(1, round(width * WORK_PX / height)), WORK_PX)
    return np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), np.uint8)


def _estimate_darkness(gray: Gray) -> Floats:
    """Return how much darker than its paper each pixel is, in gray levels, shape (h, w)."""
    side = max(5, gray.shape[0])
    levels = gray.astype(np.float32)
    paper = _average(gray, side)
    for _ in range(2):
        spread = cv2.norm(levels, paper, cv2.NORM_L1) / gray.size
        light = (levels >= paper - np.float32(spread)).view(np.uint8)
        weight = _average(light, side)
        mean = _average(gray * light, side)
        np.divide(mean, weight, out=paper, where=weight > 0.02)
    return np.asarray(cv2.threshold(paper - levels, 0.0, 0.0, cv2.THRESH_TOZERO)[1], np.float32)


def _average(gray: Gray, side: int) -> Floats:
    """Blur bytes into floats: the sums of bytes take half the time of the sums of floats."""
    size = (side, side)
    blurred = cv2.boxFilter(gray, cv2.CV_32F, size, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.float32)


def _measure_least_reach(dark: Floats | Gray) -> float:
    """Return the least darkness that is taken for full ink.

    It follows the 99th percentile of the darkness of spots of four pixels.
    """
    spots = cv2.blur(dark, (2, 2))
    # Lighter spots need no place in the order: `MIN_CONTRAST` holds where they would decide.
    strong = spots[spots > MIN_CONTRAST / LOCAL_SHARE]
    rank = strong.size - 1 - spots.size // 100
    if rank < 0:
        return MIN_CONTRAST
    return LOCAL_SHARE * float(np.partition(strong, rank)[rank])
