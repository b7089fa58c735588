"""Lines of writing -> the stretches of them that may be numbers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitscan.imaging.geometry import find_median
from digitscan.imaging.regions import Lines
from digitscan.records import Box, Floats
from digitscan.settings import RegionSettings

TAIL_GAP = 1.0
"""Dots, commas and dashes this many digit heights beside a number belong to it."""

LEAST_DIGITS = 3
"""One in so many components of a stretch is surely a digit: of an amount such as 12,00,000 writers
join the zeros, and only the first digits stand alone."""

LEAST_PARTED = 5
"""The same where two commas part them: of one 1,70,00,000 the first digit alone stood apart."""

MOST_DOUBTED = 2
"""Components of a stretch, half as high as its digits and not wide enough to be joined ones, that
are no sure digits: a slash and a long comma are such. Words that hold letters like digits have
more of them than half as many: of 40 cheques a sixth of the words went, the long ones, and no
field."""

DOUBTFUL, DOUBTFUL_GAP = 2, 0.7
"""So many components between digits may be called no digit and yet be digits, where they stand
within so many digit heights: an amount 51,83,000 whose 8 is open and whose 3 leans."""
HANGING = 1.6
"""How much higher than the highest digit one with a comma on it is: without the 0 of one
1,058,710.59 its 1 was lost as well."""
LEAST_BESIDE = 3
"""Digits beside a doubtful component that begins or ends a line."""
BRIDGE_GAP = 2.5
"""Two stretches with a comma between them are one number if they are not more digit heights apart:
an amount `5 10, 00, 000` was found in three parts, 1.7 heights apart."""

LONE_WIDTH = 0.35
"""A lone component narrower than this share of its height is a stroke: of 40 cheques some 50 were
looked at, edges of the scan and parts of drawings, and none was a 1."""

WEAK_SHARE, WEAK_GAP = 0.15, 1.2
"""A component beside a digit of its height, within so many digit heights, needs this probability
only: the last 1 of a stamped account number, tied to a smear, had 0.5."""


COMMA_RISE = 0.2
"""How far above the middle of its line a comma may begin, in digit heights: hooked ones reach so
high."""


MARK, DIGIT, BLOB, OTHER = range(4)
"""What a single component of a line looks like. No enum: numpy compares with a member of one in
5 us more than with a plain number, some 300 times a page."""


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


def drop_strays(lines: Lines) -> Lines:
    """Leave out components that stand alone and by their shape are no digit, before any is named.

    Of 225 components of a cheque 18 need not be shown to a network.

    Parameters
    ----------
    lines : Lines

    Returns
    -------
    Lines
        The components of `lines`; none of its lines is a stroke of a drawing or a speck.
    """
    usual = _usual_height(lines)
    widths, heights = lines.parts.widths, lines.parts.heights
    kept = (
        line
        for line in lines.lines
        if len(line) > 1 or not _is_stroke(widths[line[0]], heights[line[0]], usual)
    )
    return Lines(lines.parts, tuple(kept))


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
        least = settings.digit_share if len(line) > 1 else settings.lone_share
        if not (digit_share[line] >= least).any():
            continue
        boxes = lines.parts.boxes[line]
        kinds = _judge(boxes, digit_share[line], settings)
        for first, last in _find_runs(kinds != OTHER):
            run = slice(first, last)
            stretch = _trim(line[run], kinds[run], boxes[run], settings)
            if (
                stretch is not None
                and not _is_inside_word(boxes, kinds, first, last, stretch, settings)
                and not _is_stray(stretch, digit_share, usual, settings)
            ):
                found.append(stretch)
    found = _bridge_commas(found, lines.parts.boxes)
    return tuple(sorted(found, key=lambda one: (one.box.top, one.box.left)))


def _bridge_commas(found: list[Stretch], boxes: npt.NDArray[np.int32]) -> list[Stretch]:
    """Join stretches that a comma stands between: writers leave room around it."""
    joined: list[Stretch] = []
    for stretch in sorted(found, key=lambda one: one.box.left):
        for place, before in enumerate(joined):
            between = _find_commas(before, stretch, boxes)
            if between.size:
                members = np.unique(np.concatenate([before.members, between, stretch.members]))
                members = members[np.argsort(boxes[members, 0], kind="stable")]
                tallest = max(before.height, stretch.height)
                joined[place] = enclose(members, boxes[members], tallest)
                break
        else:
            joined.append(stretch)
    # A comma alone was taken for a 1 where its stretch stands in a joined one.
    whole = [set(one.members.tolist()) for one in joined]
    return [
        one
        for k, one in enumerate(joined)
        if not any(j != k and whole[k] < other for j, other in enumerate(whole))
    ]


def _find_commas(
    before: Stretch, after: Stretch, boxes: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """Return the components between two stretches on a line if they are commas; else none."""
    height = max(before.height, after.height)
    gap = after.box.left - before.box.right
    level = min(before.box.bottom, after.box.bottom) - max(before.box.top, after.box.top)
    nothing = np.zeros(0, np.int64)
    if not 0 < gap < BRIDGE_GAP * height or level < 0.5 * min(before.height, after.height):
        return nothing
    if len(before.members) < 2 or len(after.members) < 2:
        return nothing
    top, bottom = min(before.box.top, after.box.top), max(before.box.bottom, after.box.bottom)
    middle = boxes[:, :2] + boxes[:, 2:]
    inside = (
        (middle[:, 0] > 2 * before.box.right)
        & (middle[:, 0] < 2 * after.box.left)
        & (boxes[:, 3] > top)
        & (boxes[:, 1] < bottom + 0.5 * height)
    )
    between = np.flatnonzero(inside)
    low = middle[between, 1] > top + bottom
    small = (boxes[between, 3] - boxes[between, 1]) < height
    return between if between.size and (low & small).all() else nothing


def enclose(members: npt.NDArray[np.int64], boxes: npt.NDArray[np.int32], height: float) -> Stretch:
    """Put components into a stretch.

    Parameters
    ----------
    members : ndarray of int
        Indexes of the components.
    boxes : ndarray of int32, shape (N, 4)
        left, top, right, bottom of each.
    height : float
        Of the digits, in pixels.

    Returns
    -------
    Stretch
    """
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    return Stretch(members, Box(left, top, right, bottom), height)


def _usual_height(lines: Lines) -> float:
    """Return the median height of the components on lines of three or more, in pixels."""
    heights = [lines.parts.heights[line] for line in lines.lines if len(line) >= 3]
    return find_median(np.concatenate(heights)) if heights else 0.0


def _is_stray(
    stretch: Stretch, digit_share: Floats, usual: float, settings: RegionSettings
) -> bool:
    """Say whether a lone component is a stroke of a drawing or a speck rather than a digit."""
    if len(stretch.members) > 1:
        return False
    width = stretch.box.right - stretch.box.left
    return bool(
        digit_share[stretch.members[0]] < settings.lone_share
        or _is_stroke(width, stretch.height, usual)
    )


def _is_stroke(width: float, height: float, usual: float) -> bool:
    """Say whether what stands alone is too low for a digit of this page, or too narrow."""
    return bool(height < 0.8 * usual or width < LONE_WIDTH * height)


def _judge(
    boxes: npt.NDArray[np.int32], share: Floats, settings: RegionSettings
) -> npt.NDArray[np.int8]:
    """Name the kind of each component of one line."""
    heights = boxes[:, 3] - boxes[:, 1]
    widths = boxes[:, 2] - boxes[:, 0]
    asked = ~np.isnan(share)
    tall = find_median(heights[asked]) if asked.any() else 1.0
    kinds = np.full(len(boxes), OTHER, np.int8)
    kinds[share >= settings.digit_share] = DIGIT
    # Joined digits are wide and no single digit: the lattice will tell.
    wide = (widths > settings.blob * heights) & (heights > 0.6 * tall)
    kinds[wide & (kinds == OTHER)] = BLOB
    kinds[~asked | (np.maximum(heights, widths) < 0.4 * tall)] = MARK
    # A dash, or the stroke of a tail: low and no digit.
    kinds[(heights < 0.45 * tall) & (kinds != DIGIT)] = MARK
    # A long comma hangs from the lower half of the line; a slash is far higher than wide.
    middle = find_median((boxes[:, 1] + boxes[:, 3])[heights >= 0.6 * tall]) / 2
    hangs = boxes[:, 1] > middle - COMMA_RISE * tall
    leans = widths < 0.45 * heights
    kinds[(hangs | leans) & (kinds == OTHER)] = MARK
    return _spare_doubtful(boxes, _follow_digits(boxes, share, kinds))


def _follow_digits(
    boxes: npt.NDArray[np.int32], share: Floats, kinds: npt.NDArray[np.int8]
) -> npt.NDArray[np.int8]:
    """Let a component that may be a digit be one beside a digit of its height.

    Two thresholds, as in Canny's edge detector: what is sure carries on into what is not.
    """
    sure = kinds == DIGIT
    weak = (kinds == OTHER) & (share >= WEAK_SHARE)
    if not weak.any() or not sure.any():
        return kinds
    heights = boxes[:, 3] - boxes[:, 1]
    tall = find_median(heights[sure])
    # Zeros are often written small: the tallest digit bounds what may be one.
    alike = (heights > 0.8 * tall) & (heights < 1.2 * heights[sure].max())
    for index in np.flatnonzero(weak & alike):
        before, after = np.flatnonzero(sure[:index]), np.flatnonzero(sure[index + 1 :])
        gaps = [boxes[index, 0] - boxes[before[-1], 2]] if before.size else []
        gaps += [boxes[index + 1 + after[0], 0] - boxes[index, 2]] if after.size else []
        if min(gaps) < WEAK_GAP * tall:
            kinds[index] = BLOB
    return kinds


def _spare_doubtful(
    boxes: npt.NDArray[np.int32], kinds: npt.NDArray[np.int8]
) -> npt.NDArray[np.int8]:
    """Take one or two doubtful components between digits for digits that are written badly.

    They are as high as the digits and stand as close as digits do. At an end of a line one is
    believed beside some digits.
    """
    sure = kinds == DIGIT
    doubtful = [run for run in _find_runs(kinds == OTHER) if run[1] - run[0] <= DOUBTFUL]
    if not doubtful or not sure.any():
        return kinds
    heights = boxes[:, 3] - boxes[:, 1]
    tall, tallest = find_median(heights[sure]), int(heights[sure].max())
    narrow = boxes[:, 2] - boxes[:, 0] < 1.3 * tall
    # A comma that hangs on a digit makes it higher.
    hanging = narrow & (heights > 0.7 * tall) & (heights < HANGING * tallest)
    like_digits = hanging & (heights < 1.2 * tallest)
    for first, last in doubtful:
        if not (hanging[first] if last - first == 1 else like_digits[first:last].all()):
            continue
        before, after = kinds[:first], kinds[last:]
        before, after = before[before != MARK], after[after != MARK]
        if not before.size or not after.size:
            # The first digits of an amount or the last ones of a date may touch. In front there
            # are currency signs as well: there every digit beside must be sure.
            at = first if before.size else last
            beside = before[-LEAST_BESIDE:] if before.size else after[:LEAST_BESIDE]
            enough = np.count_nonzero(beside == DIGIT) >= LEAST_BESIDE - bool(before.size)
            near = boxes[at, 0] - boxes[at - 1, 2] < DOUBTFUL_GAP * tall
            if last - first == 1 and near and beside.size == LEAST_BESIDE and enough:
                kinds[first] = BLOB
            continue
        gaps = boxes[first : last + 1, 0] - boxes[first - 1 : last, 2]
        between = before[-1] != OTHER and after[0] != OTHER
        if between and gaps.max() < DOUBTFUL_GAP * tall:
            kinds[first:last] = BLOB
    return kinds


def _find_runs(good: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and one past last of each run of True."""
    flags = good.tolist()
    before, after = [False, *flags], [*flags, False]
    edges = [k for k, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _trim(
    members: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int8],
    boxes: npt.NDArray[np.int32],
    settings: RegionSettings,
) -> Stretch | None:
    """Take far marks off the ends; None where too little of the rest is digits."""
    digits = np.count_nonzero(kinds == DIGIT)
    if digits == 0:
        return None
    solid = np.count_nonzero(kinds != MARK)
    least = LEAST_DIGITS
    if digits * least < solid and _count_commas(kinds, boxes) >= 2:
        least = LEAST_PARTED
    if digits * least < solid:
        return None
    heights = boxes[:, 3] - boxes[:, 1]
    height = find_median(heights[kinds == DIGIT])
    slim = boxes[:, 2] - boxes[:, 0] <= settings.blob * heights
    doubted = np.count_nonzero((kinds != DIGIT) & slim & (heights > 0.5 * height))
    if doubted > max(MOST_DOUBTED, int(digits) // 2):
        return None
    # Specks under the line are left of a printed rule.
    floor = find_median(boxes[kinds == DIGIT, 3]) + 0.15 * height
    kept = (boxes[:, 1] < floor) | (heights > 0.2 * height)
    members, kinds, boxes = members[kept], kinds[kept], boxes[kept]
    inner = np.flatnonzero(kinds != MARK)
    # The dash of a tail `/-` stays: without it the slash is a 1.
    first, last = int(inner[0]), int(inner[-1])
    while first > 0 and boxes[first, 0] - boxes[first - 1, 2] < TAIL_GAP * height:
        first -= 1
    while last + 1 < len(boxes) and boxes[last + 1, 0] - boxes[last, 2] < TAIL_GAP * height:
        last += 1
    return enclose(members[first : last + 1], boxes[first : last + 1], height)


def _count_commas(kinds: npt.NDArray[np.int8], boxes: npt.NDArray[np.int32]) -> int:
    """Count the marks between the first and the last solid component that stand low."""
    solid = np.flatnonzero(kinds != MARK)
    middles = boxes[:, 1] + boxes[:, 3]
    between = slice(int(solid[0]), int(solid[-1]))
    low = middles[between] > find_median(middles[solid])
    return int(np.count_nonzero(low & (kinds[between] == MARK)))


def _is_inside_word(
    boxes: npt.NDArray[np.int32],
    kinds: npt.NDArray[np.int8],
    first: int,
    last: int,
    stretch: Stretch,
    settings: RegionSettings,
) -> bool:
    """Say whether letters stand so close on a side that the stretch is part of a word."""
    # Joined digits are digits as well, where one stands alone beside them.
    run = kinds[first:last]
    digits = int(np.count_nonzero((run == DIGIT) | (run == BLOB)))
    near = settings.word_gap * stretch.height
    glued = 0
    if first > 0 and kinds[first - 1] == OTHER:
        glued += int(stretch.box.left - boxes[first - 1, 2] < near)
    if last < len(kinds) and kinds[last] == OTHER:
        glued += int(boxes[last, 0] - stretch.box.right < near)
    # A letter or two of a word often look like digits (O, l, S, Z); four in a row do not.
    return glued > 0 and digits < 4
