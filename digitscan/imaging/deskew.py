"""Measure how far a page leans from the horizontal."""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Floats, Mask

Reals = npt.NDArray[np.float64]

STRIPS = 32
LAGS = (2,), (8,), (6, 11, 16, 21, 26)
"""A page is compared with itself between so many strips of it, at these distances, each step
refining what the one before said. Over two strips lines of handwriting tell their slope better than
over one or four. Of several distances the labels at the left of a form and the boxes at its right
agree by chance at one at most. The skew of forms and cheques is told within 0.02 degrees, of
handwriting without a rule within 0.35, where straight lines through the feet of characters erred by
0.15 and 1.1."""
BENT, STEEPEST_BEND, HALF_LAG, LEAST_INK = 0.024, 0.05, 6, 0.25
"""The halves of a page whose middle is raised or sunken lean against each other, by more than the
first of these slopes together, 1.4 degrees; then it is left as it lies. That is looked for up to
the second slope, at this distance, where one half has so much of the other's ink. On cheques bent
by 1 % of their length 134 of 150 values are found, 116 where the slope of most of the page
counts."""
REACH_PX, STEP_PX = 4.0, 0.1
"""How far from what is known a slope is looked for, over the greatest distance, and how closely."""
STEEPEST = 0.18
"""Greatest slope: 10.2 degrees. Steeper, one line of small print is taken for the next."""
SMOOTH_PX = 15
"""Blots and pictures, higher than so many pixels of the reduced page, tell nothing."""


def estimate_skew_deg(mask: Mask) -> float:
    """Estimate the skew of a page by its ink: lines of writing, rules, whatever runs across it.

    The page is cut into upright strips, and the ink in each row of each strip counted; the skew is
    what moves the rows of the strips onto one another (projection profiles, Postl 1986, compared
    between strips as in Akiyama and Hagita 1990).

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink of a page.

    Returns
    -------
    float
        Degrees from -10 to 10, positive counter-clockwise as the eye sees the page; 0.0 for a page
        that tells nothing, or that is bent.

    Examples
    --------
    >>> page = np.zeros((400, 640), bool)
    >>> for column in range(640):
    ...     page[100 + column // 20 : 300 + column // 20 : 40, column] = True
    >>> round(estimate_skew_deg(page), 1)
    -2.9
    """
    wide = mask.shape[1] // STRIPS
    if wide == 0:
        return 0.0
    strips = _count_rows(mask, wide)
    slope, reach_px = 0.0, STEEPEST * LAGS[0][-1] * wide
    for lags in LAGS[:-1]:
        slope = _refine(strips, wide, slope, lags, reach_px)
        reach_px = REACH_PX
    low, high = sorted(_compare_halves(strips, wide, slope))
    if low < 0 < high and high - low > BENT:
        slope = 0.0
    else:
        slope = _refine(strips, wide, slope, LAGS[-1], reach_px)
    # Rows grow downwards: a line that climbs to the right has a negative slope.
    return float(-np.degrees(np.arctan(slope))) + 0.0


def _count_rows(mask: Mask, wide: int) -> Floats:
    """Return the ink of each row of each strip, (STRIPS, H), less that of the rows around it."""
    # Strips of a turned page lie in memory as one, which is four times as quick.
    turned = cv2.transpose(np.ascontiguousarray(mask).view(np.uint8))
    counts = np.concatenate(
        [
            cv2.reduce(turned[first : first + wide], 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)
            for first in range(0, STRIPS * wide, wide)
        ]
    )
    return np.asarray(counts - cv2.blur(counts, (SMOOTH_PX, 1)), np.float32)


def _compare_halves(strips: Floats, wide: int, slope: float) -> tuple[float, float]:
    """Return the slopes of the left and the right half of a page; one without ink tells nothing."""
    left, right = strips[: STRIPS // 2], strips[STRIPS // 2 :]
    inked = sorted(float(np.vdot(half, half)) for half in (left, right))
    if inked[0] < LEAST_INK * inked[1]:
        return slope, slope
    reach_px = STEEPEST_BEND * HALF_LAG * wide
    first, second = (_refine(half, wide, slope, (HALF_LAG,), reach_px) for half in (left, right))
    return first, second


def _refine(
    strips: Floats, wide: int, slope: float, lags: tuple[int, ...], reach_px: float
) -> float:
    """Return the slope, near a known one, by which strips some distances apart are most alike."""
    count = int(reach_px / STEP_PX)
    slopes = slope + STEP_PX * np.arange(-count, count + 1) / (lags[-1] * wide)
    alike = np.zeros(len(slopes))
    for lag in lags:
        places = slopes * (lag * wide)
        # Two more on either side, between which to interpolate.
        first, last = int(np.floor(places[0])) - 2, int(np.ceil(places[-1])) + 2
        whole = [_compare(strips, lag, shift) for shift in range(first, last + 1)]
        alike += _interpolate(np.array(whole), places - first)
    return float(slopes[np.argmax(alike)]) if alike.max() > 0 else slope


def _compare(strips: Floats, lag: int, shift: int) -> float:
    """Return how alike strips `lag` apart are when the later ones are moved up by `shift` rows."""
    up, down = max(0, -shift), max(0, shift)
    rows = max(0, strips.shape[1] - up - down)
    one, other = strips[:-lag, up : up + rows], strips[lag:, down : down + rows]
    return float(np.einsum("ij,ij->", one, other))


def _interpolate(values: Reals, places: Reals) -> Reals:
    """Return values between those at 0, 1, 2, ..., by cubic convolution (Keys 1981)."""
    first = np.clip(places.astype(np.intp), 1, len(values) - 3)
    t = places - first
    weights = (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
    return np.asarray(sum(w * values[first + k - 1] for k, w in enumerate(weights)), np.float64)
