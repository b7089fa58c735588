"""Lay digits, separators, tails and signs out as a writer or a printer would: one line of ink.

A line is uint8 ink, 0 paper to 255 full ink, its digits about `DIGIT_PX` high, with the digits
that a reader is to name. What is no digit (currency signs, separators, tails, words) stays unnamed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Gray
from training.string_numbers import choose_code, choose_number, punctuate, write_lakhs
from training.string_signs import (
    DIGIT_PX,
    Rng,
    Style,
    Text,
    chain_zeros,
    draw_sign,
    group_zeros,
    name_signs,
    tie_zeros,
)
from training.string_sources import Patches, Sources, clean_ink, shear
from training.stroke_styles import SCHOOLS
from training.strokes import Hand, draw_hand, draw_string

LAKHS = 0.3
"""Share of the handwritten numbers that are amounts as on cheques in India. The real amounts are
Chilean, and of the 38 on cheques the reader gave five a zero too many before their tail."""
SMEARED = 0.15
"""Share of the printed numbers with smears behind them: after an account number of a stamp three of
them made a tail `/-` of its last 1."""
SIDEWAYS = 0.15
"""Share of the printed words that stand on their side: of 120 lines of words on 40 cheques that the
screen let pass 25 did."""
PENS = 6
"""A line's digits come from a sixth of their patches, those of a like pen."""


@dataclass(frozen=True, slots=True)
class Line:
    """Ink of one line, uint8 (h, w), and what it shows."""

    ink: Gray
    text: Text


def choose_style(rng: Rng) -> Style:
    """Choose a hand: size, width, gaps (negative where digits touch), pen and slant."""
    return Style(
        height=float(rng.uniform(0.85, 1.15)) * DIGIT_PX,
        stretch=float(rng.uniform(0.7, 1.25)),
        gap=float(rng.choice([-2.0, 0.0, 2.0, 4.0, 8.0], p=[0.15, 0.2, 0.3, 0.25, 0.1])),
        spread=float(rng.uniform(0.3, 3.0)),
        zeros=float(rng.choice([1.0, 0.85, 0.65, 0.5], p=[0.45, 0.2, 0.2, 0.15])),
        pen=float(rng.uniform(1.4, 4.5)),
        slant=float(rng.normal(0.0, 0.16)),
        chain=bool(rng.random() < 0.6),
        commas=int(rng.integers(1 << 32)) if rng.random() < 0.6 else None,
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """Ink at its place on a line: uint8 (h, w), and the digits it shows, none for a sign."""

    ink: Gray
    top: int
    left: int
    digits: str = ""


def lay_out(text: str, patches: Patches, style: Style, rng: Rng) -> Gray:
    """Write a text with patches of digits; separators are drawn with the pen of the style.

    Parameters
    ----------
    text : str
        Digits, blanks and the characters that `punctuate` uses.
    patches : Patches
        Each digit is chosen at random among its patches.
    style : Style
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (h, w)
        Cut to its ink.
    """
    return shear(paste(place_figures(text, patches, style, rng)), style.slant)


def place_figures(text: str, patches: Patches, style: Style, rng: Rng) -> list[Placed]:
    """Choose patches and places for a text as `lay_out` writes it, before it leans."""
    placed: list[Placed] = []
    pen = 0.0
    previous = ""
    patches = choose_hand(patches, text, rng)
    # Many writers leave room around separators.
    room = style.height * float(rng.uniform(0.1, 0.7)) if rng.random() < 0.35 else 0.0
    for character in group_zeros(text, style.chain):
        if character == " ":
            pen += style.height * float(rng.uniform(0.2, 0.6))
            continue
        if len(character) > 1:
            patch = chain_zeros(len(character), style, rng)
            top = round(float(rng.uniform(0.4, 1.0)) * (style.height - patch.shape[0]))
        elif character.isdigit():
            patch, top = _size_digit(character, previous, patches, style, rng)
        else:
            patch, top = draw_sign(character, style, rng)
        gap = style.gap + float(rng.normal(0.0, style.spread))
        joined = character == previous == "0" and rng.random() < 0.5
        if joined:
            gap = min(gap, float(rng.uniform(-3.5, 0.5)))
        left = round(pen + gap)
        if joined and rng.random() < 0.5:
            last = placed[-1]
            tie = tie_zeros((last.ink, last.top, last.left), (top, left), patch.shape[1], style)
            placed.append(Placed(*tie))
        if character == "/" and previous.startswith("00"):
            # The last zero of a row often runs into the stroke that ends the amount.
            left = round(pen - rng.uniform(0.0, 0.25) * style.height)
        elif character == "," and previous.isdigit() and rng.random() < 0.2:
            # A long comma crosses the foot of the digit before it, above all that of a 1.
            left = round(pen - rng.uniform(0.1, 0.45) * style.height)
        elif character == "-" and previous == "/" and rng.random() < 0.4:
            left = round(pen - rng.uniform(0.1, 0.4) * style.height)
        elif previous == "," and character.isdigit() and rng.random() < 0.12:
            # A long comma that leans reaches over the digit after it.
            left = round(pen - rng.uniform(0.05, 0.25) * style.height)
        elif not character.isdigit() or (previous and not previous.isdigit()):
            left = max(left, round(pen - 3)) + round(room * float(rng.uniform(0.2, 1.0)))
        placed.append(Placed(patch, top, left, character if character.isdigit() else ""))
        pen = max(pen, left + patch.shape[1])
        previous = character
    return placed


def choose_hand(patches: Patches, text: str, rng: Rng) -> dict[str, Sequence[Gray]]:
    """Choose patches that one writer may have written: of one pen, half of the time each alike.

    Parameters
    ----------
    patches : Patches
        From the finest pen to the broadest, as `string_sources` sorts them.
    text : str
        Its digits alone are chosen for.
    rng : numpy.random.Generator
    """
    pen = rng.random()
    is_even = rng.random() < 0.5
    hand: dict[str, Sequence[Gray]] = {}
    for digit in sorted(set(text) & set(patches)):
        count = len(patches[digit])
        near = max(1, count // PENS)
        first = int(pen * (count - near + 1))
        if is_even:
            first, near = int(rng.integers(first, first + near)), 1
        hand[digit] = patches[digit][first : first + near]
    return hand


def write_line(sources: Sources, rng: Rng) -> Line:
    """Write a number by hand, in print, or copied from a real crop."""
    kind = rng.random()
    is_lakhs = rng.random() < LAKHS
    text = write_lakhs(rng) if is_lakhs else punctuate(choose_number(rng), rng)
    if kind < 0.16:
        line = copy_real(sources, rng)
    elif kind < 0.42:
        line = write_in_strokes(text, rng, draw_writer(rng, is_lakhs))
    elif kind < 0.76:
        line = write_by_hand(text, sources, rng)
    else:
        number = choose_number(rng) if rng.random() < 0.5 else choose_code(rng)
        line = write_in_print(number, sources, rng)
    return line


def write_numberless(sources: Sources, rng: Rng) -> Line:
    """Write nothing that is a number: nothing at all, words, a signature, a lone dash."""
    kind = rng.random()
    if kind < 0.12:
        ink = np.zeros((DIGIT_PX, int(rng.integers(20, 160))), np.uint8)
    elif kind < 0.45:
        ink = write_words(sources, rng, int(rng.integers(1, 10)))
    elif kind < 0.85:
        word = sources.words[int(rng.integers(len(sources.words)))]
        word = _turn(word, rng) if rng.random() < SIDEWAYS else word
        ink = scale(word, DIGIT_PX / word.shape[0], 1.0)
    elif kind < 0.9:
        ink = np.zeros((DIGIT_PX, int(rng.integers(20, 160))), np.uint8)
        row = int(rng.integers(8, 24))
        cv2.line(ink, (4, row), (ink.shape[1] - 4, row + int(rng.integers(-4, 4))), 255, 2)
    else:
        ink = scribble(rng)
    return Line(ink, Text("", is_signed=False))


def write_by_hand(text: str, sources: Sources, rng: Rng) -> Line:
    """Write a punctuated number with patches of one kind of hand."""
    kinds = list(sources.hands)
    weights = np.array([{"real": 2.5, "mnist": 1.5}.get(kind, 1.0) for kind in kinds])
    patches = sources.hands[str(rng.choice(kinds, p=weights / weights.sum()))]
    if rng.random() < 0.35:
        # Hands that write a 4 like a u are rare in both collections, and common on Indian cheques.
        patches = {**patches, "4": sources.hands["strokes"]["4"]}
    ink = lay_out(text, patches, choose_style(rng), rng)
    return Line(_change_pen(ink, rng), name_signs(text))


def write_in_strokes(text: str, rng: Rng, hand: Hand) -> Line:
    """Draw a punctuated number as one writer would, with `training.strokes`."""
    text = text.translate(str.maketrans("'_", ",-"))
    ligatures = float(rng.choice([0.15, 0.7]))
    return Line(draw_string(text, rng, hand, ligatures=ligatures, crossing=0.2), name_signs(text))


def draw_writer(rng: Rng, is_lakhs: bool) -> Hand:
    """Draw a hand for a line; True where it writes as in India: mostly of the school of Asia."""
    hand = draw_hand(rng, DIGIT_PX * float(rng.uniform(0.85, 1.15)))
    if is_lakhs and rng.random() < 0.6:
        hand = replace(hand, school=SCHOOLS.index("asia"))
    return hand


def write_in_print(number: str, sources: Sources, rng: Rng) -> Line:
    """Print or stamp a number: one font, even gaps, broken or blotted ink."""
    patches = sources.prints[int(rng.integers(len(sources.prints)))]
    style = Style(
        height=DIGIT_PX,
        stretch=float(rng.uniform(0.8, 1.2)),
        # A numbering stamp sets its digits as far apart as they are wide.
        gap=float(rng.uniform(1.0, 14.0) if rng.random() < 0.75 else rng.uniform(10.0, 24.0)),
        spread=float(rng.choice([0.1, 0.8])),
        zeros=1.0,
        pen=3.0,
        slant=float(rng.choice([0.0, 0.0, 0.1])),
    )
    text = number if rng.random() < 0.7 else punctuate(number, rng)
    ink = lay_out(text, patches, style, rng)
    kind = rng.random()
    if kind < 0.3:
        ink = _blot(ink, rng)
    elif kind < 0.5:
        # The ink of a stamp spreads.
        side = int(rng.integers(2, 4))
        ink = np.asarray(cv2.dilate(ink, np.ones((side, side), np.uint8)), np.uint8)
    if rng.random() < SMEARED:
        ink = _smear(ink, rng)
    return Line(ink, name_signs(text))


def _smear(ink: Gray, rng: Rng) -> Gray:
    """Leave what the edge of a stamp prints beside its last digit: dots and short dashes."""
    height = ink.shape[0]
    wide = int(rng.integers(6, 20))
    spots = np.zeros((height, wide), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        column, row = int(rng.integers(0, wide - 3)), int(rng.integers(0, height))
        long = int(rng.integers(1, 5))
        cv2.line(spots, (column, row), (column + long, row), int(rng.integers(120, 256)), 2)
    return np.concatenate([ink, spots], axis=1)


def copy_real(sources: Sources, rng: Rng) -> Line:
    """Take the writing of a real crop, or a run of its digits, off its paper."""
    amount = sources.amounts[int(rng.integers(len(sources.amounts)))]
    ink = clean_ink(amount.image)
    first, last = choose_run(len(amount.boxes), rng)
    left = 0 if first == 0 else cut_between(amount.boxes[first - 1].right, amount.boxes[first].left)
    right = ink.shape[1]
    if last < len(amount.boxes):
        right = cut_between(amount.boxes[last - 1].right, amount.boxes[last].left)
    piece = ink[:, left : max(right, left + 4)]
    height = max(box.bottom - box.top for box in amount.boxes)
    text = Text(amount.digits[first:last], is_signed=False)
    return Line(scale(piece, DIGIT_PX / height, 1.0), text)


def choose_run(count: int, rng: Rng) -> tuple[int, int]:
    """Choose first and one past last digit: all of them half of the time."""
    if count < 2 or rng.random() < 0.5:
        return 0, count
    first = int(rng.integers(0, count))
    return first, int(rng.integers(first + 1, count + 1))


def cut_between(right: int, left: int) -> int:
    """Cut between two digits, in the middle of the gap or of the overlap."""
    return (right + left) // 2


def write_words(sources: Sources, rng: Rng, count: int) -> Gray:
    """Write letters by hand side by side: a name, a word, the text of a neighboring line."""
    placed: list[Placed] = []
    pen = 0
    for _ in range(count):
        # One or two letters that look like digits would be a number to anybody.
        alike = count > 2 and rng.random() < 0.3
        letters = sources.look_alikes if alike else sources.letters
        letter = letters[int(rng.integers(len(letters)))]
        height = DIGIT_PX * float(rng.uniform(0.6, 1.2))
        patch = scale(letter, height / letter.shape[0], 1.0)
        placed.append(
            Placed(patch, round(DIGIT_PX - patch.shape[0] + float(rng.normal(0, 2))), pen)
        )
        pen += patch.shape[1] + int(rng.integers(-3, 5))
    return _change_pen(paste(placed), rng)


def scribble(rng: Rng) -> Gray:
    """Draw a signature: loops of one stroke."""
    points = np.cumsum(rng.normal(0.0, 9.0, (int(rng.integers(8, 22)), 2)) + (4.0, 0.0), axis=0)
    steps = np.linspace(0, len(points) - 1, 8 * len(points))
    smooth = np.stack([np.interp(steps, np.arange(len(points)), points[:, k]) for k in (0, 1)], 1)
    smooth = cv2.blur(smooth.astype(np.float32), (1, 9))
    low = smooth.min(axis=0) - 4
    size = np.ceil(smooth.max(axis=0) - low + 4).astype(int)
    canvas = np.zeros((min(200, int(size[1])), int(size[0])), np.uint8)
    path = np.round((smooth - low) * 8).astype(np.int32)
    cv2.polylines(canvas, [path], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA, 3)
    return canvas


def scale(ink: Gray, size: float, stretch: float) -> Gray:
    """Resize ink by `size`, and its width by `stretch` on top."""
    target = (max(1, round(ink.shape[1] * size * stretch)), max(1, round(ink.shape[0] * size)))
    way = cv2.INTER_AREA if size < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, target, interpolation=way), np.uint8)


def _turn(word: Gray, rng: Rng) -> Gray:
    """Turn some letters of a printed word on their side, as the printer's name at an edge stands.

    Read across the page that is a letter or two, taller than wide.
    """
    width = min(word.shape[1], max(2, round(word.shape[0] * float(rng.uniform(0.5, 2.0)))))
    left = int(rng.integers(word.shape[1] - width + 1))
    part = word[:, left : left + width]
    return np.asarray(np.rot90(part, 1 if rng.random() < 0.7 else 3), np.uint8)


def _size_digit(
    digit: str, previous: str, patches: Patches, style: Style, rng: Rng
) -> tuple[Gray, int]:
    choices = patches[digit]
    patch = choices[int(rng.integers(len(choices)))]
    height = style.height * float(np.exp(rng.normal(0.0, 0.07)))
    top = float(rng.normal(0.0, 1.3))
    if digit == "0" and previous:
        height *= style.zeros
        top += float(rng.uniform(0.3, 1.0)) * (style.height - height)
    patch = scale(patch, height / patch.shape[0], style.stretch)
    if patch.shape[1] > 1.4 * style.height:
        patch = np.asarray(cv2.resize(patch, (round(1.4 * style.height), patch.shape[0])), np.uint8)
    return patch, round(top)


def paste(placed: Sequence[Placed]) -> Gray:
    """Lay patches over each other; the darker ink wins."""
    top = min(one.top for one in placed)
    left = min(one.left for one in placed)
    bottom = max(one.top + one.ink.shape[0] for one in placed)
    right = max(one.left + one.ink.shape[1] for one in placed)
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for one in placed:
        y, x = one.top - top, one.left - left
        place = canvas[y : y + one.ink.shape[0], x : x + one.ink.shape[1]]
        np.maximum(place, one.ink, out=place)
    return canvas


def _change_pen(ink: Gray, rng: Rng) -> Gray:
    """Make strokes thicker or thinner now and then, or press unevenly."""
    kind = rng.random()
    side = int(rng.integers(2, 4))
    kernel = np.ones((side, side), np.uint8)
    if kind < 0.2:
        ink = np.asarray(cv2.dilate(ink, kernel), np.uint8)
    elif kind < 0.35:
        thin = cv2.erode(ink, np.ones((2, 2), np.uint8))
        ink = np.asarray(cv2.addWeighted(thin, 0.8, ink, 0.2, 0.0), np.uint8)
    if rng.random() < 0.2:
        ink = _blot(ink, rng)
    return ink


def _blot(ink: Gray, rng: Rng) -> Gray:
    """Let the ink fade in patches, as a dry pen or a stamp does."""
    height, width = ink.shape
    coarse = rng.uniform(0.35, 1.4, (max(2, height // 6), max(2, width // 6))).astype(np.float32)
    share: npt.NDArray[np.float32] = np.asarray(cv2.resize(coarse, (width, height)), np.float32)
    return np.asarray(np.clip(ink * share, 0, 255), np.uint8)
