"""Draw what was read onto the page, for human eyes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.errors import OutputError
from digitscan.names import inner_path, printable
from digitscan.records import Box, Gray, Page, PageResult, Reading

Color = tuple[int, int, int]

# Blue, green, red. Told apart also by the color-blind: green and vermilion of Okabe and Ito (2008).
READ_COLOR: Color = (115, 158, 0)
REJECTED_COLOR: Color = (0, 94, 213)
DIGIT_COLOR: Color = (178, 114, 0)
_LABEL_COLOR: Color = (255, 255, 255)
# 85: a page seen at 1:1 on a screen shows no blocks, at a tenth of the bytes of a PNG
_JPEG_QUALITY = 85
# The name of a zone is written as small as is legible: names must not cover other zones.
_TICK_PX = 20
_OUTLINE_PX = 1
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True)
class Outline:
    """A zone of a form to be drawn.

    Attributes
    ----------
    name : str
        Written above it; may be empty.
    corners : ndarray of float64, shape (4, 2)
        x, y of its corners: upper left, upper right, lower right, lower left.
    cells : int
        Boxes of its comb, for the walls between them; 1 where there are none.
    """

    name: str
    corners: npt.NDArray[np.float64]
    cells: int = 1


def draw_readings(page: Page, result: PageResult) -> npt.NDArray[np.uint8]:
    """Draw the boxes, digits and texts of a result onto a copy of its page.

    Parameters
    ----------
    page : Page
    result : PageResult
        Its boxes are in pixels of that page.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Blue, green, red; accepted readings green, rejected ones vermilion with their reason, a
        page without readings with its status in the corner.
    """
    canvas = np.ascontiguousarray(cv2.cvtColor(page.image, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    if not result.readings:
        word = f"{result.status} {result.reason}".strip()
        _draw_label(canvas, word, 0, 0, REJECTED_COLOR, canvas.shape[0] // 20)
    for reading in result.readings:
        _draw_reading(canvas, reading)
    return canvas


def write_overlay(folder: Path, page: Page, result: PageResult) -> Path:
    """Write the drawing of one page below `folder` and return its path.

    `in/a.tif` page 2 becomes `folder/in/a.tif-page2.jpg`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = folder / inner_path(f"{page.ref.name}-page{page.ref.number}.jpg")
    quality = (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
    _write(path, draw_readings(page, result), "--debug-dir", quality)
    return path


def outline_box(box: Box, name: str, cells: int = 1) -> Outline:
    """Return the outline of an upright box."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)
    return Outline(name, corners, cells)


def move_outline(outline: Outline, way: npt.NDArray[np.float64]) -> Outline:
    """Take an outline to another page; `way` (3, 3) takes (x, y, 1) there, up to a factor."""
    corners = cv2.perspectiveTransform(outline.corners[:, None, :], way)[:, 0, :]
    return Outline(outline.name, np.asarray(corners, np.float64), outline.cells)


def draw_outlines(gray: Gray, outlines: Sequence[Outline]) -> npt.NDArray[np.uint8]:
    """Draw the zones of a form onto a copy of a page.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    outlines : sequence of Outline
        In pixels of the page.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Blue, green, red.

    Examples
    --------
    >>> page = np.full((60, 90), 255, np.uint8)
    >>> drawn = draw_outlines(page, [outline_box(Box(10, 30, 80, 50), "")])
    >>> tuple(int(part) for part in drawn[30, 40]) == READ_COLOR
    True
    """
    canvas = np.ascontiguousarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    for outline in outlines:
        corners = np.rint(outline.corners).astype(np.int32)
        cv2.polylines(canvas, [corners], isClosed=True, color=READ_COLOR, thickness=2)
        for share in np.arange(1, outline.cells) / outline.cells:
            upper_left, upper_right, lower_right, lower_left = outline.corners
            ends = [
                upper_left + share * (upper_right - upper_left),
                lower_left + share * (lower_right - lower_left),
            ]
            wall = np.rint(np.array([ends])).astype(np.int32)
            cv2.polylines(canvas, wall, isClosed=False, color=DIGIT_COLOR, thickness=1)
    for outline in outlines:
        if outline.name:
            left, top = (int(edge) for edge in outline.corners.min(axis=0))
            _draw_label(canvas, outline.name, left, top, READ_COLOR, _OUTLINE_PX)
    return canvas


def draw_scale(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Draw pixel scales along the upper and the left edge onto a copy of a picture.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W, 3)

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        A mark every 20 px, a number every 100 px: zones are read off it.

    Examples
    --------
    >>> drawn = draw_scale(np.full((150, 300, 3), 255, np.uint8))
    >>> bool((drawn[0, 100] == 255).all()), bool((drawn[0, 110] == 255).all())
    (False, True)
    """
    canvas = picture.copy()
    height, width = canvas.shape[:2]
    for place in range(_TICK_PX, max(height, width), _TICK_PX):
        is_numbered = place % (5 * _TICK_PX) == 0
        long = _TICK_PX if is_numbered else _TICK_PX // 2
        cv2.line(canvas, (place, 0), (place, long), DIGIT_COLOR, 1)
        cv2.line(canvas, (0, place), (long, place), DIGIT_COLOR, 1)
        if is_numbered:
            for origin in ((place + 3, long), (long + 3, place + 5)):
                cv2.putText(canvas, str(place), origin, _FONT, 0.5, DIGIT_COLOR, 1, cv2.LINE_AA)
    return canvas


def write_picture(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    """Write a gray (H, W) or colored (H, W, 3) picture as its suffix says.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    _write(path, picture, "--out")


def _write(
    path: Path, picture: npt.NDArray[np.uint8], option: str, parameters: Sequence[int] = ()
) -> None:
    """Encode a picture as its suffix says and write it; `option` is what chose the place."""
    _, data = cv2.imencode(path.suffix, picture, parameters)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise OutputError(
            f"{printable(str(path))} cannot be written: {error.strerror}; "
            f"free space or choose another {option}"
        ) from None


def _draw_reading(canvas: npt.NDArray[np.uint8], reading: Reading) -> None:
    box = reading.region.box
    color = READ_COLOR if reading.rejection is None else REJECTED_COLOR
    for digit in reading.digits:
        _draw_box(canvas, digit.box, DIGIT_COLOR, 1)
    _draw_box(canvas, box, color, 2)
    words = [reading.region.field or "", reading.text or "-", f"{reading.confidence:.0%}"]
    if reading.rejection is not None:
        words.append(str(reading.rejection))
    label = " ".join(word for word in words if word)
    _draw_label(canvas, label, box.left, box.top, color, box.bottom - box.top)


def _draw_box(canvas: npt.NDArray[np.uint8], box: Box, color: Color, thickness: int) -> None:
    corner = (box.right - 1, box.bottom - 1)
    cv2.rectangle(canvas, (box.left, box.top), corner, color, thickness)


def _draw_label(
    canvas: npt.NDArray[np.uint8], text: str, left: int, bottom: int, color: Color, height: int
) -> None:
    """Write text on a filled strip above a point, or below it where there is no room."""
    # A third as high as the writing, yet never too small to read nor as large as a headline
    scale = float(np.clip(height / 3 / 22, 0.6, 1.1))  # 22 px: height of this font at scale 1
    thickness = 1 if scale < 0.9 else 2
    ascii_text = text.encode("ascii", "replace").decode("ascii")
    (width, tall), below = cv2.getTextSize(ascii_text, _FONT, scale, thickness)
    strip = tall + below + 4
    top = bottom - strip if bottom >= strip else bottom
    left = max(0, min(left, canvas.shape[1] - width - 4))
    cv2.rectangle(canvas, (left, top), (left + width + 4, top + strip), color, cv2.FILLED)
    origin = (left + 2, top + tall + 2)
    cv2.putText(canvas, ascii_text, origin, _FONT, scale, _LABEL_COLOR, thickness, cv2.LINE_AA)
