"""Read what an image file says of itself, before anything is decoded.

The parsers look at some kilobytes, never allocate by a number that the file gives, and stop at the
first thing that cannot be. They exist because a 1 kB file can claim 30,000 x 30,000 px: the size
has to be known, and refused, before a decoder believes it.
"""

import io
import struct
from dataclasses import dataclass
from enum import StrEnum

from digitscan.errors import UnreadableScanError, UnsupportedScanError
from digitscan.scans import tiff

Bytes = bytes | memoryview


class Kind(StrEnum):
    """Format of a scan, known by its first bytes and never by its name."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    BMP = "BMP"
    WEBP = "WebP"
    PDF = "PDF"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the header of an image states.

    Attributes
    ----------
    width, height : int
        Pixels as stored, at least 1.
    dpi : float or None
        Dots per inch, None where the file does not say or gives a placeholder.
    orientation : int
        EXIF orientation, 1 to 8.
    alpha : bool
        True where pixels may be transparent.
    pixel_aspect : float
        Height of a pixel over its width; other than 1 in faxes.
    """

    width: int
    height: int
    dpi: float | None = None
    orientation: int = 1
    alpha: bool = False
    pixel_aspect: float = 1.0

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise UnreadableScanError(f"states a size of {self.width} x {self.height} px")


# 72 and 96 are written by software that knows no resolution; nobody scans below 75 or above 4800.
_PLACEHOLDER_DPI = frozenset((72, 96))
_MIN_DPI, _MAX_DPI = 75.0, 4800.0
# A pdf may start with up to 1 kB of something else (ISO 32000, annex H.3.4.1)
_PDF_HEAD = 1024


def sniff_kind(head: Bytes) -> Kind:
    """Tell the format of a file by its first kilobyte.

    Raises
    ------
    UnreadableScanError
        If the file is empty.
    UnsupportedScanError
        If it is of no known format.

    Examples
    --------
    >>> sniff_kind(b"II*" + bytes(6)).value
    'TIFF'
    """
    start = bytes(head[:_PDF_HEAD])
    if not start:
        raise UnreadableScanError("is empty; copy or scan it again")
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if start.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return Kind.TIFF
    if start.startswith(b"BM") and len(start) >= 26:
        return Kind.BMP
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return Kind.WEBP
    if b"%PDF-" in start:
        return Kind.PDF
    raise UnsupportedScanError(
        "is no image or PDF that can be read; expected PNG, JPEG, TIFF, BMP, WebP or PDF content"
    )


def read_header(kind: Kind, data: Bytes) -> ImageHeader:
    """Read the header of a PNG, JPEG, BMP or WebP.

    Raises
    ------
    UnreadableScanError
        If it is damaged or states what cannot be.
    """
    parse = {Kind.PNG: _png, Kind.JPEG: _jpeg, Kind.BMP: _bmp, Kind.WEBP: _webp}[kind]
    try:
        return parse(memoryview(data))
    except (struct.error, IndexError):
        raise UnreadableScanError("ends within its header; copy or scan it again") from None


def plausible_dpi(dpi: float | None) -> float | None:
    """Pass a resolution on, None for a placeholder or one that no scanner has.

    Examples
    --------
    >>> plausible_dpi(300.0), plausible_dpi(72.0), plausible_dpi(0.0)
    (300.0, None, None)
    """
    if dpi is None or not _MIN_DPI <= dpi <= _MAX_DPI or round(dpi) in _PLACEHOLDER_DPI:
        return None
    return dpi


def _png(data: memoryview) -> ImageHeader:
    width, height, _, color = struct.unpack_from(">IIBB", data, 16)
    if bytes(data[12:16]) != b"IHDR":
        raise UnreadableScanError("is a PNG without its header")
    dpi, orientation, alpha = None, 1, color in (4, 6)
    at = 8
    while at + 8 <= len(data):
        size = struct.unpack_from(">I", data, at)[0]
        name = bytes(data[at + 4 : at + 8])
        body = data[at + 8 : at + 8 + size]
        if name == b"pHYs" and size == 9 and body[8] == 1:
            dpi = struct.unpack_from(">I", body)[0] * 0.0254
        elif name == b"tRNS":
            alpha = True
        elif name == b"eXIf":
            orientation, exif_dpi = read_exif(body)
            dpi = dpi or exif_dpi
        elif name in (b"IDAT", b"IEND"):
            break
        at += 12 + size
    return ImageHeader(width, height, plausible_dpi(dpi), orientation, alpha)


def _jpeg(data: memoryview) -> ImageHeader:
    at, dpi, exif_dpi, orientation = 2, None, None, 1
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise UnreadableScanError("is a JPEG with a damaged header; copy or scan it again")
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker in (0x01, *range(0xD0, 0xD8)):  # markers without a length
            at += 2
            continue
        size = struct.unpack_from(">H", data, at + 2)[0]
        body = data[at + 4 : at + 2 + size]
        if marker == 0xE0 and bytes(body[:5]) == b"JFIF\0":
            unit, density = struct.unpack_from(">BH", body, 7)
            dpi = {1: float(density), 2: density * 2.54}.get(unit)
        elif marker == 0xE1 and bytes(body[:6]) == b"Exif\0\0":
            orientation, exif_dpi = read_exif(body[6:])
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", body, 1)
            dpi = plausible_dpi(dpi) or plausible_dpi(exif_dpi)
            return ImageHeader(width, height, dpi, orientation)
        elif marker in (0xD9, 0xDA):
            break
        at += 2 + size
    raise UnreadableScanError("is a JPEG that ends before its image; copy or scan it again")


def _bmp(data: memoryview) -> ImageHeader:
    size = struct.unpack_from("<I", data, 14)[0]
    if size == 12:
        width, height = struct.unpack_from("<HH", data, 18)
        return ImageHeader(width, height)
    width, height = struct.unpack_from("<ii", data, 18)
    per_meter = struct.unpack_from("<i", data, 38)[0] if size >= 40 else 0
    return ImageHeader(width, abs(height), plausible_dpi(per_meter * 0.0254))


def _webp(data: memoryview) -> ImageHeader:
    name = bytes(data[12:16])
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return ImageHeader(width & 0x3FFF, height & 0x3FFF)
    if name == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        alpha = bool(bits >> 28 & 1)
        return ImageHeader((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, alpha=alpha)
    if name != b"VP8X":
        raise UnreadableScanError("is a WebP with an unknown first part")
    flags = data[20]
    width = int.from_bytes(data[24:27], "little") + 1
    height = int.from_bytes(data[27:30], "little") + 1
    orientation, dpi, at = 1, None, 30
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        if bytes(data[at : at + 4]) == b"EXIF":
            orientation, dpi = read_exif(data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return ImageHeader(width, height, plausible_dpi(dpi), orientation, bool(flags & 0x10))


def read_exif(data: Bytes) -> tuple[int, float | None]:
    """Read orientation and resolution from an EXIF block; 1 and None where it is damaged.

    A broken EXIF block spoils no image: the pixels do not depend on it.
    """
    block = bytes(data[6:] if bytes(data[:6]) == b"Exif\0\0" else data)
    file = io.BytesIO(block)
    try:
        layout, first = tiff.read_layout(file)
        wanted = (tiff.ORIENTATION, tiff.X_RESOLUTION, tiff.RESOLUTION_UNIT)
        tags = tiff.read_directory(file, layout, first, wanted, len(block))
    except UnreadableScanError:
        return 1, None
    orientation = tiff.integer(tags, tiff.ORIENTATION, layout, 1)
    dpi = plausible_dpi(tiff.resolution_dpi(tags, layout))
    return (orientation if 1 <= orientation <= 8 else 1), dpi
