"""Measure how far a page leans from the horizontal."""

import cv2
import numpy as np

from digitscan.records import Floats, Mask

STRIPS, LAGS = 32, (2, 8, 24)
"""A page is compared with itself between so many strips of it, at these distances one after the
other, each refining what the last one said. Over two strips lines of handwriting tell their slope
better than over one or four: within 0.3 degrees on sheets without a rule, where straight lines
through the feet of the digits erred by 1.1. Rules tell it within 0.02, print within 0.05."""
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
        that tells nothing.

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
    slope, doubt = 0.0, STEEPEST
    for lag in LAGS:
        run = lag * wide
        nearest, reach = round(slope * run), int(np.ceil(doubt * run))
        # Of equal ones the first counts, that nearest to what is known.
        shifts = sorted(range(nearest - reach, nearest + reach + 1), key=lambda k: abs(k - nearest))
        alike = {shift: _compare(strips[:-lag], strips[lag:], shift) for shift in shifts}
        best = max(shifts, key=lambda shift: alike[shift])
        slope = (best + _find_peak(*(alike.get(best + k) for k in (-1, 0, 1)))) / run
        doubt = 1.0 / run
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


def _compare(one: Floats, other: Floats, shift: int) -> float:
    """Return how alike strips are when the second ones are moved up by `shift` rows."""
    up, down = max(0, -shift), max(0, shift)
    rows = max(0, one.shape[1] - up - down)
    return float(np.einsum("ij,ij->", one[:, up : up + rows], other[:, down : down + rows]))


def _find_peak(before: float | None, at: float | None, after: float | None) -> float:
    """Return how far from the middle one of three values a parabola through them is highest."""
    if before is None or at is None or after is None:
        return 0.0
    bend = before - 2 * at + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
