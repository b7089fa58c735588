"""Draw cheques of banks that do not exist, in the manner of three countries."""

from dataclasses import dataclass, field

import numpy as np

from samples.paper import BLACK, BLUE, MM_PER_INCH, Color, Place, Sheet, choose_hand
from training.e13b_glyphs import draw_line

WIDTH_MM = 203.0
HEIGHT_MM = 92.0
Places = dict[str, Place]


@dataclass(frozen=True, slots=True)
class Cheque:
    """What stands on one cheque.

    Attributes
    ----------
    bank, payee, words : str
    date : str
        As written: eight digits for a comb, with slashes on a line.
    amount : str
        As written, with its marks and tail.
    account : str
        Printed digits.
    micr : str
        The line in E-13B; A transit, C on-us, blanks as spaces.
    currency : str
        Sign in front of the courtesy amount: ASCII.
    tint : tuple of int
        Color of paper and pattern.
    pen : tuple of int
    """

    bank: str
    payee: str
    words: tuple[str, ...]
    date: str
    amount: str
    account: str
    micr: str
    currency: str
    tint: Color
    pen: Color = BLUE


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sheet with its true values and the places of those that the truth file locates."""

    sheet: Sheet
    values: dict[str, str]
    places: Places = field(default_factory=dict)


def draw_cheque(
    cheque: Cheque, rng: np.random.Generator, dpi: float, pattern: bool = True
) -> Drawn:
    """Draw a cheque.

    Parameters
    ----------
    cheque : Cheque
    rng : numpy.random.Generator
    dpi : float
    pattern : bool
        Whether the paper has its tint, waves and microprint.

    Returns
    -------
    Drawn
        With values and places `date`, `amount`, `account`, and the value `micr`.
    """
    paper = tuple(255 - (255 - part) // 4 for part in cheque.tint) if pattern else (253, 253, 253)
    sheet = Sheet(WIDTH_MM, HEIGHT_MM, dpi, rng, (paper[0], paper[1], paper[2]))
    if pattern:
        sheet.weave(cheque.tint)
        sheet.microprint(cheque.bank.lower(), 1.5, cheque.tint)
    hand = choose_hand(rng, 5.5, dpi)
    sheet.print_text(cheque.bank, 10, 14, 5.0, "serif", cheque.tint if pattern else BLACK)
    sheet.print_text("Main Street Branch", 10, 19.5, 2.2, "light")
    _draw_payee(sheet, cheque)
    places = {
        "date": _draw_date(sheet, cheque),
        "account": _draw_account(sheet, cheque),
    }
    box = sheet.box(142, 38, 52, 12)
    sheet.print_text(cheque.currency, 132, 46.5, 4.0, "plain")
    sheet.write(cheque.amount, 145, 47.3, hand, cheque.pen, gap=0.07)
    places["amount"] = box
    sheet.sign(145, 53, 45, cheque.pen)
    sheet.rule(142, 74, 194, 74)
    sheet.print_text("Please sign above", 152, 77.5, 1.9, "light")
    _draw_micr(sheet, cheque.micr)
    values = {
        "date": "".join(filter(str.isdigit, cheque.date)),
        "amount": "".join(filter(str.isdigit, cheque.amount)),
        "account": cheque.account,
        "micr": cheque.micr.replace(" ", ""),
    }
    return Drawn(sheet, values, places)


def _draw_payee(sheet: Sheet, cheque: Cheque) -> None:
    sheet.print_text("Pay to", 10, 29, 2.6)
    sheet.rule(26, 30, 130, 30)
    sheet.write_words(cheque.payee, 32, 29, 5.0, cheque.pen)
    for line, words in enumerate(cheque.words):
        baseline = 41.0 + 9.5 * line
        sheet.rule(10, baseline + 1, 130, baseline + 1)
        sheet.write_words(words, 24 if line == 0 else 12, baseline, 4.6, cheque.pen)
    sheet.print_text("Sum", 10, 41, 2.6)
    sheet.print_text("or bearer", 132, 29, 2.2)


def _draw_date(sheet: Sheet, cheque: Cheque) -> Place:
    if cheque.date.isdigit():
        left, top, width, height = 146.0, 7.0, 48.0, 7.5
        place = sheet.box(left, top, width, height, cells=8)
        small = choose_hand(sheet.rng, 4.8, sheet.dpi)
        sheet.write_cells(cheque.date, (left, top, width, height), small, cheque.pen)
        for index, letter in enumerate("DDMMYYYY"):
            sheet.print_text(letter, left + 2.3 + 6.0 * index, top + 10.6, 1.9, "light")
        return place
    sheet.print_text("Date", 136, 13.5, 2.4)
    sheet.rule(146, 15, 194, 15)
    small = choose_hand(sheet.rng, 5.0, sheet.dpi)
    return sheet.write(cheque.date, 150, 14.2, small, cheque.pen)


def _draw_account(sheet: Sheet, cheque: Cheque) -> Place:
    sheet.box(10, 59, 16, 8)
    sheet.print_text("A/C No", 11, 64.2, 2.2)
    sheet.box(26, 59, 64, 8)
    return sheet.print_text(cheque.account, 31, 65.0, 3.6, "plain")


def _draw_micr(sheet: Sheet, text: str) -> None:
    """Print the line in its clear band, 5 mm above the lower edge."""
    sheet.clear_below(sheet.height_mm - 12.0)
    line = draw_line(text, sheet.dpi)
    width_mm = line.shape[1] * MM_PER_INCH / sheet.dpi
    sheet.stamp(line, (sheet.width_mm - width_mm) / 2.0, sheet.height_mm - 8.0, BLACK)
