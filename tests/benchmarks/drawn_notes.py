"""What is read of handwritten lists on paper of all kinds, without a template.

    python -m tests.benchmarks.drawn_notes [--sheets N] [--only KIND]

Draws A5 sheets with words and numbers in the drawn hands of `samples.paper` on plain, ruled,
squared and dotted paper, in a ledger, in a table, and close together in columns; scans them at 150,
200 and 300 dpi, a little askew, and reads them as pages. Prints for each kind how many numbers are
found, how many rows are accepted, and how many of these say none of the numbers.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan import Settings
from digitscan.pipeline import load_reader, read_page
from samples.paper import BLACK, BLUE, MM_PER_INCH, Color, Sheet, choose_hand
from tests.benchmarks.drawn_scans import list_accepted, scan_sheet
from training.strokes import Hand, draw_string

SIZE_MM = (148.0, 210.0)
DPI = (200, 300, 150)
IVORY = (252, 251, 246)
SOFT = (70, 70, 80)
PALE, GRAY, DARK, NEAR_BLACK = (150, 180, 210), (165, 165, 165), (90, 120, 170), (60, 60, 60)
WORDS = ("Rent", "Power", "Water", "Bread", "Milk", "Anna", "Transport", "Repair", "Books", "Paint")
SQUARE = 5.0


class Writer:
    """One who writes numbers on a sheet, and the digits of what was written.

    Parameters
    ----------
    sheet : Sheet
    rng : numpy.random.Generator
    """

    def __init__(self, sheet: Sheet, rng: np.random.Generator) -> None:
        self.sheet, self.rng = sheet, rng
        self.height_mm = float(rng.uniform(3.6, 5.2))
        self.hand: Hand = choose_hand(rng, self.height_mm, sheet.dpi)
        self.pen: Color = BLUE if rng.random() < 0.5 else BLACK if rng.random() < 0.6 else SOFT
        self.written: list[str] = []

    def write_word(self, left: float, baseline: float) -> None:
        """Write a word."""
        word = str(self.rng.choice(WORDS))
        self.sheet.write_words(word, left, baseline, 0.8 * self.height_mm, self.pen)

    def write_number(self, left: float, baseline: float) -> None:
        """Write a number from its left end."""
        self._stamp(self._choose(), left, baseline)

    def end_number(self, right: float, baseline: float, room: float) -> None:
        """Write a number up to its right end, where there is room for it."""
        text = self._choose()
        ink = draw_string(text, self.rng, self.hand, gap=0.1)
        width = ink.shape[1] * MM_PER_INCH / self.sheet.dpi
        if width < room:
            self._stamp(text, right - width - float(self.rng.uniform(0, 2)), baseline, ink)

    def _choose(self) -> str:
        """Choose a number as people write them: whole, parted by threes, with two decimals."""
        number = int(10 ** self.rng.uniform(1.3, 6.5))
        money = f"{number % 100000 / 100 + 1:.2f}"
        ways = (str(number), f"{number:,}", f"{number:,}".replace(",", "."), money)
        chosen = ways[int(self.rng.choice(4, p=(0.25, 0.2, 0.15, 0.4)))]
        return chosen.replace(".", ",") if chosen is money and self.rng.random() < 0.4 else chosen

    def _stamp(
        self, text: str, left: float, baseline: float, ink: npt.NDArray[np.uint8] | None = None
    ) -> None:
        ink = draw_string(text, self.rng, self.hand, gap=0.1) if ink is None else ink
        self.sheet.stamp(ink, left, baseline - self.height_mm, self.pen)
        self.written.append("".join(filter(str.isdigit, text)))


def draw_list(writer: Writer, line_mm: float = 9.0) -> None:
    """Write a word and a number or two on every second line."""
    for y in np.arange(20, 200, 2 * line_mm):
        baseline = y - 0.6 + float(writer.rng.normal(0, 0.3))
        writer.write_word(28, baseline)
        writer.write_number(75 + float(writer.rng.uniform(-3, 3)), baseline)
        if writer.rng.random() < 0.4:
            writer.write_number(115, baseline)


def draw_ruled(writer: Writer, color: Color) -> None:
    """Rule a sheet, with a margin, and write a list on it."""
    for y in np.arange(20, 205, 8):
        writer.sheet.rule(3, y, 145, y, 0.2, color)
    writer.sheet.rule(25, 3, 25, 207, 0.2, (220, 120, 120))
    draw_list(writer, 8.0)


def draw_squared(writer: Writer, color: Color) -> None:
    """Draw squares of 5 mm, all in one, and write a list on them."""
    sheet = writer.sheet
    grid = np.zeros((sheet.to_px(SIZE_MM[1]), sheet.to_px(SIZE_MM[0])), np.uint8)
    thick = max(1, sheet.to_px(0.18))
    for y in map(sheet.to_px, np.arange(SQUARE, 206, SQUARE)):
        cv2.line(grid, (sheet.to_px(3), y), (sheet.to_px(143), y), 255, thick)
    for x in map(sheet.to_px, np.arange(3, 144, SQUARE)):
        cv2.line(grid, (x, sheet.to_px(5)), (x, sheet.to_px(205)), 255, thick)
    soft = np.asarray(cv2.GaussianBlur(grid, (0, 0), 0.6 * sheet.dpi / 200), np.uint8)
    sheet.stamp(soft, 0, 0, color)
    draw_list(writer, 10.0)


def draw_dots(writer: Writer) -> None:
    """Draw a dot every 5 mm, and write a list between them."""
    for y in np.arange(SQUARE, 207, SQUARE):
        for x in np.arange(3, 146, SQUARE):
            writer.sheet.rule(x, y, x + 0.3, y, 0.3, (120, 120, 120))
    draw_list(writer, 10.0)


def draw_ledger(writer: Writer, is_ruled: bool) -> None:
    """Draw three columns, with a rule below each row where True, and fill them in."""
    sheet, rng = writer.sheet, writer.rng
    for x in (10, 70, 105, 140):
        sheet.rule(x, 15, x, 200, 0.25)
    for y in (15, 25, 200):
        sheet.rule(10, y, 140, y, 0.3)
    for title, x in (("Description", 14), ("Debit", 74), ("Credit", 109)):
        sheet.print_text(title, x, 22, 2.8)
    for y in np.arange(33, 200, 8):
        if is_ruled:
            sheet.rule(10, y, 140, y, 0.2)
        if rng.random() < 0.25:
            continue
        baseline = y - 1.2 + float(rng.normal(0, 0.3))
        writer.write_word(14, baseline)
        for right in (102.8, 137.8):
            if rng.random() < 0.6:
                writer.end_number(right, baseline, 32.0)


def draw_columns(writer: Writer) -> None:
    """Write three columns of numbers, close above one another."""
    for left in (12.0, 60.0, 105.0):
        for baseline in np.arange(18, 195, 1.45 * writer.height_mm):
            writer.write_number(left + float(writer.rng.normal(0, 1)), float(baseline))


KINDS: dict[str, Callable[[Writer], None]] = {
    "plain": draw_list,
    "ruled, pale": partial(draw_ruled, color=PALE),
    "ruled, gray": partial(draw_ruled, color=GRAY),
    "squared, pale": partial(draw_squared, color=PALE),
    "squared, gray": partial(draw_squared, color=GRAY),
    "squared, dark": partial(draw_squared, color=DARK),
    "squared, black": partial(draw_squared, color=NEAR_BLACK),
    "dots": draw_dots,
    "ledger": partial(draw_ledger, is_ruled=False),
    "table": partial(draw_ledger, is_ruled=True),
    "columns": draw_columns,
}


def main() -> None:
    """Draw, read and count, for every kind of paper."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sheets", type=int, default=9)
    parser.add_argument("--only", choices=KINDS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    totals = np.zeros(4, int)
    for kind in [options.only] if options.only else KINDS:
        counts = count(kind, options.sheets)
        totals += counts
        print(f"{kind:15s} {describe(counts)}", flush=True)
    print(f"all             {describe(totals)}")


def describe(counts: npt.NDArray[np.int_]) -> str:
    """Say what was counted."""
    found, total, accepted, wrong = counts
    return f"{found:4d} of {total:4d} found, {accepted:4d} rows accepted, {wrong} wrong"


def count(kind: str, sheets: int) -> npt.NDArray[np.int_]:
    """Count numbers found, numbers, rows accepted and those that say none of the numbers."""
    settings = Settings()
    reader = load_reader(settings)
    counts = np.zeros(4, int)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(sheets):
            rng = np.random.default_rng(9000 + number)
            writer = Writer(Sheet(*SIZE_MM, DPI[number % len(DPI)], rng, IVORY), rng)
            KINDS[kind](writer)
            page = scan_sheet(writer.sheet, float(rng.normal(0, 1)), Path(folder), settings)
            rows = read_page(page, reader, settings).readings
            texts = {row.text for row in rows}
            accepted = list_accepted(rows, settings)
            counts += (
                sum(value in texts for value in writer.written),
                len(writer.written),
                len(accepted),
                sum(row.text not in writer.written for row in accepted),
            )
    return counts


if __name__ == "__main__":
    main()
