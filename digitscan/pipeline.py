"""read_page: the whole story of a page, stage by stage."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

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
from digitscan.imaging.normalize import normalize_tiles
from digitscan.imaging.numbers import Stretch, find_numbers
from digitscan.imaging.regions import Lines, find_lines, reduce_page, remove_page_rules
from digitscan.reader import Line, Reader, read_lines
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.models import load_package
from digitscan.records import Box, Floats, Gray, Page, PageResult, Reading, Region, Status
from digitscan.settings import InkSettings, Settings


def load_reader(settings: Settings = Settings()) -> Reader:
    """Load the networks.

    Raises
    ------
    ModelError
        When a package is missing or is not what its metadata says.
    """
    return Reader(digits=OnnxClassifier(load_package("digits")))


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
        readings: tuple[Reading, ...] = (_read_crop(upright, reader, settings, field),)
        skew_deg = 0.0
    else:
        readings, skew_deg = _read_whole(upright, reader, settings)
    readings = tuple(_to_stored(reading, way, page.image.shape) for reading in readings)
    status = Status.READ if any(one.rejection is None for one in readings) else Status.REJECTED
    return PageResult(page.ref, status if readings else Status.EMPTY, readings, skew_deg)


def _read_crop(gray: Gray, reader: Reader, settings: Settings, field: str) -> Reading:
    ink = isolate_line(estimate_ink(gray, settings.ink), settings.ink.threshold, settings.cuts)
    region = Region(Box(0, 0, gray.shape[1], gray.shape[0]), field)
    return read_lines((Line(region, ink),), reader, settings)[0]


def _read_whole(
    gray: Gray, reader: Reader, settings: Settings
) -> tuple[tuple[Reading, ...], float]:
    small, factor = reduce_page(gray, settings.regions.long_side_px)
    ink = estimate_ink(small, _reduce_ink(settings.ink, factor))
    lines = find_lines(
        remove_page_rules(np.asarray(ink >= settings.ink.threshold)), settings.regions
    )
    skew_deg = estimate_skew_deg(lines)
    share = _share_digits(ink, lines, reader)
    stretches = find_numbers(lines, share, settings.regions)
    targets = tuple(_cut_line(gray, lines, one, factor, settings) for one in stretches)
    return read_lines(targets, reader, settings), skew_deg


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
    return Line(Region(box), isolate_parts(inner, box, lines.parts, stretch.members, factor))


def _reduce_ink(settings: InkSettings, factor: int) -> InkSettings:
    return replace(
        settings,
        stroke_px=max(6, settings.stroke_px // factor),
        neighborhood_px=max(8, settings.neighborhood_px // factor),
    )


def _to_stored(
    reading: Reading, way: npt.NDArray[np.float64], shape: tuple[int, int]
) -> Reading:
    region = replace(reading.region, box=clip_box(map_box(reading.region.box, way), shape))
    digits = tuple(
        replace(digit, box=clip_box(map_box(digit.box, way), shape)) for digit in reading.digits
    )
    return replace(reading, region=region, digits=digits)
