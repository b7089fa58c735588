"""read_page: the whole story of a page, stage by stage."""

from collections.abc import Sequence

from digitscan.cropped_field import read_alone, read_crop
from digitscan.cut_numbers import withhold_cut
from digitscan.fields import FieldKind
from digitscan.fitted_form import Fit, Form, estimate_turn_deg, fit_form
from digitscan.imaging.bend import locate_bend
from digitscan.imaging.cut_off import find_ground
from digitscan.imaging.geometry import stored_from_upright
from digitscan.imaging.outline import straighten_sheet
from digitscan.imaging.restore import restore_page
from digitscan.reader import Reader, map_reading
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.confidence import Calibration, parse_calibration
from digitscan.recognition.models import load_package
from digitscan.recognition.strings import StringReader
from digitscan.recognition.words import WordScreen
from digitscan.records import Gray, Page, PageResult, Reading, Rejection, Status
from digitscan.settings import Settings
from digitscan.templated_page import read_form
from digitscan.whole_page import read_whole

SCREEN_BATCH = 16
"""Tiles that the screen sees at once: a cheque shows it four times some 70, and the last run is
filled up with blank ones, of which 32 take 8 us each as 16 do; at 8 a tile takes 9."""
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
    if field is not None:
        readings, skew_deg = read_crop(upright, FieldKind(field), reader, settings), 0.0
    elif fit is not None:
        readings, skew_deg = _read_fit(fit, reader, settings), estimate_turn_deg(fit)
    elif forms and not or_whole:
        return PageResult(page.ref, Status.REJECTED, reason=NO_TEMPLATE)
    else:
        readings, skew_deg = _read_sheet(upright, page.dpi, reader, settings)
    if not readings:
        return PageResult(page.ref, Status.EMPTY, skew_deg=skew_deg, reason=NOTHING)
    way = stored_from_upright(page.image.shape, page.orientation)
    readings = tuple(map_reading(reading, way, page.image.shape) for reading in readings)
    return PageResult(page.ref, _join_status(readings), readings, skew_deg)


def _read_fit(fit: Fit, reader: Reader, settings: Settings) -> tuple[Reading, ...]:
    """Read the form that a page shows; boxes are in pixels of the page, bent or not."""
    found = read_form(fit, reader, settings)
    readings = withhold_cut(found, fit.page, find_ground(fit.page), fit)
    if (bend := fit.bend) is None:
        return readings
    ways = (locate_bend(bend, reading.region.box) for reading in readings)
    shape = fit.page.shape
    return tuple(map_reading(one, way, shape) for one, way in zip(readings, ways, strict=True))


def _read_sheet(
    gray: Gray, dpi: float | None, reader: Reader, settings: Settings
) -> tuple[tuple[Reading, ...], float]:
    """Read what is found on a page, or one number that fills it; also return its skew."""
    ground = find_ground(gray)
    sheet, way = straighten_sheet(gray, ground)
    found, skew_deg = read_whole(sheet, reader, settings, dpi)
    readings = withhold_cut([map_reading(one, way, gray.shape) for one in found], gray, ground)
    alone = read_alone(gray, readings, reader, settings)
    return (readings, skew_deg) if alone is None else ((alone,), 0.0)


def _join_status(readings: tuple[Reading, ...]) -> Status:
    """Return how a page with readings ended."""
    if any(one.rejection is None for one in readings):
        return Status.READ
    if all(one.rejection is Rejection.EMPTY for one in readings):
        return Status.EMPTY
    return Status.REJECTED
