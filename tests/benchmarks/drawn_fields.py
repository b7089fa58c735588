"""What is read of fields with what forms print around and within them.

    python -m tests.benchmarks.drawn_fields [--sheets N] [-v]

Draws a sheet with twelve fields, each of another make, fills it in with the drawn hands of
`samples.paper`, scans it at 150, 200 and 300 dpi, a little askew, and reads it by a template made
for the blank sheet, whose zones are drawn with care, or up to 1 mm too large, or half a millimeter
too small. Prints for each field how many of its values are right, accepted, and accepted wrong.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan import Settings
from digitscan.form_files import load_forms
from digitscan.pipeline import load_reader, read_page
from samples.paper import BLACK, BLUE, Sheet, choose_hand
from tests.benchmarks.drawn_scans import list_accepted, scan_sheet

SIZE_MM = (148.0, 105.0)
DPI = (200, 300, 150)
GRAY = (190, 190, 190)
LOOSE_MM = (0.0, 1.0, -0.5)


@dataclass(frozen=True, slots=True)
class Place:
    """A field: its zone in mm, its type, where its writing begins, and how it is drawn."""

    zone: tuple[float, float, float, float]
    type: str
    left: float
    baseline: float
    draw: Callable[[Sheet], None]


def draw_double(sheet: Sheet) -> None:
    """Draw a box in a box."""
    sheet.box(100, 76, 40, 9)
    sheet.box(99.4, 75.4, 41.2, 10.2)


def draw_boxed(
    left: float, top: float, text: str = "", at: tuple[float, float, float] = (0, 0, 0)
) -> Callable[[Sheet], None]:
    """Return what draws a box with a text in it, at its left end, baseline and height."""

    def draw(sheet: Sheet) -> None:
        sheet.box(left, top, 40, 9)
        if text:
            sheet.print_text(text, *at)

    return draw


def draw_dots(sheet: Sheet) -> None:
    """Draw a line of dots."""
    for left in np.arange(40, 80, 1.2):
        sheet.rule(left, 54, left + 0.35, 54, 0.35)


def draw_shade(sheet: Sheet) -> None:
    """Draw a gray field."""
    full = np.full((sheet.to_px(9), sheet.to_px(40)), 255, np.uint8)
    sheet.stamp(full, 100, 46, GRAY)


def draw_cell(sheet: Sheet) -> None:
    """Draw the cell of a table, whose rules go on."""
    sheet.box(100, 60, 40, 9)
    sheet.rule(94, 60, 100, 60)
    sheet.rule(94, 69, 100, 69)


def draw_name(sheet: Sheet) -> None:
    """Print `No.` before the number."""
    sheet.print_text("No.", 41, 96.4, 4)


PLACES = {
    "boxed": Place((40, 18, 80, 27), "number", 43, 25.4, draw_boxed(40, 18)),
    "unit": Place(
        (100, 18, 140, 27), "number", 102, 25.4, draw_boxed(100, 18, "kg", (132, 25, 3.2))
    ),
    "money": Place((40, 32, 80, 41), "amount", 47, 39.4, draw_boxed(40, 32, "$", (41.5, 39.4, 5))),
    "line": Place(
        (100, 32, 140, 41), "number", 103, 39.6, lambda sheet: sheet.rule(100, 40, 140, 40)
    ),
    "dots": Place((40, 46, 80, 55), "number", 43, 53.6, draw_dots),
    "shaded": Place((100, 46, 140, 55), "number", 103, 53.4, draw_shade),
    "labeled": Place(
        (40, 60, 80, 69), "number", 43, 68.2, draw_boxed(40, 60, "Total", (41, 62.2, 1.6))
    ),
    "cell": Place((100, 60, 140, 69), "number", 103, 67.4, draw_cell),
    "date": Place((40, 76, 80, 85), "date", 42, 83.4, draw_boxed(40, 76)),
    "double": Place((100, 76, 140, 85), "number", 103, 83.4, draw_double),
    "named": Place((40, 90, 80, 98), "digits", 51, 96.4, draw_name),
    "percent": Place(
        (100, 90, 140, 99), "number", 103, 96.8, draw_boxed(100, 90, "%", (134, 96.6, 4))
    ),
}


def main() -> None:
    """Draw, read and count, for every field and every way to draw its zone."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sheets", type=int, default=18)
    parser.add_argument("-v", "--verbose", action="store_true", help="name what is read otherwise")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for loose_mm in LOOSE_MM:
        counts = count(options.sheets, loose_mm, options.verbose)
        print(f"zones {loose_mm:+.1f} mm: right, accepted, wrong of {options.sheets} values")
        for name, (right, accepted, wrong) in counts.items():
            print(f"  {name:10s} {right:3d} {accepted:3d} {wrong:2d}")
        right, accepted, wrong = np.sum(list(counts.values()), axis=0)
        values = options.sheets * len(PLACES)
        print(f"  all: {right} of {values} right, {accepted} accepted, {wrong} wrong")


def count(sheets: int, loose_mm: float, verbose: bool) -> dict[str, npt.NDArray[np.int_]]:
    """Count for each field values right, accepted, and accepted wrong."""
    settings = Settings()
    reader = load_reader(settings)
    counts = {name: np.zeros(3, int) for name in PLACES}
    with tempfile.TemporaryDirectory() as folder:
        blank, file = Path(folder) / "blank.png", Path(folder) / "order.toml"
        cv2.imwrite(str(blank), draw_sheet(np.random.default_rng(1), 200, {}).scan())
        file.write_text(write_template(loose_mm), encoding="utf-8")
        forms = load_forms([file], settings.scans)
        for number in range(sheets):
            rng = np.random.default_rng(300 + number)
            values = {name: choose_value(place.type, rng) for name, place in PLACES.items()}
            sheet = draw_sheet(rng, DPI[number % len(DPI)], values)
            page = scan_sheet(sheet, float(rng.normal(0, 1.2)), Path(folder), settings)
            rows = read_page(page, reader, settings, forms=forms).readings
            accepted = list_accepted(rows, settings)
            for row in rows:
                name, true = row.region.field, values[row.region.field].replace("/", "")
                is_right, is_accepted = row.text == true, row in accepted
                counts[name] += is_right, is_accepted, is_accepted and not is_right
                if verbose and not is_right:
                    print(f"  {number} {name}: {row.text} for {true}, {row.confidence:.3f}")
    return counts


def choose_value(kind: str, rng: np.random.Generator) -> str:
    """Choose what a field says."""
    number = rng.integers
    if kind == "date":
        return f"{number(1, 29):02d}/{number(1, 13):02d}/{number(1990, 2026)}"
    return str(number(10, 10 ** int(number(3, 6))))


def draw_sheet(rng: np.random.Generator, dpi: float, values: dict[str, str]) -> Sheet:
    """Draw the sheet, blank without values."""
    sheet = Sheet(*SIZE_MM, dpi, rng)
    sheet.print_text("ORDER AND DELIVERY", 10, 12, 3.6)
    sheet.print_text("Copy 3", 110, 12, 2.6)
    for name, place in PLACES.items():
        sheet.print_text(name.title(), 10 if place.left < 90 else 84, place.baseline, 2.4)
        place.draw(sheet)
    if values:
        pen = BLUE if rng.random() < 0.6 else BLACK
        hand = choose_hand(rng, float(rng.uniform(4, 5.4)), dpi)
        for name, text in values.items():
            sheet.write(text, PLACES[name].left, PLACES[name].baseline, hand, pen, 0.12)
    return sheet


def write_template(loose_mm: float) -> str:
    """Write the template of the sheet as a user would."""
    text = 'name = "order"\nreference = "blank.png"\nunit = "mm"\ndpi = 200\n'
    for name, place in PLACES.items():
        zone = np.add(place.zone, (-loose_mm, -loose_mm, loose_mm, loose_mm)).round(1).tolist()
        text += f'\n[[field]]\nname = "{name}"\ntype = "{place.type}"\nzone = {zone}\n'
        if place.type == "date":
            text += 'order = "DMY"\nyear_digits = 4\n'
    return text


if __name__ == "__main__":
    main()
