"""Stretches of a line -> whole numbers, where digits are written one to a box that is not seen."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from digitscan.imaging.geometry import find_median, measure_beside
from digitscan.imaging.numbers import Stretch, enclose
from digitscan.records import Floats

TALL = 0.6
"""What is as high, in digit heights, is a digit or two; commas are lower."""
LEAST_DIGITS = 3
"""So many digits show how far apart they are written."""
SPACED = 0.5
"""Digits with so much paper between them, in their heights, are written one to a box or a dash; of
38 amounts of cheques six have 0.35, two so much."""
NEXT = 1.45
"""The next digit stands so many pitches from the last one at most: within its box it moves by a
fifth of the pitch, and the next but one stands two away. Of 240 drawn numbers without boxes or on
dashes 229 instead of 216 are found with it, and of the rows accepted 3 instead of 17 are wrong."""
BROAD = 0.2
"""What is narrower, in its heights, is the wall of a box or a tick between two, or a bare stroke,
which is looked for by itself (`strokes_beside`)."""
LEAST_SHARE = 0.05
"""What is less probably a digit is the currency sign before an amount, of which the digits stand as
wide as in boxes now and then."""
ALIKE = 1.5
"""Digits of one number are as high within this factor."""


def join_spaced(stretches: Sequence[Stretch], boxes: npt.NDArray[np.int32]) -> tuple[Stretch, ...]:
    """Join stretches whose digits stand as far from each other as among themselves.

    Digits in boxes of a color that the scanner drops, or on dashes, are so far apart that a line
    of them ends where one stands a little farther off: a part of the number would be a number.

    Parameters
    ----------
    stretches : sequence of Stretch
    boxes : ndarray of int32, shape (N, 4)
        left, top, right, bottom of the components that the stretches are made of.

    Returns
    -------
    tuple of Stretch
        In reading order.

    Examples
    --------
    >>> from digitscan.records import Box
    >>> boxes = np.array([[x, 10, x + 12, 30] for x in (10, 40, 70, 104)], np.int32)
    >>> three = Stretch(np.array([0, 1, 2]), Box(10, 10, 82, 30), 20.0)
    >>> one = Stretch(np.array([3]), Box(104, 10, 116, 30), 20.0)
    >>> [whole.members.tolist() for whole in join_spaced((three, one), boxes)]
    [[0, 1, 2, 3]]
    """
    joined: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda one: one.box.left):
        for place, before in enumerate(joined):
            if _goes_on(before, stretch, boxes):
                members = np.concatenate([before.members, stretch.members])
                tallest = max(before.height, stretch.height)
                joined[place] = enclose(members, boxes[members], tallest)
                break
        else:
            joined.append(stretch)
    return tuple(sorted(joined, key=lambda one: (one.box.top, one.box.left)))


def _goes_on(before: Stretch, after: Stretch, boxes: npt.NDArray[np.int32]) -> bool:
    """Say whether a stretch on the right stands where the next digit of the other one would."""
    low, high = sorted((before.height, after.height))
    level = min(before.box.bottom, after.box.bottom) - max(before.box.top, after.box.top)
    if high > ALIKE * low or level < 0.5 * low:
        return False
    digits = [_find_digits(one, boxes) for one in (before, after)]
    distance = _find_middles(digits[1])[:1] - _find_middles(digits[0])[-1:]
    pitches = [_measure_pitch(one, high) for one in digits]
    known = [pitch for pitch in pitches if pitch is not None]
    # A longer number next to this one would show its own pitch.
    if not known or any(len(one) >= LEAST_DIGITS for one in digits if _is_close(one, high)):
        return False
    return bool(distance.size and 0 < distance[0] <= NEXT * min(known))


def is_followed(stretch: Stretch, boxes: npt.NDArray[np.int32], digit_share: Floats) -> bool:
    """Say whether ink that may be a digit stands where the next one of a spaced number would.

    Parameters
    ----------
    stretch : Stretch
    boxes : ndarray of int32, shape (N, 4)
        left, top, right, bottom of all components of the page, rules left out.
    digit_share : ndarray of float32, shape (N,)
        For each of them the probability that it is a digit; NaN where that is not known.

    Returns
    -------
    bool
        False also where digits are not set wide, and what is next may be a word.

    Examples
    --------
    >>> from digitscan.records import Box
    >>> boxes = np.array([[x, 10, x + 12, 30] for x in (10, 40, 70, 102)], np.int32)
    >>> three = Stretch(np.array([0, 1, 2]), Box(10, 10, 82, 30), 20.0)
    >>> unknown = np.full(4, np.nan, np.float32)
    >>> is_followed(three, boxes, unknown), is_followed(three, boxes[:3], unknown[:3])
    (True, False)
    """
    digits = _find_digits(stretch, boxes)
    pitch = _measure_pitch(digits, stretch.height)
    if pitch is None:
        return False
    others = np.delete(boxes, stretch.members, axis=0)
    high = others[:, 3] - others[:, 1]
    level, _ = measure_beside(stretch.box, others)
    near = (high >= TALL * stretch.height) & (level >= TALL * stretch.height)
    near &= others[:, 2] - others[:, 0] >= BROAD * high
    near &= ~(np.delete(digit_share, stretch.members) < LEAST_SHARE)
    middles, ends = _find_middles(others), _find_middles(digits)[[0, -1]]
    beside = (middles < ends[0]) & (ends[0] - middles <= NEXT * pitch)
    beside |= (middles > ends[1]) & (middles - ends[1] <= NEXT * pitch)
    return bool((near & beside).any())


def _find_digits(stretch: Stretch, boxes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the boxes of a stretch that are as high as digits, left to right."""
    own = boxes[stretch.members]
    own = own[own[:, 3] - own[:, 1] >= TALL * stretch.height]
    return own[np.argsort(own[:, 0], kind="stable")]


def _find_middles(digits: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    return np.asarray((digits[:, 0] + digits[:, 2]) / 2, np.float64)


def _measure_pitch(digits: npt.NDArray[np.int32], height: float) -> float | None:
    """Return how far apart digits stand, None where they are few or not set wide."""
    if len(digits) < LEAST_DIGITS or _is_close(digits, height):
        return None
    return find_median(np.diff(_find_middles(digits)))


def _is_close(digits: npt.NDArray[np.int32], height: float) -> bool:
    """Say whether digits stand as close as in writing."""
    gaps = digits[1:, 0] - digits[:-1, 2]
    return gaps.size > 0 and find_median(gaps) < SPACED * height
