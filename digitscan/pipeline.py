"""read_page: the whole story of a page, stage by stage."""

from digitscan.fields import FieldKind
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.geometry import stored_from_upright, turn_upright
from digitscan.imaging.isolate import isolate_line
from digitscan.reader import Considered, Line, Reader, map_reading, read_lines
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.confidence import UNCALIBRATED
from digitscan.recognition.models import load_package
from digitscan.recognition.strings import StringReader
from digitscan.records import Box, Gray, Page, PageResult, Reading, Region, Status
from digitscan.settings import Settings
from digitscan.whole_page import read_whole


NOTHING = "no-number"
"""Reason of an empty page or crop: looked at, and no number is on it."""


def load_reader(settings: Settings = Settings()) -> Reader:
    """Load the networks.

    Parameters
    ----------
    settings : Settings
        The string network is loaded only where `readers.strings` is on.

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
        strings=StringReader(load_package("strings")) if settings.readers.strings else None,
        e13b=OnnxClassifier(load_package("e13b")),
        calibration=UNCALIBRATED,
    )


def read_page(
    page: Page, reader: Reader, settings: Settings = Settings(), field: str | None = None
) -> PageResult:
    """Read every number on a page, or the one field that the image is a crop of.

    Parameters
    ----------
    page : Page
    reader : Reader
    settings : Settings
    field : str, optional
        Name of the field when the image is a crop of one; None to search the whole page.

    Returns
    -------
    PageResult
        Boxes are in pixels of the image as stored.
    """
    upright = turn_upright(page.image, page.orientation)
    way = stored_from_upright(page.image.shape, page.orientation)
    if field is not None:
        considered = consider_crop(upright, reader, settings, field)
        readings: tuple[Reading, ...] = () if _is_blank(considered) else (considered.reading,)
        skew_deg = 0.0
    else:
        readings, skew_deg = read_whole(upright, reader, settings)
    if not readings:
        return PageResult(page.ref, Status.EMPTY, skew_deg=skew_deg, reason=NOTHING)
    readings = tuple(map_reading(reading, way, page.image.shape) for reading in readings)
    status = Status.READ if any(one.rejection is None for one in readings) else Status.REJECTED
    return PageResult(page.ref, status, readings, skew_deg)


def _is_blank(considered: Considered) -> bool:
    """Say whether a crop holds nothing to read, rather than something that cannot be read."""
    return not considered.reading.text and considered.blank >= 0.5


def consider_crop(gray: Gray, reader: Reader, settings: Settings, field: str) -> Considered:
    """Read the crop of one field and keep the evidence, which calibration is trained on.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, upright.
    reader : Reader
    settings : Settings
    field : str
        A `FieldKind`, which is also the field's name.

    Returns
    -------
    Considered
    """
    ink = isolate_line(estimate_ink(gray, settings.ink), settings.ink.threshold, settings.cuts)
    whole = Box(0, 0, gray.shape[1], gray.shape[0])
    line = Line(Region(whole, field), whole, ink, gray, FieldKind(field))
    return read_lines((line,), reader, settings)[0]
