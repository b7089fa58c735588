"""Turn a page of a PDF into gray pixels, at the resolution of its scan where it is one."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from digitscan.errors import PageTooLargeError, UnreadableScanError
from digitscan.records import Gray
from digitscan.settings import ScanSettings

POINTS_PER_INCH = 72.0
# PDFium is not made for threads, and a library does not know who calls it.
_LOCK = threading.Lock()
# A scan program leaves a hairline of margin or crops one: what covers nine tenths is the scan.
_COVERS_PAGE = 0.9
_MIN_DPI, _MAX_DPI = 75.0, 4800.0
# A page of one scan has a handful of objects; beyond this it is a drawing, whatever else is on it.
_MAX_OBJECTS = 2000
_INVISIBLE = pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE
_IMAGE, _TEXT, _FORM = (
    pdfium_c.FPDF_PAGEOBJ_IMAGE,
    pdfium_c.FPDF_PAGEOBJ_TEXT,
    pdfium_c.FPDF_PAGEOBJ_FORM,
)


def count_pdf_pages(source: str | bytes) -> int:
    """Count the pages of a PDF, given by its path or its content.

    Raises
    ------
    UnreadableScanError
        If it is encrypted, damaged or has no page.
    """
    with _open(source) as document:
        return len(document)


def render_page(source: str | bytes, number: int, settings: ScanSettings) -> tuple[Gray, float]:
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
    with _open(source) as document:
        try:
            page = document[number - 1]
            width, height, dpi = _pixel_size(page, settings)
            check_size(width, height, settings)
            bitmap = pdfium.PdfBitmap.new_native(width, height, pdfium_c.FPDFBitmap_Gray)
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
            flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_GRAYSCALE
            pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
            return np.array(bitmap.to_numpy()), dpi
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


def _pixel_size(page: pdfium.PdfPage, settings: ScanSettings) -> tuple[int, int, float]:
    """Return width, height and dots per inch at which a page is rendered."""
    width_in, height_in = (side / POINTS_PER_INCH for side in page.get_size())
    scan = _find_scan(page, settings)
    if scan is not None:
        pixels, (shown_width_in, shown_height_in) = scan
        dpi = max(pixels) / max(shown_width_in, shown_height_in)
        # An icon blown up to a page is no scan: below 75 dpi nothing on it could be read anyway.
        if _MIN_DPI <= dpi <= _MAX_DPI:
            wide = width_in >= height_in
            long_px, short_px = max(pixels), min(pixels)
            exact = (long_px, short_px) if wide else (short_px, long_px)
            page_px = (round(width_in * dpi), round(height_in * dpi))
            # The sides of a page are rounded to points, so a pixel more or less is the scan's own.
            near = all(abs(a - b) <= 2 for a, b in zip(exact, page_px, strict=True))
            return (*(exact if near else page_px), dpi)
    dpi = float(settings.pdf_dpi)
    return max(1, round(width_in * dpi)), max(1, round(height_in * dpi)), dpi


def _find_scan(
    page: pdfium.PdfPage, settings: ScanSettings
) -> tuple[tuple[int, int], tuple[float, float]] | None:
    """Find the one image that a page consists of: its pixels, and its size on paper in inches."""
    images: list[tuple[int, int]] = []
    shown_in = (0.0, 0.0)
    left, bottom, right, top = page.get_bbox()
    area_in = (right - left) * (top - bottom) / POINTS_PER_INCH**2
    plain = True
    for count, item in enumerate(page.get_objects()):
        if count == _MAX_OBJECTS:
            return None
        if item.type == _IMAGE:
            width, height = item.get_px_size()
            check_size(width, height, settings)  # also of an image that the page shrinks to a dot
            images.append((width, height))
            x0, y0, x1, y1 = item.get_bounds()
            shown_in = ((x1 - x0) / POINTS_PER_INCH, (y1 - y0) / POINTS_PER_INCH)
        elif item.type == _TEXT:
            plain = plain and pdfium_c.FPDFTextObj_GetTextRenderMode(item) == _INVISIBLE
        elif item.type != _FORM:
            plain = False
    if not plain or len(images) != 1 or shown_in[0] * shown_in[1] < _COVERS_PAGE * area_in:
        return None
    return (images[0], shown_in) if min(shown_in) > 0 else None


@contextmanager
def _open(source: str | bytes) -> Iterator[pdfium.PdfDocument]:
    with _LOCK, _open_alone(source) as document:
        yield document


@contextmanager
def _open_alone(source: str | bytes) -> Iterator[pdfium.PdfDocument]:
    try:
        document = pdfium.PdfDocument(source)
    except pdfium.PdfiumError:
        raise UnreadableScanError(_explain(source)) from None
    except OSError as error:
        raise UnreadableScanError(f"cannot be opened: {error.strerror}") from None
    try:
        yield document
    finally:
        document.close()


def _explain(source: str | bytes) -> str:
    """Say why a document does not open: pypdfium2 takes one without pages for a failure too."""
    if isinstance(source, bytes):
        handle = pdfium_c.FPDF_LoadMemDocument64(source, len(source), None)
    else:
        handle = pdfium_c.FPDF_LoadDocument(os.fsencode(source), None)
    if handle:
        pdfium_c.FPDF_CloseDocument(handle)
        return "is a PDF without a page; print or scan it again"
    if pdfium_c.FPDF_GetLastError() == pdfium_c.FPDF_ERR_PASSWORD:
        return "is encrypted; save it without a password and run again"
    return "is a damaged PDF; print it to a new one"
