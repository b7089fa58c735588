"""Put a line of writing into the crop of a field: margins, boxes, combs, rules, neighbors, paper.

The result is a gray crop as a form reader would cut it, tight or loose, with what stands around
real fields: printed currency signs, box walls, cut-off lines above and below, words at the left.
"""

from typing import NamedTuple

import cv2
import numpy as np

from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.components import keep_ink
from digitscan.imaging.ruling import remove_rules
from digitscan.records import Gray
from digitscan.settings import InkSettings
from training.string_clutter import add_neighbors, bar_code, lead_in, letter_comb, print_box
from training.string_layout import (
    Line,
    choose_run,
    cut_between,
    scale,
    write_line,
    write_numberless,
)
from training.string_scans import lay_on_paper, scan
from training.string_signs import DIGIT_PX, Rng, Text
from training.string_sources import Sources

ALONE = 0.3
"""Share of the lines that are ink alone, as those of pages and templates are."""
ALONE_NUMBERLESS, ALONE_ON_RULE, ALONE_SIGNED = 0.1, 0.3, 0.12
"""Shares of these without a number, on a rule, and with a currency sign that stands so close that
nothing parts it."""
BARE = 0.1
"""Share of the other lines of which the ink is left, but walls, rules and neighbors among it."""


class Crop(NamedTuple):
    """What a line is made of.

    Attributes
    ----------
    gray : ndarray of uint8, shape (h, w)
        A gray crop.
    text : Text
        What is to be read in it.
    is_alone : bool
        True where it is the ink of a number and nothing else.
    """

    gray: Gray
    text: Text
    is_alone: bool = False


def make_crop(sources: Sources, rng: Rng) -> Crop:
    """Make one crop for training, of a kind chosen at random."""
    if rng.random() < ALONE:
        return make_alone(sources, rng)
    kind = rng.random()
    if kind < 0.43:
        crop = take_real(sources, rng)
    elif kind < 0.46:
        crop = make_comb(sources, rng)
    elif kind < 0.54:
        crop = make_numberless(sources, rng)
    else:
        crop = make_field(sources, rng)
    gray = scan(crop.gray, rng)
    return Crop(take_ink(gray) if rng.random() < BARE else gray, crop.text)


def make_alone(sources: Sources, rng: Rng) -> Crop:
    """Write a number as pages and templates hand it over: ink alone, at most its rule left in.

    Where walls are found and taken out, a stroke at an end is a 1.
    """
    write = write_numberless if rng.random() < ALONE_NUMBERLESS else write_line
    line = write(sources, rng)
    ink = remove_printed(line.ink)
    if rng.random() < ALONE_SIGNED:
        ink = _put_sign(ink, sources, rng)
    height = ink.shape[0]
    around = max(2, round(0.3 * height))
    pen = np.asarray(cv2.copyMakeBorder(ink, *(4 * (around,)), cv2.BORDER_CONSTANT), np.uint8)
    printed = np.zeros_like(pen)
    if rng.random() < ALONE_ON_RULE:
        row = around + height + int(rng.integers(-5, 4))
        ends = (0, row), (pen.shape[1], row + int(rng.integers(-1, 2)))
        cv2.line(printed, *ends, int(rng.integers(120, 256)), int(rng.choice([1, 2, 2, 3])))
    gray = lay_on_paper(pen, printed, sources, rng)
    return Crop(take_ink(scan(gray, rng)), line.text, is_alone=True)


def remove_printed(ink: Gray) -> Gray:
    """Take the rules out of a line of ink, as a page's reader does: real crops have some."""
    return keep_ink(ink, remove_rules(np.asarray(ink >= InkSettings().threshold), DIGIT_PX))


def _put_sign(ink: Gray, sources: Sources, rng: Rng) -> Gray:
    """Put a printed currency sign before a line, so close that it is taken along."""
    sign = sources.marks[int(rng.integers(len(sources.marks)))]
    height = ink.shape[0]
    sign = scale(sign, min(1.0, height / sign.shape[0]) * float(rng.uniform(0.7, 1.0)), 1.0)
    gap = int(rng.integers(2, 24))
    block = np.zeros((height, sign.shape[1] + gap), np.uint8)
    top = int(rng.integers(height - sign.shape[0] + 1))
    block[top : top + sign.shape[0], : sign.shape[1]] = sign
    return np.concatenate([block, ink], axis=1)


def take_ink(gray: Gray) -> Gray:
    """Leave the ink alone on white: of a line on a whole page the reader has no more."""
    ink = estimate_ink(gray)
    return np.asarray(255 - keep_ink(ink, np.asarray(ink >= InkSettings().threshold)), np.uint8)


def take_real(sources: Sources, rng: Rng) -> Crop:
    """Take a real crop with its paper: whole, a run of its digits, or two runs spliced."""
    gray, digits = _take_run(sources, rng)
    if rng.random() < 0.25:
        other, more = _take_run(sources, rng)
        height = gray.shape[0]
        other = scale(other, height / other.shape[0], 1.0)
        level = float(np.median(gray)) - float(np.median(other))
        other = np.clip(other.astype(np.float32) + level, 0, 255).astype(np.uint8)
        gray, digits = np.concatenate([gray, other], axis=1), digits + more
    return Crop(_warp(gray, rng), Text(digits, is_signed=False))


def make_field(sources: Sources, rng: Rng) -> Crop:
    """Write a number by hand, in print, or copied from a real crop, with clutter around it."""
    return _frame(write_line(sources, rng), sources, rng)


def make_numberless(sources: Sources, rng: Rng) -> Crop:
    """Make a crop with nothing to read: blank, words, a signature, a lone dash."""
    return _frame(write_numberless(sources, rng), sources, rng)


def make_comb(sources: Sources, rng: Rng) -> Crop:
    """Write one digit a cell, as dates stand on forms; some cells stay empty."""
    count = int(rng.choice([8, 8, 8, 6, 3, 4, 5, 10]))
    number = "".join(rng.choice(list("0123456789"), count))
    hands = list(sources.hands)
    patches = sources.hands[hands[int(rng.integers(len(hands)))]]
    if rng.random() < 0.25:
        patches = sources.prints[int(rng.integers(len(sources.prints)))]
    pitch = int(rng.integers(26, 52))
    height = round(DIGIT_PX * float(rng.uniform(1.15, 1.7)))
    canvas = np.zeros((height, pitch * count + 2), np.uint8)
    digits = ""
    size = DIGIT_PX * float(rng.uniform(0.7, 1.0))
    for cell, digit in enumerate(number):
        if rng.random() < 0.04:
            continue
        choices = patches[digit]
        patch = choices[int(rng.integers(len(choices)))]
        patch = scale(patch, size * float(rng.uniform(0.85, 1.15)) / patch.shape[0], 1.0)
        if patch.shape[1] > pitch - 2 or patch.shape[0] > height:
            fit = min((pitch - 2) / patch.shape[1], height / patch.shape[0])
            patch = scale(patch, fit, 1.0)
        free = (height - patch.shape[0], pitch - patch.shape[1])
        top = int(np.clip(free[0] * rng.normal(0.5, 0.18), 0, free[0]))
        left = cell * pitch + int(np.clip(free[1] * rng.normal(0.5, 0.2), 0, free[1]))
        place = canvas[top : top + patch.shape[0], left : left + patch.shape[1]]
        np.maximum(place, patch, out=place)
        digits += digit
    print_ink = np.zeros_like(canvas)
    strength = int(rng.integers(120, 256))
    reach = 0 if rng.random() < 0.7 else height // 2
    for cell in range(count + 1):
        cv2.line(print_ink, (cell * pitch, reach), (cell * pitch, height), strength, 1)
    if rng.random() < 0.85:
        cv2.line(print_ink, (0, height - 1), (pitch * count, height - 1), strength, 1)
    if reach == 0 and rng.random() < 0.85:
        cv2.line(print_ink, (0, 0), (pitch * count, 0), strength, 1)
    return _frame(Line(canvas, Text(digits)), sources, rng, print_ink, pitch)


def _take_run(sources: Sources, rng: Rng) -> tuple[Gray, str]:
    amount = sources.amounts[int(rng.integers(len(sources.amounts)))]
    boxes = amount.boxes
    first, last = choose_run(len(boxes), rng)
    left = 0 if first == 0 else cut_between(boxes[first - 1].right, boxes[first].left)
    right = amount.image.shape[1]
    if last < len(boxes):
        right = cut_between(boxes[last - 1].right, boxes[last].left)
    return amount.image[:, left : max(right, left + 6)], amount.digits[first:last]


def _warp(gray: Gray, rng: Rng) -> Gray:
    """Turn, shear and scale a crop a little, with its own paper around; change its contrast."""
    height, width = gray.shape
    turn = np.deg2rad(rng.normal(0.0, 2.0))
    shear = rng.normal(0.0, 0.2)
    wide, high = np.exp(rng.normal(0.0, 0.15, 2))
    move = np.array([[wide, -shear * wide, 0.0], [np.sin(turn) * wide, high, 0.0]])
    corners = move[:, :2] @ np.array([[0, width, 0, width], [0, 0, height, height]])
    low = corners.min(axis=1)
    size = np.ceil(corners.max(axis=1) - low).astype(int)
    move[:, 2] = -low
    warped = cv2.warpAffine(
        gray, move, (max(4, int(size[0])), max(4, int(size[1]))),
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)  # fmt: skip
    pen = rng.random()
    if pen < 0.3:
        # A thicker or a thinner pen: what is dark grows or shrinks by a pixel.
        weigh = cv2.erode if pen < 0.18 else cv2.dilate
        warped = cv2.addWeighted(warped, 0.5, weigh(warped, np.ones((2, 2), np.uint8)), 0.5, 0.0)
    if rng.random() < 0.5:
        middle = float(np.median(warped))
        gain = float(rng.uniform(0.5, 1.4))
        warped = (warped - middle) * gain + float(rng.uniform(130, 240))
    return np.asarray(np.clip(warped, 0, 255), np.uint8)


def _frame(
    line: Line, sources: Sources, rng: Rng, print_ink: Gray | None = None, pitch: int = 0
) -> Crop:
    """Choose margins and clutter, and lay pen and print (a comb of that pitch) on a paper."""
    loose = rng.random() < 0.65
    ink = line.ink
    if loose:
        share = float(rng.uniform(0.28, 0.85))
        height = max(ink.shape[0] + 4, round(DIGIT_PX / share))
        sides = rng.integers(2, 70, 2)
    else:
        height = ink.shape[0] + int(rng.integers(1, 10))
        sides = rng.integers(1, 12, 2)
    free = height - ink.shape[0]
    top = round(free * float(np.clip(rng.normal(0.5, 0.2), 0.02, 0.98)))
    left, width = int(sides[0]), ink.shape[1] + int(sides.sum())
    pen, printed = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    inner = (top, top + ink.shape[0], left, left + ink.shape[1])
    pen[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    if print_ink is not None:
        printed[top : top + ink.shape[0], left : left + ink.shape[1]] = print_ink
        printed = letter_comb(printed, inner, pitch, sources, rng)
    if print_ink is None:
        printed = print_box(printed, inner, rng, 0.65 if loose else 0.25)
    if loose:
        pen = add_neighbors(pen, inner, sources, rng)
        if rng.random() < 0.6:
            pen, printed = lead_in(pen, printed, sources, rng)
        if rng.random() < 0.06:
            pen, printed = bar_code(pen, printed, rng)
    return Crop(lay_on_paper(pen, printed, sources, rng), line.text)
