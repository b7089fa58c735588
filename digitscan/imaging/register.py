"""Align a page with the reference image of a form: features, then patches."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Floats, Gray

_LONG_PX = 900
"""Pages are compared at this length of their longer side: print of 2 mm is 9 px of an A4 page."""
_FEATURES = 1200
"""Features of a page; of two scans of one form a third to a tenth agree."""
_RATIO = 0.85
"""The best match is nearer than this share of the second best (Lowe 2004)."""
_NEAR_PX = 4.0
"""Reduced pixels by which features may miss each other: paper is not flat."""
_LEAST_INLIERS = 14
"""Features that agree by chance on pages of two forms: up to 9 on the cheques of three banks."""
_PATCH_PX = 21
_SEARCH_PX = 6
_PATCHES = 60
_ALIKE = 0.55
"""Correlation from which a patch of the page is that of the reference: scans differ in gray."""
_LEAST_SCORE = 0.4
"""The page shows the reference from this score: 50 pages of the four forms score 0.87 to 1.00 on
their own reference and 0.0 on the others'."""
_LEAST_PX = 64
"""Pages with a smaller side have no features that the finder's pyramid could hold."""
_MOST_SCALE = 2.6
"""A page may have half or twice the resolution of the reference, and 15 % of another scale."""
_MOST_STRETCH = 1.35
"""Sides of the form that were equal may differ by this factor: mild perspective."""


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
        x, y of the features in `small`.
    descriptors : ndarray of uint8, shape (N, 32)
    """

    small: Gray
    scale: float
    points: Floats
    descriptors: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Registration:
    """How a reference lies on a page.

    Attributes
    ----------
    to_page : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the reference to the page, up to a factor.
    score : float
        Share of the reference's patches that the page shows where they should be, 0 to 1.
    """

    to_page: npt.NDArray[np.float64]
    score: float


def describe_page(gray: Gray) -> Features:
    """Find the features of a page (ORB; Rublee, Rabaud, Konolige and Bradski 2011).

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)

    Returns
    -------
    Features

    Examples
    --------
    >>> len(describe_page(np.full((50, 50), 200, np.uint8)).points)
    0
    """
    scale = min(1.0, _LONG_PX / max(gray.shape))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    nothing = Features(small, scale, np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    if min(size) < _LEAST_PX:
        return nothing
    finder = cv2.ORB.create(nfeatures=_FEATURES, scaleFactor=1.25, nlevels=6, fastThreshold=12)
    points, descriptors = finder.detectAndCompute(small, None)
    if descriptors is None:
        return nothing
    places = np.array([point.pt for point in points], np.float32)
    return Features(small, scale, places, np.asarray(descriptors, np.uint8))


def register_page(page: Features, reference: Features) -> Registration | None:
    """Find where the reference lies on the page.

    Features give a first homography (RANSAC); patches around features of the reference, looked for
    near their place on the page, give the final one and the score. Writing on the page hides some
    patches and is none of the reference, so a filled form scores less than 1.

    Parameters
    ----------
    page, reference : Features
        Upright; shifted, turned by up to 30 degrees, scaled by 0.4 to 2.5, in mild perspective.

    Returns
    -------
    Registration or None
        None where the page does not show the reference.
    """
    pairs = _match(page, reference)
    if len(pairs) < _LEAST_INLIERS:
        return None
    source = reference.points[pairs[:, 0]]
    target = page.points[pairs[:, 1]]
    found, inliers = cv2.findHomography(source, target, cv2.USAC_MAGSAC, _NEAR_PX, maxIters=2000)
    if found is None or int(inliers.sum()) < _LEAST_INLIERS:
        return None
    first = np.asarray(found, np.float64)
    if not _is_likely(first, reference.small.shape):
        return None
    chosen = _spread(source[inliers.ravel() > 0], reference.small.shape)
    final, score = _refine(page.small, reference.small, first, chosen)
    if score < _LEAST_SCORE or not _is_likely(final, reference.small.shape):
        return None
    into = np.diag([reference.scale, reference.scale, 1.0])
    back = np.diag([1.0 / page.scale, 1.0 / page.scale, 1.0])
    to_page = back @ final @ into
    return Registration(to_page / to_page[2, 2], score)


def _match(page: Features, reference: Features) -> npt.NDArray[np.intp]:
    """Return pairs (feature of the reference, feature of the page)."""
    if len(page.points) < 2 or len(reference.points) < 2:
        return np.zeros((0, 2), np.intp)
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    found = matcher.knnMatch(reference.descriptors, page.descriptors, k=2)
    pairs = [
        (best.queryIdx, best.trainIdx)
        for best, second in found
        if best.distance < _RATIO * second.distance
    ]
    return np.array(pairs, np.intp).reshape(-1, 2)


def _is_likely(way: npt.NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    """Tell a page in mild perspective from a homography that chance made."""
    height, width = shape[0], shape[1]
    corners = np.array([[[0, 0]], [[width, 0]], [[width, height]], [[0, height]]], np.float64)
    # In front of the camera all corners have a positive third coordinate.
    depth = corners[:, 0] @ way[2, :2] + way[2, 2]
    if not np.isfinite(way).all() or depth.min() <= 0.2:
        return False
    moved = cv2.perspectiveTransform(corners, way)[:, 0]
    if not cv2.isContourConvex(moved.astype(np.float32)):
        return False
    sides = np.linalg.norm(moved - np.roll(moved, -1, axis=0), axis=1)
    scales = sides / np.array([width, height, width, height])
    lean = np.abs(np.arctan2(moved[1, 1] - moved[0, 1], moved[1, 0] - moved[0, 0]))
    return bool(
        scales.max() <= _MOST_SCALE
        and scales.min() >= 1.0 / _MOST_SCALE
        and scales.max() / scales.min() <= _MOST_STRETCH
        and lean < np.deg2rad(30)
    )


def _spread(points: Floats, shape: tuple[int, ...]) -> Floats:
    """Choose points all over the image: the first of each field of a grid, up to `_PATCHES`."""
    cell = max(8.0, float(np.sqrt(shape[0] * shape[1] / _PATCHES)))
    fields = (points // cell).astype(int)
    _, first = np.unique(fields[:, 0] * 1000 + fields[:, 1], return_index=True)
    return np.asarray(points[np.sort(first)], np.float32)


def _refine(
    page: Gray, reference: Gray, first: npt.NDArray[np.float64], points: Floats
) -> tuple[npt.NDArray[np.float64], float]:
    """Look for the reference's patches on the page and fit the homography to where they are."""
    size = (reference.shape[1], reference.shape[0])
    flat = cv2.warpPerspective(
        page,
        first,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    half, reach = _PATCH_PX // 2, _PATCH_PX // 2 + _SEARCH_PX
    seen: list[tuple[float, float]] = []
    wanted: list[tuple[float, float]] = []
    asked = 0
    for x, y in np.round(points).astype(int):
        if not (reach <= x < size[0] - reach and reach <= y < size[1] - reach):
            continue
        patch = reference[y - half : y + half + 1, x - half : x + half + 1]
        window = flat[y - reach : y + reach + 1, x - reach : x + reach + 1]
        asked += 1
        likeness = cv2.matchTemplate(window, patch, cv2.TM_CCOEFF_NORMED)
        _, best, _, place = cv2.minMaxLoc(likeness)
        if best >= _ALIKE:
            wanted.append((float(x), float(y)))
            seen.append((x + place[0] - _SEARCH_PX, y + place[1] - _SEARCH_PX))
    if len(seen) < 8:
        return first, 0.0
    shift, inliers = cv2.findHomography(
        np.array(wanted, np.float32), np.array(seen, np.float32), cv2.RANSAC, 1.5
    )
    if shift is None:
        return first, 0.0
    return first @ np.asarray(shift, np.float64), float(inliers.sum()) / max(1, asked)
