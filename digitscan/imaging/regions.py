"""Components -> lines of writing -> regions that may hold a number."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import Components, drop_components, find_components
from digitscan.imaging.geometry import find_median, find_runs, measure_beside
from digitscan.imaging.ruling import find_broad_rules, find_rules
from digitscan.records import Box, Mask
from digitscan.settings import RegionSettings

USUAL_PX, RULE = 16.0, 3.0
"""Height of small handwritten digits on the reduced page; a rule is longer than so many of them."""
_REDUCED_PX = 1250
"""Longer side of the page on which it is so high."""
_CROSSED_PX = 16
"""Where a stroke crosses a rule, or a pen pressed harder, a gap of so many pixels is left in it."""
ALIKE = 0.7
"""Share of the higher of two neighbors by which both must overlap."""
_MIN_PX = 6
"""Writing below 6 px on the reduced page (12 px as scanned) cannot be read: 0.5 mm at 300 dpi."""
REMNANT_PX = 2
"""Thickness of what is left of a rule on the reduced page; pens are 3 px and more there."""
CROSSING_PX = 8
"""Where two rules cross a spot of no more pixels is left: between two columns of a table it passed
for a comma, and 29.794 and 30.87 beside it for 297943087."""
WORD_GAP = 0.45
"""Gap between words in heights of their letters: print has 0.1 to 0.25 between letters and 0.5
and more between words (small letters count by their own height)."""
_NEVER = 1 << 20
"""Distance of components that are no neighbors."""
_MAX_SHARE = 0.12
"""No digit is higher than 12 % of the page's long side; logos and frames are."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The writing of a page, as lines of components.

    Attributes
    ----------
    parts : Components
        All components of the page, rules left out.
    lines : tuple of ndarray of int
        Indexes of the components of each line, left to right; marks (dots, commas, dashes) are
        among them.
    """

    parts: Components
    lines: tuple[npt.NDArray[np.int64], ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """The ink of a page, rules told from writing.

    Attributes
    ----------
    parts : Components
        All components of the page, rules and frames left out.
    rules : ndarray of bool, shape (H, W)
        True on the rules across the page.
    walls : ndarray of bool, shape (H, W)
        True on walls of boxes that are as broad as strokes.
    """

    parts: Components
    rules: Mask
    walls: Mask


def find_writing(mask: Mask, usual_px: float | None = None) -> Writing:
    """Find the components of a page, its rules and frames left out.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink of a page.
    usual_px : float, optional
        Height of small handwritten digits on it; where not given, as on a page whose long side was
        reduced to 1250 px, and larger on a larger one.

    Returns
    -------
    Writing
    """
    # A page is reduced by a whole factor: some stay half as large again.
    usual = usual_px or USUAL_PX * max(1.0, max(mask.shape) / _REDUCED_PX)
    across = find_rules(mask, usual, RULE)
    down = find_rules(mask, usual, RULE, vertical=True)
    broad, walls = find_broad_rules(np.asarray(mask & ~across), usual)
    across, down = np.asarray(across | broad), np.asarray(down | walls)
    parts = find_components(np.asarray(mask & ~(across | down)))
    strokes = _find_strokes(down, across, parts)
    if strokes:
        for box in strokes:
            down[box.top : box.bottom, box.left : box.right] = False
        parts = find_components(np.asarray(mask & ~(across | down)))
    # What is left of a rule that fades or wavers is thin the same way and lies against what was
    # taken out. Thin the other way it is a stroke: a printed 1 whose flag passed for a rule with
    # the tops of its neighbors was lost so.
    on_across, on_down = _touch(parts, across), _touch(parts, down)
    left = (parts.heights <= REMNANT_PX) & on_across | (parts.widths <= REMNANT_PX) & on_down
    # Where two rules cross each passes for a stroke across the other.
    left |= (np.maximum(parts.heights, parts.widths) <= CROSSING_PX) & on_across & on_down
    return Writing(drop_components(parts, left), across, walls)


def _find_strokes(down: Mask, across: Mask, parts: Components) -> list[Box]:
    """Find the straight strokes of large digits among the rules that run down a page.

    A wall of a box ends on a rule across; a 1 stands free, beside a digit as high.
    """
    strokes = []
    limit = _MAX_SHARE * max(down.shape)
    # Of a page of noise nearly all are specks.
    tall = parts.boxes[parts.heights >= USUAL_PX]
    for left, right in find_runs(np.flatnonzero(down.any(axis=0))):
        rows = np.flatnonzero(down[:, left:right].any(axis=1))
        for top, bottom in find_runs(rows, _CROSSED_PX):
            near = np.s_[max(0, top - 3) : bottom + 3, max(0, left - 3) : right + 3]
            box = Box(left, top, right, bottom)
            if bottom - top <= limit and not across[near].any() and _has_neighbor(box, tall):
                strokes.append(box)
    return strokes


def _has_neighbor(stroke: Box, boxes: npt.NDArray[np.int32]) -> bool:
    """Say whether one of the boxes, about as high, stands beside a stroke, on the same line."""
    shared, gap = measure_beside(stroke, boxes)
    height = stroke.bottom - stroke.top
    is_alike = shared >= ALIKE * np.maximum(height, boxes[:, 3] - boxes[:, 1])
    return bool((is_alike & (gap <= height)).any())


def _touch(parts: Components, removed: Mask) -> npt.NDArray[np.bool_]:
    """Say of each component whether it lies against what was taken out."""
    near = cv2.dilate(removed.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
    touches = np.zeros(len(parts.areas) + 1, np.bool_)
    touches[parts.labels[near]] = True
    return touches[1:]


def find_lines(parts: Components, settings: RegionSettings = RegionSettings()) -> Lines:
    """Find the lines of writing on a page.

    Two components are neighbors on a line when they are of similar height, overlap in height and
    stand not far apart; a line is a chain of nearest neighbors, to the left or to the right.

    Parameters
    ----------
    parts : Components
        Of the page, rules left out.
    settings : RegionSettings

    Returns
    -------
    Lines
    """
    heights, widths = parts.heights, parts.widths
    limit = _MAX_SHARE * max(parts.labels.shape)
    size = np.maximum(heights, widths)
    text = np.flatnonzero(
        (heights >= _MIN_PX) & (heights <= limit) & (widths <= 8 * heights) & (size >= _MIN_PX)
    )
    if text.size > settings.max_parts:
        # A page of noise: the tallest components are what can still be writing.
        text = np.sort(text[np.argsort(-heights[text], kind="stable")][: settings.max_parts])
    text = text[np.argsort(parts.boxes[text, 0], kind="stable")]
    chains = [text[chain] for chain in _chain(parts.boxes[text], settings)]
    lines = [chain for chain in chains if len(chain) > 1]
    lone = [chain for chain in chains if len(chain) == 1]
    low = np.flatnonzero((heights < _MIN_PX) & (parts.areas >= 3) & (widths <= limit))
    marks = np.concatenate([low, *lone])
    joined, left = _attach_marks(parts.boxes, lines, marks)
    # What found no line and is high enough to be a digit stands alone.
    alone = [np.array([k]) for k in left if heights[k] >= _MIN_PX]
    return Lines(parts, tuple(joined + alone))


def split_words(parts: Components, line: npt.NDArray[np.int64]) -> list[list[int]]:
    """Split a line where its gaps are wide.

    Parameters
    ----------
    parts : Components
    line : ndarray of int
        Indexes of the components of the line, left to right.

    Returns
    -------
    list of list of int
        The components of each word, marks too small to be digits left out.
    """
    boxes = parts.boxes[line]
    heights = boxes[:, 3] - boxes[:, 1]
    tall = heights >= _MIN_PX
    if not tall.any():
        return []
    gap = WORD_GAP * find_median(heights[tall])
    words: list[list[int]] = []
    reached = 0
    for index, left, right in zip(
        line[tall].tolist(), boxes[tall, 0].tolist(), boxes[tall, 2].tolist(), strict=True
    ):
        if words and left - reached <= gap:
            words[-1].append(index)
        else:
            words.append([index])
        reached = max(reached, right)
    return words


def share_on_lines(lines: Lines, least: int = 4) -> float:
    """Return the share of the page's writing that stands on lines of some length.

    Parameters
    ----------
    lines : Lines
    least : int
        Components that make a line: words of four letters chain up on their side by chance.

    Returns
    -------
    float
        0 to 1; 1.0 on a page without writing, which lies no way in particular.
    """
    sizes = np.array([len(line) for line in lines.lines])
    return float(sizes[sizes >= least].sum() / sizes.sum()) if sizes.size else 1.0


def _chain(boxes: npt.NDArray[np.int32], settings: RegionSettings) -> list[npt.NDArray[np.int64]]:
    """Link every box (sorted by left edge) to its nearest neighbors; return the chains."""
    count = len(boxes)
    if count == 0:
        return []
    left, top, right, bottom = (boxes[:, k].astype(np.int32) for k in range(4))
    height = bottom - top
    # What may follow begins beyond a box's left edge and near its right one: on a cheque one pair
    # in twelve, most of them one above the other.
    first = np.searchsorted(left, left, side="right")
    last = np.searchsorted(left, right + settings.gap * height.max(), side="right")
    one = np.repeat(np.arange(count), last - first)
    other = np.arange(one.size) + np.repeat(last - np.cumsum(last - first), last - first)
    level = np.minimum(bottom[one], bottom[other]) >= np.maximum(top[one], top[other])
    one, other = one[level], other[level]
    low, high = np.minimum(height[one], height[other]), np.maximum(height[one], height[other])
    overlap = np.minimum(bottom[one], bottom[other]) - np.maximum(top[one], top[other])
    gap = left[other] - right[one]
    fits = (
        (overlap >= settings.overlap * low)
        & (high <= settings.ratio * low)
        & (gap <= settings.gap * high)
        & (gap > -0.6 * high)
    )
    distance = np.full((count, count), _NEVER, np.int32)
    apart = np.maximum(gap, 0) + np.abs(overlap - high) // 4
    distance[one[fits], other[fits]] = apart[fits]
    every = np.arange(count)
    right_one, left_one = np.argmin(distance, axis=1), np.argmin(distance, axis=0)
    to_right = distance[every, right_one] < _NEVER
    # What is linked to the right already is left out.
    to_left = (distance[left_one, every] < _NEVER) & (right_one[left_one] != every)
    # Both ways: what follows a low comma is linked to the digit before it, not to the comma.
    links = np.concatenate(
        [
            np.stack([every[to_right], right_one[to_right]], axis=1),
            np.stack([left_one[to_left], every[to_left]], axis=1),
        ]
    )
    root = _join(count, links)
    order = np.argsort(root, kind="stable")
    ends = np.flatnonzero(np.diff(root[order], append=count)) + 1
    return [order[first:last] for first, last in pairwise([0, *ends.tolist()])]


def _join(count: int, links: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for each of `count` items the first item that links lead to (union by minimum)."""
    root = list(range(count))
    for one, other in links.tolist():
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        while root[other] != other:
            root[other] = root[root[other]]
            other = root[other]
        if one < other:
            root[other] = one
        else:
            root[one] = other
    for item in range(count):  # a root comes before what it roots
        root[item] = root[root[item]]
    return np.array(root)


def _attach_marks(
    boxes: npt.NDArray[np.int32],
    lines: list[npt.NDArray[np.int64]],
    marks: npt.NDArray[np.int64],
) -> tuple[list[npt.NDArray[np.int64]], npt.NDArray[np.int64]]:
    """Give every dot, comma and dash to the line in whose band it stands; return what is left."""
    if not lines or marks.size == 0:
        return lines, marks
    members = boxes[np.concatenate(lines)]
    starts = np.cumsum([0, *(len(line) for line in lines[:-1])])
    lefts, tops = np.minimum.reduceat(members[:, :2], starts).T
    rights, bottoms = np.maximum.reduceat(members[:, 2:], starts).T
    reach = np.array([find_median(boxes[line, 3] - boxes[line, 1]) for line in lines])
    own = boxes[marks]
    height, width = (own[:, 3] - own[:, 1])[:, np.newaxis], (own[:, 2] - own[:, 0])[:, np.newaxis]
    middle = (own[:, 1] + own[:, 3])[:, np.newaxis] / 2
    inside = (
        (middle > tops)
        & (middle < bottoms + 0.3 * reach)
        & (own[:, 2:3] > lefts - 0.8 * reach)
        & (own[:, 0:1] < rights + 0.8 * reach)
        # A dot or a comma; or a dash, which is low but may be as wide as a digit is high.
        & (height <= 0.7 * reach)
        & ((width <= 0.6 * reach) | ((height <= 0.4 * reach) & (width <= 1.6 * reach)))
    )
    owner = np.where(inside.any(axis=1), np.argmax(inside, axis=1), -1)
    joined = list(lines)
    for index in np.unique(owner[owner >= 0]).tolist():
        both = np.concatenate([lines[index], marks[owner == index]])
        joined[index] = both[np.argsort(boxes[both, 0], kind="stable")]
    return joined, marks[owner < 0]


def measure_height(lines: Lines, least: int = 4) -> float:
    """Return the median height of the components on lines of some length.

    Parameters
    ----------
    lines : Lines
    least : int
        Components that make a line.

    Returns
    -------
    float
        Pixels of the page that the lines were found on; infinity where no line is so long.
    """
    long = [line for line in lines.lines if len(line) >= least]
    return find_median(lines.parts.heights[np.concatenate(long)]) if long else np.inf
