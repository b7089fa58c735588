"""What is read of a drawn form: boxes, rows of boxes, lines, a table.

    python -m tests.benchmarks.drawn_forms [--sheets N]

Draws the intake sheet of a clinic with thin and with broad rules, fills it in with the drawn
hands of `samples.paper`, scans it at 150, 200 and 300 dpi, a little askew, and reads it by a
template made for the blank sheet, and as a page without one. Prints for each how many values
are right, how many rows are accepted, and how many of these say none of the sheet's values.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan import Settings
from digitscan.form_files import load_forms
from digitscan.pipeline import load_reader, read_page
from digitscan.records import Reading
from samples.paper import BLACK, BLUE, Sheet, choose_hand
from tests.benchmarks.drawn_scans import list_accepted, scan_sheet

SIZE_MM = (148.0, 105.0)
DPI = (200, 300, 150)
RULES_MM = (0.25, 0.75)
COMBS = {"patient": ((45, 17, 8),), "born": ((30, 28, 2), (46, 28, 2), (62, 28, 4))}
"""Left, top and number of boxes of each row, 7 x 7.5 mm a box."""
LINES = {"weight": (30, 46, 55), "height": (92, 46, 116), "phone": (95, 58, 140)}
"""Left end, height and right end of the line that a number stands on."""
BOX = (38, 51, 22, 8)
TABLE = ("systolic", "diastolic", "pulse")
"""Columns of a table of two rows, 30 mm wide and 9 mm high, at 10, 71 mm."""


def main() -> None:
    """Draw, read and count, for thin rules and for broad ones."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sheets", type=int, default=48)
    sheets = parser.parse_args().sheets
    cv2.setNumThreads(1)
    for rule_mm in RULES_MM:
        for way, (right, total, accepted, wrong) in count(sheets, rule_mm).items():
            print(
                f"rules of {rule_mm} mm, {way}: {right} of {total} values right, "
                f"{accepted} accepted, {wrong} wrong"
            )


def count(sheets: int, rule_mm: float) -> dict[str, npt.NDArray[np.int_]]:
    """Count the values that are right, all values, rows accepted, and those accepted wrong."""
    settings = Settings()
    reader = load_reader(settings)
    counts = {way: np.zeros(4, int) for way in ("by template", "as a page")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = draw_sheet(np.random.default_rng(1), 200, None, rule_mm)
        cv2.imwrite(str(folder / "blank.png"), blank.scan())
        (folder / "clinic.toml").write_text(write_template(), encoding="utf-8")
        forms = load_forms([folder / "clinic.toml"], settings.scans)
        for number in range(sheets):
            rng = np.random.default_rng(7000 + number)
            values = choose_values(rng)
            sheet = draw_sheet(rng, DPI[number % len(DPI)], values, rule_mm)
            page = scan_sheet(sheet, float(rng.normal(0, 1.2)), folder, settings)
            filled = read_page(page, reader, settings, forms=forms).readings
            named = {row.region.field: row.text for row in filled}
            whole = read_page(page, reader, settings).readings
            texts = {row.text for row in whole}
            counts["by template"] += (
                sum(named.get(field) == value for field, value in values.items()),
                *judge(filled, values, settings),
            )
            counts["as a page"] += (
                sum(value in texts for value in values.values()),
                *judge(whole, values, settings),
            )
    return counts


def judge(
    rows: Sequence[Reading], values: dict[str, str], settings: Settings
) -> tuple[int, int, int]:
    """Count the values, the rows that are accepted, and those that say none of the values."""
    born = values["born"]
    known = {*values.values(), born[:2], born[2:4], born[4:]}
    accepted = list_accepted(rows, settings)
    return len(values), len(accepted), sum(row.text not in known for row in accepted)


def choose_values(rng: np.random.Generator) -> dict[str, str]:
    """Choose what a sheet says, digits alone."""
    number = rng.integers
    values = {
        "sheet": f"{number(0, 10**6):06d}",
        "patient": f"{number(0, 10**8):08d}",
        "born": f"{number(1, 29):02d}{number(1, 13):02d}{number(1930, 2020)}",
        "weight": f"{number(400, 1300)}",
        "height": f"{number(140, 200)}",
        "temperature": f"{number(350, 410)}",
        "phone": "".join(map(str, number(0, 10, 10))),
    }
    for row in (1, 2):
        spans = ((90, 190), (50, 110), (45, 130))
        values |= {
            f"{name}_{row}": str(number(*span)) for name, span in zip(TABLE, spans, strict=True)
        }
    return values


def draw_sheet(
    rng: np.random.Generator, dpi: float, values: dict[str, str] | None, rule_mm: float
) -> Sheet:
    """Draw the sheet, blank without values."""
    sheet = Sheet(*SIZE_MM, dpi, rng)
    sheet.print_text("CLINIC INTAKE SHEET", 10, 12, 3.6)
    sheet.print_text("No.", 110, 12, 2.6)
    labels = ("Patient number", "Born", "Weight", "Temperature", "Pressure and pulse")
    for label, baseline in zip(labels, (22, 33, 45, 57, 68), strict=True):
        sheet.print_text(label, 10, baseline, 2.4)
    for label, left, baseline in (("Height", 75, 45), ("Telephone", 75, 57), ("kg", 57, 45)):
        sheet.print_text(label, left, baseline, 2.4)
    for places in COMBS.values():
        for left, top, boxes in places:
            sheet.box(left, top, 7 * boxes, 7.5, cells=boxes, rule_mm=rule_mm)
    for left, height, right in LINES.values():
        sheet.rule(left, height, right, height, rule_mm)
    sheet.box(*BOX, rule_mm=rule_mm)
    sheet.box(10, 71, 90, 18, cells=3, rule_mm=rule_mm)
    sheet.rule(10, 80, 100, 80, rule_mm)
    for column, name in enumerate(TABLE):
        sheet.print_text(name, 12 + 30 * column, 73.6, 1.6, "light")
    if values is not None:
        _fill_in(sheet, values)
    return sheet


def _fill_in(sheet: Sheet, values: dict[str, str]) -> None:
    """Write the values by one hand."""
    pen = BLUE if sheet.rng.random() < 0.6 else BLACK
    hand, small = (choose_hand(sheet.rng, height, sheet.dpi) for height in (5.0, 4.0))
    sheet.print_text(values["sheet"], 118, 12, 3.0)
    for name, places in COMBS.items():
        rest = values[name]
        for left, top, boxes in places:
            sheet.write_cells(rest[:boxes], (left, top, 7.0 * boxes, 7.5), small, pen)
            rest = rest[boxes:]
    tenths = {name: f"{values[name][:-1]}.{values[name][-1]}" for name in ("weight", "temperature")}
    for name, (left, height, _) in LINES.items():
        text = tenths.get(name, values[name])
        sheet.write(text, left + 2, height - 0.4, small if name == "phone" else hand, pen, 0.12)
    sheet.write(tenths["temperature"], BOX[0] + 3, BOX[1] + 6.6, hand, pen, 0.12)
    for column, name in enumerate(TABLE):
        for row, baseline in ((1, 79.5), (2, 88.4)):
            sheet.write(values[f"{name}_{row}"], 17 + 30 * column, baseline, small, pen, 0.12)


def write_template() -> str:
    """Write the template of the sheet as a user would."""
    zones = {"sheet": (117, 8, 140, 13), "temperature": (38, 51, 60, 59)}
    zones |= {
        name: (left, height - (7.5 if name != "phone" else 7), right, height + 0.3)
        for name, (left, height, right) in LINES.items()
    }
    for column, name in enumerate(TABLE):
        zones[f"{name}_1"] = (10 + 30 * column, 73.8, 40 + 30 * column, 80)
        zones[f"{name}_2"] = (10 + 30 * column, 80, 40 + 30 * column, 89)
    fields = []
    for name, zone in zones.items():
        kind = "digits" if name in ("sheet", "phone") else "number"
        fields.append(f'name = "{name}"\ntype = "{kind}"\nzone = {list(zone)}')
    fields[0] += '\nwriting = "print"'
    fields.append('name = "patient"\ntype = "digits"\nzone = [45, 17, 101, 24.5]\ncells = 8')
    fields.append(
        'name = "born"\ntype = "date"\norder = "DMY"\nyear_digits = 4\nfirst_day = 1920-01-01\n'
        "zone = [[30, 28, 44, 35.5], [46, 28, 60, 35.5], [62, 28, 90, 35.5]]\ncells = [2, 2, 4]"
    )
    head = 'name = "clinic"\nreference = "blank.png"\nunit = "mm"\ndpi = 200\n'
    return head + "".join(f"\n[[field]]\n{field}\n" for field in fields)


if __name__ == "__main__":
    main()
