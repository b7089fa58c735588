"""Draw a polling form with three-box counts, and a handwritten note."""

from dataclasses import dataclass

import numpy as np

from samples.cheques import Drawn
from samples.paper import BLACK, BLUE, GRAY, Color, Sheet, choose_hand

FORM_MM = (148.0, 210.0)
NOTE_MM = (105.0, 120.0)
_ROWS = (
    ("candidate_01", "Maria Example", "The Blue List"),
    ("candidate_02", "Juan Specimen", "The Green List"),
    ("valid", "All valid votes", "(1 + 2)"),
    ("invalid", "Invalid votes", ""),
    ("total", "All votes", "(valid + invalid)"),
)


@dataclass(frozen=True, slots=True)
class Form:
    """What stands on one form: three characters a count, eight digits of the date, words."""

    counts: dict[str, str]
    words: dict[str, str]
    date: str
    place: str
    pen: Color = BLUE


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One line of a note: words, then a number as written."""

    words: str
    number: str


def draw_form(form: Form, rng: np.random.Generator, dpi: float, watermark: bool = True) -> Drawn:
    """Draw a form with five counts in three boxes each and a boxed date.

    Parameters
    ----------
    form : Form
    rng : numpy.random.Generator
    dpi : float
    watermark : bool
        Whether a gray name covers the sheet.

    Returns
    -------
    Drawn
        With the values of the counts and the date; `x` is a crossed box.
    """
    sheet = Sheet(*FORM_MM, dpi, rng)
    if watermark:
        sheet.microprint("samples", 4.5, (150, 150, 150), opacity=0.4)
    hand = choose_hand(rng, 6.0, dpi)
    sheet.print_text("REPORT OF THE COUNT", 12, 16, 3.4)
    sheet.print_text("Polling place", 12, 26, 2.3)
    sheet.write_words(form.place, 42, 26, 4.4, form.pen)
    top = 34.0
    for number, (name, title, remark) in enumerate(_ROWS):
        y = top + 25.0 * number
        sheet.box(12, y, 124, 22)
        sheet.rule(104, y, 104, y + 13)
        sheet.rule(12, y + 13, 136, y + 13)
        sheet.print_text(title, 16, y + 6, 2.6)
        sheet.print_text(remark, 16, y + 10.5, 1.9, "light")
        sheet.write_words(form.words.get(name, ""), 30, y + 19.5, 3.8, form.pen)
        sheet.print_text("(in letters)", 115, y + 20.5, 1.6, "light", GRAY)
        for cell in (1, 2):
            x = 104 + 32.0 * cell / 3
            sheet.rule(x, y, x, y + 13)
        sheet.write_cells(form.counts[name], (104.0, y, 32.0, 13.0), hand, form.pen)
    sheet.print_text("Date", 12, 170, 2.6)
    at = 0
    for left, cells in ((30.0, 2), (52.0, 2), (74.0, 4)):
        sheet.box(left, 163, 9.0 * cells, 9.5, cells=cells)
        digits = form.date[at : at + cells]
        sheet.write_cells(digits, (left, 163.0, 9.0 * cells, 9.5), hand, form.pen)
        at += cells
    sheet.sign(20, 176, 38, form.pen)
    sheet.sign(85, 176, 38, form.pen)
    for left in (18.0, 83.0):
        sheet.rule(left, 200, left + 42, 200, color=BLACK)
        sheet.print_text("Name and signature", left + 4, 203.5, 1.8, "light")
    return Drawn(sheet, {**form.counts, "date": form.date})


def draw_note(lines: tuple[NoteLine, ...], rng: np.random.Generator, dpi: float) -> Drawn:
    """Draw a handwritten list of words and numbers on ruled paper.

    Parameters
    ----------
    lines : tuple of NoteLine
    rng : numpy.random.Generator
    dpi : float

    Returns
    -------
    Drawn
        With the digits of each number as `number_1`, `number_2`, ...
    """
    sheet = Sheet(*NOTE_MM, dpi, rng, (252, 250, 240))
    hand = choose_hand(rng, 5.2, dpi)
    values = {}
    for number, line in enumerate(lines, 1):
        y = 5.0 + 16.0 * number
        sheet.rule(8, y + 1.2, 97, y + 1.2, 0.15, (150, 180, 210))
        sheet.write_words(line.words, 10, y, 4.2, BLUE)
        sheet.write(line.number, 54, y, hand, BLUE)
        values[f"number_{number}"] = "".join(filter(str.isdigit, line.number))
    return Drawn(sheet, values)
