"""Decode one page of a scan file of any format to read-only gray, within bounds."""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.errors import PageTooLargeError, ScanError, UnreadableScanError, UnsupportedScanError
from digitscan.names import printable
from digitscan.records import Gray, Page, PageRef
from digitscan.scans import tiff
from digitscan.scans.headers import ImageHeader, Kind, plausible_dpi, read_header, sniff_kind
from digitscan.scans.pdf import check_size, count_pdf_pages, render_page
from digitscan.scans.remote import fetch, is_address, show_address
from digitscan.settings import ScanSettings

# TIFF tags that are looked at before the pixels are taken out
_SHAPE_TAGS = (
    *tiff.PIXEL_TAGS,
    tiff.ORIENTATION,
    tiff.X_RESOLUTION,
    tiff.Y_RESOLUTION,
    tiff.RESOLUTION_UNIT,
)
# 24 px at 300 dpi are 2 mm, less than digits are written or printed; a network sees them at 20 px.
_ENOUGH_DPI = 300
# Fax has 204 x 98 dots per inch, or 204 x 196, which reads as it is; no device has beyond three.
_LEAST_ASPECT, _MOST_ASPECT = 1.2, 3.0
# The decoder of JPEG leaves out the fine waves of each block for half, a quarter or an eighth.
_REDUCED = {
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_KINDS_OF_SAMPLES = {1: "unsigned", 2: "signed", 3: "floating point"}


def count_pages(scan: str, settings: ScanSettings = ScanSettings()) -> int:
    """Count the pages of a scan file without decoding one.

    Parameters
    ----------
    scan : str
        Path of the file.
    settings : ScanSettings

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    UnreadableScanError
        If the file is empty, damaged, encrypted, not permitted, no plain file or has no page.
    UnsupportedScanError
        If its content is of no format that is read.
    PageTooLargeError
        If the file is too big or has too many pages.
    """
    with _named(scan, None), _open(scan, settings) as file:
        kind = sniff_kind(file.read(1024))
        if kind is Kind.PDF:
            count = count_pdf_pages(_pdf_source(scan, file))
            if count > settings.max_pages:
                raise PageTooLargeError(
                    f"has {count} pages, limit {settings.max_pages}; "
                    "raise scans.max_pages or split the file"
                )
            return count
        if kind is Kind.TIFF:
            file.seek(0)
            layout, first = tiff.read_layout(file)
            return len(tiff.find_directories(file, layout, first, settings.max_pages))
        return 1


def load_page(ref: PageRef, settings: ScanSettings = ScanSettings(), reduce: bool = False) -> Page:
    """Decode one page to gray, as it is stored, transparent pixels as white paper.

    The size is read from the header and refused before anything is decoded. An EXIF turn is not
    applied but told in `Page.orientation`, so that boxes keep to the pixels of the file. A fax with
    pixels twice as high as wide is stretched; `Page.stored_shape` tells its size in the file.

    Parameters
    ----------
    ref : PageRef
    settings : ScanSettings
    reduce : bool
        Decode a JPEG of 600 dpi and more at the half, quarter or eighth of its size that still has
        300 dpi: an A4 page of 600 dpi is decoded in 50 ms instead of 84 and read in 330 instead of
        500.

    Returns
    -------
    Page
        With a read-only image, uint8 (H, W), 0 black to 255 white.

    Raises
    ------
    UnreadableScanError
        If the file is empty, damaged, encrypted, not permitted or has no such page.
    UnsupportedScanError
        If the file is sound but of a kind that is not read.
    PageTooLargeError
        If the page has too many pixels or the file too many bytes.
    """
    reduction = 1
    with _named(ref.scan, ref.number), _open(ref.scan, settings) as file:
        kind = sniff_kind(file.read(1024))
        file.seek(0)
        if kind is Kind.PDF:
            image, dpi = render_page(_pdf_source(ref.scan, file), ref.number, settings)
            header = ImageHeader(image.shape[1], image.shape[0], plausible_dpi(dpi))
        elif kind is Kind.TIFF:
            header, data = _read_tiff_page(file, ref.number, settings)
            image = _square_pixels(_decode(data, header), header.pixel_aspect, settings)
        else:
            _check_page_number(ref.number, 1)
            data = _read_all(file)
            header = read_header(kind, data.data)
            check_size(header.width, header.height, settings)
            if reduce and kind is Kind.JPEG:
                reduction = _choose_reduction(header)
            image = _decode(data, header, reduction)
    image.flags.writeable = False
    stored_shape = header.height, header.width
    if image.shape == stored_shape:
        return Page(ref, image, header.dpi, header.orientation)
    dpi = (header.dpi or 0.0) / reduction / min(1.0, header.pixel_aspect)
    return Page(ref, image, dpi, header.orientation, stored_shape)


def _read_all(file: io.BufferedReader | io.BytesIO) -> npt.NDArray[np.uint8]:
    """Read a file into memory of its own size: `file.read` copies it once more."""
    data = np.empty(file.seek(0, os.SEEK_END), np.uint8)
    file.seek(0)
    return data[: file.readinto(data.data)]


def _choose_reduction(header: ImageHeader) -> int:
    """Return the largest reduction that leaves resolution enough, 1 where that is unknown."""
    dpi = header.dpi or 0.0
    return max((times for times in _REDUCED if dpi / times >= _ENOUGH_DPI), default=1)


def _read_tiff_page(
    file: BinaryIO, number: int, settings: ScanSettings
) -> tuple[ImageHeader, npt.NDArray[np.uint8]]:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    layout, first = tiff.read_layout(file)
    directories = tiff.find_directories(file, layout, first, settings.max_pages)
    _check_page_number(number, len(directories))
    tags = tiff.read_directory(file, layout, directories[number - 1], _SHAPE_TAGS, size)
    orientation = tiff.integer(tags, tiff.ORIENTATION, layout, 1)
    samples = tiff.integer(tags, tiff.SAMPLES, layout, 1)
    alpha = bool(tiff.integers(tags, tiff.EXTRA_SAMPLES, layout)) and samples == 4
    across, down = (
        plausible_dpi(tiff.resolution_dpi(tags, layout, tag))
        for tag in (tiff.X_RESOLUTION, tiff.Y_RESOLUTION)
    )
    header = ImageHeader(
        tiff.integer(tags, tiff.WIDTH, layout),
        tiff.integer(tags, tiff.HEIGHT, layout),
        across,
        orientation if 1 <= orientation <= 8 else 1,
        alpha,
        _choose_aspect(across, down),
    )
    check_size(header.width, header.height, settings)
    sample_format = tiff.integer(tags, tiff.SAMPLE_FORMAT, layout, 1)
    bits = tiff.integer(tags, tiff.BITS, layout, 1)
    if sample_format != 1 or bits not in (1, 4, 8, 16) or samples not in (1, 3, 4):
        form = _KINDS_OF_SAMPLES.get(sample_format, "unknown")
        raise UnsupportedScanError(
            f"has {samples} samples of {bits} bits ({form}) a pixel; expected 1, 3 or 4 unsigned "
            "of 1, 4, 8 or 16 bits: save it as 8-bit gray or RGB"
        )
    data = tiff.extract_page(file, layout, tags, size)
    return header, np.frombuffer(data, dtype=np.uint8)


def _decode(data: npt.NDArray[np.uint8], header: ImageHeader, reduction: int = 1) -> Gray:
    """Decode an encoded image straight to gray, or over its alpha channel."""
    flags = cv2.IMREAD_UNCHANGED if header.alpha else cv2.IMREAD_GRAYSCALE
    flags = _REDUCED.get(reduction, flags)
    try:
        image = cv2.imdecode(data, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError(str(error)) from None
        image = None
    if image is None:
        raise UnreadableScanError("is damaged; copy or scan it again")
    if image.shape[:2] != (-(-header.height // reduction), -(-header.width // reduction)):
        raise UnreadableScanError(
            f"decodes to {image.shape[1]} x {image.shape[0]} px, its header states "
            f"{header.width} x {header.height}; copy or scan it again"
        )
    return _flatten(image)


def _choose_aspect(across_dpi: float | None, down_dpi: float | None) -> float:
    """Return the height of a pixel over its width where a file says that it is no square."""
    if across_dpi is None or down_dpi is None:
        return 1.0
    aspect = across_dpi / down_dpi
    return aspect if _LEAST_ASPECT <= max(aspect, 1 / aspect) <= _MOST_ASPECT else 1.0


def _square_pixels(image: Gray, aspect: float, settings: ScanSettings) -> Gray:
    """Stretch an image so that its pixels are squares."""
    if aspect == 1.0:
        return image
    height, width = image.shape
    size = round(width / min(1.0, aspect)), round(height * max(1.0, aspect))
    check_size(*size, settings)
    return cast(Gray, cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


def _flatten(image: npt.NDArray[Any]) -> Gray:
    """Bring what the decoder gave to gray uint8, on white paper."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 2:
        return cast(Gray, image)
    if image.shape[2] == 3:
        return cast(Gray, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    gray = cv2.cvtColor(image, cv2.COLOR_BGRA2GRAY).astype(np.uint16)
    opaque = image[..., 3].astype(np.uint16)
    return cast(Gray, ((gray * opaque + 255 * (255 - opaque) + 127) // 255).astype(np.uint8))


def _pdf_source(scan: str, file: BinaryIO) -> str | bytes:
    """Return what PDFium opens: the path of a file on disk, of which it reads what it needs."""
    if not is_address(scan):
        return scan
    file.seek(0)
    return file.read()


def _check_page_number(number: int, count: int) -> None:
    if number > count:
        raise UnreadableScanError(f"is not there: the file has {count} pages")


@contextmanager
def _open(scan: str, settings: ScanSettings) -> Iterator[io.BufferedReader | io.BytesIO]:
    """Open a plain file of bounded size; a pipe or a device would block or never end."""
    if is_address(scan):
        yield io.BytesIO(fetch(scan, int(settings.max_file_megabytes * 1e6)))
        return
    try:
        if not stat.S_ISREG(os.stat(scan).st_mode):
            raise UnreadableScanError("is a folder or device, expected a file that can be opened")
        file = open(scan, "rb")  # noqa: SIM115, closed below, outside of this try
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnreadableScanError(f"cannot be opened: {reason}; check its permissions") from None
    with file:
        size = os.fstat(file.fileno()).st_size
        if size > settings.max_file_megabytes * 1e6:
            raise PageTooLargeError(
                f"has {size / 1e6:.0f} MB, limit {settings.max_file_megabytes:g} MB; "
                "raise scans.max_file_megabytes or split the file"
            )
        try:
            yield file
        except OSError as error:
            raise UnreadableScanError(f"cannot be read: {error.strerror}") from None


@contextmanager
def _named(scan: str, number: int | None) -> Iterator[None]:
    """Put the name of the scan, and the page where there may be many, before an error message."""
    try:
        yield
    except ScanError as error:
        shown = show_address(scan) if is_address(scan) else printable(scan)
        subject = os.path.basename(shown)
        if number is not None and number > 1:
            subject = f"page {number} of {subject}"
        raise type(error)(f"{subject} {error}") from None
