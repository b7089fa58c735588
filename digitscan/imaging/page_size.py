"""A page -> the size at which its lines are looked for, and its numbers read."""

from math import ceil

import cv2
import numpy as np

from digitscan.records import Gray
from digitscan.settings import RegionSettings


def choose_factor(shape: tuple[int, int], dpi: float | None, settings: RegionSettings) -> int:
    """Choose by how much a page is reduced before its lines are looked for.

    The long side decides, which suits a cheque; a sheet that is larger holds more, not larger
    writing, so that its resolution decides where it is known, up to twice the long side.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the page.
    dpi : float or None
        Its resolution in dots per inch.
    settings : RegionSettings

    Returns
    -------
    int
        1 or more: pixels of the page to a pixel of the reduced one.

    Examples
    --------
    >>> sizes = (1093, 2372), (3508, 2480), (2339, 1654)
    >>> [choose_factor(size, None, RegionSettings()) for size in sizes]
    [2, 3, 2]
    >>> [choose_factor(size, dpi, RegionSettings()) for size, dpi in zip(sizes, (300, 300, 200))]
    [2, 2, 1]
    """
    longest = max(shape)
    factor = max(1, round(longest / settings.long_side_px))
    if dpi is None:
        return factor
    least = ceil(longest / (2 * settings.long_side_px))
    return min(factor, max(least, round(dpi / settings.min_dpi)))


def reduce_page(gray: Gray, factor: int) -> Gray:
    """Reduce a page by a whole factor; what is left over at the right and the bottom is dropped.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    factor : int
        1 or more; 1 leaves the page as it is.

    Returns
    -------
    ndarray of uint8, shape (H // factor, W // factor), at least (1, 1)
    """
    if factor == 1:
        return gray
    size = (max(1, gray.shape[1] // factor), max(1, gray.shape[0] // factor))
    # Of whole blocks OpenCV takes the means in a thirtieth of the time.
    window = gray[: size[1] * factor, : size[0] * factor]
    small = cv2.resize(window, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def enlarge_page(gray: Gray, zoom: int) -> Gray:
    """Enlarge a page by a whole factor, smoothly.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    zoom : int
        1 or more; 1 leaves the page as it is.

    Returns
    -------
    ndarray of uint8, shape (H * zoom, W * zoom)

    Examples
    --------
    >>> enlarge_page(np.full((2, 3), 7, np.uint8), 2).shape
    (4, 6)
    """
    if zoom == 1:
        return gray
    size = (gray.shape[1] * zoom, gray.shape[0] * zoom)
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC), np.uint8)
