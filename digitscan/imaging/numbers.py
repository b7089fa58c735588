"""Lines of writing -> the stretches of them that may be numbers."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from digitscan.imaging.regions import Lines
from digitscan.records import Box, Floats
from digitscan.settings import RegionSettings

TAIL_GAP = 1.0
"""Dots, commas and dashes this many digit heights beside a number belong to it."""


class Kind(IntEnum):
    """What a single component of a line looks like."""

    MARK = 0
    DIGIT = 1
    BLOB = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighboring components of one line that may be a number.

    Attributes
    ----------
    members : ndarray of int
        Indexes of the components, left to right.
    box : Box
        Around them, in pixels of the reduced page.
    height : float
        Median height of its digits in pixels of the reduced page.
    """

    members: npt.NDArray[np.int64]
    box: Box
    height: float


def find_numbers(
    lines: Lines, digit_share: Floats, settings: RegionSettings = RegionSettings()
) -> tuple[Stretch, ...]:
    """Find the stretches of a page's lines that may be numbers.

    Parameters
    ----------
    lines : Lines
    digit_share : ndarray of float32, shape (N,)
        For each component of `lines.parts` the network's probability that it is a digit;
        NaN where it was not asked (marks).
    settings : RegionSettings

    Returns
    -------
    tuple of Stretch
        In reading order: from top to bottom, then left to right.
    """
    found: list[Stretch] = []
    usual = _usual_height(lines)
    for line in lines.lines:
        if not (digit_share[line] >= settings.digit_share).any():
            continue
        boxes = lines.parts.boxes[line]
        kinds = _judge(boxes, digit_share[line], settings)
        for first, last in _runs(kinds):
            stretch = _trim(line[first:last], kinds[first:last], boxes[first:last])
            if (
                stretch is not None
                and not _is_inside_word(boxes, kinds, first, last, stretch, settings)
                and not _is_stray(stretch, digit_share, usual, settings)
            ):
                found.append(stretch)
    return tuple(sorted(found, key=lambda one: (one.box.top, one.box.left)))


def _usual_height(lines: Lines) -> float:
    """Return the median height of the components on lines of three or more, in pixels."""
    heights = [lines.parts.heights[line] for line in lines.lines if len(line) >= 3]
    return float(np.median(np.concatenate(heights))) if heights else 0.0


def _is_stray(
    stretch: Stretch, digit_share: Floats, usual: float, settings: RegionSettings
) -> bool:
    """Say whether a lone component is a stroke of a drawing or a speck rather than a digit."""
    if len(stretch.members) > 1:
        return False
    return bool(
        digit_share[stretch.members[0]] < settings.lone_share or stretch.height < 0.8 * usual
    )


def _judge(
    boxes: npt.NDArray[np.int32], share: Floats, settings: RegionSettings
) -> npt.NDArray[np.int8]:
    """Name the kind of each component of one line."""
    heights = boxes[:, 3] - boxes[:, 1]
    widths = boxes[:, 2] - boxes[:, 0]
    tall = float(np.median(heights[~np.isnan(share)])) if (~np.isnan(share)).any() else 1.0
    kinds = np.full(len(boxes), Kind.OTHER, np.int8)
    kinds[share >= settings.digit_share] = Kind.DIGIT
    # Joined digits are wide and no single digit: the lattice will tell.
    wide = (widths > settings.blob * heights) & (heights > 0.6 * tall)
    kinds[wide & (kinds == Kind.OTHER)] = Kind.BLOB
    kinds[np.isnan(share) | (np.maximum(heights, widths) < 0.4 * tall)] = Kind.MARK
    # A dash, or the stroke of a tail: low and no digit.
    kinds[(heights < 0.45 * tall) & (kinds != Kind.DIGIT)] = Kind.MARK
    # A long comma hangs from the lower half of the line; a slash is far higher than wide.
    middle = float(np.median((boxes[:, 1] + boxes[:, 3])[heights >= 0.6 * tall])) / 2
    hangs = boxes[:, 1] > middle - 0.1 * tall
    leans = widths < 0.45 * heights
    kinds[(hangs | leans) & (kinds == Kind.OTHER)] = Kind.MARK
    # One doubtful component between two digits of its height is a digit written badly.
    for index in range(1, len(boxes) - 1):
        around = kinds[index - 1] == Kind.DIGIT and kinds[index + 1] == Kind.DIGIT
        if kinds[index] == Kind.OTHER and around:
            kinds[index] = Kind.BLOB
    return kinds


def _runs(kinds: npt.NDArray[np.int8]) -> list[tuple[int, int]]:
    """Return the longest runs without a component that is certainly no digit."""
    good = np.concatenate([[False], kinds != Kind.OTHER, [False]])
    edges = np.flatnonzero(np.diff(good.astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _trim(
    members: npt.NDArray[np.int64], kinds: npt.NDArray[np.int8], boxes: npt.NDArray[np.int32]
) -> Stretch | None:
    """Take far marks off the ends; None where too little of the rest is digits."""
    solid = np.flatnonzero(kinds != Kind.MARK)
    digits = np.count_nonzero(kinds == Kind.DIGIT)
    if solid.size == 0 or digits == 0 or digits * 2 < solid.size:
        return None
    height = float(np.median((boxes[:, 3] - boxes[:, 1])[kinds == Kind.DIGIT]))
    # The dash of a tail `/-` stays: without it the slash is a 1.
    first, last = int(solid[0]), int(solid[-1])
    while first > 0 and boxes[first, 0] - boxes[first - 1, 2] < TAIL_GAP * height:
        first -= 1
    while last + 1 < len(boxes) and boxes[last + 1, 0] - boxes[last, 2] < TAIL_GAP * height:
        last += 1
    inner = boxes[first : last + 1]
    left, top = inner[:, :2].min(axis=0).tolist()
    right, bottom = inner[:, 2:].max(axis=0).tolist()
    return Stretch(members[first : last + 1], Box(left, top, right, bottom), height)


def _is_inside_word(
    boxes: npt.NDArray[np.int32],
    kinds: npt.NDArray[np.int8],
    first: int,
    last: int,
    stretch: Stretch,
    settings: RegionSettings,
) -> bool:
    """Say whether letters stand so close on a side that the stretch is part of a word."""
    digits = int(np.count_nonzero(kinds[first:last] == Kind.DIGIT))
    near = settings.word_gap * stretch.height
    glued = 0
    if first > 0 and kinds[first - 1] == Kind.OTHER:
        glued += int(stretch.box.left - boxes[first - 1, 2] < near)
    if last < len(kinds) and kinds[last] == Kind.OTHER:
        glued += int(boxes[last, 0] - stretch.box.right < near)
    # A letter or two of a word often look like digits (O, l, S, Z); four in a row do not.
    return glued > 0 and digits < 4
