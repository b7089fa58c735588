"""What is read of rows of boxes in the ways that forms draw them.

    python -m tests.benchmarks.drawn_combs [--sheets N] [--only KIND]

Draws a sheet with five rows of eight boxes, 7 x 7.5 mm a box, fills it in with the drawn hands of
`samples.paper`, scans it at 150, 200 and 300 dpi, a little askew, and reads it by a template made
for the blank sheet, whose zones are drawn with care or loosely, and as a page without one. Prints
for each how many of the numbers are right, how many rows are accepted, and how many of these say
none of the numbers.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan import Settings
from digitscan.form_files import load_forms
from digitscan.pipeline import load_reader, read_page
from digitscan.records import Reading
from samples.paper import BLACK, BLUE, Sheet, choose_hand, draw_print
from tests.benchmarks.drawn_scans import list_accepted, scan_sheet

SIZE_MM = (148.0, 105.0)
DPI = (200, 300, 150)
LEFT, WIDE, HIGH, BOXES = 45.0, 56.0, 7.5, 8
TOPS = (17.0, 30.0, 43.0, 56.0, 69.0)
CELL = WIDE / BOXES
PALE = (215, 215, 215)
HANDS_MM = {"as high as three fifths of their boxes": 4.4, "as four fifths, zones loose": 5.8}
"""Height of the digits; the second hand is read by zones that are drawn up to 1.2 mm too large."""


def draw_plain(sheet: Sheet, top: float) -> None:
    """Draw boxes that share their walls."""
    sheet.box(LEFT, top, WIDE, HIGH, cells=BOXES)


def draw_apart(sheet: Sheet, top: float) -> None:
    """Draw boxes with 1.2 mm between them."""
    for number in range(BOXES):
        sheet.box(LEFT + CELL * number + 0.6, top, CELL - 1.2, HIGH)


def draw_framed(sheet: Sheet, top: float) -> None:
    """Draw a thick frame with hairlines in it."""
    sheet.box(LEFT, top, WIDE, HIGH, rule_mm=0.7)
    for number in range(1, BOXES):
        left = LEFT + CELL * number
        sheet.rule(left, top, left, top + HIGH, 0.12)


def draw_ticks(sheet: Sheet, top: float) -> None:
    """Draw a line with walls of less than half the boxes' height on it."""
    sheet.rule(LEFT, top + HIGH, LEFT + WIDE, top + HIGH, 0.25)
    for number in range(BOXES + 1):
        left = LEFT + CELL * number
        sheet.rule(left, top + 0.6 * HIGH, left, top + HIGH, 0.25)


def draw_dashes(sheet: Sheet, top: float) -> None:
    """Draw a dash for each digit to stand on."""
    for number in range(BOXES):
        left = LEFT + CELL * number
        sheet.rule(left + 0.8, top + HIGH, left + CELL - 0.8, top + HIGH, 0.3)


def draw_dotted(sheet: Sheet, top: float) -> None:
    """Draw boxes of dots half a millimeter long."""
    for number in range(BOXES + 1):
        left = LEFT + CELL * number
        for y in np.arange(top, top + HIGH, 1.0):
            sheet.rule(left, y, left, min(y + 0.5, top + HIGH), 0.25)
    for y in (top, top + HIGH):
        for left in np.arange(LEFT, LEFT + WIDE, 1.0):
            sheet.rule(left, y, min(left + 0.5, LEFT + WIDE), y, 0.25)


def draw_pale(sheet: Sheet, top: float) -> None:
    """Draw boxes in a color that a scanner drops nearly."""
    sheet.box(LEFT, top, WIDE, HIGH, cells=BOXES, color=PALE)


def draw_lettered(sheet: Sheet, top: float) -> None:
    """Draw boxes with pale letters in them, that say what belongs there."""
    draw_plain(sheet, top)
    for number, letter in enumerate("DDMMYYYY"):
        ink = draw_print(letter, sheet.to_px(3.4), "light")
        sheet.stamp(ink, LEFT + CELL * (number + 0.3), top + 0.3 * HIGH, PALE)


def draw_nothing(sheet: Sheet, top: float) -> None:
    """Draw boxes in a color that the scanner drops."""


KINDS: dict[str, Callable[[Sheet, float], None]] = {
    "plain": draw_plain,
    "apart": draw_apart,
    "framed": draw_framed,
    "ticks": draw_ticks,
    "dashes": draw_dashes,
    "dotted": draw_dotted,
    "pale": draw_pale,
    "lettered": draw_lettered,
    "nothing": draw_nothing,
}


def main() -> None:
    """Draw, read and count, for every kind of boxes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sheets", type=int, default=12)
    parser.add_argument("--only", choices=KINDS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    totals = np.zeros((2, 4), int)
    for hand, height_mm in HANDS_MM.items():
        print(f"digits {hand}: right, accepted, wrong of {5 * options.sheets} numbers")
        for kind in [options.only] if options.only else KINDS:
            counts = count(kind, options.sheets, height_mm)
            totals += counts
            shown = "   ".join(
                f"{way} {right:3d} {accepted:3d} {wrong:2d}"
                for way, (right, _, accepted, wrong) in zip(
                    ("by template", "as a page"), counts, strict=True
                )
            )
            print(f"  {kind:10s} {shown}", flush=True)
    for way, (right, total, accepted, wrong) in zip(
        ("by template", "as a page"), totals, strict=True
    ):
        print(f"all, {way}: {right} of {total} right, {accepted} accepted, {wrong} wrong")


def count(kind: str, sheets: int, height_mm: float) -> npt.NDArray[np.int_]:
    """Count numbers right, numbers, rows accepted and those wrong: by template, as a page."""
    settings = Settings()
    reader = load_reader(settings)
    counts = np.zeros((2, 4), int)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = draw_sheet(np.random.default_rng(1), 200, None, kind, height_mm)
        cv2.imwrite(str(folder / "blank.png"), blank.scan())
        loose = height_mm > 5
        (folder / "sheet.toml").write_text(write_template(loose), encoding="utf-8")
        forms = load_forms([folder / "sheet.toml"], settings.scans)
        for number in range(sheets):
            rng = np.random.default_rng(500 + number)
            values = [f"{rng.integers(0, 10**BOXES):08d}" for _ in TOPS]
            sheet = draw_sheet(rng, DPI[number % len(DPI)], values, kind, height_mm)
            page = scan_sheet(sheet, float(rng.normal(0, 1.2)), folder, settings)
            by_template = read_page(page, reader, settings, forms=forms).readings
            named = {row.region.field: row.text for row in by_template}
            right = sum(named.get(f"row_{k}") == value for k, value in enumerate(values))
            counts[0] += right, len(values), *judge(by_template, values, settings)
            whole = read_page(page, reader, settings).readings
            texts = {row.text for row in whole}
            right = sum(value in texts for value in values)
            counts[1] += right, len(values), *judge(whole, values, settings)
    return counts


def judge(rows: Sequence[Reading], values: Sequence[str], settings: Settings) -> tuple[int, int]:
    """Count the rows that are accepted, and those that say none of the values."""
    accepted = list_accepted(rows, settings)
    return len(accepted), sum(row.text not in values for row in accepted)


def draw_sheet(
    rng: np.random.Generator,
    dpi: float,
    values: Sequence[str] | None,
    kind: str,
    height_mm: float,
) -> Sheet:
    """Draw the sheet, blank without values."""
    sheet = Sheet(*SIZE_MM, dpi, rng)
    sheet.print_text("REGISTRATION SHEET", 10, 12, 3.6)
    sheet.print_text("Form 12-B", 110, 12, 2.6)
    labels = ("Patient number", "Insurance number", "Admission", "Contract", "Reference")
    for label, top in zip(labels, TOPS, strict=True):
        sheet.print_text(label, 10, top + 5, 2.4)
        KINDS[kind](sheet, top)
    sheet.print_text("Please print digits clearly inside of the boxes", 10, 90, 2.6)
    if values is not None:
        pen = BLUE if rng.random() < 0.6 else BLACK
        hand = choose_hand(rng, height_mm, dpi)
        for top, value in zip(TOPS, values, strict=True):
            sheet.write_cells(value, (LEFT, top, WIDE, HIGH), hand, pen)
    return sheet


def write_template(loose: bool) -> str:
    """Write the template of the sheet as a user would, with care or loosely."""
    edges = (-1.2, -0.9, 0.8, 1.0) if loose else (0.0, 0.0, 0.0, 0.0)
    head = 'name = "sheet"\nreference = "blank.png"\nunit = "mm"\ndpi = 200\n'
    for number, top in enumerate(TOPS):
        zone = np.add((LEFT, top, LEFT + WIDE, top + HIGH), edges).round(1).tolist()
        head += f'\n[[field]]\nname = "row_{number}"\ntype = "digits"\ncells = 8\nzone = {zone}\n'
    return head


if __name__ == "__main__":
    main()
