"""read_page: the whole story of a page, stage by stage."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from digitscan.fields import FieldKind
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.deskew import estimate_skew_deg
from digitscan.imaging.geometry import (
    clip_box,
    grow_box,
    map_box,
    scale_box,
    stored_from_upright,
    turn_upright,
)
from digitscan.imaging.isolate import isolate_line, isolate_parts
from digitscan.imaging.micr import find_micr_line
from digitscan.imaging.micr_cells import split_micr_cells
from digitscan.imaging.normalize import normalize_tiles
from digitscan.imaging.numbers import Stretch, find_numbers
from digitscan.imaging.regions import Lines, find_lines, reduce_page, remove_page_rules
from digitscan.reader import Considered, Line, Reader, read_lines
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.confidence import UNCALIBRATED
from digitscan.recognition.micr import read_micr
from digitscan.recognition.models import load_package
from digitscan.recognition.strings import StringReader
from digitscan.records import Box, Floats, Gray, Page, PageResult, Reading, Region, Status
from digitscan.settings import InkSettings, Settings


def load_reader(settings: Settings = Settings()) -> Reader:
    """Load the networks.

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
        readings: tuple[Reading, ...] = (considered.reading,)
        skew_deg = 0.0
    else:
        readings, skew_deg = _read_whole(upright, reader, settings)
    readings = tuple(_to_stored(reading, way, page.image.shape) for reading in readings)
    status = Status.READ if any(one.rejection is None for one in readings) else Status.REJECTED
    return PageResult(page.ref, status if readings else Status.EMPTY, readings, skew_deg)


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
    region = Region(Box(0, 0, gray.shape[1], gray.shape[0]), field)
    return read_lines((Line(region, ink, gray, FieldKind(field)),), reader, settings)[0]


def _read_whole(
    gray: Gray, reader: Reader, settings: Settings
) -> tuple[tuple[Reading, ...], float]:
    small, factor = reduce_page(gray, settings.regions.long_side_px)
    ink = estimate_ink(small, _reduce_ink(settings, factor))
    lines = find_lines(
        remove_page_rules(np.asarray(ink >= settings.ink.threshold)), settings.regions
    )
    skew_deg = estimate_skew_deg(lines)
    micr = _read_micr(gray, reader, settings)
    share = _share_digits(ink, lines, reader)
    stretches = find_numbers(lines, share, settings.regions)
    if micr is not None:
        stretches = tuple(one for one in stretches if not _is_on(one, micr, factor))
    targets = tuple(_cut_line(gray, lines, one, factor, settings) for one in stretches)
    considered = read_lines(targets, reader, settings)
    readings = [one.reading for one in considered if is_number(one, settings)]
    return tuple(readings + ([] if micr is None else [micr])), skew_deg


def is_number(considered: Considered, settings: Settings) -> bool:
    """Say whether what stands in a region found on a page is a number at all."""
    evidence = considered.evidence
    if evidence is None or evidence.quality is None:
        return False
    return evidence.quality / evidence.digits >= settings.regions.min_quality


def _read_micr(gray: Gray, reader: Reader, settings: Settings) -> Reading | None:
    if reader.e13b is None:
        return None
    line = find_micr_line(gray, settings.micr)
    if line is None:
        return None
    cells = split_micr_cells(gray, line)
    tiles = normalize_tiles([cell.ink for cell in cells])
    boxes = [cell.box for cell in cells]
    return read_micr(reader.e13b.classify(tiles), boxes, settings.micr)


def _is_on(stretch: Stretch, micr: Reading, factor: int) -> bool:
    """Say whether a stretch stands on the MICR line."""
    middle = (stretch.box.top + stretch.box.bottom) / 2 * factor
    return micr.region.box.top < middle < micr.region.box.bottom


def _share_digits(ink: Gray, lines: Lines, reader: Reader) -> Floats:
    """Return each component's probability to be a digit; NaN for marks."""
    parts = lines.parts
    share = np.full(len(parts.areas), np.nan, np.float32)
    asked = [int(k) for line in lines.lines for k in line if parts.heights[k] >= 6]
    inks = []
    for k in asked:
        left, top, right, bottom = parts.boxes[k]
        own = parts.labels[top:bottom, left:right] == k + 1
        inks.append(np.where(own, ink[top:bottom, left:right], 0).astype(np.uint8))
    if asked:
        share[asked] = 1 - reader.digits.classify(normalize_tiles(inks))[:, 10]
    return share


def _cut_line(
    gray: Gray, lines: Lines, stretch: Stretch, factor: int, settings: Settings
) -> Line:
    margin = max(2, round(0.3 * stretch.height)) * factor
    box = clip_box(grow_box(scale_box(stretch.box, factor), margin, margin), gray.shape)
    # The window starts at a whole pixel of the reduced page.
    box = Box(box.left // factor * factor, box.top // factor * factor, box.right, box.bottom)
    context = 32
    wide = clip_box(grow_box(box, context, context), gray.shape)
    ink = estimate_ink(gray[wide.top : wide.bottom, wide.left : wide.right], settings.ink)
    inner = ink[
        box.top - wide.top : box.bottom - wide.top, box.left - wide.left : box.right - wide.left
    ]
    alone = isolate_parts(inner, box, lines.parts, stretch.members, factor)
    return Line(Region(box), alone, np.asarray(255 - alone, np.uint8))


def _reduce_ink(settings: Settings, factor: int) -> InkSettings:
    """Return the ink settings for a reduced page, where a security pattern has no pen beside it."""
    return replace(
        settings.ink,
        stroke_px=max(6, settings.ink.stroke_px // factor),
        neighborhood_px=max(8, settings.ink.neighborhood_px // factor),
        min_share=max(settings.ink.min_share, settings.regions.min_ink_share),
    )


def _to_stored(
    reading: Reading, way: npt.NDArray[np.float64], shape: tuple[int, int]
) -> Reading:
    region = replace(reading.region, box=clip_box(map_box(reading.region.box, way), shape))
    digits = tuple(
        replace(digit, box=clip_box(map_box(digit.box, way), shape)) for digit in reading.digits
    )
    return replace(reading, region=region, digits=digits)
