"""A page -> the features by which it is recognized."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.page_size import reduce_page
from digitscan.records import Floats, Gray

LONG_PX = 900
"""Pages are compared at this length of their longer side: print of 2 mm is 9 px of an A4 page."""
FEATURES = 1200
"""Features of a page; of two scans of one form a third to a tenth agree."""
_LEAST_PX = 64
"""Pages with a smaller side have no features that the finder's pyramid could hold."""


@dataclass(frozen=True, slots=True)
class Features:
    """A page as registration sees it; made once and compared with every template.

    Attributes
    ----------
    small : ndarray of uint8, shape (h, w)
        The page, reduced.
    scale : float
        Reduced pixels in a pixel of the page.
    points : ndarray of float32, shape (N, 2)
        x, y of the features in `small`; the first ones are the strongest of each size.
    descriptors : ndarray of uint8, shape (N, 32)
    """

    small: Gray
    scale: float
    points: Floats
    descriptors: npt.NDArray[np.uint8]


def describe_page(gray: Gray, long_px: int = LONG_PX) -> Features:
    """Find the features of a page (ORB; Rublee, Rabaud, Konolige and Bradski 2011).

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    long_px : int
        Length of its longer side at which it is looked at.

    Returns
    -------
    Features

    Examples
    --------
    >>> len(describe_page(np.full((50, 50), 200, np.uint8)).points)
    0
    """
    small = _reduce(gray, long_px)
    scale = small.shape[1] / gray.shape[1]
    nothing = Features(small, scale, np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    if min(small.shape) < _LEAST_PX:
        return nothing
    finder = cv2.ORB.create(nfeatures=FEATURES, scaleFactor=1.25, nlevels=6, fastThreshold=12)
    points, descriptors = finder.detectAndCompute(small, None)
    if descriptors is None:
        return nothing
    order = _rank([(point.octave, point.response) for point in points])
    places = np.array([points[k].pt for k in order], np.float32)
    return Features(small, scale, places, np.asarray(descriptors[order], np.uint8))


def _reduce(gray: Gray, long_px: int) -> Gray:
    """Return the page with its longer side of `long_px`: by a whole factor first, in less time."""
    small = reduce_page(gray, max(1, max(gray.shape) // long_px))
    rest = long_px / max(small.shape)
    if rest < 1.0:
        size = (max(1, round(small.shape[1] * rest)), max(1, round(small.shape[0] * rest)))
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR))
    return np.asarray(small, np.uint8)


def _rank(features: list[tuple[int, float]]) -> npt.NDArray[np.intp]:
    """Order features, given as (size, strength), so that the first ones are the strongest of each.

    >>> _rank([(0, 0.1), (0, 0.9), (1, 0.2), (0, 0.3)]).tolist()
    [1, 2, 3, 0]
    """
    sizes = np.array([size for size, _ in features])
    strengths = np.array([strength for _, strength in features])
    place = np.empty(len(features))
    for size in np.unique(sizes):
        own = np.flatnonzero(sizes == size)
        ranked = own[np.argsort(-strengths[own], kind="stable")]
        place[ranked] = np.arange(len(own)) / len(own)
    return np.argsort(place, kind="stable")
