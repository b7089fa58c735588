"""A picture that is the crop of one field -> its reading."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from digitscan.fields import FieldKind
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.components import estimate_text_height, find_components
from digitscan.imaging.crop_edges import find_content, find_inside
from digitscan.imaging.isolate import isolate_line
from digitscan.imaging.page_size import enlarge_page
from digitscan.line_lattices import Line
from digitscan.reader import Considered, Reader, map_reading, read_lines
from digitscan.records import Box, Gray, Reading, Region
from digitscan.settings import Settings
from digitscan.whole_page import PAGE_VIEWS, locate_numbers, read_line

CLEAR = 0.97
"""Confidence from which a crop is not looked at twice. Of 40 accounts, 32 dates and 38 amounts,
cropped with labels and walls, 33, 23 and 18 instead of none, 16 and 16 are then accepted, none of
them wrong; of 500 looks at held amounts, cropped tightly, no more than before."""
LOW_PX, ZOOM = 20.0, 2
"""A crop whose writing is lower is enlarged: of 100 held amounts at a quarter, at 0.35 and at half
their size 89, 94 and 96 instead of 69, 90 and 95 are read, and 73, 88 and 93 instead of 43, 74 and
88 accepted. The digits of MNIST are 20 px high: enlarged, 297 of 300 are read, as they are 299."""
MOST_ALONE_PX, FILLED = 500, 0.3
"""A picture that is broader than high, no higher than the first, and whose writing has that share
of its height, may be the crop of one number. Of 100 crops of amounts, whose writing has 0.4 and
more, 92 instead of 2 are accepted without `--field`, none of them wrong; of 236 crops of words and
printed numbers of cheques 13, all of them numbers."""


def read_crop(
    gray: Gray, kind: FieldKind, reader: Reader, settings: Settings = Settings()
) -> tuple[Reading, ...]:
    """Read a picture as the crop of one field.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, upright; a padding around the crop is left out.
    kind : FieldKind
        What the field says; also its name.
    reader : Reader
    settings : Settings

    Returns
    -------
    tuple of Reading
        Empty where nothing is written.
    """
    line, way = _cut_line(gray, settings, kind)
    (considered,) = read_lines((line,), reader, settings)
    if _is_blank(considered):
        return ()
    reading = _look_closer(considered.reading, line, reader, settings)
    return (map_reading(reading, way, gray.shape),)


def read_alone(
    gray: Gray, found: Sequence[Reading], reader: Reader, settings: Settings = Settings()
) -> Reading | None:
    """Read a picture that is filled by one line, where that tells more than what was found on it.

    Such a picture is the crop of a number, of which no name of a field was given.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, upright.
    found : sequence of Reading
        What was found on it as on a page.
    reader : Reader
    settings : Settings

    Returns
    -------
    Reading or None
        None where the picture is no crop, or says no more than what was found.
    """
    if gray.shape[0] > min(gray.shape[1], MOST_ALONE_PX):
        return None
    line, way = _cut_line(gray, settings, FieldKind.NUMBER)
    if _measure_height(line, settings) < FILLED * line.ink.shape[0]:
        return None
    reading = read_line(replace(line, region=Region(line.region.box), kind=None), reader, settings)
    if reading is None or any(
        one.confidence >= reading.confidence and one.text not in reading.text
        for one in found
        if one.rejection is None
    ):
        return None
    return map_reading(reading, way, gray.shape)


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


def _cut_line(
    gray: Gray, settings: Settings, kind: FieldKind
) -> tuple[Line, npt.NDArray[np.float64]]:
    """Take a crop within its padding for a line, enlarged where its writing is low.

    Also returns what takes (x, y, 1) of the line to the crop.
    """
    content = find_content(gray)
    part = gray[content.top : content.bottom, content.left : content.right]
    line, zoom = make_line(part, settings, kind), 1
    if 0.0 < _measure_height(line, settings) < LOW_PX:
        line, zoom = make_line(enlarge_page(part, ZOOM), settings, kind), ZOOM
    return line, np.array([[1 / zoom, 0, content.left], [0, 1 / zoom, content.top], [0, 0, 1]])


def _measure_height(line: Line, settings: Settings) -> float:
    """Measure how high the writing of a line is, in its pixels; 0 where there is none."""
    parts = find_components(np.asarray(line.ink >= settings.ink.threshold))
    return estimate_text_height(parts.heights)


def _look_closer(reading: Reading, line: Line, reader: Reader, settings: Settings) -> Reading:
    """Raise the confidence of a doubtful crop to that of the same text found within it.

    A crop that was cut with its label, its walls or the lines beside it is read through all of
    them. Found as on a page, or within the rules of its box, the number stands alone; other numbers
    of the crop are no rivals.
    """
    doubtful = reading.text and reading.rejection is None and reading.confidence < CLEAR
    if not doubtful or line.gray is None or line.kind is None:
        return reading
    numbers = [replace(one, kind=line.kind) for one in locate_numbers(line.gray, reader, settings)]
    box = find_inside(line.gray)
    inside = line.gray[box.top : box.bottom, box.left : box.right]
    if inside.shape != line.gray.shape:
        numbers.append(make_line(inside, settings, line.kind))
    found = read_lines(tuple(numbers), reader, settings, PAGE_VIEWS)
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
