"""Scan files of every kind, good and bad, made for the tests in a few lines each."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Gray = npt.NDArray[np.uint8]


def pattern(height: int = 60, width: int = 90) -> Gray:
    """White paper with a black and a gray block, different in every orientation."""
    image = np.full((height, width), 255, np.uint8)
    image[height // 6 : height // 2, width // 9 : width // 3] = 0
    image[height // 2 : height * 2 // 3, width // 2 : width * 8 // 9] = 128
    return image


def encode(image: Any, kind: str, mode: str | None = None, **options: Any) -> bytes:
    """Encode an array or image by Pillow."""
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    if mode is not None:
        picture = picture.convert(mode, dither=Image.Dither.NONE)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def encode_cmyk(image: Gray) -> Image.Image:
    """Turn gray into an image of four inks."""
    return Image.fromarray(image).convert("RGB").convert("CMYK")


def tiff_g4(pages: list[Gray], **options: Any) -> bytes:
    """Encode pages as a 1-bit CCITT G4 TIFF, as banks do."""
    pictures = [Image.fromarray(page).convert("1", dither=Image.Dither.NONE) for page in pages]
    file = io.BytesIO()
    pictures[0].save(
        file,
        "TIFF",
        save_all=True,
        append_images=pictures[1:],
        compression="group4",
        dpi=(200, 200),
        **options,
    )
    return file.getvalue()


def raw_tiff(
    pixels: bytes,
    size: tuple[int, int],
    bits: int = 8,
    photometric: int = 1,
    order: str = "<",
    tags: dict[int, tuple[int, list[int]]] | None = None,
    big: bool = False,
) -> bytes:
    """Write an uncompressed one-page TIFF by hand, with any tag one likes to forge."""
    height, width = size
    entries: dict[int, tuple[int, list[int]]] = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits]),
        259: (3, [1]),
        262: (3, [photometric]),
        273: (4, [16]),
        277: (3, [1]),
        278: (4, [height]),
        279: (4, [len(pixels)]),
        **(tags or {}),
    }
    mark = b"II" if order == "<" else b"MM"
    start = 16 + len(pixels) + len(pixels) % 2
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, start)
        out = struct.pack(order + "Q", len(entries))
    else:
        head = mark + struct.pack(order + "HI", 42, start) + bytes(8)
        out = struct.pack(order + "H", len(entries))
    for tag, (kind, values) in sorted(entries.items()):
        form = {3: "H", 4: "I", 16: "Q"}[kind]
        out += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, len(values))
        out += struct.pack(order + form * len(values), *values).ljust(8 if big else 4, b"\0")
    return head + pixels.ljust(start - 16, b"\0") + out + bytes(8)


def pdf(
    contents: list[bytes],
    size: tuple[float, float] = (240, 144),
    images: dict[str, bytes] | None = None,
    trailer: bytes = b"",
    page: bytes = b"",
    stream: bytes = b"",
) -> bytes:
    """Write a PDF by hand: a content stream a page, images as raw objects `<<...>>stream...`.

    `trailer`, `page` and `stream` are further entries of those dictionaries.
    """
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    names = b""
    for name, body in (images or {}).items():
        objects.append(body)
        names += b"/%s %d 0 R" % (name.encode(), len(objects))
    objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    resources = b"<</XObject<<%s>>/Font<</F1 %d 0 R>>>>" % (names, len(objects))
    kids = []
    for content in contents:
        head = b"<</Length %d%s>>" % (len(content), stream)
        objects.append(b"%sstream\n%s\nendstream" % (head, content))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %g %g]/Resources %s/Contents %d 0 R%s>>"
            % (*size, resources, len(objects), page)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj" % number + body + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        + table
        + b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, trailer, len(out))
    )


def pdf_image(image: Gray) -> bytes:
    """Write gray pixels as the object of a PDF image."""
    head = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray" % (
        image.shape[1],
        image.shape[0],
    )
    data = image.tobytes()
    return head + b"/BitsPerComponent 8/Length %d>>stream\n%s\nendstream" % (len(data), data)


def encrypted_pdf() -> bytes:
    """Write a PDF that opens with a password only: its user key fits no empty password."""
    key = b"<" + b"5a" * 32 + b">"
    entry = b"/Encrypt<</Filter/Standard/V 1/R 2/O %s/U %s/P -44>>/ID[<00><00>]" % (key, key)
    return pdf([b""], trailer=entry)


def forged_png(width: int, height: int) -> bytes:
    """Write a PNG of some hundred bytes that claims any size."""
    good = bytearray(encode(pattern(), "PNG"))
    good[16:24] = struct.pack(">II", width, height)
    return bytes(good)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder, making the folders that they need."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
