"""Patch of a form's zone -> the ink that was written into it: no rules, no print, no neighbors."""

import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import (
    Components,
    estimate_text_height,
    find_components,
    keep_ink,
)
from digitscan.imaging.feet import find_feet
from digitscan.imaging.patches import place_print
from digitscan.imaging.ruling import (
    find_own_rules,
    remove_faint_rules,
    remove_rules,
    split_rules,
)
from digitscan.records import Box, Gray, Mask

_INSIDE = 0.5
"""A component belongs to the zone that holds this share of it, and is kept whole."""
_NEAR = 0.5
_NEAR_GAPS = 1.6
_MOST_NEAR = 1.5
"""Writing that goes on outside the zone stands as near to the last digit, in text heights; or as
near as digits within stand to each other, stamps set wide, by this factor."""
_LOW = 0.45
"""What is lower, in text heights, is no digit: a comma, a dash, a speck."""
_ABOVE = 0.15
_BELOW = 0.2
_BESIDE = 1.2
"""Low ink that ends as little below the top of the digits, begins as far below their feet, or
stands as far beside them, in text heights, is what is left of print. Commas begin above the feet,
and the dash of `/-` follows the slash."""
_BAR_WIDE, _BAR_NEAR = 0.2, 0.12
"""But the bar of a 5 lies as near to the top of the rest of it, and is as wide, in text heights: of
eight numbers in boxes that were doubted, two had fives without their bars."""
_SPECK = 0.07
"""Specks are smaller, in text heights."""
_PRINTED = 0.9
"""Share of a component that lies where the blank reference has print: it is that print. The dots of
a line to write on are many, and higher in all than three digits: left in, they passed for the
writing, and a 1 for a rule."""
_PRINT_NEAR = 0.06
"""Print lies within this share of the zone's height of where the reference has it."""
_LEAST_HIGH = 0.6
_MOST_HIGH = 1.6
"""Digits outside the zone are as high as those within, in text heights."""
_HANGING = 3.5
"""A digit that a long comma hangs on is up to so many text heights high. It begins within a text
height of the tops of the others, and of the next of them: a 1 that its comma crosses lay half
outside its box, and in ten of 25 distortions the amount without it was accepted."""
_LEFT_HIGH, _LEVEL, _LEFT_NEAR = 0.55, 0.2, 1.0
"""What was dropped may be a digit from this height on, with so much of it level with the writing,
and this near to it, in text heights. On 40 cheques there is none such; turned by 3 degrees, on a
black ground, on one, whose amount was accepted without its first digit."""
_WALL_HIGH, _WALL_WIDE = 1.2, 0.12
"""What is higher and no wider, in text heights, is a rest of a wall: on 13 of 24 drawn forms one is
left beside a number."""
_EDGE_THIN = 0.12
"""A rule is thinner than this share of the zone's height: 1 mm of a box of 9 mm."""
_EDGE_WIDE = 0.3
"""A thick wall with its corners is narrower."""
_LEAST_WRITTEN = 0.12
"""What is lower, in heights of the zone, is no writing: where the rules of a table cross a speck is
left, and of 234 empty fields of drawn forms 22 were accepted, as a 0, or as a 1 by a thick wall."""
_EDGE_NEAR = 0.15
"""A rule of the zone's box stands at the zone's edge, within this share of its height."""


def find_print(ink: Gray, zone: Box, threshold: int) -> tuple[Mask, Mask]:
    """Find what stands beside a zone and within it, on the patch of the reference.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        Ink strength of the patch.
    zone : Box
        In pixels of the patch.
    threshold : int
        Ink strength from which a pixel counts.

    Returns
    -------
    beside, within : ndarray of bool, shape (h, w)
        True on the components that lie outside the zone for the most part, and on the others: these
        may be writing, where the reference is filled. Rules, and scraps beside, are left out.

    Examples
    --------
    >>> ink = np.zeros((30, 60), np.uint8)
    >>> ink[8:22, 2:6] = ink[8:22, 20:24] = 255
    >>> beside, within = find_print(ink, Box(10, 5, 50, 25), 112)
    >>> bool(beside[10, 3]), bool(beside[10, 21]), bool(within[10, 21])
    (True, False, True)
    """
    mask, height = np.asarray(ink >= threshold), zone.bottom - zone.top
    parts = find_components(remove_rules(mask, estimate_text_height(find_components(mask).heights)))
    outside = _count_inside(parts, zone) < _INSIDE * parts.areas
    beside = outside & (np.minimum(parts.widths, parts.heights) > _EDGE_THIN * height)
    within = ~outside & ~_are_edges(parts.boxes, zone)
    none = np.zeros(1, np.bool_)
    return (
        np.concatenate([none, beside])[parts.labels],
        np.concatenate([none, within])[parts.labels],
    )


def _count_inside(parts: Components, zone: Box) -> npt.NDArray[np.intp]:
    """Return how many pixels of each component the zone holds."""
    held = parts.labels[zone.top : zone.bottom, zone.left : zone.right]
    return np.bincount(held.ravel(), minlength=len(parts.areas) + 1)[1:]


def keep_writing(
    ink: Gray,
    zone: Box,
    threshold: int,
    printed: Mask | None = None,
    within: Mask | None = None,
) -> tuple[Gray, Gray | None, bool]:
    """Keep the ink that was written into a zone, and drop rules, print and writing beside it.

    The zone is where the writing begins, not where it must end: a component of which half is in
    the zone stays whole, and digits that stand next to those within stay too.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        Ink strength of the patch.
    zone : Box
        In pixels of the patch.
    threshold : int
        Ink strength from which a pixel belongs to the writing.
    printed : ndarray of bool, shape (h', w'), optional
        What the reference has printed beside the zone (`find_print`), on a patch of the same
        proportions.
    within : ndarray of bool, shape (h', w'), optional
        What it has printed within the zone, where it is blank; what a stroke touches is kept.

    Returns
    -------
    alone : ndarray of uint8, shape (h, w)
        0 where ink was dropped; soft edges of what stays are kept.
    on_rule : ndarray of uint8, shape (h, w), or None
        The same with the rules across that the writing touches; None where it touches none.
    lacks_stroke : bool
        True where ink as high as a digit was dropped beside the writing: it may be one.

    Examples
    --------
    >>> ink = np.zeros((30, 60), np.uint8)
    >>> ink[8:22, 12:16] = ink[2:8, 40:44] = 255
    >>> kept, _, lacks_stroke = keep_writing(ink, Box(10, 8, 50, 24), 112)
    >>> bool(kept[10, 13]), bool(kept[4, 41]), lacks_stroke
    (True, False, False)
    """
    mask = np.asarray(ink >= threshold)
    if within is not None:
        mask = _drop_print(mask, place_print(within, zone, mask.shape, _PRINT_NEAR))
        ink = keep_ink(ink, mask)
    inner = mask[zone.top : zone.bottom, zone.left : zone.right]
    height = estimate_text_height(find_components(inner).heights)
    rules, walls = split_rules(mask, height)
    feet = find_feet(mask, ink, rules, height)
    clean = remove_faint_rules(np.asarray(mask & ~(rules | walls)), ink, height) | feet
    if printed is not None:
        clean = clean & ~place_print(printed, zone, clean.shape, _PRINT_NEAR)
    parts = find_components(clean)
    if parts.areas.size == 0:
        return np.zeros_like(ink), None, False
    inside = _count_inside(parts, zone)
    edges = _are_edges(parts.boxes, zone)
    keep = np.asarray(inside >= _INSIDE * parts.areas) & ~edges
    keep = _follow(parts.boxes, keep) & ~edges
    keep |= _are_commas(parts.boxes, keep)
    keep &= ~_are_stray(parts.boxes, keep)
    if not (parts.heights[keep] >= _LEAST_WRITTEN * (zone.bottom - zone.top)).any():
        return np.zeros_like(ink), None, False
    kept = np.concatenate([[False], keep])[parts.labels]
    own = find_own_rules(rules, parts.boxes[keep])
    on_rule = None if own is None else keep_ink(ink, kept | own)
    return keep_ink(ink, kept), on_rule, _has_high_beside(parts.boxes, keep)


def _drop_print(mask: Mask, printed: Mask) -> Mask:
    """Leave out the components that are print; what a stroke touches stays."""
    parts = find_components(mask)
    covered = np.bincount(parts.labels[printed], minlength=len(parts.areas) + 1)[1:]
    is_ink = covered < _PRINTED * parts.areas
    return np.asarray(np.concatenate([[False], is_ink])[parts.labels])


def _has_high_beside(boxes: npt.NDArray[np.int32], keep: npt.NDArray[np.bool_]) -> bool:
    """Say whether a component as high as a digit was dropped left or right of those kept."""
    if keep.all() or not keep.any():
        return False
    height = estimate_text_height((boxes[:, 3] - boxes[:, 1])[keep])
    left, top = boxes[keep, :2].min(axis=0)
    right, bottom = boxes[keep, 2:].max(axis=0)
    dropped = boxes[~keep]
    high = dropped[:, 3] - dropped[:, 1] >= _LEFT_HIGH * height
    level = np.minimum(dropped[:, 3], bottom) - np.maximum(dropped[:, 1], top)
    away = np.maximum(left - dropped[:, 2], dropped[:, 0] - right)
    is_wall = (dropped[:, 3] - dropped[:, 1] > _WALL_HIGH * height) & (
        dropped[:, 2] - dropped[:, 0] <= _WALL_WIDE * height
    )
    is_beside = high & (level >= _LEVEL * height) & (away < _LEFT_NEAR * height)
    return bool((is_beside & ~is_wall).any())


def _are_commas(boxes: npt.NDArray[np.int32], keep: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say of each component whether it hangs at the feet of digits kept, between two of them."""
    high = boxes[:, 3] - boxes[:, 1]
    if not keep.any():
        return keep
    height = estimate_text_height(high[keep])
    digits = boxes[keep & (high >= _LEAST_HIGH * height)]
    feet = np.median(digits[:, 3])
    between = (boxes[:, 0] > digits[:, 0].min()) & (boxes[:, 2] < digits[:, 2].max())
    level = (boxes[:, 1] > feet - 0.5 * height) & (boxes[:, 1] < feet + _BELOW * height)
    slim = boxes[:, 2] - boxes[:, 0] <= _LOW * height
    return np.asarray(between & level & slim & (boxes[:, 3] > feet))


def _are_stray(boxes: npt.NDArray[np.int32], keep: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say of each component whether it is low and where no mark of the writing would be."""
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    if not keep.any():
        return ~keep
    height = estimate_text_height(high[keep])
    digits = boxes[keep & (high >= _LEAST_HIGH * height)]
    top, bottom = np.median(digits[:, 1]), np.median(digits[:, 3])
    left, right = digits[:, 0].min(), digits[:, 2].max()
    above = (boxes[:, 3] < top + _ABOVE * height) & ~_are_bars(boxes, digits, height)
    below = boxes[:, 1] > bottom + _BELOW * height
    beside = (boxes[:, 2] < left - _BESIDE * height) | (boxes[:, 0] > right + _BESIDE * height)
    low = high < _LOW * height
    specks = np.maximum(wide, high) < _SPECK * height
    return np.asarray(low & (above | below | beside) | specks)


def _are_bars(
    boxes: npt.NDArray[np.int32], digits: npt.NDArray[np.int32], height: float
) -> npt.NDArray[np.bool_]:
    """Say of each component whether it is the bar of a 5 or 7, apart from the rest of the digit."""
    near = _BAR_NEAR * height
    left, top, right, bottom = boxes.T[:, :, None]
    over = np.minimum(right, digits[:, 2] + near) - np.maximum(left, digits[:, 0] - near) > 0
    level = (bottom > digits[:, 1] - near) & (top < digits[:, 1] + near)
    wide = boxes[:, 2] - boxes[:, 0]
    is_bar = (wide >= _BAR_WIDE * height) & (wide > boxes[:, 3] - boxes[:, 1])
    return np.asarray(is_bar & (over & level).any(axis=1))


def _are_edges(boxes: npt.NDArray[np.int32], zone: Box) -> npt.NDArray[np.bool_]:
    """Say of each component whether it is a rule of the zone's box: thin, long, at its edge."""
    width, height = zone.right - zone.left, zone.bottom - zone.top
    thin, near = _EDGE_THIN * height, _EDGE_NEAR * height
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    across, down = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    beside = np.minimum(np.abs(across - zone.left), np.abs(across - zone.right)) <= near
    along = np.minimum(np.abs(down - zone.top), np.abs(down - zone.bottom)) <= near
    walls = (wide <= thin) & (high >= 0.8 * height) & beside
    # With its corners a wall as thick as a pen is broader; it ends beyond the zone on both sides.
    ends = np.minimum(np.abs(boxes[:, 0] - zone.left), np.abs(boxes[:, 2] - zone.right)) <= near
    through = (boxes[:, 1] < zone.top) & (boxes[:, 3] > zone.bottom)
    walls |= through & ends & (wide <= _EDGE_WIDE * height)
    rules = (high <= thin) & (wide >= 0.3 * width) & along
    return np.asarray(walls | rules)


def _follow(boxes: npt.NDArray[np.int32], keep: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Add the components that go on from those kept: as high, on their line, next to them."""
    heights = boxes[:, 3] - boxes[:, 1]
    if not keep.any():
        return keep
    height = estimate_text_height(heights[keep])
    tall = (heights >= _LEAST_HIGH * height) & (heights <= _MOST_HIGH * height)
    if not (tall & keep).any():
        return keep
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    line = float(np.median(middle[tall & keep]))
    slim = boxes[:, 2] - boxes[:, 0] <= _MOST_HIGH * height
    usable = tall & slim & (np.abs(middle - line) <= 0.4 * height)
    top = float(np.median(boxes[tall & keep, 1]))
    hangs = (heights > _MOST_HIGH * height) & (heights <= _HANGING * height)
    hangs &= slim & (np.abs(boxes[:, 1] - top) <= height)
    usable |= hangs
    grown = keep.copy()
    reach = np.where(hangs, height, _measure_reach(boxes[tall & keep], height))
    while True:
        left, right = boxes[grown & tall, 0].min(), boxes[grown & tall, 2].max()
        near = (boxes[:, 0] <= right + reach) & (boxes[:, 2] >= left - reach)
        more = usable & near & ~grown
        if not more.any():
            return grown
        grown |= more


def _measure_reach(digits: npt.NDArray[np.int32], height: float) -> float:
    """Return how far the next digit may stand from the last one, in pixels."""
    ordered = digits[np.argsort(digits[:, 0])]
    gaps = ordered[1:, 0] - np.maximum.accumulate(ordered[:, 2])[:-1]
    usual = float(np.median(gaps)) if gaps.size > 1 else 0.0
    return max(_NEAR * height, min(_NEAR_GAPS * usual, _MOST_NEAR * height))
