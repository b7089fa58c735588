"""Take one page out of a TIFF as a TIFF of its own.

The TIFF library under OpenCV trusts a file's directories, walks them all to reach a late page and
holds the whole file. Here the directories are read with bounds, and the one page that is wanted is
written anew with the tags that describe pixels and nothing else. So a page of a 2,000-page file
costs what a one-page file costs, a forged chain or tag never reaches the library, and BigTIFF comes
out as plain TIFF. The orientation tag stays behind: the page is decoded as it is stored.

Format: TIFF Revision 6.0 (Adobe, 1992); BigTIFF by AWare Systems.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from digitscan.errors import PageTooLargeError, UnreadableScanError, UnsupportedScanError

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, STRIP_BYTES = 273, 274, 277, 279
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
COLOR_MAP, TILE_OFFSETS, TILE_BYTES, EXTRA_SAMPLES, SAMPLE_FORMAT = 320, 324, 325, 338, 339
PIXEL_TAGS = frozenset(
    # also FillOrder, RowsPerStrip, PlanarConfiguration, T4Options, T6Options, Predictor, ColorMap,
    # TileWidth, TileLength, InkSet, JPEGTables, YCbCr coefficients, subsampling, positioning and
    # ReferenceBlackWhite: all that a decoder needs
    (WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, 266, STRIP_OFFSETS, SAMPLES, 278, STRIP_BYTES)
    + (284, 292, 293, 317, COLOR_MAP, 322, 323, TILE_OFFSETS, TILE_BYTES, 332, EXTRA_SAMPLES)
    + (SAMPLE_FORMAT, 347, 529, 530, 531, 532)
)
PALETTE = 3
OLD_JPEG = 6
"""Compression 6 was withdrawn in 1995; its data hang on offsets that a decoder has to guess."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BIG_SIZES = {16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
# 4096: no writer known to use more than some hundred tags in a directory
_MAX_TAGS = 4096


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry of a directory: its type, the number of values and their bytes."""

    kind: int
    count: int
    data: bytes


Directory = dict[int, Tag]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a TIFF counts: byte order as of `struct`, and whether its offsets have 8 bytes."""

    order: str
    big: bool


def read_layout(file: BinaryIO) -> tuple[Layout, int]:
    """Read the first bytes of a TIFF: its layout and the offset of its first directory.

    Raises
    ------
    UnreadableScanError
        If they are not those of a TIFF.
    """
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise UnreadableScanError("is not a TIFF")
    magic = struct.unpack_from(order + "H", head, 2)[0]
    if magic == 42:
        return Layout(order, False), struct.unpack_from(order + "I", head, 4)[0]
    if magic == 43 and len(head) == 16 and struct.unpack_from(order + "HH", head, 4) == (8, 0):
        return Layout(order, True), struct.unpack_from(order + "Q", head, 8)[0]
    raise UnreadableScanError(f"has TIFF version {magic}, expected 42 or 43")


def find_directories(file: BinaryIO, layout: Layout, first: int, limit: int) -> list[int]:
    """Follow the chain of directories and return their offsets.

    Raises
    ------
    UnreadableScanError
        If the chain leaves the file.
    PageTooLargeError
        If there are more than `limit`, or the chain runs in a circle.
    """
    offsets: list[int] = []
    seen: set[int] = set()
    offset = first
    while offset:
        if offset in seen:
            raise UnreadableScanError("has a circle in its chain of pages; save it anew")
        if len(offsets) == limit:
            raise PageTooLargeError(
                f"has more than {limit} pages; raise scans.max_pages or split the file"
            )
        seen.add(offset)
        offsets.append(offset)
        count_size, entry_size, next_size = (8, 20, 8) if layout.big else (2, 12, 4)
        count = _read_uint(file, layout, offset, count_size)
        if not 0 < count <= _MAX_TAGS:
            raise UnreadableScanError(f"has a page of {count} tags, expected 1 to {_MAX_TAGS}")
        offset = _read_uint(file, layout, offset + count_size + count * entry_size, next_size)
    if not offsets:
        raise UnreadableScanError("is a TIFF without a page")
    return offsets


def read_directory(
    file: BinaryIO, layout: Layout, offset: int, wanted: Iterable[int], file_bytes: int
) -> Directory:
    """Read the wanted tags of the directory at `offset`.

    Raises
    ------
    UnreadableScanError
        If a tag points outside of the file.
    """
    count_size, entry_size, inline = (8, 20, 8) if layout.big else (2, 12, 4)
    count = _read_uint(file, layout, offset, count_size)
    if not 0 < count <= _MAX_TAGS:
        raise UnreadableScanError(f"has a page of {count} tags, expected 1 to {_MAX_TAGS}")
    entries = _read_at(file, offset + count_size, count * entry_size)
    sizes = {**_SIZES, **_BIG_SIZES} if layout.big else _SIZES
    wanted = frozenset(wanted)
    tags: Directory = {}
    for start in range(0, len(entries), entry_size):
        tag, kind = struct.unpack_from(layout.order + "HH", entries, start)
        if tag not in wanted or kind not in sizes or tag in tags:
            continue
        form = layout.order + ("Q" if layout.big else "I")
        values = struct.unpack_from(form, entries, start + 4)[0]
        size = values * sizes[kind]
        if size > file_bytes:
            raise UnreadableScanError(f"has {values} values in tag {tag}, more than the file holds")
        value_at = start + entry_size - inline
        if size <= inline:
            data = entries[value_at : value_at + size]
        else:
            data = _read_at(file, struct.unpack_from(form, entries, value_at)[0], size)
        tags[tag] = Tag(kind, values, data)
    return tags


def integers(tags: Directory, tag: int, layout: Layout) -> tuple[int, ...]:
    """Return the values of an integer tag, empty where it is missing or of another type."""
    entry = tags.get(tag)
    if entry is None or entry.kind not in _INTEGERS:
        return ()
    return struct.unpack(f"{layout.order}{entry.count}{_INTEGERS[entry.kind]}", entry.data)


def integer(tags: Directory, tag: int, layout: Layout, default: int = 0) -> int:
    """Return the first value of an integer tag."""
    values = integers(tags, tag, layout)
    return values[0] if values else default


def resolution_dpi(tags: Directory, layout: Layout, tag: int = X_RESOLUTION) -> float | None:
    """Return the dots per inch that a directory states, None where it states none."""
    entry = tags.get(tag)
    if entry is None or entry.kind != 5 or entry.count != 1:
        return None
    above, below = struct.unpack(layout.order + "II", entry.data)
    per_unit = {2: 1.0, 3: 2.54}.get(integer(tags, RESOLUTION_UNIT, layout, 2))
    if not below or per_unit is None:
        return None
    return float(above / below * per_unit)


def extract_page(file: BinaryIO, layout: Layout, tags: Directory, file_bytes: int) -> bytes:
    """Write the page of one directory as a plain one-page TIFF in the same byte order.

    Raises
    ------
    UnreadableScanError
        If its pixels lie outside of the file.
    UnsupportedScanError
        If they are packed in the old style of JPEG.
    """
    if integer(tags, COMPRESSION, layout, 1) == OLD_JPEG:
        raise UnsupportedScanError("is packed as old-style JPEG; save it anew, as G4 or LZW")
    tiled = TILE_OFFSETS in tags
    at_tag, bytes_tag = (TILE_OFFSETS, TILE_BYTES) if tiled else (STRIP_OFFSETS, STRIP_BYTES)
    offsets = integers(tags, at_tag, layout)
    sizes = integers(tags, bytes_tag, layout)
    if len(offsets) == 1 and not sizes:  # writers before 1992 left the size out
        sizes = (file_bytes - offsets[0],)
    if not offsets or len(sizes) < len(offsets):
        raise UnreadableScanError("does not say where its pixels are")
    sizes = sizes[: len(offsets)]
    # Honest strips do not overlap: many entries that point at one strip would multiply its size.
    if sum(sizes) > file_bytes:
        raise UnreadableScanError("ends before its pixels do; copy or scan it again")
    chunks = [_read_at(file, at, size) for at, size in zip(offsets, sizes, strict=True)]
    kept = {tag: entry for tag, entry in tags.items() if tag in PIXEL_TAGS}
    if integer(tags, BITS, layout, 1) == 4:
        _give_palette(kept, layout)
    kept[bytes_tag] = _longs(sizes, layout)
    kept[at_tag] = _longs([0] * len(offsets), layout)
    head_bytes = 8 + 2 + 12 * len(kept) + 4
    outside = sum(len(entry.data) + 1 for entry in kept.values() if len(entry.data) > 4)
    start = head_bytes + outside
    starts = []
    for chunk in chunks:
        starts.append(start)
        start += len(chunk)
    kept[at_tag] = _longs(starts, layout)
    return _compose(kept, layout, head_bytes, outside) + b"".join(chunks)


def _give_palette(tags: Directory, layout: Layout) -> None:
    """Turn 4-bit gray into a palette of 16 grays: OpenCV takes 4 bits for a palette only."""
    photometric = integer(tags, PHOTOMETRIC, layout, 1)
    if photometric in (0, 1):
        grays = [level * 4369 for level in range(16)]  # 4369: 15 * 4369 = 65535, white
        ramp = grays if photometric == 1 else grays[::-1]
        tags[PHOTOMETRIC] = Tag(3, 1, struct.pack(layout.order + "H", PALETTE))
        tags[COLOR_MAP] = Tag(3, 48, struct.pack(layout.order + "48H", *ramp * 3))


def _compose(tags: Directory, layout: Layout, head_bytes: int, outside_bytes: int) -> bytes:
    order = layout.order
    magic = b"II" if order == "<" else b"MM"
    head = magic + struct.pack(order + "HIH", 42, 8, len(tags))
    outside = b""
    for tag, entry in sorted(tags.items()):
        kind, data = entry.kind, entry.data
        if kind in _BIG_SIZES:
            values = struct.unpack(f"{order}{entry.count}Q", data)
            kind, data = 4, _longs(values, layout).data
        if len(data) > 4:
            value = struct.pack(order + "I", head_bytes + len(outside))
            outside += data + bytes(len(data) % 2)
        else:
            value = data.ljust(4, b"\0")
        head += struct.pack(order + "HHI", tag, kind, entry.count) + value
    return head + bytes(4) + outside.ljust(outside_bytes, b"\0")


def _longs(values: Iterable[int], layout: Layout) -> Tag:
    numbers = tuple(values)
    if any(number >= 1 << 32 for number in numbers):
        raise UnreadableScanError("has a number beyond 32 bits where a page has none")
    return Tag(4, len(numbers), struct.pack(f"{layout.order}{len(numbers)}I", *numbers))


def _read_uint(file: BinaryIO, layout: Layout, offset: int, size: int) -> int:
    form = {2: "H", 4: "I", 8: "Q"}[size]
    return int(struct.unpack(layout.order + form, _read_at(file, offset, size))[0])


def _read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    try:
        file.seek(offset)
    except (OverflowError, ValueError, OSError):  # an offset beyond what a file can have
        data = b""
    else:
        data = file.read(size)
    if len(data) != size:
        raise UnreadableScanError("ends before its pixels do; copy or scan it again")
    return data
