"""Draw what was read onto the page, for human eyes."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.errors import OutputError
from digitscan.names import inner_path, printable
from digitscan.records import Box, Page, PageResult, Reading

Color = tuple[int, int, int]

# Blue, green, red. Told apart also by the color-blind: green and vermilion of Okabe and Ito (2008).
READ_COLOR: Color = (115, 158, 0)
REJECTED_COLOR: Color = (0, 94, 213)
DIGIT_COLOR: Color = (178, 114, 0)
_LABEL_COLOR: Color = (255, 255, 255)
# 85: a page seen at 1:1 on a screen shows no blocks, at a tenth of the bytes of a PNG
_JPEG_QUALITY = 85
_FONT = cv2.FONT_HERSHEY_SIMPLEX


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
    _, data = cv2.imencode(
        ".jpg", draw_readings(page, result), (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise OutputError(
            f"{printable(str(path))} cannot be written: {error.strerror}; "
            "free space or choose another --debug-dir"
        ) from None
    return path


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
