"""read_page: the whole story of a page, stage by stage."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitscan.cropped_field import read_alone, read_crop
from digitscan.fields import FieldKind
from digitscan.fitted_form import Fit, Form, estimate_turn_deg, fit_form
from digitscan.imaging.bend import locate_bend
from digitscan.imaging.cut_off import Ground, find_ground, is_cut_off, is_on_page
from digitscan.imaging.geometry import stored_from_upright
from digitscan.imaging.restore import restore_page
from digitscan.reader import Reader, map_reading
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.confidence import Calibration, parse_calibration
from digitscan.recognition.micr import DELIMITERS
from digitscan.recognition.models import load_package
from digitscan.recognition.strings import StringReader
from digitscan.recognition.words import WordScreen
from digitscan.records import Box, Gray, Page, PageResult, Reading, Rejection, Status
from digitscan.settings import Settings
from digitscan.templated_page import read_form
from digitscan.whole_page import read_whole

SCREEN_BATCH = 16
"""Tiles that the screen sees at once: a cheque shows it four times some 70, and the last run is
filled up with blank ones, of which 32 take 8 us each as 16 do; at 8 a tile takes 9."""
MARGIN, MICR_MARGIN, BOX = 0.6, 1.6, 1.05
"""Paper beside a number that is whole, in heights of its digits, in symbols of a MICR line, which
has gaps of a symbol, and in boxes, with the last one's wall. On 10 cheques, cut at seven places on
either side or with one of seven corners folded, none of 649 accepted readings is a part of its
number, where 77 of 755 were; on 40 whole ones and 10 forms one reading is rejected, of print."""
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
    fit = fit_form(upright, forms) if forms and field is None else None
    way = stored_from_upright(page.image.shape, page.orientation)
    if field is not None:
        readings, skew_deg = read_crop(upright, FieldKind(field), reader, settings), 0.0
    elif fit is not None:
        readings, skew_deg = read_form(fit, reader, settings), estimate_turn_deg(fit)
        upright = fit.page
    elif forms and not or_whole:
        return PageResult(page.ref, Status.REJECTED, reason=NO_TEMPLATE)
    else:
        readings, skew_deg = read_whole(upright, reader, settings, page.dpi)
    if field is None:
        readings = _withhold_cut(readings, upright, fit)
    if fit is not None and (bend := fit.bend) is not None:
        readings = tuple(
            map_reading(one, locate_bend(bend, one.region.box), upright.shape) for one in readings
        )
    if field is None and not forms and (alone := read_alone(upright, readings, reader, settings)):
        readings, skew_deg = (alone,), 0.0
    if not readings:
        return PageResult(page.ref, Status.EMPTY, skew_deg=skew_deg, reason=NOTHING)
    readings = tuple(map_reading(reading, way, page.image.shape) for reading in readings)
    return PageResult(page.ref, _join_status(readings), readings, skew_deg)


def _withhold_cut(readings: Sequence[Reading], gray: Gray, fit: Fit | None) -> tuple[Reading, ...]:
    """Reject what may be a part of its number, the rest being off the page.

    A field of a form is none such where its zone is all on the page.
    """
    ground = find_ground(gray)
    whole: set[str | None] = set()
    if fit is not None:
        to_page = fit.registration.to_page
        whole = {
            field.name
            for field in fit.form.template.fields
            if is_on_page(gray.shape, ground, field.zone, to_page)
        }
    return tuple(
        replace(reading, rejection=Rejection.CUT_OFF)
        if reading.rejection is None
        and reading.region.field not in whole
        and _may_be_cut(reading, gray, ground)
        else reading
        for reading in readings
    )


def _may_be_cut(reading: Reading, gray: Gray, ground: Ground) -> bool:
    """Say whether too little paper is beside a number, the way that it is written."""
    if not reading.text:
        return False
    box, sizes = reading.region.box, [digit.box for digit in reading.digits]
    if len(reading.text) > 1 and box.bottom - box.top > box.right - box.left:
        gray, ground = gray.T, Ground(ground.mask.T, ground.step)
        box, *sizes = (Box(one.top, one.left, one.bottom, one.right) for one in (box, *sizes))
    height_px = float(np.median([one.bottom - one.top for one in sizes or [box]]))
    cell_px = (box.right - box.left) / len(reading.text)
    is_micr = not set(reading.text).isdisjoint(DELIMITERS)
    margin_px = MICR_MARGIN * cell_px if is_micr else MARGIN * height_px
    return is_cut_off(gray, ground, box, round(margin_px), round(BOX * max(cell_px, height_px)))


def _join_status(readings: tuple[Reading, ...]) -> Status:
    """Return how a page with readings ended."""
    if any(one.rejection is None for one in readings):
        return Status.READ
    if all(one.rejection is Rejection.EMPTY for one in readings):
        return Status.EMPTY
    return Status.REJECTED
