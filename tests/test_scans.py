"""Scan files: what is found, and what every format decodes to."""

import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digitscan.errors import (
    NoPagesError,
    PageTooLargeError,
    ScanError,
    UnreadableScanError,
    UnsupportedScanError,
)
from digitscan.records import Page, PageRef
from digitscan.scans import count_pages, find_scans, load_page
from digitscan.settings import ScanSettings
from tests import scanfiles
from tests.scanfiles import encode, pattern, pdf, pdf_image, raw_tiff, tiff_g4, write

GRAY = pattern()
BLACK_WHITE = np.where(GRAY < 128, 0, 255).astype(np.uint8)
EXIF_RIGHT = Image.Exif()
EXIF_RIGHT[274] = 6
CORNERS = bytes([255, 0, 0, 128])


def load(folder: Path, data: bytes, number: int = 1, limits: ScanSettings | None = None) -> Page:
    path = folder / "scan"
    path.write_bytes(data)
    return load_page(PageRef(str(path), number, "scan"), limits or ScanSettings())


def transparent() -> Image.Image:
    """Black writing on nothing: with its alpha left out all of it is black."""
    alpha = 255 - GRAY
    return Image.merge("LA", (Image.new("L", (90, 60), 0), Image.fromarray(alpha)))


# What is found


def test_a_folder_is_walked_in_one_order_whatever_the_disk_says(tmp_path: Path) -> None:
    names = ["b/2.PNG", "b/10.tif", "a.pdf", "c.jpeg", "b/sub/x.webp", "B.bmp"]
    write(tmp_path, dict.fromkeys(names, b""))
    write(tmp_path, dict.fromkeys(["notes.txt", ".hidden.png", ".cache/1.png"], b""))
    found = [scan.name for scan in find_scans([tmp_path])]
    assert found == ["B.bmp", "a.pdf", "b/10.tif", "b/2.PNG", "b/sub/x.webp", "c.jpeg"]


def test_a_named_file_may_have_any_suffix(tmp_path: Path) -> None:
    write(tmp_path, {"scan.dat": b""})
    assert [scan.name for scan in find_scans([tmp_path / "scan.dat"])] == ["scan.dat"]


def test_several_inputs_keep_names_apart_and_a_file_is_taken_once(tmp_path: Path) -> None:
    write(tmp_path, {"a/1.png": b"", "b/1.png": b""})
    inputs = [tmp_path / "a", tmp_path / "b", tmp_path / "a" / "1.png"]
    names = [scan.name for scan in find_scans(inputs)]
    assert names == [(tmp_path / "a/1.png").as_posix(), (tmp_path / "b/1.png").as_posix()]


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="needs symbolic links")
def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    write(tmp_path, {"a/1.png": b""})
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert [scan.name for scan in find_scans([tmp_path])] == ["a/1.png"]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_nothing_to_read_is_an_error_that_says_where(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoPagesError, match=name):
        find_scans([tmp_path / name])


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_a_name_that_is_not_utf8_is_found_and_opened(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")).write_bytes(encode(GRAY, "PNG"))
    (scan,) = find_scans([tmp_path])
    assert load_page(PageRef(scan.path, 1, scan.name)).image.shape == (60, 90)


# What it decodes to


@pytest.mark.parametrize(
    ("data", "tolerance"),
    [
        pytest.param(encode(GRAY, "PNG"), 0, id="png-gray"),
        pytest.param(encode(GRAY, "PNG", "RGB"), 0, id="png-color"),
        pytest.param(encode(GRAY, "PNG", "P"), 0, id="png-palette"),
        pytest.param(encode(GRAY.astype(np.uint16) * 257, "PNG"), 0, id="png-16-bit"),
        pytest.param(encode(transparent(), "PNG"), 0, id="png-gray-alpha"),
        pytest.param(encode(transparent(), "PNG", "RGBA"), 0, id="png-color-alpha"),
        pytest.param(encode(transparent(), "TIFF", "RGBA"), 0, id="tiff-alpha"),
        pytest.param(encode(transparent(), "WEBP", "RGBA", lossless=True), 0, id="webp-alpha"),
        pytest.param(encode(GRAY, "WEBP", lossless=True), 1, id="webp"),
        pytest.param(encode(GRAY, "BMP"), 0, id="bmp-gray"),
        pytest.param(encode(GRAY, "BMP", "RGB"), 0, id="bmp-color"),
        pytest.param(encode(GRAY, "JPEG", quality=95), 12, id="jpeg-gray"),
        pytest.param(encode(GRAY, "JPEG", "RGB", quality=95), 12, id="jpeg-color"),
        pytest.param(encode(GRAY, "JPEG", "RGB", quality=95, progressive=True), 12, id="jpeg-prog"),
        pytest.param(
            encode(Image.fromarray(GRAY).convert("RGB"), "JPEG", "CMYK", quality=95),
            12,
            id="jpeg-cmyk",
        ),
        pytest.param(encode(GRAY, "TIFF"), 0, id="tiff-raw"),
        pytest.param(encode(GRAY, "TIFF", compression="tiff_lzw"), 0, id="tiff-lzw"),
        pytest.param(encode(GRAY, "TIFF", compression="tiff_adobe_deflate"), 0, id="tiff-deflate"),
        pytest.param(encode(GRAY, "TIFF", "RGB", compression="jpeg"), 20, id="tiff-jpeg"),
        pytest.param(encode(GRAY, "TIFF", "P"), 0, id="tiff-palette"),
        pytest.param(encode(GRAY.astype(np.uint16) * 257, "TIFF"), 0, id="tiff-16-bit"),
        pytest.param(
            encode(Image.fromarray(GRAY).convert("RGB"), "TIFF", "CMYK"), 1, id="tiff-cmyk"
        ),
    ],
)
def test_every_kind_decodes_to_the_same_gray(tmp_path: Path, data: bytes, tolerance: int) -> None:
    image = load(tmp_path, data).image
    assert image.dtype == np.uint8
    assert not image.flags.writeable
    assert np.abs(image.astype(int) - GRAY).max() <= tolerance


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(tiff_g4([GRAY]), id="tiff-g4"),
        pytest.param(encode(BLACK_WHITE, "TIFF", "1", compression="group3"), id="tiff-g3"),
        pytest.param(encode(BLACK_WHITE, "TIFF", "1", compression="packbits"), id="tiff-packbits"),
        pytest.param(encode(BLACK_WHITE, "PNG", "1"), id="png-1-bit"),
        pytest.param(encode(BLACK_WHITE, "BMP", "1"), id="bmp-1-bit"),
    ],
)
def test_one_bit_is_black_and_white(tmp_path: Path, data: bytes) -> None:
    expected = np.where(GRAY < 128, 0, 255)
    assert np.array_equal(load(tmp_path, data).image, expected)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    ("pixels", "bits", "photometric", "expected"),
    [
        pytest.param(b"\x80\x00", 1, 1, [[255, 0], [0, 0]], id="1-bit"),
        pytest.param(b"\x80\x00", 1, 0, [[0, 255], [255, 255]], id="1-bit-white-is-zero"),
        pytest.param(b"\xf0\x08", 4, 1, [[255, 0], [0, 136]], id="4-bit"),
        pytest.param(b"\xf0\x08", 4, 0, [[0, 255], [255, 119]], id="4-bit-white-is-zero"),
        pytest.param(CORNERS, 8, 1, [[255, 0], [0, 128]], id="8-bit"),
        pytest.param(CORNERS, 8, 0, [[0, 255], [255, 127]], id="8-bit-white-is-zero"),
    ],
)
def test_tiff_polarity_and_byte_order(
    tmp_path: Path,
    order: str,
    big: bool,
    pixels: bytes,
    bits: int,
    photometric: int,
    expected: list[list[int]],
) -> None:
    data = raw_tiff(pixels, (2, 2), bits, photometric, order, big=big)
    assert load(tmp_path, data).image.tolist() == expected


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("photometric", "expected"), [(1, [[255, 0], [0, 128]]), (0, [[0, 255], [255, 127]])]
)
def test_16_bit_tiff_is_scaled(
    tmp_path: Path, order: str, photometric: int, expected: list[list[int]]
) -> None:
    pixels = np.array([65535, 0, 0, 32768], order + "u2").tobytes()
    data = raw_tiff(pixels, (2, 2), 16, photometric, order)
    assert load(tmp_path, data).image.tolist() == expected


def test_every_page_of_a_tiff_is_its_own(tmp_path: Path) -> None:
    pages = [np.roll(pattern(), shift, axis=1) for shift in (0, 10, 20)]
    data = tiff_g4(pages)
    for number, page in enumerate(pages, 1):
        image = load(tmp_path, data, number).image
        assert np.array_equal(image, np.where(page < 128, 0, 255))
    assert count_pages(str(tmp_path / "scan")) == 3
    with pytest.raises(UnreadableScanError, match="page 4 of scan is not there"):
        load(tmp_path, data, 4)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encode(GRAY, "JPEG", quality=95, exif=EXIF_RIGHT), id="jpeg"),
        pytest.param(encode(GRAY, "PNG", exif=EXIF_RIGHT), id="png"),
        pytest.param(encode(GRAY, "WEBP", lossless=True, exif=EXIF_RIGHT), id="webp"),
        pytest.param(encode(GRAY, "TIFF", tiffinfo={274: 6}), id="tiff"),
    ],
)
def test_an_exif_turn_is_told_and_not_applied(tmp_path: Path, data: bytes) -> None:
    page = load(tmp_path, data)
    assert page.orientation == 6
    assert page.image.shape == GRAY.shape
    assert page.image[20, 20] < 12


@pytest.mark.parametrize(
    ("data", "dpi"),
    [
        pytest.param(encode(GRAY, "PNG", dpi=(300, 300)), 300, id="png"),
        pytest.param(encode(GRAY, "JPEG", dpi=(240, 240)), 240, id="jpeg"),
        pytest.param(encode(GRAY, "TIFF", dpi=(200, 200)), 200, id="tiff"),
        pytest.param(
            encode(GRAY, "TIFF", resolution=118.11, resolution_unit=3), 300, id="tiff-per-cm"
        ),
        pytest.param(encode(GRAY, "BMP", dpi=(600, 600)), 600, id="bmp"),
        pytest.param(encode(GRAY, "JPEG", dpi=(72, 72)), None, id="placeholder"),
        pytest.param(encode(GRAY, "JPEG"), None, id="none"),
        pytest.param(tiff_g4([GRAY]), 200, id="g4"),
    ],
)
def test_resolution_comes_from_the_file(tmp_path: Path, data: bytes, dpi: float | None) -> None:
    found = load(tmp_path, data).dpi
    assert found is None if dpi is None else found == pytest.approx(dpi, abs=0.5)


@pytest.mark.parametrize(
    ("dpi", "shape", "found_dpi"),
    [
        pytest.param((204, 98), (125, 90), 204, id="fax"),
        pytest.param((98, 196), (60, 180), 196, id="broad-pixels"),
        pytest.param((204, 196), (60, 90), 204, id="fine-fax"),
        pytest.param((300, 80), (60, 90), 300, id="not-believed"),
        pytest.param((300, 72), (60, 90), 300, id="placeholder"),
    ],
)
def test_pixels_that_are_no_squares_are_stretched(
    tmp_path: Path, dpi: tuple[int, int], shape: tuple[int, int], found_dpi: int
) -> None:
    page = load(tmp_path, encode(GRAY, "TIFF", dpi=dpi))
    assert (page.image.shape, round(page.dpi or 0)) == (shape, found_dpi)
    assert page.stored_shape == (None if shape == GRAY.shape else GRAY.shape)
    assert not page.image.flags.writeable


def test_a_stretched_page_is_bounded(tmp_path: Path) -> None:
    limits = ScanSettings(max_megapixels=GRAY.size * 1.5 / 1e6)
    with pytest.raises(PageTooLargeError):
        load(tmp_path, encode(GRAY, "TIFF", dpi=(204, 98)), limits=limits)
    assert load(tmp_path, encode(GRAY, "TIFF", dpi=(204, 196)), limits=limits).stored_shape is None


# PDF


def test_a_drawn_pdf_page_is_rendered_at_300_dpi(tmp_path: Path) -> None:
    data = pdf([b"0 g 60 36 60 36 re f", b""], (240, 144))
    page = load(tmp_path, data)
    assert page.image.shape == (600, 1000)
    assert page.dpi == 300
    assert page.image[375, 375] == 0
    assert page.image[100, 100] == 255
    assert load(tmp_path, data, 2).image.min() == 255
    assert count_pages(str(tmp_path / "scan")) == 2


@pytest.mark.parametrize(
    "text", [pytest.param(b"", id="bare"), pytest.param(b"BT /F1 9 Tf 3 Tr (7) Tj ET", id="ocr")]
)
def test_a_pdf_page_that_is_one_scan_keeps_the_pixels_of_the_scan(
    tmp_path: Path, text: bytes
) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (288, 480), dtype=np.uint8)
    data = pdf([b"q 240 0 0 144 0 0 cm /Im Do Q " + text], images={"Im": pdf_image(noise)})
    page = load(tmp_path, data)
    assert page.dpi == pytest.approx(144)
    assert np.array_equal(page.image, noise)


def test_a_turned_pdf_page_stands_as_it_is_seen(tmp_path: Path) -> None:
    image = pdf_image(pattern(288, 480))
    data = pdf([b"q 240 0 0 144 0 0 cm /Im Do Q"], images={"Im": image}, page=b"/Rotate 90")
    assert np.array_equal(load(tmp_path, data).image, np.rot90(pattern(288, 480), -1))


def test_a_pdf_page_with_a_logo_is_no_scan(tmp_path: Path) -> None:
    data = pdf([b"q 24 0 0 14 0 0 cm /Im Do Q"], images={"Im": pdf_image(GRAY)})
    assert load(tmp_path, data).dpi == 300


# Bad input


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        pytest.param(b"", UnreadableScanError, "is empty", id="empty-file"),
        pytest.param(b"dear sir", UnsupportedScanError, "no image", id="text-named-png"),
        pytest.param(encode(GRAY, "JPEG")[:-300], UnreadableScanError, "damaged", id="cut-jpeg"),
        pytest.param(encode(GRAY, "JPEG")[:30], UnreadableScanError, "ends", id="jpeg-header-only"),
        pytest.param(encode(GRAY, "PNG")[:-40], UnreadableScanError, "damaged", id="cut-png"),
        pytest.param(encode(GRAY, "PNG")[:20], UnreadableScanError, "header", id="png-20-bytes"),
        pytest.param(encode(GRAY, "BMP")[:-400], UnreadableScanError, "damaged", id="cut-bmp"),
        pytest.param(encode(GRAY, "TIFF")[:-400], UnreadableScanError, "ends", id="cut-tiff"),
        pytest.param(b"II*\0\0\0\0\0", UnreadableScanError, "without a page", id="tiff-no-page"),
        pytest.param(encode(GRAY, "WEBP")[:-20], UnreadableScanError, "damaged", id="cut-webp"),
        pytest.param(scanfiles.encrypted_pdf(), UnreadableScanError, "encrypted", id="encrypted"),
        pytest.param(pdf([]), UnreadableScanError, "without a page", id="pdf-of-no-page"),
        pytest.param(b"%PDF-1.7\n", UnreadableScanError, "damaged PDF", id="pdf-header-only"),
        pytest.param(
            scanfiles.forged_png(30_000, 30_000),
            PageTooLargeError,
            "30000 x 30000 px, limit 120 Mpx; raise scans.max_megapixels",
            id="huge-header",
        ),
        pytest.param(
            raw_tiff(CORNERS, (2, 2), tags={256: (4, [1 << 31]), 257: (4, [1 << 31])}),
            PageTooLargeError,
            "limit 120 Mpx",
            id="huge-tiff-header",
        ),
        pytest.param(pdf([b""], (14400, 14400)), PageTooLargeError, "limit", id="huge-pdf-page"),
        pytest.param(scanfiles.forged_png(0, 7), UnreadableScanError, "size of 0 x 7", id="zero"),
        pytest.param(
            raw_tiff(CORNERS, (2, 2), 32, tags={339: (3, [3])}),
            UnsupportedScanError,
            "floating point",
            id="float-tiff",
        ),
        pytest.param(
            raw_tiff(CORNERS, (2, 2), tags={259: (3, [6])}),
            UnsupportedScanError,
            "old-style JPEG",
            id="old-jpeg-tiff",
        ),
        pytest.param(
            raw_tiff(CORNERS, (2, 2), tags={273: (4, [1 << 30])}),
            UnreadableScanError,
            "ends before",
            id="tiff-strip-outside",
        ),
    ],
)
def test_bad_input_is_refused_with_the_next_step(
    tmp_path: Path, data: bytes, error: type[ScanError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        load(tmp_path, data)
    assert str(caught.value).startswith("scan ")


def test_a_circle_of_tiff_pages_is_refused(tmp_path: Path) -> None:
    data = bytearray(raw_tiff(CORNERS, (2, 2)))
    first = struct.unpack_from("<I", data, 4)[0]
    struct.pack_into("<I", data, first + 2 + 12 * 9, first)
    (tmp_path / "scan").write_bytes(data)
    with pytest.raises(UnreadableScanError, match="circle"):
        count_pages(str(tmp_path / "scan"))


def test_pages_a_file_are_bounded(tmp_path: Path) -> None:
    limits = ScanSettings(max_pages=2)
    for name, data in {"t": tiff_g4([GRAY] * 3), "p": pdf([b""] * 3)}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PageTooLargeError, match=r"raise scans\.max_pages"):
            count_pages(str(tmp_path / name), limits)


def test_bytes_a_file_are_bounded(tmp_path: Path) -> None:
    limits = ScanSettings(max_file_megabytes=0.0001)
    with pytest.raises(PageTooLargeError, match=r"raise scans\.max_file_megabytes"):
        load(tmp_path, encode(GRAY, "PNG"), limits=limits)


def test_an_image_hidden_small_on_a_pdf_page_is_bounded(tmp_path: Path) -> None:
    image = b"<</Type/XObject/Subtype/Image/Width 60000/Height 60000/ColorSpace/DeviceGray"
    image += b"/BitsPerComponent 1/Length 1>>stream\n0\nendstream"
    data = pdf([b"q 1 0 0 1 0 0 cm /Im Do Q"], images={"Im": image})
    with pytest.raises(PageTooLargeError, match="60000 x 60000"):
        load(tmp_path, data)


def test_a_folder_in_the_place_of_a_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableScanError, match="folder or device"):
        load_page(PageRef(str(tmp_path), 1, "x"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UnreadableScanError, match="folder or device"):
        count_pages(str(tmp_path / "pipe.png"))


@pytest.mark.skipif(os.name != "posix", reason="file rights of POSIX")
def test_a_file_without_read_permission_says_so(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encode(GRAY, "PNG"))
    path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(0o755)
    # Everything is permitted to root, so root looks as somebody else.
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(UnreadableScanError, match="Permission denied; check its permissions"):
            count_pages(str(path))
    finally:
        os.seteuid(user)


KINDS = {
    "png": encode(GRAY, "PNG"),
    "jpeg": encode(GRAY, "JPEG", "RGB", exif=EXIF_RIGHT),
    "tiff": encode(GRAY, "TIFF", compression="tiff_lzw"),
    "g4": tiff_g4([GRAY, GRAY]),
    "bmp": encode(GRAY, "BMP"),
    "webp": encode(GRAY, "WEBP"),
    "pdf": pdf([b"q 240 0 0 144 0 0 cm /Im Do Q"], images={"Im": pdf_image(GRAY)}),
}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    cut=st.floats(0.3, 1),
)
def test_damage_gives_a_page_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
    flips: list[tuple[float, int]],
    cut: float,
) -> None:
    data = bytearray(KINDS[kind])
    for place, value in flips:
        data[int(place * (len(data) - 1))] = value
    path = tmp_path_factory.getbasetemp() / f"damaged.{kind}"
    path.write_bytes(data[: int(cut * len(data))])
    limits = ScanSettings(max_megapixels=2)
    try:
        for number in range(1, min(count_pages(str(path), limits), 3) + 1):
            page = load_page(PageRef(str(path), number, "x"), limits)
            assert page.image.size <= 2_000_000
    except ScanError as error:
        assert str(error).startswith(("damaged.", "page "))


# Reduced decoding


def jpeg(dpi: int, height: int = 61, width: int = 91) -> bytes:
    return encode(pattern(height, width), "JPEG", quality=95, dpi=(dpi, dpi))


@pytest.mark.parametrize(
    ("dpi", "shape", "left"),
    [
        pytest.param(599, (61, 91), 599, id="below-600-as-stored"),
        pytest.param(600, (31, 46), 300, id="half"),
        pytest.param(1200, (16, 23), 300, id="quarter"),
        pytest.param(2400, (8, 12), 300, id="eighth"),
        pytest.param(4800, (8, 12), 600, id="never-less-than-an-eighth"),
        pytest.param(72, (61, 91), None, id="unknown-as-stored"),
    ],
)
def test_a_fine_scan_is_decoded_at_the_scale_that_has_300_dpi(
    tmp_path: Path, dpi: int, shape: tuple[int, int], left: int | None
) -> None:
    (tmp_path / "scan").write_bytes(jpeg(dpi))
    page = load_page(PageRef(str(tmp_path / "scan"), 1, "scan"), reduce=True)
    assert page.image.shape == shape
    assert page.dpi == left
    assert page.stored_shape == (None if shape == (61, 91) else (61, 91))


def test_a_scan_is_decoded_as_stored_unless_asked_for(tmp_path: Path) -> None:
    page = load(tmp_path, jpeg(600))
    assert (page.image.shape, page.dpi, page.stored_shape) == ((61, 91), 600, None)


def test_only_the_decoder_of_jpeg_reduces(tmp_path: Path) -> None:
    (tmp_path / "scan").write_bytes(encode(GRAY, "PNG", dpi=(1200, 1200)))
    page = load_page(PageRef(str(tmp_path / "scan"), 1, "scan"), reduce=True)
    assert page.image.shape == GRAY.shape
