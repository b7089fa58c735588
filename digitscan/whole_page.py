"""A whole page, whichever way up it lies -> every number on it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.comb_ends import is_cut_short
from digitscan.imaging.combs import Comb
from digitscan.imaging.components import cut_labeled
from digitscan.imaging.cuts import join_cells
from digitscan.imaging.darkness import measure_darkness
from digitscan.imaging.faint_cells import find_cell_ink
from digitscan.imaging.geometry import clip_box, grow_box, scale_box
from digitscan.imaging.isolate import isolate_parts
from digitscan.imaging.lines import View
from digitscan.imaging.normalize import normalize_tiles
from digitscan.imaging.numbers import Stretch, drop_strays, find_numbers
from digitscan.imaging.regions import Lines, share_on_lines, split_words
from digitscan.imaging.ruling import find_own_rules
from digitscan.imaging.spaced_digits import is_followed, join_spaced
from digitscan.imaging.strokes_beside import find_stroke_beside
from digitscan.imaging.written_cells import is_written
from digitscan.line_lattices import Line
from digitscan.page_views import PageView, lies_on_side, turn_view, view_first
from digitscan.reader import Considered, Reader, map_reading, read_lines, read_micr_line
from digitscan.recognition.micr import FIELD as MICR
from digitscan.records import Box, Floats, Gray, Reading, Region
from digitscan.settings import Settings

PAGE_VIEWS = (View(stretch=0.9),)
"""Looks of the string reader at a number on a page: a second one took 19 ms of 270 a cheque, and
found one account of 40 less. A tenth narrower than the plain one it is read a tenth sooner: of the
values of 240 drawn cheques 568 of 600 are found, 566 in the plain look, and as many of 40 real
cheques."""
ABOVE, BELOW = 40, 20
"""So many heights of a MICR line above it, or below, have room for another cheque with its own: a
cheque has 20 to 29 above its line, and 3 to 5 below."""
LONG_WORD = 4
"""Components of a word from which two of them speak for all."""
THIN, FLAT = 0.25, 2.0
"""Width in heights below which the screen calls a component a digit, a 1, and from which it calls
it none: of 590 thin ones on 40 cheques all, of 600 flat ones five. They need not be shown to it."""
LONE_SHARE = 0.5
"""A character alone on a page without a template is a letter as often as a digit: of 13 rows that a
page of 500 mixed letters gave, 11 were single digits named with 0.99 and more."""
PAIR_SHARE = 0.96
"""Two characters are a number where that is nearly certain: on 40 cheques three pairs were read
with 0.95 to 0.99, two of them letters and one a signature."""
SURE, MANY_SURE = 0.97, 4
"""A page with so many numbers of two and more digits that are as sure is upright: upside down 130
cheques and forms have two at most; upright seven of ten polling-station forms have that many."""
PALE = 0.7
"""A bare stroke at an end that is as much paler than the digits is print: the dotted wall of a box
was accepted as the 1 of 14,420,000, at 0.63 of the darkness of its digits. Of 232 ones that begin
or end amounts and numbers of cheques and crops the palest has 0.78."""
STROKE_SHARE = 0.5
"""A number beside which a bare stroke was left out may lack a 1: of 60 drawn cheques one amount
1,445.16 was accepted as 44516, its 1 straight enough to pass for a printed rule. Of those cheques
four rows are doubted, two of which lack their 1, of 40 real ones three, all of them whole."""


def read_whole(
    gray: Gray, reader: Reader, settings: Settings = Settings(), dpi: float | None = None
) -> tuple[tuple[Reading, ...], float]:
    """Read every number on a page, turning it as far as its writing asks for.

    A page that does not read as if it stood upright is tried lying on either side, where its
    writing runs so, or upside down; the way that reads best is kept.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        The page, upright as far as its file knows.
    reader : Reader
    settings : Settings
    dpi : float, optional
        Resolution of the page, where its file says it.

    Returns
    -------
    readings : tuple of Reading
        Boxes in pixels of `gray`; in reading order.
    skew_deg : float
        Skew that was taken out, positive counter-clockwise as the eye sees the page.
    """
    first = view_first(gray, dpi, settings)
    tried: list[tuple[tuple[Reading, ...], PageView]] = []
    if share_on_lines(first.lines) >= settings.regions.min_on_lines:
        tried.append((_read_view(first, reader, settings), first))
    if not tried or not _is_upright(tried[0][0], settings):
        side = turn_view(first, gray, 1, settings)
        if lies_on_side(first, side):
            views = [side, turn_view(first, gray, 3, settings)]
        else:
            tried = tried or [(_read_view(first, reader, settings), first)]
            is_upright = _is_upright(tried[0][0], settings)
            views = [] if is_upright else [turn_view(first, gray, 2, settings)]
        tried += [(_read_view(view, reader, settings), view) for view in views]
    readings, view = max(tried, key=lambda one: _worth(one[0]))
    back = tuple(map_reading(reading, view.way, gray.shape) for reading in readings)
    return back, view.skew_deg


def locate_numbers(gray: Gray, reader: Reader, settings: Settings = Settings()) -> tuple[Line, ...]:
    """Find what may be a number on a crop, as on a page that stands upright.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    reader : Reader
    settings : Settings

    Returns
    -------
    tuple of Line
        Those beside which a bare stroke was left out are not among them.
    """
    found = _find_targets(view_first(gray, None, settings), (), reader, settings)
    return tuple(line for line in found if not line.lacks_stroke)


def read_line(line: Line, reader: Reader, settings: Settings = Settings()) -> Reading | None:
    """Read a line that may be a number, as one that was found on a page.

    Parameters
    ----------
    line : Line
        With the picture that it is.
    reader : Reader
    settings : Settings

    Returns
    -------
    Reading or None
        None where it is no number.
    """
    (considered,) = read_lines((line,), reader, settings, PAGE_VIEWS, may_be_words=True)
    if not _is_number(considered, settings) or not considered.reading.text:
        return None
    assert line.gray is not None  # a crop keeps its picture
    return _doubt(considered, line, line.gray, settings)


def _read_view(view: PageView, reader: Reader, settings: Settings) -> tuple[Reading, ...]:
    """Read the numbers of a page that stands upright."""
    micr = _read_micr_lines(view.gray, reader, settings)
    targets = _find_targets(view, micr, reader, settings)
    considered = read_lines(targets, reader, settings, PAGE_VIEWS, may_be_words=True)
    readings = [
        _doubt(one, target, view.gray, settings)
        for one, target in zip(considered, targets, strict=True)
        if _is_number(one, settings)
    ]
    return tuple(
        sorted([*readings, *micr], key=lambda one: (one.region.box.top, one.region.box.left))
    )


def _read_micr_lines(
    gray: Gray, reader: Reader, settings: Settings, top: int = 0, bottom: int | None = None
) -> list[Reading]:
    """Read the MICR line of every cheque between two rows of a page."""
    bottom = gray.shape[0] if bottom is None else bottom
    found = read_micr_line(gray[top:bottom], reader, settings.micr)
    if found is None:
        return []
    down = np.array([[1, 0, 0], [0, 1, top], [0, 0, 1]], np.float64)
    reading = map_reading(found, down, gray.shape)
    box = reading.region.box
    # Askew, the line's own box is higher than its symbols.
    height = max(1, round(np.median([one.box.bottom - one.box.top for one in reading.digits])))
    readings = [reading]
    if box.top - top > ABOVE * height:
        readings += _read_micr_lines(gray, reader, settings, top, box.top - height)
    if bottom - box.bottom > BELOW * height:
        readings += _read_micr_lines(gray, reader, settings, box.bottom + height, bottom)
    return readings


def _find_targets(
    view: PageView, micr: Sequence[Reading], reader: Reader, settings: Settings
) -> tuple[Line, ...]:
    """Find the rows of boxes of a page, and the stretches of its lines that may be numbers."""
    boxes = view.lines.parts.boxes * view.factor
    combs = tuple(comb for comb in view.combs if not is_written(comb, view.combs, boxes))
    view = replace(view, lines=drop_strays(_leave_out(view, micr, combs)))
    digit_share = _share_digits(view, reader)
    stretches = find_numbers(view.lines, digit_share, settings.regions)
    stretches = join_spaced(stretches, view.lines.parts.boxes)
    stretches = tuple(one for one in stretches if not _is_caption(one, combs, view.factor))
    return (
        *(_cut_comb(view, comb, is_cut_short(comb, combs, boxes), settings) for comb in combs),
        *(_cut_line(view, one, digit_share, settings) for one in stretches),
    )


def _doubt(considered: Considered, line: Line, gray: Gray, settings: Settings) -> Reading:
    """Lower the confidence of what may be no number, or one with a stroke too few or too many."""
    reading = considered.reading
    share = considered.number
    if len(reading.text) <= 2 and line.cells is None:
        share *= LONE_SHARE if len(reading.text) == 1 else PAIR_SHARE
    if line.lacks_stroke or _ends_pale(reading, line, gray, settings):
        share *= STROKE_SHARE
    return replace(reading, confidence=reading.confidence * share)


def _ends_pale(reading: Reading, line: Line, gray: Gray, settings: Settings) -> bool:
    """Say whether a number begins or ends with a 1 that is much paler than its other digits."""
    ones = [k for k in (0, -1) if reading.text[k] == "1"] if len(reading.text) > 2 else []
    if not ones or line.cells is not None or len(reading.digits) != len(reading.text):
        return False
    window = line.window
    part = gray[window.top : window.bottom, window.left : window.right]
    boxes = [_shift(digit.box, window) for digit in reading.digits]
    darkness = measure_darkness(part, np.asarray(line.ink >= settings.ink.threshold), boxes)
    usual = float(np.median(darkness))
    return any(darkness[k] < PALE * usual for k in ones)


def _is_upright(readings: tuple[Reading, ...], settings: Settings) -> bool:
    """Say whether what was read leaves no doubt that the page is not upside down.

    Writing upside down is full of digits: how many are read tells nothing. Of 40 real and 80 drawn
    cheques and ten forms upside down none is taken for upright.
    """
    if any(reading.region.field == MICR for reading in readings):
        return True
    numbers = sum(len(one.text) > 1 and one.confidence >= SURE for one in readings)
    if numbers >= MANY_SURE:
        return True
    digits = sum(len(reading.text) for reading in readings)
    sure = sum(len(reading.text) * reading.confidence for reading in readings)
    return sure >= max(settings.regions.min_worth, settings.regions.min_upright * digits)


def _worth(readings: tuple[Reading, ...]) -> float:
    """Return how much was read: digits, each counted by the square of its confidence.

    Upside down a cheque has three times the digits, at half the confidence: counted by that itself
    7 of 40 drawn ones were worth more.
    """
    return sum(len(reading.text) * reading.confidence**2 for reading in readings)


def _is_number(considered: Considered, settings: Settings) -> bool:
    """Say whether what stands in a region found on a page is a number at all."""
    evidence = considered.evidence
    if evidence is None or considered.blank > settings.regions.max_blank:
        return False
    return (
        _rate(evidence.quality, evidence.digits) >= settings.regions.min_quality
        or _rate(evidence.strings, evidence.digits) >= settings.regions.min_fluency
    )


def _rate(score: float | None, digits: int) -> float:
    """Return a score for each digit; minus infinity where a reader was not asked."""
    return -np.inf if score is None else score / digits


def _leave_out(view: PageView, micr: Sequence[Reading], combs: tuple[Comb, ...]) -> Lines:
    """Return the lines of a page without the components on MICR lines and in combs."""
    lines = view.lines
    middle = (lines.parts.boxes[:, :2] + lines.parts.boxes[:, 2:]) * (view.factor / 2)
    taken = np.zeros(len(middle), np.bool_)
    for box in (reading.region.box for reading in micr):
        taken |= (box.top < middle[:, 1]) & (middle[:, 1] < box.bottom)
    for comb in combs:
        inside = (middle > (comb.box.left, comb.box.top)) & (
            middle < (comb.box.right, comb.box.bottom)
        )
        taken |= inside.all(axis=1)
    kept = (line[~taken[line]] for line in lines.lines)
    return Lines(lines.parts, tuple(line for line in kept if line.size))


def _is_caption(stretch: Stretch, combs: tuple[Comb, ...], factor: int) -> bool:
    """Say whether a stretch is a letter below a comb, the caption of a cell."""
    if len(stretch.members) > 1:
        return False
    box = scale_box(stretch.box, factor)
    across, down = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return any(
        comb.box.left < across < comb.box.right
        and comb.box.bottom < down < 2 * comb.box.bottom - comb.box.top
        for comb in combs
    )


def _share_digits(view: PageView, reader: Reader) -> Floats:
    """Return each component's probability to be a digit; NaN for marks.

    Of a long word two components are looked at first; where none of them is a digit, the word is
    taken for letters and the rest gets 0.
    """
    parts = view.lines.parts
    share = np.full(len(parts.areas), np.nan, np.float32)
    words = [word for line in view.lines.lines for word in split_words(parts, line)]
    first = [_sample(word) for word in words]
    _ask(view, reader, share, [k for sample in first for k in sample])
    rest: list[int] = []
    for word, sample in zip(words, first, strict=True):
        others = [k for k in word if k not in sample]
        if others and max(share[k] for k in sample) < 0.5:
            share[others] = 0.0
        else:
            rest += others
    _ask(view, reader, share, rest)
    return share


def _sample(word: list[int]) -> list[int]:
    """Return the components of a word that are looked at first."""
    return word if len(word) < LONG_WORD else [word[0], word[len(word) // 2]]


def _ask(view: PageView, reader: Reader, share: Floats, asked: list[int]) -> None:
    """Write the network's word on some components into `share`, where the shape does not say it."""
    parts = view.lines.parts
    places = np.array(asked, np.intp)
    widths, heights = parts.widths[places], parts.heights[places]
    is_flat, is_thin = widths >= FLAT * heights, widths < THIN * heights
    share[places[is_flat]], share[places[is_thin]] = 0.0, 1.0
    unsure = places[~(is_flat | is_thin)]
    if unsure.size:
        inks = cut_labeled(view.ink, parts.labels, parts.boxes, unsure)
        share[unsure] = 1 - reader.screen.classify(normalize_tiles(inks))[:, 10]


def _cut_comb(view: PageView, comb: Comb, lacks_stroke: bool, settings: Settings) -> Line:
    """Take the digits out of the cells of a comb."""
    height = comb.box.bottom - comb.box.top
    box = clip_box(grow_box(comb.box, height // 2, height // 2), view.gray.shape)
    part = view.gray[box.top : box.bottom, box.left : box.right]
    cells = find_cell_ink(part, [_shift(cell, box) for cell in comb.cells], settings.ink)
    pieces = join_cells(part.shape, [cell.ink for cell in cells], [cell.box for cell in cells])
    return Line(Region(comb.box), box, pieces.ink, cells=pieces, lacks_stroke=lacks_stroke)


def _shift(box: Box, window: Box) -> Box:
    """Return a box of the page in pixels of a window of it."""
    return Box(
        box.left - window.left,
        box.top - window.top,
        box.right - window.left,
        box.bottom - window.top,
    )


def _cut_line(view: PageView, stretch: Stretch, digit_share: Floats, settings: Settings) -> Line:
    """Cut a stretch out of the full page, its components alone."""
    factor, shape = view.factor, view.gray.shape
    margin = max(2, round(0.3 * stretch.height)) * factor
    box = clip_box(grow_box(scale_box(stretch.box, factor), margin, margin), shape)
    # The window starts at a whole pixel of the reduced page.
    box = Box(box.left // factor * factor, box.top // factor * factor, box.right, box.bottom)
    around = settings.ink.neighborhood_px
    wide = clip_box(grow_box(box, around, around), shape)
    ink = estimate_ink(view.gray[wide.top : wide.bottom, wide.left : wide.right], settings.ink)
    inner = ink[
        box.top - wide.top : box.bottom - wide.top, box.left - wide.left : box.right - wide.left
    ]
    alone = isolate_parts(inner, box, view.lines.parts, stretch.members, factor)
    tight = clip_box(scale_box(stretch.box, factor), shape)
    left_out = np.asarray((inner >= settings.ink.threshold) & (alone == 0))
    beside = find_stroke_beside(left_out, _shift(tight, box))
    # In pixels of the window, reduced.
    top, left = box.top // factor, box.left // factor
    rules = view.rules[top : -(-box.bottom // factor), left : -(-box.right // factor)]
    own = find_own_rules(rules, view.lines.parts.boxes[stretch.members] - (left, top, left, top))
    on_rule = None
    if own is not None:
        on_rule = isolate_parts(inner, box, view.lines.parts, stretch.members, factor, own)
    lacks = beside or is_followed(stretch, view.lines.parts.boxes, digit_share)
    return Line(Region(tight), box, alone, lacks_stroke=lacks, on_rule=on_rule)
