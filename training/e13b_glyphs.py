"""Draw the fourteen E-13B characters from the geometry of ISO 1004-1.

Every character lies on a grid of 0.013 inch: seven units wide at most, nine units high, its right
edge on the pitch line (the distance between the right edges of neighbors is 0.125 inch), strokes
one unit thick, heavy parts two units, corners rounded. Transit, amount, on-us and dash consist of
three separate parts. The letters A to D name them as in MICR fonts and in the results.

Stands alone on numpy and OpenCV. The drawing is geometry, no font is copied.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

UNIT_INCH = 0.013
PITCH_INCH = 0.125
HEIGHT_INCH = 0.117
WIDTH_UNITS = 7
HEIGHT_UNITS = 9
PITCH_UNITS = PITCH_INCH / UNIT_INCH

DIGITS = "0123456789"
TRANSIT = "A"
AMOUNT = "B"
ON_US = "C"
DASH = "D"
SYMBOLS = DIGITS + TRANSIT + AMOUNT + ON_US + DASH

Rectangle = tuple[float, float, float, float]

RECTANGLES: dict[str, tuple[Rectangle, ...]] = {
    "0": ((0, 0, 7, 1), (0, 8, 7, 9), (0, 0, 1, 9), (6, 0, 7, 9)),
    "1": ((3, 0, 7, 4), (4, 0, 5, 9), (3, 7.5, 5, 9)),
    "2": ((3, 8, 7, 9), (6, 4, 7, 9), (3, 4, 7, 5), (3, 0, 4, 5), (3, 0, 7, 1)),
    "3": ((2, 8, 6, 9), (5, 4, 6, 9), (2, 4, 6, 5), (5, 0, 7, 4.5), (2, 0, 7, 1)),
    "4": ((1, 2, 3, 9), (1, 2, 7, 3), (5, 0, 7, 4)),
    "5": ((2, 8, 7, 9), (2, 4, 3, 9), (2, 4, 7, 5), (6, 0, 7, 5), (2, 0, 7, 1)),
    "6": ((1, 0, 2, 9), (1, 8, 5, 9), (4, 6.5, 5, 9), (1, 3, 7, 4), (6, 0, 7, 4), (1, 0, 7, 1)),
    "7": ((2, 8, 7, 9), (2, 6, 3, 9), (6, 5.5, 7, 9), (4, 0, 5, 4.5)),
    "8": (
        (1, 8, 6, 9),
        (1, 4, 2, 9),
        (5, 4, 6, 9),
        (1, 4, 6, 5),
        (0, 0, 2, 4.5),
        (5, 0, 7, 4.5),
        (0, 0, 7, 1),
    ),
    "9": ((1, 8, 7, 9), (1, 4, 2, 9), (6, 4, 7, 9), (1, 4, 7, 5), (5, 0, 7, 5)),
    TRANSIT: ((0, 1.5, 2, 7.5), (4, 0, 7, 3), (4, 6, 7, 9)),
    AMOUNT: ((0, 0, 2, 4), (3, 2.25, 4, 6.75), (5, 5, 7, 9)),
    ON_US: ((0, 1.5, 1, 7.5), (2, 1.5, 3, 7.5), (4, 4.5, 7, 8.5)),
    DASH: ((0, 2.5, 2, 6.5), (3, 2.5, 5, 6.5), (6, 2.5, 7, 6.5)),
}
"""Left, bottom, right, top of each stroke in units, y upwards from the baseline."""

POLYGONS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "7": (((7, 6), (7, 5.2), (5, 4.2), (5, 3.5), (4, 3.5), (4, 4.85), (6, 5.8), (6, 6)),),
}
"""What is no rectangle: the slanted joint of the 7."""

CORNER_RADIUS_UNITS = 0.45
"""Just under half a stroke, so that a stroke one unit thick keeps its length."""
ZERO_RADIUS_UNITS = 2.0
"""The zero alone has wide outer corners; its inner ones follow at one stroke's distance."""
MASTER_PX = 16
"""Pixels in a unit of the master drawing, which is then reduced to any resolution."""


def draw_master(symbol: str) -> npt.NDArray[np.uint8]:
    """Draw one character at `MASTER_PX` pixels a unit.

    Parameters
    ----------
    symbol : str
        One of `SYMBOLS`.

    Returns
    -------
    ndarray of uint8, shape (144, 112)
        Ink, 0 paper or 255 ink; the right edge of the character is the right edge of the array.

    Raises
    ------
    ValueError
        If `symbol` is no E-13B character.

    Examples
    --------
    >>> draw_master("1").shape, int(draw_master("1")[:, :40].max())
    ((144, 112), 0)
    """
    if symbol not in RECTANGLES:
        raise ValueError(f"an E-13B symbol is one of {SYMBOLS}, got {symbol!r}")
    border = MASTER_PX
    height = HEIGHT_UNITS * MASTER_PX
    width = WIDTH_UNITS * MASTER_PX
    canvas = np.zeros((height + 2 * border, width + 2 * border), np.uint8)
    if symbol == "0":
        _draw_zero(canvas[border:-border, border:-border])
        return canvas[border:-border, border:-border].copy()
    for left, bottom, right, top in RECTANGLES[symbol]:
        first, last = (border + round((9 - y) * MASTER_PX) for y in (top, bottom))
        begin, end = (border + round(x * MASTER_PX) for x in (left, right))
        canvas[first:last, begin:end] = 255
    for polygon in POLYGONS.get(symbol, ()):
        points = [(border + x * MASTER_PX, border + (9 - y) * MASTER_PX) for x, y in polygon]
        cv2.fillPoly(canvas, [np.round(np.array(points)).astype(np.int32)], 255)
    size = 2 * round(CORNER_RADIUS_UNITS * MASTER_PX) + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    # Opening rounds the outer corners, closing the inner ones.
    canvas = cv2.morphologyEx(canvas, cv2.MORPH_CLOSE, disk)
    canvas = cv2.morphologyEx(canvas, cv2.MORPH_OPEN, disk)
    return canvas[border:-border, border:-border].copy()


def _draw_zero(canvas: npt.NDArray[np.uint8]) -> None:
    height, width = canvas.shape
    outer = round(ZERO_RADIUS_UNITS * MASTER_PX)
    _fill_rounded(canvas, (0, 0, width, height), outer, 255)
    inner_box = (MASTER_PX, MASTER_PX, width - MASTER_PX, height - MASTER_PX)
    _fill_rounded(canvas, inner_box, outer - MASTER_PX, 0)


def _fill_rounded(
    canvas: npt.NDArray[np.uint8], box: tuple[int, int, int, int], radius: int, value: int
) -> None:
    left, top, right, bottom = box
    canvas[top + radius : bottom - radius, left:right] = value
    canvas[top:bottom, left + radius : right - radius] = value
    for x in (left + radius, right - 1 - radius):
        for y in (top + radius, bottom - 1 - radius):
            cv2.circle(canvas, (x, y), radius, value, -1)


def draw_glyph(symbol: str, dpi: float) -> npt.NDArray[np.uint8]:
    """Draw one character at a resolution.

    Parameters
    ----------
    symbol : str
        One of `SYMBOLS`.
    dpi : float
        Dots per inch, 50 to 1200.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Ink, 0 paper to 255 full ink, soft-edged; 0.117 inch high, 0.091 inch wide.

    Raises
    ------
    ValueError
        If the symbol is unknown or the resolution out of range.

    Examples
    --------
    >>> draw_glyph("8", 300).shape
    (35, 27)
    """
    return draw_line(symbol, dpi)


def draw_line(text: str, dpi: float) -> npt.NDArray[np.uint8]:
    """Draw a line of characters at constant pitch, as an encoder prints it.

    Parameters
    ----------
    text : str
        Symbols and blanks.
    dpi : float
        Dots per inch, 50 to 1200.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Ink, 0 paper to 255 full ink, soft-edged; 0.117 inch high, from the left edge of the first
        cell's seven units to the last pitch line.

    Raises
    ------
    ValueError
        If a symbol is unknown, the text empty or the resolution out of range.

    Examples
    --------
    >>> draw_line("C31", 200).shape
    (23, 68)
    """
    if not text:
        raise ValueError("a line has at least one symbol")
    if not 50 <= dpi <= 1200:
        raise ValueError(f"dpi is 50 to 1200, got {dpi}")
    width = round((WIDTH_UNITS + PITCH_UNITS * (len(text) - 1)) * MASTER_PX)
    canvas = np.zeros((HEIGHT_UNITS * MASTER_PX, width), np.uint8)
    for index, symbol in enumerate(text):
        if symbol != " ":
            left = round(PITCH_UNITS * index * MASTER_PX)
            canvas[:, left : left + WIDTH_UNITS * MASTER_PX] = draw_master(symbol)
    scale = dpi * UNIT_INCH / MASTER_PX
    size = (max(1, round(width * scale)), max(1, round(canvas.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(canvas, size, interpolation=method), np.uint8)
