"""read_page: the whole story of a page, stage by stage."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitscan.fields import FieldKind
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.components import estimate_text_height, find_components
from digitscan.imaging.cut_off import find_ground, is_cut_off
from digitscan.imaging.geometry import stored_from_upright
from digitscan.imaging.isolate import isolate_line
from digitscan.imaging.page_size import enlarge_page
from digitscan.imaging.restore import restore_page
from digitscan.line_lattices import Line
from digitscan.reader import Considered, Reader, map_reading, read_lines
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.confidence import Calibration, parse_calibration
from digitscan.recognition.micr import DELIMITERS
from digitscan.recognition.models import load_package
from digitscan.recognition.strings import StringReader
from digitscan.recognition.words import WordScreen
from digitscan.records import Box, Gray, Mask, Page, PageResult, Reading, Region, Rejection, Status
from digitscan.settings import Settings
from digitscan.templated_page import Form, estimate_turn_deg, fit_form, read_form
from digitscan.whole_page import PAGE_VIEWS, locate_numbers, read_line, read_whole

SCREEN_BATCH = 16
"""Tiles that the screen sees at once: a cheque shows it four times some 70, and the last run is
filled up with blank ones, of which 32 take 8 us each as 16 do; at 8 a tile takes 9."""
CLEAR = 0.97
"""Confidence from which a crop is not looked at twice. Of 40 accounts, 32 dates and 38 amounts,
cropped with labels and walls, 33, 23 and 18 instead of none, 16 and 16 are then accepted, none of
them wrong; of 500 looks at held amounts, cropped tightly, no more than before."""
LOW_PX, ZOOM = 20.0, 2
"""A crop whose writing is lower is enlarged: of 100 held amounts at a quarter, at 0.35 and at half
their size 89, 94 and 96 instead of 69, 90 and 95 are read, and 73, 88 and 93 instead of 43, 74 and
88 accepted. The digits of MNIST are 20 px high: enlarged, 297 of 300 are read, as they are 299."""
MARGIN, MICR_MARGIN, BOX = 0.6, 1.6, 1.05
"""Paper beside a number that is whole, in heights of its digits, in symbols of a MICR line, which
has gaps of a symbol, and in boxes, with the last one's wall. On 10 cheques, cut at seven places on
either side or with one of seven corners folded, none of 645 accepted readings is a part of its
number, where 77 of 755 were; on 40 whole ones and 10 forms one reading is rejected, of print."""
MOST_ALONE_PX, FILLED = 500, 0.3
"""A picture that is broader than high, no higher than the first, and whose writing has that share
of its height, may be the crop of one number. Of 100 crops of amounts, whose writing has 0.4 and
more, 92 instead of 2 are accepted without `--field`, none of them wrong; of 236 crops of words and
printed numbers of cheques 13, all of them numbers."""
NOTHING = "no-number"
"""Reason of an empty page or crop: looked at, and no number is on it."""
NO_TEMPLATE = "no-template"
"""Reason of a rejected page: it shows none of the forms that were given."""


def load_reader(settings: Settings = Settings(), calibration: Calibration | None = None) -> Reader:
    """Load the networks.

    Parameters
    ----------
    settings : Settings
        The string network and the word screen are loaded only where `readers.strings` is on.
    calibration : Calibration, optional
        From evidence to confidence; by default that of the installed package.

    Returns
    -------
    Reader

    Raises
    ------
    ModelError
        When a package is missing or is not what its metadata says.
    """
    return Reader(
        digits=OnnxClassifier(load_package("digits")),
        screen=OnnxClassifier(load_package("screen"), SCREEN_BATCH),
        words=WordScreen(load_package("words")) if settings.readers.strings else None,
        strings=StringReader(load_package("strings")) if settings.readers.strings else None,
        e13b=OnnxClassifier(load_package("e13b")),
        calibration=calibration or parse_calibration(load_package("confidence").onnx),
    )


def read_page(
    page: Page,
    reader: Reader,
    settings: Settings = Settings(),
    field: str | None = None,
    forms: Sequence[Form] = (),
    or_whole: bool = False,
) -> PageResult:
    """Read every number on a page, the fields of a form, or the field that the image is a crop of.

    Parameters
    ----------
    page : Page
    reader : Reader
    settings : Settings
    field : str, optional
        Name of the field when the image is a crop of one; None to search the whole page.
    forms : sequence of Form
        Where there are any, the page is read by the one that fits best, and rejected where none
        does.
    or_whole : bool
        Read a page that shows none of the forms as a whole instead of rejecting it.

    Returns
    -------
    PageResult
        Boxes are in pixels of the image as stored.
    """
    upright = restore_page(page)
    way = stored_from_upright(page.image.shape, page.orientation)
    if field is not None:
        line, zoom = _size_line(upright, settings, FieldKind(field))
        way = way @ np.diag([1 / zoom, 1 / zoom, 1.0])
        (considered,) = read_lines((line,), reader, settings)
        reading = _look_closer(considered.reading, line, reader, settings)
        readings: tuple[Reading, ...] = () if _is_blank(considered) else (reading,)
        skew_deg = 0.0
    elif forms and (fit := fit_form(upright, forms)) is not None:
        readings, skew_deg = read_form(fit, reader, settings), estimate_turn_deg(fit)
    elif forms and not or_whole:
        return PageResult(page.ref, Status.REJECTED, reason=NO_TEMPLATE)
    else:
        readings, skew_deg = read_whole(upright, reader, settings, page.dpi)
    if field is None:
        ground = find_ground(upright)
        readings = tuple(_withhold_cut(reading, upright, ground) for reading in readings)
    if field is None and not forms and (alone := _read_alone(upright, readings, reader, settings)):
        readings, skew_deg = (alone,), 0.0
    if not readings:
        return PageResult(page.ref, Status.EMPTY, skew_deg=skew_deg, reason=NOTHING)
    readings = tuple(map_reading(reading, way, page.image.shape) for reading in readings)
    return PageResult(page.ref, _join_status(readings), readings, skew_deg)


def _read_alone(
    gray: Gray, found: Sequence[Reading], reader: Reader, settings: Settings
) -> Reading | None:
    """Read a picture that is filled by one line, where that tells more than what was found on it.

    Such a picture is the crop of a number, of which no name of a field was given.
    """
    if gray.shape[0] > min(gray.shape[1], MOST_ALONE_PX):
        return None
    line, zoom = _size_line(gray, settings, FieldKind.NUMBER)
    parts = find_components(np.asarray(line.ink >= settings.ink.threshold))
    if estimate_text_height(parts.heights) < FILLED * line.ink.shape[0]:
        return None
    reading = read_line(replace(line, region=Region(line.region.box), kind=None), reader, settings)
    if reading is None or any(
        one.confidence >= reading.confidence and one.text not in reading.text
        for one in found
        if one.rejection is None
    ):
        return None
    return map_reading(reading, np.diag([1 / zoom, 1 / zoom, 1.0]), gray.shape)


def _withhold_cut(reading: Reading, gray: Gray, ground: tuple[Mask, int]) -> Reading:
    """Reject a reading that may be a part of its number, the rest being off the page."""
    if not reading.text or reading.rejection is not None:
        return reading
    box = reading.region.box
    heights = [digit.box.bottom - digit.box.top for digit in reading.digits]
    height_px = float(np.median(heights or [box.bottom - box.top]))
    cell_px = (box.right - box.left) / len(reading.text)
    is_micr = not set(reading.text).isdisjoint(DELIMITERS)
    margin_px = MICR_MARGIN * cell_px if is_micr else MARGIN * height_px
    if is_cut_off(gray, ground, box, round(margin_px), round(BOX * max(cell_px, height_px))):
        return replace(reading, rejection=Rejection.CUT_OFF)
    return reading


def _join_status(readings: tuple[Reading, ...]) -> Status:
    """Return how a page with readings ended."""
    if any(one.rejection is None for one in readings):
        return Status.READ
    if all(one.rejection is Rejection.EMPTY for one in readings):
        return Status.EMPTY
    return Status.REJECTED


def _size_line(gray: Gray, settings: Settings, kind: FieldKind) -> tuple[Line, int]:
    """Take a crop for a line, enlarged where its writing is low; return by how much."""
    line = make_line(gray, settings, kind)
    parts = find_components(np.asarray(line.ink >= settings.ink.threshold))
    if 0.0 < estimate_text_height(parts.heights) < LOW_PX:
        return make_line(enlarge_page(gray, ZOOM), settings, kind), ZOOM
    return line, 1


def _look_closer(reading: Reading, line: Line, reader: Reader, settings: Settings) -> Reading:
    """Raise the confidence of a doubtful crop to that of the same text found within it.

    A crop that was cut with its label, its walls or the lines beside it is read through all of
    them. Found as on a page, the number stands alone; other numbers of the crop are no rivals.
    """
    doubtful = reading.text and reading.rejection is None and reading.confidence < CLEAR
    if not doubtful or line.gray is None:
        return reading
    numbers = locate_numbers(line.gray, reader, settings)
    found = read_lines(
        tuple(replace(one, kind=line.kind) for one in numbers), reader, settings, PAGE_VIEWS
    )
    same = [
        one.reading.confidence
        for one in found
        if one.reading.text == reading.text and one.reading.rejection is None
    ]
    confidence = max([reading.confidence, *same])
    left = (1.0 - confidence) / (1.0 - reading.confidence)
    others = tuple(replace(one, confidence=one.confidence * left) for one in reading.alternatives)
    return replace(reading, confidence=confidence, alternatives=others)


def _is_blank(considered: Considered) -> bool:
    """Say whether a crop holds nothing to read, rather than something that cannot be read."""
    return not considered.reading.text and considered.blank >= 0.5


def make_line(gray: Gray, settings: Settings, kind: FieldKind) -> Line:
    """Take the crop of one field for a line; calibration reads such lines too.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, upright.
    settings : Settings
    kind : FieldKind
        What the field says; also its name.

    Returns
    -------
    Line
    """
    ink = isolate_line(estimate_ink(gray, settings.ink), settings.ink.threshold, settings.cuts)
    whole = Box(0, 0, gray.shape[1], gray.shape[0])
    return Line(Region(whole, str(kind)), whole, ink, kind, gray)
