"""Find printed rules and take them out, leaving the strokes that cross them whole."""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import estimate_text_height, find_components
from digitscan.imaging.geometry import find_median
from digitscan.records import Gray, Mask

LONG = 1.6
"""A rule is a straight run at least this many text heights long: the bar of a 7 or 5 is below 1,
a dash of the tail `/-` below 1.5."""
DOWN = 1.25
"""A rule down the page is so much longer at least than one across: a 1 is as high as the text."""
THICK = 0.16
"""A rule is at most this many text heights thick: printed 0.3 to 0.8 mm, writing 5 mm."""

LEAST_FREE, BETWEEN = 0.03, 0.7
"""A faint rule is seen between strokes, of which there is room in so much of its length, over so
much of that room. Without this the tops of ten digits printed close together were taken for one."""
TALL, FOOT = 0.6, 0.15
"""Components of so much of the text's height are digits, and digits stand on a rule that begins no
more than so much of it below the middle one of their feet. With its rule left in, 576 of the 600
values of 240 drawn cheques are read, without it 565, all but two of the rest dates whose 2 had lost
its foot; with every rule that a comma or a tail reaches four of 38 amounts by template are lost."""
BROAD, BROAD_LONG, BROAD_DOWN = 0.5, 8.0, 2.0
"""Rules up to so many text heights thick are told by length, across and down: frames of 0.75 mm are
as thick as pens. Of the telephone numbers on 48 drawn forms with such rules 40 are found, 19 with
0.4 for the thickness, one without."""

FAINT = 30
"""Ink strength of a faint rule, averaged along it: it turns to dashes where ink is told from paper.
Hatching, which averages out, stays below 15 on the cheques of three banks."""
FAINT_ACROSS = (5.0, 0.8)
FAINT_DOWN = (2.1, 0.9)
"""Text heights over which a faint rule runs across and down the page, and the share of them over
which it is seen. Three zeros joined at their tops are 2.5 text heights,
a 1 with a comma at its foot is 1.6."""


def remove_rules(mask: Mask, text_height: float, long: float = LONG) -> Mask:
    """Take horizontal and vertical rules out of the ink.

    A pixel goes when it lies on a long straight run of ink and its run across the rule is short:
    where a stroke crosses, the run across is long and stays, so no stroke is broken. A run that
    reaches the edge of the image may go on outside it, and counts as long.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink.
    text_height : float
        Height of the writing in pixels.
    long : float
        Least length of a rule across in text heights; one down is longer by `DOWN`.

    Returns
    -------
    ndarray of bool, shape (H, W)
        A new mask, without the rules.

    Examples
    --------
    >>> ink = np.zeros((60, 200), bool)
    >>> ink[50:52] = True
    >>> ink[10:56, 100:104] = True
    >>> clean = remove_rules(ink, 40)
    >>> bool(clean[50, 20]), bool(clean[50, 101])
    (False, True)
    """
    across, down = split_rules(mask, text_height, long)
    return np.asarray(mask & ~(across | down))


def split_rules(mask: Mask, text_height: float, long: float = LONG) -> tuple[Mask, Mask]:
    """Mark the rules of a line of writing, thin and broad ones.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink.
    text_height : float
        Height of the writing in pixels.
    long : float
        As for `remove_rules`.

    Returns
    -------
    across, down : ndarray of bool, shape (H, W)
        True on the rules across and down the image, strokes that cross them left out.
    """
    across = find_rules(mask, text_height, long)
    broad, walls = find_broad_rules(np.asarray(mask & ~across), text_height)
    across = np.asarray(across | broad)
    down = find_rules(np.asarray(mask & ~across), text_height, long * DOWN, vertical=True)
    return across, np.asarray(down | walls)


def find_broad_rules(mask: Mask, text_height: float) -> tuple[Mask, Mask]:
    """Mark rules as broad as strokes: across by their length, down by what they stand between.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink, thin rules across left out.
    text_height : float
        Height of the writing in pixels.

    Returns
    -------
    across, down : ndarray of bool, shape (H, W)
        Down only what joins two of those across, as the wall of a box does and a 1 does not.

    Examples
    --------
    >>> ink = np.zeros((90, 400), bool)
    >>> ink[10:18] = ink[70:78] = ink[10:78, 50:58] = True
    >>> ink[25:65, 200:206] = True
    >>> across, down = find_broad_rules(ink, 24)
    >>> bool(across[12, 300]), bool(down[40, 52]), bool(down[40, 202])
    (True, True, False)
    """
    across = find_rules(mask, text_height, BROAD_LONG, thick=BROAD)
    if not across.any():
        return across, across
    down = find_rules(mask, text_height, BROAD_DOWN, vertical=True, thick=BROAD)
    parts = find_components(down)
    near = cv2.dilate(across.view(np.uint8), np.ones((7, 7), np.uint8))
    joins = [
        near[top, left:right].any() and near[bottom - 1, left:right].any()
        for left, top, right, bottom in parts.boxes.tolist()
    ]
    return across, np.array([False, *joins])[parts.labels]


def find_rules(
    mask: Mask,
    text_height: float,
    long: float = LONG,
    vertical: bool = False,
    thick: float = THICK,
) -> Mask:
    """Mark the pixels of rules.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink.
    text_height : float
        Height of the writing in pixels.
    long : float
        Least length of a rule in text heights.
    vertical : bool
        Rules that run down the image; otherwise those across it.
    thick : float
        Greatest thickness of a rule in text heights.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True on rules, strokes across them left out.
    """
    ink = np.ascontiguousarray(mask).view(np.uint8)
    length = max(12, round(long * text_height))
    most = max(2, round(thick * text_height))
    # A scanned rule wavers by a pixel and has gaps: join across one pixel up and down first.
    joined = np.asarray(cv2.dilate(ink, np.ones((3, 3), np.uint8)), np.uint8)
    runs = (_open_down if vertical else _open_across)(joined, length)
    if runs is None:
        return np.zeros(mask.shape, np.bool_)
    # What is thicker than a rule, seen across, is writing.
    gauge = np.ones((1, most + 2) if vertical else (most + 2, 1), np.uint8)
    return np.asarray((runs & ink & ~_open(ink, gauge)).view(np.bool_))


def _open(ink: Gray, gauge: Gray) -> Gray:
    """Keep what the gauge fits into; `cv2.morphologyEx` moves that where a side is even."""
    height, width = gauge.shape
    mirrored = width - 1 - width // 2, height - 1 - height // 2
    return np.asarray(cv2.dilate(cv2.erode(ink, gauge), gauge, anchor=mirrored), np.uint8)


def _open_across(ink: Gray, length: int) -> Gray | None:
    """Do as `_open_down` for runs across the image."""
    runs = _open_down(np.asarray(cv2.transpose(ink), np.uint8), length)
    return None if runs is None else np.asarray(cv2.transpose(runs), np.uint8)


def _open_down(ink: Gray, length: int) -> Gray | None:
    """Keep of 0 and 1 the runs of 1 down the image that are long enough; None where none is.

    Morphological opening, with the same placement of an even length as `cv2.morphologyEx` has it,
    which takes four times as long: here eight columns go into a byte.
    """
    packed = np.packbits(ink, axis=1)
    # Beyond the image a run goes on, and what is kept ends.
    full = _fold(_add_rows(packed, length, 255), length, np.bitwise_and)
    if not full.any():
        return None
    kept = _fold(_add_rows(full, length, 0), length, np.bitwise_or)
    return np.unpackbits(kept, axis=1, count=ink.shape[1])


def _add_rows(packed: Gray, length: int, value: int) -> Gray:
    """Add rows above and below for a window of `length` rows about each: `numpy.pad` takes thrice
    as long."""
    above, below = length // 2, (length - 1) // 2
    padded = cv2.copyMakeBorder(packed, above, below, 0, 0, cv2.BORDER_CONSTANT, value=(value,))
    return np.asarray(padded, np.uint8)


def _fold(rows: npt.NDArray[np.uint8], length: int, combine: np.ufunc) -> npt.NDArray[np.uint8]:
    """Combine each row with those below it, `length` together, in steps that double."""
    span = 1
    while span < length:
        step = min(span, length - span)
        rows = combine(rows[:-step], rows[step:])
        span += step
    return rows


def find_own_rules(rules: Mask, boxes: npt.NDArray[np.int32]) -> Mask | None:
    """Mark the rules that the digits of a line stand on or are crossed by.

    What a flat foot has in common with the rule below it goes with the rule, and a 2 without its
    foot is a 7. A rule that only commas and tails reach takes nothing that matters.

    Parameters
    ----------
    rules : ndarray of bool, shape (H, W)
        True on rules across, as `find_rules` marks them.
    boxes : ndarray of int, shape (N, 4)
        left, top, right, bottom of the components of the line, rules left out.

    Returns
    -------
    ndarray of bool, shape (H, W), or None
        None where there is no such rule.

    Examples
    --------
    >>> rules = np.zeros((60, 90), bool)
    >>> rules[41:43] = True
    >>> own = find_own_rules(rules, np.array([[10, 10, 30, 41], [40, 11, 60, 42]]))
    >>> np.flatnonzero(own.any(axis=1)).tolist()
    [41, 42]
    >>> find_own_rules(rules, np.array([[10, 0, 30, 31], [40, 30, 45, 45]])) is None
    True
    """
    if len(boxes) == 0 or not rules.any():
        return None
    heights = boxes[:, 3] - boxes[:, 1]
    height = estimate_text_height(heights)
    feet = find_median(boxes[heights >= TALL * height, 3])
    reach = max(2, round(FOOT * height))
    rows = slice(max(0, int(boxes[:, 1].min()) - reach), round(feet) + reach)
    if not rules[rows, boxes[:, 0].min() : boxes[:, 2].max()].any():
        return None
    own = np.zeros_like(rules)
    own[rows] = rules[rows]
    return own


def remove_faint_rules(mask: Mask, ink: Gray, text_height: float) -> Mask:
    """Take rules out of the ink that are too faint to be whole in it.

    A stamp over a printed box, a line of print too small to be read: what passes the threshold are
    dashes, short as strokes are. Averaged along its way the rule stands out; of what lies on it
    goes what is thin across, as in `remove_rules`.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink.
    ink : ndarray of uint8, shape (H, W)
        Ink strength, 0 paper to 255 full ink.
    text_height : float
        Height of the writing in pixels.

    Returns
    -------
    ndarray of bool, shape (H, W)
        A new mask, without the rules.

    Examples
    --------
    >>> ink = np.full((60, 200), 0, np.uint8)
    >>> ink[50:52] = np.where(np.arange(200) % 10 < 6, 150, 60)
    >>> ink[20:56, 100:104] = 255
    >>> clean = remove_faint_rules(ink > 112, ink, 36)
    >>> bool(clean[50, 20]), bool(clean[50, 101])
    (False, True)
    """
    clean = mask & ~_find_faint(mask, ink, text_height, *FAINT_ACROSS)
    return np.asarray(clean & ~_find_faint(clean.T, ink.T, text_height, *FAINT_DOWN).T)


def _find_faint(mask: Mask, ink: Gray, text_height: float, long: float, share: float) -> Mask:
    """Mark what is thin on faint horizontal rules."""
    length = max(12, round(long * text_height))
    thick = max(2, round(THICK * text_height))
    solid = np.ascontiguousarray(mask).view(np.uint8)
    across = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((thick + 2, 1), np.uint8))
    smooth = cv2.blur(np.ascontiguousarray(ink), (max(3, round(0.3 * text_height)), 1))
    lines = cv2.morphologyEx(smooth, cv2.MORPH_TOPHAT, np.ones((2 * thick + 1, 1), np.uint8))
    # A rule wavers by a pixel.
    seen = cv2.dilate((lines >= FAINT).astype(np.uint8), np.ones((3, 1), np.uint8))
    cover = cv2.blur(seen.astype(np.float32), (length, 1), borderType=cv2.BORDER_CONSTANT)
    # Between the strokes as well: the flat tops of printed digits make no rule.
    near = cv2.dilate(across, np.ones((2 * round(text_height) + 1, 5), np.uint8))
    free = (near == 0).astype(np.float32)
    ruled = free * (cv2.dilate(ink, np.ones((3, 1), np.uint8)) >= FAINT)
    between, both = (
        cv2.blur(one, (length, 1), borderType=cv2.BORDER_CONSTANT) for one in (free, ruled)
    )
    goes_on = (between >= LEAST_FREE) & (both >= BETWEEN * between)
    middle = ((cover >= share) & goes_on).astype(np.uint8)
    if not middle.any():
        return np.zeros(mask.shape, np.bool_)
    along = cv2.min(cv2.dilate(middle, np.ones((1, length), np.uint8)), seen)
    on_rule = np.asarray(cv2.dilate(along, np.ones((3, 1), np.uint8)) > 0)
    thin = on_rule & mask & (across == 0)
    if not thin.any():
        return np.zeros(mask.shape, np.bool_)
    # Strokes are thicker than most of the rule is, though thinner than a rule may be.
    columns = thin.sum(axis=0)
    usual = max(2, round(float(np.median(columns[columns > 0]))))
    stroke = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((usual + 2, 1), np.uint8))
    return np.asarray(thin & (stroke == 0))
