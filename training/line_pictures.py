"""A sheet of misread fields, as PNG bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digitscan.records import Floats, Gray
from training.pictures import MARGIN_PX, TITLE_PX, encode_sheet, start_sheet

COLUMNS = 2
CELL_PX = 600
CROP_PX = 90
LINE_PX = 60
"""Of the sheet: columns, their width, heights of the crop and of the line below it."""


@dataclass(frozen=True, slots=True)
class Misread:
    """One field that was not read as it is, for human eyes.

    Attributes
    ----------
    crop : ndarray of uint8, shape (H, W)
        The field on the scan, gray.
    line : ndarray of float32, shape (40, W, 1)
        What the network saw: 0.0 paper to 1.0 ink.
    digits, text : str
        Truth and reading, which may be empty.
    probability : float
        What the reader gave the text.
    origin : str
        Where the field is from.
    """

    crop: Gray
    line: Floats
    digits: str
    text: str
    probability: float
    origin: str


def draw_misreads(misreads: Sequence[Misread]) -> bytes:
    """Draw a sheet of misread fields, in the order given: the crop above, the line below it.

    Parameters
    ----------
    misreads : sequence of Misread
        At least one.

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    if not misreads:
        raise ValueError("a sheet of misread fields wants at least one field")
    high = TITLE_PX + CROP_PX + LINE_PX
    rows = -(-len(misreads) // COLUMNS)
    sheet, figure, axes = start_sheet(rows * high, COLUMNS * CELL_PX)
    for place, misread in enumerate(misreads):
        top, left = place // COLUMNS * high, place % COLUMNS * CELL_PX
        axes.text(
            left + MARGIN_PX,
            top + 4,
            f"{misread.digits or 'nothing'} as {misread.text or 'nothing'}\n"
            f"{misread.probability:.3f}  {misread.origin}",
            va="top",
            fontsize=8,
        )
        _paste(sheet, misread.crop, top + TITLE_PX, left, CROP_PX)
        line = np.rint(255 * (1 - misread.line[:, :, 0])).astype(np.uint8)
        _paste(sheet, line, top + TITLE_PX + CROP_PX, left, LINE_PX)
    return encode_sheet(sheet, figure, axes)


def _paste(sheet: Gray, image: Gray, top: int, left: int, height: int) -> None:
    """Set an image at the left of its cell, as large as it fits, with a margin."""
    room = height - MARGIN_PX, CELL_PX - 2 * MARGIN_PX
    scale = min(room[0] / image.shape[0], room[1] / image.shape[1])
    rows, columns = (max(1, round(scale * side)) for side in image.shape)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    fitted = cv2.resize(image, (columns, rows), interpolation=way)
    sheet[top : top + rows, left + MARGIN_PX : left + MARGIN_PX + columns] = fitted
