"""Turn a page of a PDF into gray pixels, at the resolution of its scan where it is one."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from digitscan.errors import PageTooLargeError, UnreadableScanError
from digitscan.records import Gray
from digitscan.settings import ScanSettings

POINTS_PER_INCH = 72.0
# A scan program leaves a hairline of margin or crops one: what covers nine tenths is the scan.
_COVERS_PAGE = 0.9
# A page of one scan has a handful of objects; beyond this it is a drawing, whatever else is on it.
_MAX_OBJECTS = 2000
_INVISIBLE = pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE
_IMAGE, _TEXT, _FORM = (
    pdfium_c.FPDF_PAGEOBJ_IMAGE,
    pdfium_c.FPDF_PAGEOBJ_TEXT,
    pdfium_c.FPDF_PAGEOBJ_FORM,
)


def count_pdf_pages(path: str) -> int:
    """Count the pages of a PDF.

    Raises
    ------
    UnreadableScanError
        If it is encrypted, damaged or has no page.
    """
    with _open(path) as document:
        count = len(document)
    if count == 0:
        raise UnreadableScanError("is a PDF without a page")
    return count


def render_page(path: str, number: int, settings: ScanSettings) -> tuple[Gray, float]:
    """Render one page and return its pixels and their dots per inch.

    A page that is nothing but one image, perhaps under the invisible text of a text recognizer, is
    rendered at that image's own resolution: its pixels come out one for one. Any other page is
    rendered at `pdf_dpi`.

    Raises
    ------
    UnreadableScanError
        If the document or the page is damaged, encrypted or missing.
    PageTooLargeError
        If the page, or an image on it, has too many pixels.
    """
    with _open(path) as document:
        try:
            page = document[number - 1]
            width_in, height_in = (side / POINTS_PER_INCH for side in page.get_size())
            dpi = _scan_dpi(page, settings) or float(settings.pdf_dpi)
            check_size(math.ceil(width_in * dpi), math.ceil(height_in * dpi), settings)
            bitmap = page.render(scale=dpi / POINTS_PER_INCH, grayscale=True)
            pixels = bitmap.to_numpy()
            if pixels.ndim == 3:  # a build of PDFium may refuse gray bitmaps
                pixels = pixels[..., :3].mean(axis=2)
            return np.array(pixels, dtype=np.uint8), dpi
        except pdfium.PdfiumError as error:
            raise UnreadableScanError(f"is damaged ({error}); print it to a new PDF") from None


def check_size(width: int, height: int, settings: ScanSettings) -> None:
    """Refuse an image of too many pixels before it is decoded.

    Raises
    ------
    PageTooLargeError
        If it has more than `max_megapixels` million.
    """
    if width * height > settings.max_megapixels * 1e6:
        raise PageTooLargeError(
            f"is {width} x {height} px, limit {settings.max_megapixels:g} Mpx; "
            "raise scans.max_megapixels or rescan at 300 dpi"
        )


def _scan_dpi(page: pdfium.PdfPage, settings: ScanSettings) -> float | None:
    """Return the resolution of the image that a page consists of, None where it is no scan."""
    images: list[tuple[int, int]] = []
    covered = plain = True
    left, bottom, right, top = page.get_bbox()
    area = max((right - left) * (top - bottom), 1e-6)
    for count, item in enumerate(page.get_objects()):
        if count == _MAX_OBJECTS:
            plain = False
            break
        if item.type == _IMAGE:
            width, height = item.get_px_size()
            check_size(width, height, settings)  # also of an image that the page shrinks to a dot
            images.append((width, height))
            x0, y0, x1, y1 = item.get_bounds()
            covered = (x1 - x0) * (y1 - y0) >= _COVERS_PAGE * area
            shown_in = sorted(((x1 - x0) / POINTS_PER_INCH, (y1 - y0) / POINTS_PER_INCH))
        elif item.type == _TEXT:
            plain = plain and pdfium_c.FPDFTextObj_GetTextRenderMode(item) == _INVISIBLE
        elif item.type != _FORM:
            plain = False
    if len(images) != 1 or not covered or not plain or min(shown_in) <= 0:
        return None
    dpi = max(images[0]) / shown_in[1]
    # An icon blown up to a page is no scan: below 75 dpi nothing on it could be read anyway.
    return dpi if 75 <= dpi <= 4800 else None


@contextmanager
def _open(path: str) -> Iterator[pdfium.PdfDocument]:
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if "assword" in str(error):
            raise UnreadableScanError(
                "is encrypted; save it without a password and run again"
            ) from None
        raise UnreadableScanError(
            f"is a damaged PDF or one without a page ({error}); print it to a new PDF"
        ) from None
    except OSError as error:
        raise UnreadableScanError(f"cannot be opened: {error.strerror}") from None
    try:
        yield document
    finally:
        document.close()
