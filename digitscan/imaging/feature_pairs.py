"""Features of a page and of a reference -> which of them are the same."""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.page_features import Features
from digitscan.records import Floats

Pairs = npt.NDArray[np.intp]

RATIO = 0.85
"""The best match is nearer than this share of the second best (Lowe 2004)."""
NEAR_PX, ALIKE_BITS = 10.0, 64
"""Reduced pixels around its place in which a feature is looked for, and the bits of 256 in which it
may differ: of features elsewhere half the bits do."""


def match_features(
    page: Features, reference: Features, of_page: int, of_reference: int, ratio: float = RATIO
) -> Pairs:
    """Return pairs (feature of the reference, feature of the page) among the strongest."""
    own, others = page.descriptors[:of_page], reference.descriptors[:of_reference]
    if len(own) < 2 or len(others) < 2:
        return np.zeros((0, 2), np.intp)
    # As cv2.BFMatcher does, without an object for each match.
    distance, nearest = cv2.batchDistance(own, others, cv2.CV_32S, None, None, cv2.NORM_HAMMING, 2)
    clear = np.flatnonzero(distance[:, 0] < ratio * distance[:, 1])
    return np.stack([nearest[clear, 0], clear], axis=1).astype(np.intp)


def are_alike(source: Floats, target: Floats, rough_px: float) -> npt.NDArray[np.bool_]:
    """Say of each pair of points whether it agrees with one turn, scale and shift of the form.

    Two pairs fix these, four a homography: where one pair in ten is right, four that are all right
    are not met by chance.
    """
    _, inliers = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=rough_px, maxIters=4000
    )
    return np.asarray(inliers.ravel() > 0)


def match_near(page: Features, reference: Features, places: npt.NDArray[np.float64]) -> Pairs:
    """Return pairs (feature of the reference, feature of the page) near where each must be.

    Parameters
    ----------
    page, reference : Features
    places : ndarray of float, shape (N, 2)
        Of the features of the reference, in reduced pixels of the page.
    """
    points = page.points.astype(np.float64)
    # The square of the distance by the binomial theorem: in a sixth of the time of the differences.
    apart = (points**2).sum(axis=1) - 2.0 * places @ points.T
    apart += (places**2).sum(axis=1)[:, np.newaxis]
    own, other = np.nonzero(apart <= NEAR_PX**2)
    differ = reference.descriptors[own] ^ page.descriptors[other]
    bits = np.unpackbits(differ, axis=1).sum(axis=1, dtype=np.intp)
    order = np.lexsort((bits, own))
    order = order[bits[order] <= ALIKE_BITS]
    # Of each feature of the reference the first, which is the most like.
    _, first = np.unique(own[order], return_index=True)
    return np.stack([own[order][first], other[order][first]], axis=1).astype(np.intp)
