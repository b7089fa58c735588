"""Draw the samples again: `python -m samples.generate` from the root of the repository.

Every picture has its own seed, so that a change to one leaves the others as they are. The same
seeds draw the same pictures, byte for byte with the same versions of numpy, OpenCV and Pillow.
"""

import argparse
import csv
import io
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from samples.cheques import Cheque, Drawn, draw_cheque
from samples.forms import Form, NoteLine, draw_form, draw_note
from samples.paper import BLACK, BLUE, Place, Sheet, choose_hand
from training.strokes import draw_string

ROOT = Path(__file__).resolve().parent
COLUMNS = (
    "file", "page", "date", "amount", "account", "micr",
    "candidate_01", "candidate_02", "valid", "invalid", "total",
    "number_1", "number_2", "number_3", "number_4", "number_5", "number_6",
    "date_box", "amount_box", "account_box",
)  # fmt: skip
AMOUNT_COLUMNS = ("file", "digits")

Row = dict[str, str]
Pixels = npt.NDArray[np.uint8]

RUPEES = Cheque(
    bank="Bank of Samples",
    payee="Asha Example",
    words=("Eighty four thousand", "five hundred only"),
    date="15032016",
    amount="84,500/-",
    account="30002010108847",
    micr="C083654C 500025033A 290062C 31",
    currency="Rs",
    tint=(120, 205, 170),
)
DOLLARS = Cheque(
    bank="First Specimen Bank",
    payee="John Placeholder",
    words=("Two hundred thirty three", "only"),
    date="12/22/2019",
    amount="233.00",
    account="1029384756",
    micr="A021000089A 1029384756C 1042",
    currency="$",
    tint=(150, 180, 225),
    pen=BLACK,
)
PESOS = Cheque(
    bank="Banco de Muestra",
    payee="Luisa Ejemplo",
    words=("Cuarenta mil", "seiscientos pesos"),
    date="07112021",
    amount="40.600.-",
    account="00715590321",
    micr="C0007531C 012040A 00715590321C",
    currency="$",
    tint=(225, 190, 140),
)
FRANCS = Cheque(
    bank="Caisse Modele",
    payee="Jean Exemple",
    words=("Sept mille neuf cent dix huit",),
    date="29022024",
    amount="7 918,50",
    account="4400813365",
    micr="C5561072C 300040082A 813365C",
    currency="Fr",
    tint=(205, 160, 190),
)
EVEN_FORM = Form(
    counts={"candidate_01": "148", "candidate_02": "069", "valid": "217", "invalid": "003",
            "total": "220"},
    words={"candidate_01": "one hundred forty eight", "candidate_02": "sixty nine",
           "valid": "two hundred seventeen", "invalid": "three", "total": "two hundred twenty"},
    date="17042019",
    place="Old School",
)  # fmt: skip
CROSSED_FORM = Form(
    counts={"candidate_01": "052", "candidate_02": "135", "valid": "187", "invalid": "xx6",
            "total": "193"},
    words={"candidate_01": "fifty two", "candidate_02": "one hundred thirty five",
           "valid": "one hundred eighty seven", "invalid": "six",
           "total": "one hundred ninety three"},
    date="17042019",
    place="Town Hall",
    pen=BLACK,
)  # fmt: skip
NOTE = (
    NoteLine("rent for may", "1,250.00"),
    NoteLine("water meter", "04718"),
    NoteLine("deposit", "300"),
    NoteLine("room", "27"),
    NoteLine("call back", "5550164"),
    NoteLine("paid on", "31/05/2024"),
)
AMOUNTS = (
    "40.000.-", "125.500", "8,450/-", "233.00", "1.999", "75 000", "610", "12,345.67",
    "300.000.-", "9.990", "57.280=", "1000000",
)  # fmt: skip


def main() -> None:
    """Draw the samples and their true values into a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=ROOT, help="folder; default the committed one")
    out = parser.parse_args().out
    for name, content in draw_samples().items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"{path} {len(content)} bytes")


def draw_samples() -> dict[str, bytes]:
    """Draw every sample.

    Returns
    -------
    dict
        Name relative to the folder of the samples to the bytes of the file, the truth files too.
    """
    files: dict[str, bytes] = {}
    rows: list[Row] = []
    for name, draw, turn_deg, encode in _SINGLE_PAGES:
        drawn = draw(_rng(name))
        files[name] = encode(drawn.sheet.scan(turn_deg, noise=1.5 if name.endswith("jpg") else 0.0))
        rows.append(_truth_row(name, 1, drawn, turn_deg))
    for name, pages, bundle in _BUNDLES:
        drawings = [draw(_rng(f"{name}#{number}")) for number, draw in enumerate(pages, 1)]
        files[name] = bundle([drawn.sheet.scan() for drawn in drawings])
        rows += [_truth_row(name, number, drawn, 0.0) for number, drawn in enumerate(drawings, 1)]
    files["truth.csv"] = _write_rows(COLUMNS, rows)
    files.update(_draw_amounts())
    return files


def _draw_amounts() -> dict[str, bytes]:
    files, rows = {}, []
    for number, text in enumerate(AMOUNTS, 1):
        name = f"amounts/{number:02}.png"
        rng = _rng(name)
        sheet = Sheet(44.0, 13.0, 100.0, rng, (250, 250, 250))
        if number % 3:
            sheet.weave((170, 170, 170), pitch_mm=2.2)
        sheet.rule(0, 11.5, 44, 11.5, color=(110, 110, 110))
        hand = choose_hand(rng, 6.0, sheet.dpi)
        ink = draw_string(text, rng, hand, gap=float(rng.uniform(0.03, 0.12)))
        width = min(1.0, sheet.to_px(42.0) / ink.shape[1])
        ink = np.asarray(cv2.resize(ink, None, fx=width, fy=width, interpolation=cv2.INTER_AREA))
        sheet.stamp(ink, 1.0, 9.8 - hand.height_px * width * 0.254, BLACK if number % 2 else BLUE)
        files[name] = _encode_gray_png(sheet.scan())
        rows.append({"file": Path(name).name, "digits": "".join(filter(str.isdigit, text))})
    files["amounts/truth.csv"] = _write_rows(AMOUNT_COLUMNS, rows)
    return files


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(list(name.encode()))


def _truth_row(name: str, page: int, drawn: Drawn, turn_deg: float) -> Row:
    matrix = drawn.sheet.turn(turn_deg)
    boxes = {
        f"{field}_box": " ".join(str(round(side)) for side in _turn_place(place, matrix))
        for field, place in drawn.places.items()
    }
    return {"file": name, "page": str(page), **drawn.values, **boxes}


def _turn_place(place: Place, matrix: npt.NDArray[np.float64]) -> tuple[float, float, float, float]:
    corners = np.array(
        [[x, y, 1.0] for x in (place.left, place.right) for y in (place.top, place.bottom)]
    )
    turned = corners @ matrix.T
    left, top = turned.min(axis=0)
    right, bottom = turned.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _write_rows(columns: tuple[str, ...], rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _encode_jpeg(image: Pixels) -> bytes:
    return _save(_to_pillow(image), "JPEG", quality=78, dpi=(200, 200))


def _encode_gray_png(image: Pixels) -> bytes:
    """Store 32 gray levels: a third of the size, and no eye sees it."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    levels = np.rint(np.rint(gray / 255.0 * 31.0) * 255.0 / 31.0).astype(np.uint8)
    return _save(Image.fromarray(levels), "PNG", optimize=True)


def _encode_tiff_g4(images: list[Pixels]) -> bytes:
    """Store black on white pages as banks do: one bit a pixel, CCITT group 4, 300 dpi."""
    pages = []
    for image in images:
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        pages.append(Image.fromarray((gray > 140).astype(np.uint8) * 255).convert("1"))
    return _save(
        pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4",
        dpi=(300, 300),
    )  # fmt: skip


def _encode_pdf(images: list[Pixels]) -> bytes:
    pages = [_to_pillow(image) for image in images]
    never = time.gmtime(0)
    return _save(
        pages[0], "PDF", save_all=True, append_images=pages[1:], resolution=200.0, quality=75,
        creationDate=never, modDate=never,
    )  # fmt: skip


def _to_pillow(image: Pixels) -> Image.Image:
    return Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def _save(image: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


Draw = Callable[[np.random.Generator], Drawn]
_SINGLE_PAGES: tuple[tuple[str, Draw, float, Callable[[Pixels], bytes]], ...] = (
    ("scans/cheque-1.jpg", lambda rng: draw_cheque(RUPEES, rng, 200), 0.0, _encode_jpeg),
    ("scans/cheque-2.jpg", lambda rng: draw_cheque(DOLLARS, rng, 200), 1.8, _encode_jpeg),
    ("scans/cheque-3.png", lambda rng: draw_cheque(PESOS, rng, 150), 0.0, _encode_gray_png),
    ("scans/form-1.png", lambda rng: draw_form(EVEN_FORM, rng, 150), 0.0, _encode_gray_png),
    ("scans/form-2.png", lambda rng: draw_form(CROSSED_FORM, rng, 150), -2.5, _encode_gray_png),
    ("scans/note.png", lambda rng: draw_note(NOTE, rng, 200), 0.0, _encode_gray_png),
)
_BUNDLES: tuple[tuple[str, tuple[Draw, ...], Callable[[list[Pixels]], bytes]], ...] = (
    (
        "scans/batch.tif",
        (
            lambda rng: draw_cheque(FRANCS, rng, 300, pattern=False),
            lambda rng: draw_cheque(DOLLARS, rng, 300, pattern=False),
            lambda rng: draw_form(EVEN_FORM, rng, 300, watermark=False),
        ),
        _encode_tiff_g4,
    ),
    (
        "scans/cheques.pdf",
        (
            lambda rng: draw_cheque(PESOS, rng, 200),
            lambda rng: draw_cheque(RUPEES, rng, 200),
        ),
        _encode_pdf,
    ),
)


if __name__ == "__main__":
    main()
