"""Find what digits have in common with the rule that they stand on, or hang from."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import estimate_stroke_width, find_components
from digitscan.records import Floats, Gray, Mask

_REACH, _LONG = 1.5, 3.0
"""Pieces of a rule that stand no farther apart, in text heights, are one: strokes cross it. It is
so much longer than the dash of the tail `/-`."""
_USUAL = 25
"""Percentile of a rule's thicknesses that is its own: more of it may be stood on than free."""
_LEAST_FREE = 0.2
"""Share of a rule's columns that are as thick as it is itself, or it can not be told from feet."""
_SMOOTH = 0.12
"""Text heights over which the ink at a rule's edge is averaged along it."""
_BASE = 2.0
"""Text heights within which a rule is somewhere free: what it has there is its own edge. A rule
gets darker by a tenth of a pen from one end to the other where light is uneven."""
_FOOT = 0.12
"""Ink at the edge of a rule beyond what is usual there, in widths of the pen, that is a stroke's.
The foot of a 2 in the middle of a rule as thick as the pen is one or two pixels beyond it, 0.2 to
0.4 of the pen. Of the 1,248 values of 96 drawn forms with rules of 0.25 mm 1,220 are right without
feet, and 9 of 1,102 accepted are wrong, with them 1,233, and none of 1,106; with rules of 0.75 mm,
in which feet are lost, 1,181 and 14 of 982, now 1,203 and 10 of 1,014."""
_ROUGH = 3.0
"""And in what is usual along the rule: some are lines of letters too small to be read."""
_TALL, _GAP = 0.4, 0.15
"""A foot belongs to what stands as high above the rule, in text heights; it may have gaps."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule across: its first column, and its first row and the one after its last, a column."""

    left: int
    top: npt.NDArray[np.intp]
    bottom: npt.NDArray[np.intp]


def find_feet(mask: Mask, ink: Gray, rules: Mask, text_height: float) -> Mask:
    """Find the strokes that lie in rules across for the most part.

    A 2 that stands on a rule has its foot in it: without the rule it is a 7. But along a foot the
    edge of the rule is a little thicker, or darker, than where it is free; there it belongs to the
    writing, as deep as the pen is wide.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink.
    ink : ndarray of uint8, shape (H, W)
        Ink strength, 0 paper to 255 full ink.
    rules : ndarray of bool, shape (H, W)
        True on rules across, as `ruling.find_rules` marks them.
    text_height : float
        Height of the writing in pixels.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True on what of `rules` is a stroke as well.

    Examples
    --------
    >>> ink = np.zeros((60, 120), np.uint8)
    >>> ink[40:44] = ink[10:44, 50:54] = ink[38:42, 50:70] = 255
    >>> rules = np.zeros((60, 120), bool)
    >>> rules[40:44, :50] = rules[40:44, 54:] = True
    >>> feet = find_feet(ink > 112, ink, rules, 34)
    >>> bool(feet[41, 60]), bool(feet[41, 30]), bool(feet[41, 90])
    (True, False, False)
    """
    feet = np.zeros_like(mask)
    if not rules.any():
        return feet
    pen = estimate_stroke_width(np.asarray(mask & ~rules))
    if pen == 0.0:
        return feet
    depth = max(2, round(pen))
    for rule in _trace_rules(rules, text_height):
        above = _find_thick(_sum_rows(ink, rule, rule.top, -depth // 2, 2), text_height, pen)
        below = _find_thick(_sum_rows(ink, rule, rule.bottom, -1, depth // 2), text_height, pen)
        columns = slice(rule.left, rule.left + len(rule.top))
        rows = np.arange(rule.top.min(), rule.bottom.max())[:, None]
        stroke = above & (rows < rule.top + depth) | below & (rows >= rule.bottom - depth)
        stroke |= above & below
        inside = (rows >= rule.top) & (rows < rule.bottom)
        feet[rows[:, 0], columns] |= stroke & inside
    return _keep_held(np.asarray(feet & rules), np.asarray(mask & ~rules), text_height)


def _keep_held(feet: Mask, strokes: Mask, text_height: float) -> Mask:
    """Keep the feet that hang together with a stroke as high as a digit's."""
    gap = max(3, round(_GAP * text_height))
    joined = cv2.morphologyEx(feet.view(np.uint8), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    # What is known of a rule's edge is its mean: a stroke may end a row or two above that.
    joined = cv2.dilate(joined, np.ones((5, 3), np.uint8))
    parts = find_components(np.asarray(joined.view(np.bool_) | strokes))
    tall = np.concatenate([[False], parts.heights >= _TALL * text_height])
    return np.asarray(feet & tall[parts.labels])


def _trace_rules(rules: Mask, text_height: float) -> Iterator[_Rule]:
    """Yield the course of each rule, as if nothing stood on it."""
    reach = max(3, round(_REACH * text_height))
    # A rule that is a little askew climbs by a row behind a stroke.
    thick = cv2.dilate(rules.view(np.uint8), np.ones((3, 1), np.uint8))
    wide = cv2.copyMakeBorder(thick, 0, 0, reach, reach, cv2.BORDER_CONSTANT, value=(0,))
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(closed[:, reach:-reach]), connectivity=8
    )
    for label in range(1, count):
        left, first, width, height = boxes[label, :4].tolist()
        if width < _LONG * text_height:
            continue
        window = np.s_[first : first + height, left : left + width]
        own = (labels[window] == label) & rules[window]
        seen = np.flatnonzero(own.any(axis=0))
        top = own.argmax(axis=0)[seen]
        bottom = height - own[::-1].argmax(axis=0)[seen]
        free = bottom - top <= np.percentile(bottom - top, _USUAL) + 1
        if np.count_nonzero(free) < _LEAST_FREE * width:
            continue
        edges = [
            _smooth(np.interp(np.arange(width), seen[free], edge[free]), round(_BASE * text_height))
            for edge in (top, bottom)
        ]
        top, bottom = (np.rint(edge).astype(np.intp) + first for edge in edges)
        yield _Rule(left, top, bottom)


def _sum_rows(ink: Gray, rule: _Rule, edge: npt.NDArray[np.intp], first: int, end: int) -> Floats:
    """Return the ink of rows counted from an edge of a rule, in full rows, shape (columns,)."""
    columns = rule.left + np.arange(len(edge))
    padded = cv2.copyMakeBorder(ink, -first, end, 0, 0, cv2.BORDER_CONSTANT, value=(0,))
    rows = [padded[edge + row - first, columns] for row in range(first, end)]
    return np.asarray(np.sum(rows, axis=0, dtype=np.float32) / 255, np.float32)


def _find_thick(ink: Floats, text_height: float, pen: float) -> npt.NDArray[np.bool_]:
    """Say of each column whether the edge of the rule has ink there that is not its own."""
    side = round(_BASE * text_height) | 1
    even = _smooth(ink, round(_SMOOTH * text_height))
    padded = cv2.copyMakeBorder(even[None], 0, 0, side, side, cv2.BORDER_REPLICATE)
    own = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((1, side), np.uint8))[0, side:-side]
    # Averaged a stroke is wider than it is.
    beyond = np.minimum(even, _smooth(ink, 3)) - own
    return np.asarray(beyond >= max(_FOOT * pen, _ROUGH * float(np.median(beyond))))


def _smooth(values: npt.NDArray[np.floating], side: int) -> Floats:
    """Average over an odd number of neighbors, `side` or one more."""
    row = values.astype(np.float32)[None]
    return np.asarray(cv2.blur(row, (max(3, side) | 1, 1))[0], np.float32)
