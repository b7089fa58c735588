"""Read the fields of a form that a page shows: where they lie, what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from digitscan.checkdigits import has_check_digit
from digitscan.fields import FieldKind
from digitscan.fitted_form import Fit
from digitscan.forms.template import Comb, Field, FieldType, Writing
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.comb_cells import CellInk
from digitscan.imaging.crosses import is_blot, may_be_cross
from digitscan.imaging.cuts import join_cells
from digitscan.imaging.faint_cells import find_cell_ink
from digitscan.imaging.geometry import clip_box, find_extent, grow_box
from digitscan.imaging.grids import locate_cells
from digitscan.imaging.lines import VIEWS
from digitscan.imaging.marks import measure_mark
from digitscan.imaging.normalize import normalize_tiles
from digitscan.imaging.patches import Patch, flatten_zone, place_zone
from digitscan.imaging.zones import keep_writing
from digitscan.joint_reading import Found, agree, weigh_absence
from digitscan.line_lattices import Line
from digitscan.reader import Reader, map_reading, read_lines, read_micr_line
from digitscan.records import Box, Floats, Gray, Mask, Reading, Region, Rejection
from digitscan.settings import Settings
from digitscan.whole_page import STROKE_SHARE

ZONE_VIEWS = VIEWS[:1]
"""Looks of the string reader at a field: with two or three the amounts and accounts of 40 cheques
were read no better, in more time."""
CROSSED = "x"
"""Text of a crossed `mark` box."""
CROSS_SHARE = 0.5
"""The digit network calls the ink of a cell rubbish by more than this: no digit, or a blotted one.
The crosses of the ten polling-station forms have 0.85 or more."""
BLOTTED = 0.999
"""A box that is surely no digit and not crossed out makes its field unreadable."""
MARKED = 0.02
"""Share of a box that a cross covers at least: two strokes of a fiftieth of its width."""
UNMARKED = 0.005
"""Specks and what is left of the box's rules stay below this share of it."""
MAX_EMPTY = 0.5
"""Ink of a zone that the string reader rather takes for nothing is none."""
FIELD_PX = 80
"""Fields without boxes are enlarged to this height at least: rules and specks are told from writing
by widths of a pixel or two. Of 10 accounts at half resolution all were right, not enlarged 4."""
PRINT_GAIN = 2
"""Stamps and worn ribbons leave uneven ink, which counts in full from half its strength: of 140
accounts on distorted cheques 126 were right with it, 120 without."""
CELL_PX = 32
"""Boxes of a comb are enlarged to this side at least: a wall of 1 px is lost beside
strokes of 2. Of 58 counts and dates at half resolution 5 were misread, not enlarged 28."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A field on the page: its patch, and either a line to be read or what is known already."""

    field: Field
    patch: Patch
    line: Line | None
    known: Reading | None
    cells: Floats | None = None
    crossed: tuple[bool, ...] = ()
    absent: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Boxes:
    """The boxes of a field's combs, the writing of each, and which writing is a blot."""

    places: tuple[Box, ...]
    cells: tuple[CellInk, ...]
    blots: tuple[bool, ...]


def read_form(fit: Fit, reader: Reader, settings: Settings = Settings()) -> tuple[Reading, ...]:
    """Read every field of the form that a page shows.

    Parameters
    ----------
    fit : Fit
    reader : Reader
    settings : Settings

    Returns
    -------
    tuple of Reading
        One a field, in the order of the template; boxes in pixels of the page. An empty field has
        the rejection `empty`, or `missing` where it is required; one that breaks a rule has `rule`,
        and its note names the rule.
    """
    cuts = _cut_fields(fit, reader, settings)
    lines = tuple(cut.line for cut in cuts if cut.line is not None)
    read = iter(read_lines(lines, reader, settings, ZONE_VIEWS))
    found = []
    for cut in cuts:
        reading = cut.known
        if reading is None:
            considered = next(read)
            reading = considered.reading
            if considered.blank > MAX_EMPTY and not reading.text:
                reading = _call_empty(cut.field, cut.patch)
            reading = _check_line(cut, reading)
        found.append(Found(cut.field, reading, cut.cells, cut.crossed, cut.absent))
    agreed = agree(found, fit.form.template.rules)
    return tuple(
        map_reading(reading, cut.patch.way, fit.page.shape)
        for cut, reading in zip(cuts, agreed, strict=True)
    )


def _check_line(cut: _Cut, reading: Reading) -> Reading:
    """Withhold a comb that is blotted or holds more or fewer digits; doubt what lacks a stroke."""
    if cut.line is not None and cut.line.lacks_stroke:
        return replace(reading, confidence=reading.confidence * STROKE_SHARE)
    if cut.cells is None or reading.rejection is not None:
        return reading
    filled = cut.cells.any(axis=1) & ~np.array(cut.crossed)
    if len(reading.text) == np.count_nonzero(filled) and cut.cells[filled, 10].max() < BLOTTED:
        # The digits are right only if the crosses are none.
        crosses = float(np.prod(cut.cells[np.array(cut.crossed), 10]))
        return replace(reading, confidence=reading.confidence * crosses)
    return replace(reading, rejection=Rejection.NO_DIGITS)


def _cut_fields(fit: Fit, reader: Reader, settings: Settings) -> list[_Cut]:
    """Take the fields out of a page; the boxes of all combs are shown to the network at once."""
    fields = fit.form.template.fields
    patches = [_flatten_field(fit, field) for field in fields]
    combs = {
        field.name: _split_comb(field, patch, settings)
        for field, patch in zip(fields, patches, strict=True)
        if field.cells
    }
    seen = dict(zip(combs, _name_cells(list(combs.values()), reader), strict=True))
    return [
        _cut_comb(field, patch, combs[field.name], seen[field.name])
        if field.cells
        else _cut_field(field, patch, printed, within, reader, settings)
        for field, patch, printed, within in zip(
            fields, patches, fit.form.printed, fit.form.within, strict=True
        )
    ]


def _flatten_field(fit: Fit, field: Field) -> Patch:
    least = max((CELL_PX / _narrow(comb) for comb in field.combs), default=0.0)
    if not field.cells and field.type not in (FieldType.MICR, FieldType.MARK):
        least = FIELD_PX / (field.zone.bottom - field.zone.top)
    return flatten_zone(fit.page, field.zone, fit.registration.to_page, least)


def _cut_field(
    field: Field,
    patch: Patch,
    printed: Mask | None,
    within: Mask | None,
    reader: Reader,
    settings: Settings,
) -> _Cut:
    """Take out a field that is no comb."""
    if field.type is FieldType.MICR:
        return _Cut(field, patch, None, _read_micr(field, patch, reader, settings))
    ink = estimate_ink(patch.gray, settings.ink)
    if field.type is FieldType.MARK:
        return _Cut(field, patch, None, _read_mark(field, patch, ink, printed, settings))
    return _cut_free(field, patch, ink, printed, within, settings)


def _narrow(comb: Comb) -> float:
    """Return the shorter side of a comb's boxes, in pixels of the reference."""
    zone = comb.zone
    return min((zone.right - zone.left) / comb.cells, zone.bottom - zone.top)


def _cut_free(
    field: Field,
    patch: Patch,
    ink: Gray,
    printed: Mask | None,
    within: Mask | None,
    settings: Settings,
) -> _Cut:
    """Take the writing of a field without boxes out of its patch."""
    alone, on_rule, lacks = keep_writing(ink, patch.zone, settings.ink.threshold, printed, within)
    if field.writing is Writing.PRINT:
        alone = np.minimum(PRINT_GAIN * alone.astype(np.uint16), 255).astype(np.uint8)
    tight = find_extent(np.asarray(alone >= settings.ink.threshold))
    if tight is None:
        return _Cut(field, patch, None, _call_empty(field, patch))
    margin = max(2, round(0.3 * (tight.bottom - tight.top)))
    window = clip_box(grow_box(tight, margin, margin), ink.shape)
    inner = slice(window.top, window.bottom), slice(window.left, window.right)
    on_rule = None if on_rule is None else on_rule[inner]
    region, kind = Region(tight, field.name), field.grammar.kind
    line = Line(region, window, alone[inner], kind, None, None, field.grammar, lacks, on_rule)
    return _Cut(field, patch, line, None)


def _split_comb(field: Field, patch: Patch, settings: Settings) -> _Boxes:
    """Find the boxes of a field's combs, and what is written in them."""
    places: list[Box] = []
    cells: list[CellInk] = []
    for comb in field.combs:
        zone = place_zone(patch, field.zone, comb.zone)
        boxes = locate_cells(patch.gray, zone, comb.cells)
        places += boxes
        cells += find_cell_ink(patch.gray, boxes, settings.ink)
    dark = _threshold_halfway(patch.gray)
    blots = tuple(bool(cell.ink.any()) and is_blot(_crop(dark, cell.box)) for cell in cells)
    return _Boxes(tuple(places), tuple(cells), blots)


def _name_cells(combs: Sequence[_Boxes], reader: Reader) -> list[Floats]:
    """Return the probabilities of the cells of every comb, 0 in empty ones, a blot no digit."""
    every = [cell.ink for boxes in combs for cell in boxes.cells]
    filled = [k for k, ink in enumerate(every) if ink.any()]
    seen = np.zeros((len(every), 11), np.float32)
    if filled:
        seen[filled] = reader.digits.classify(normalize_tiles([every[k] for k in filled]))
    seen[[blot for boxes in combs for blot in boxes.blots]] = np.eye(11, dtype=np.float32)[10]
    ends = np.cumsum([len(boxes.cells) for boxes in combs])[:-1]
    return list(np.split(seen, ends)) if combs else []


def _cut_comb(field: Field, patch: Patch, boxes: _Boxes, seen: Floats) -> _Cut:
    """Take the digits out of the cells of a comb; crosses are none where cells may stay empty."""
    crossed = _find_crosses(field, seen, boxes.cells)
    absent = (0.0,) * len(seen)
    if _may_have_crosses(field):
        absent = weigh_absence(seen, crossed, boxes.blots)
    kept = [cell for cell, cross in zip(boxes.cells, crossed, strict=True) if not cross]
    if not any(cell.ink.any() for cell in kept):
        empty = _call_empty(field, patch, any(crossed))
        return _Cut(field, patch, None, empty, seen, crossed, absent)
    line = _join_comb(field, boxes.places, kept, patch.gray.shape)
    return _Cut(field, patch, line, None, seen, crossed, absent)


def _threshold_halfway(gray: Gray) -> Gray:
    """Return 255 where a patch is dark and 0 elsewhere; the ink of a blot is hollow."""
    sample = gray[::2, ::2]
    paper, ink = float(np.median(sample)), float(np.percentile(sample, 1))
    return np.where(gray < (paper + ink) / 2, 255, 0).astype(np.uint8)


def _crop(gray: Gray, box: Box) -> Gray:
    return gray[box.top : box.bottom, box.left : box.right]


def _find_crosses(field: Field, seen: Floats, cells: Sequence[CellInk]) -> tuple[bool, ...]:
    """Say of each cell whether it is crossed out: those before the first digit may be.

    What is no digit and has not the shape of a cross either is an unreadable digit, and so is
    what stands between digits; a date has a digit in every box.
    """
    crossed = [False] * len(seen)
    if not _may_have_crosses(field):
        return tuple(crossed)
    for k, (row, cell) in enumerate(zip(seen, cells, strict=True)):
        if row.any() and (row[10] <= CROSS_SHARE or not may_be_cross(cell.ink)):
            break
        crossed[k] = bool(row.any())
    return tuple(crossed)


def _may_have_crosses(field: Field) -> bool:
    return field.grammar.kind is not FieldKind.DATE and field.grammar.min_digits < field.cells


def _join_comb(
    field: Field,
    places: Sequence[Box],
    kept: Sequence[CellInk],
    shape: tuple[int, ...],
) -> Line:
    pieces = join_cells(
        (shape[0], shape[1]), [cell.ink for cell in kept], [cell.box for cell in kept]
    )
    box = Box(places[0].left, places[0].top, places[-1].right, places[-1].bottom)
    whole = Box(0, 0, shape[1], shape[0])
    return Line(
        Region(box, field.name),
        whole,
        pieces.ink,
        field.grammar.kind,
        cells=pieces,
        grammar=field.grammar,
    )


def _call_empty(field: Field, patch: Patch, crossed: bool = False) -> Reading:
    """Return the reading of a field in which nothing is written, or every box is crossed out."""
    rejection = Rejection.EMPTY if crossed or not field.required else Rejection.MISSING
    return Reading(Region(patch.zone, field.name), "", "", 0.0, (), rejection)


def _read_mark(
    field: Field, patch: Patch, ink: Gray, printed: Mask | None, settings: Settings
) -> Reading:
    """Tell a crossed box from an empty one by its ink."""
    share, is_mark = measure_mark(patch.gray, ink, patch.zone, printed, settings.ink.threshold)
    if share <= UNMARKED:
        return _call_empty(field, patch)
    unsure = None if is_mark and share >= MARKED else Rejection.LOW_CONFIDENCE
    confidence = min(1.0, 0.5 * share / MARKED) if is_mark else 0.5
    region = Region(patch.zone, field.name)
    return Reading(region, CROSSED, CROSSED, confidence, (), unsure)


def _read_micr(field: Field, patch: Patch, reader: Reader, settings: Settings) -> Reading:
    """Read the E-13B line of a patch."""
    nothing = Reading(Region(patch.zone, field.name), "", "", 0.0, (), Rejection.NO_DIGITS)
    everywhere = replace(settings.micr, search_share=1.0)
    check = None if field.grammar.check is None else partial(_has_transit, field)
    reading = read_micr_line(patch.gray, reader, everywhere, check)
    if reading is None:
        return nothing
    return replace(reading, region=replace(reading.region, field=field.name))


def _has_transit(field: Field, text: str) -> bool:
    """Say whether the digits between two transit symbols have the check digit of the field."""
    check = field.grammar.check
    numbers = [part for part in text.split("A")[1:-1] if part.isdigit()]
    return check is None or any(has_check_digit(number, check) for number in numbers)
