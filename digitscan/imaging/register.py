"""Align a page with the reference image of a form: features, then patches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.bend import Bend, displace, fit_bend, unbend_page
from digitscan.imaging.feature_pairs import are_alike, match_features, match_near
from digitscan.imaging.page_features import FEATURES, Features, describe_page
from digitscan.records import Floats, Gray

_LARGER, _FINE_PX = 1.25, 1300
"""A page with so many times the longer side of the references may show a form as a part of a sheet:
where none is found it is looked at once more, finer. Of 40 cheques on A4 two were lost."""
_VOTERS = 200
_VOTED = 400
_VOTE_RATIO = 0.7
"""The strongest features of a page vote for references among the strongest of each: clear matches
only. Of 72 distorted pages of four forms 65 have the most votes for their own, 71 half as many."""
_CLOSE = 0.5
"""References with this share of the most votes are registered: forms that differ in little."""
_TRIED = 4
"""References that are registered with all features where none was found so, most votes first."""
_QUICK = 600
"""Features that are compared at first; distorted pages may need all."""
_NEAR_PX = 4.0
"""Reduced pixels by which features may miss each other: paper is not flat."""
_ROUGH_PX = 24.0
_ROUGHEST_PX = 40.0
"""Reduced pixels by which features may miss a turn, scale and shift, for mild perspective: at
first, and where that was not enough."""
_LEAST_INLIERS = 14
"""Features that agree by chance on pages of two forms: up to 9 on the cheques of three banks."""
_PATCH_PX = 21
_SEARCH_PX = 6
_PATCHES = 60
_ALIKE = 0.55
"""Correlation from which a patch of the page is that of the reference: scans differ in gray."""
_LEAST_SCORE = 0.4
"""The page shows the reference from this score: 15 pages of four forms, distorted in 14 ways, score
0.61 to 1.00 on their own reference and up to 0.27 on the others'."""
_SURE = 0.6
_EXACT_PX = 1.5
_ROUNDS_PX = (_EXACT_PX, 4.0, _EXACT_PX, _EXACT_PX)
"""Reduced pixels by which patches may miss the homography, round after round until it has this
score: the first one, of few features, may be some pixels off. Of 330 distorted pages 3 were lost
with two exact rounds, none since."""
_SMALL_PART, _MARGIN = 0.8, 0.03
"""A form that with this margin covers no more than this share of the page's longer side is
registered again, on its part: the page was reduced by a quarter more than it would have been."""
_FLAT, _FLATTER, _BENT_PX = 0.6, 0.05, 10.0
"""A page with a lower score may be bent, and is laid flat where that gains so much: flat cheques
and forms have 0.61 and more, bent by 0.6 % of their longer side 0.41 to 0.63, by 2.5 % none is
found; laid flat 0.53 to 1.00. Its features miss a homography by so many reduced pixels."""
_MOST_SCALE = 2.6
"""A page may have half or twice the resolution of the reference, and 15 % of another scale."""
_MOST_STRETCH = 1.35
"""Sides of the form that were equal may differ by this factor: mild perspective."""


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


@dataclass(frozen=True, slots=True)
class FoundForm:
    """Which of some references a page shows, and how.

    Attributes
    ----------
    place : int
        Of the reference.
    registration : Registration
        Takes the reference to `page`.
    page : ndarray of uint8, shape (H, W)
        As it was given, or laid flat.
    bend : Bend or None
        Takes `page` to the page as it was given; None where that is flat.
    """

    place: int
    registration: Registration
    page: Gray
    bend: Bend | None = None


def find_form(gray: Gray, references: Sequence[Features]) -> FoundForm | None:
    """Find which of some references a page shows, all of it or on a part of it, flat or bent.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    references : sequence of Features

    Returns
    -------
    FoundForm or None
        Of the reference with the best score; None where the page shows none of them.
    """
    page = describe_page(gray)
    found = find_reference(page, references)
    longest = max(max(one.small.shape) / one.scale for one in references)
    if found is None and max(gray.shape) >= _LARGER * longest:
        found = find_reference(describe_page(gray, _FINE_PX), references)
    if found is None or found[1].score < _FLAT:
        bent = _find_bent(gray, page, references, found)
        if bent is not None:
            return bent
    if found is None:
        return None
    return FoundForm(found[0], _register_part(gray, references[found[0]], found[1]), gray)


def _find_bent(
    gray: Gray,
    page: Features,
    references: Sequence[Features],
    found: tuple[int, Registration] | None,
) -> FoundForm | None:
    """Find a form on a page that is laid flat first; None where it fits no better so."""
    places = [found[0]] if found is not None else _order_by_votes(page, references)[1]
    bends = (_estimate_bend(page, references[place], gray.shape) for place in places)
    bend = max((one for one in bends if one), key=lambda one: one.support, default=None)
    if bend is None:
        return None
    flat = unbend_page(gray, bend)
    again = find_reference(describe_page(flat), references)
    least = _LEAST_SCORE if found is None else found[1].score + _FLATTER
    if again is None or again[1].score < least:
        return None
    return FoundForm(again[0], again[1], flat, bend)


def _estimate_bend(page: Features, reference: Features, shape: tuple[int, int]) -> Bend | None:
    """Estimate how the page is bent, by where its features are and would be in mild perspective."""
    pairs = match_features(page, reference, FEATURES, FEATURES)
    if len(pairs) < _LEAST_INLIERS:
        return None
    alike = are_alike(reference.points[pairs[:, 0]], page.points[pairs[:, 1]], _ROUGHEST_PX)
    source, target = reference.points[pairs[alike, 0]], page.points[pairs[alike, 1]]
    if len(source) < _LEAST_INLIERS:
        return None
    way, _ = cv2.findHomography(source, target, cv2.USAC_MAGSAC, _BENT_PX, maxIters=2000)
    if way is None:
        return None
    moved = cv2.perspectiveTransform(reference.points[:, np.newaxis], way)
    flat = np.asarray(moved[:, 0], np.float64)
    rough = fit_bend(flat[pairs[alike, 0]], target, shape, page.scale)
    if rough is None:
        return None
    # Where the features of the reference must be, each finds its own again: five times as many.
    near = match_near(page, reference, page.scale * displace(rough, flat / page.scale))
    return fit_bend(flat[near[:, 0]], page.points[near[:, 1]], shape, page.scale)


def find_reference(
    page: Features, references: Sequence[Features]
) -> tuple[int, Registration] | None:
    """Find which of some references a page shows, and how it lies there.

    The strongest features of the page vote for references, so that many take little more time
    than one.

    Parameters
    ----------
    page : Features
    references : sequence of Features

    Returns
    -------
    tuple of int and Registration, or None
        Place of the reference with the best score; None where the page shows none of them.
    """
    votes, order = _order_by_votes(page, references)
    close = [place for place in order if votes[place] >= _CLOSE * max(votes)]
    return (
        _register_some(page, references, close, _QUICK, _ROUGH_PX)
        or _register_some(page, references, order, FEATURES, _ROUGH_PX)
        or _register_some(page, references, order, FEATURES, _ROUGHEST_PX)
    )


def _order_by_votes(page: Features, references: Sequence[Features]) -> tuple[list[int], list[int]]:
    """Let the strongest features of a page vote for references; also name the first of these."""
    votes = [
        len(match_features(page, reference, _VOTERS, _VOTED, _VOTE_RATIO))
        for reference in references
    ]
    return votes, sorted(range(len(votes)), key=lambda place: -votes[place])[:_TRIED]


def _register_some(
    page: Features,
    references: Sequence[Features],
    places: Iterable[int],
    most: int,
    rough_px: float,
) -> tuple[int, Registration] | None:
    found = [
        (place, registration)
        for place in places
        if (registration := register_page(page, references[place], most, rough_px)) is not None
    ]
    return max(found, key=lambda one: one[1].score, default=None)


def register_page(
    page: Features, reference: Features, most: int = FEATURES, rough_px: float = _ROUGH_PX
) -> Registration | None:
    """Find where the reference lies on the page.

    Features give a first homography (RANSAC); patches of the reference, looked for near their place
    on the page, give the final one and the score. Writing on either hides some patches, so a filled
    form scores less than 1.

    Parameters
    ----------
    page, reference : Features
        Shifted, turned by quarters and up to 30 degrees more, scaled by 0.4 to 2.5, in mild
        perspective.
    most : int
        Features of each that are compared.
    rough_px : float
        Reduced pixels by which they may miss a turn, scale and shift.

    Returns
    -------
    Registration or None
        None where the page does not show the reference.
    """
    pairs = match_features(page, reference, most, most)
    if len(pairs) < _LEAST_INLIERS:
        return None
    pairs = pairs[are_alike(reference.points[pairs[:, 0]], page.points[pairs[:, 1]], rough_px)]
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
    # Features that were found first, then others where there are none: patches all over.
    agreeing = source[inliers.ravel() > 0]
    chosen = _spread(np.concatenate([agreeing, reference.points]), reference.small.shape)
    final, score = _settle(page.small, reference.small, first, chosen)
    if score < _LEAST_SCORE or not _is_likely(final, reference.small.shape):
        return None
    into = np.diag([reference.scale, reference.scale, 1.0])
    back = np.diag([1.0 / page.scale, 1.0 / page.scale, 1.0])
    to_page = back @ final @ into
    return Registration(to_page / to_page[2, 2], score)


def _register_part(gray: Gray, reference: Features, rough: Registration) -> Registration:
    """Register a form again, on its part of the page, where it covers little of that.

    Where it covers most of the page, or the part gives nothing, `rough` is returned.
    """
    height, width = (side / reference.scale for side in reference.small.shape)
    corners = np.array([[[0, 0]], [[width, 0]], [[width, height]], [[0, height]]], np.float64)
    placed = cv2.perspectiveTransform(corners, rough.to_page)[:, 0]
    margin = _MARGIN * float(np.ptp(placed, axis=0).max())
    left, top = np.maximum(0, np.floor(placed.min(axis=0) - margin)).astype(int)
    right, bottom = np.ceil(placed.max(axis=0) + margin).astype(int)
    part = gray[top:bottom, left:right]
    if max(part.shape) > _SMALL_PART * max(gray.shape):
        return rough
    found = register_page(describe_page(part), reference)
    if found is None:
        return rough
    shift = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
    return Registration(shift @ found.to_page, found.score)


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
    turned = np.arctan2(moved[1, 1] - moved[0, 1], moved[1, 0] - moved[0, 0])
    lean = abs(turned - np.pi / 2 * round(turned / (np.pi / 2)))
    return bool(
        scales.max() <= _MOST_SCALE
        and scales.min() >= 1.0 / _MOST_SCALE
        and scales.max() / scales.min() <= _MOST_STRETCH
        and lean < np.deg2rad(30)
        and cv2.contourArea(moved.astype(np.float32), oriented=True) > 0
    )


def _spread(points: Floats, shape: tuple[int, ...]) -> Floats:
    """Choose points all over the image: the first of each field of a grid, up to `_PATCHES`."""
    cell = max(8.0, float(np.sqrt(shape[0] * shape[1] / _PATCHES)))
    fields = (points // cell).astype(int)
    _, first = np.unique(fields[:, 0] * 1000 + fields[:, 1], return_index=True)
    return np.asarray(points[np.sort(first)], np.float32)


def _settle(
    page: Gray, reference: Gray, first: npt.NDArray[np.float64], points: Floats
) -> tuple[npt.NDArray[np.float64], float]:
    """Refine a homography round after round, until it is sure."""
    final, score = first, 0.0
    for near_px in _ROUNDS_PX:
        final, score = _refine(page, reference, final, points, near_px)
        if near_px == _EXACT_PX and score >= _SURE:
            break
    return final, score


def _refine(
    page: Gray,
    reference: Gray,
    first: npt.NDArray[np.float64],
    points: Floats,
    near_px: float,
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
        np.array(wanted, np.float32), np.array(seen, np.float32), cv2.RANSAC, near_px
    )
    if shift is None:
        return first, 0.0
    return first @ np.asarray(shift, np.float64), float(inliers.sum()) / max(1, asked)
