"""What stands around the number of a field: walls, neighboring lines, currency signs, labels."""

import cv2
import numpy as np

from digitscan.records import Gray
from training.string_layout import scale, write_words
from training.string_signs import DIGIT_PX, Rng
from training.string_sources import Sources


def print_box(printed: Gray, inner: tuple[int, int, int, int], rng: Rng, chance: float) -> Gray:
    """Draw some of the walls of the field's box and rules through or under the writing."""
    height, width = printed.shape
    top, bottom, left, right = inner
    strength = int(rng.integers(100, 256))
    thick = int(rng.choice([1, 1, 1, 2, 2, 3]))
    lean = int(rng.integers(-2, 3))
    slack = int(rng.integers(-4, 8))
    sides = rng.random(4) < chance
    upper, lower = max(0, top - slack - 2), min(height - 1, bottom + slack)
    first = max(0, left - int(rng.integers(0, 12)))
    last = min(width - 1, right + int(rng.integers(0, 40)))
    ends = (0 if rng.random() < 0.4 else first, width if rng.random() < 0.4 else last)
    if sides[0]:
        cv2.line(printed, (ends[0], upper), (ends[1], upper + lean), strength, thick)
    if sides[1]:
        cv2.line(printed, (ends[0], lower), (ends[1], lower + lean), strength, thick)
    rows = (upper, lower) if rng.random() < 0.6 else (0, height)
    if sides[2]:
        cv2.line(printed, (first, rows[0]), (first, rows[1]), strength, thick)
    if sides[3]:
        cv2.line(printed, (last, rows[0]), (last, rows[1]), strength, thick)
    if rng.random() < 0.25:
        printed[:, :: 2 if rng.random() < 0.5 else 3] //= 3
    return printed


def add_neighbors(pen: Gray, inner: tuple[int, int, int, int], sources: Sources, rng: Rng) -> Gray:
    """Let lines of writing above and below hang into the crop."""
    height, width = pen.shape
    for above in (True, False):
        room = inner[0] if above else height - inner[1]
        if room < 3 or rng.random() > 0.35:
            continue
        if rng.random() < 0.6:
            text = write_words(sources, rng, int(rng.integers(3, 12)))
        else:
            word = sources.words[int(rng.integers(len(sources.words)))]
            text = scale(word, float(rng.uniform(0.4, 0.9)), 1.0)
        shown = min(room, text.shape[0], int(rng.integers(2, 16)))
        text = text[-shown:] if above else text[:shown]
        at = int(rng.integers(-text.shape[1] // 2, max(1, width - 10)))
        text = text[:, max(0, -at) : width - at]
        if text.shape[1] < 1:
            continue
        at = max(0, at)
        rows = slice(0, shown) if above else slice(height - shown, height)
        place = pen[rows, at : at + text.shape[1]]
        np.maximum(place, text, out=place)
    return pen


def lead_in(pen: Gray, printed: Gray, sources: Sources, rng: Rng) -> tuple[Gray, Gray]:
    """Put a currency sign or a word at the left, printed or by hand, with or without a wall."""
    kind = rng.random()
    if kind < 0.55:
        sign = sources.marks[int(rng.integers(len(sources.marks)))]
        size = DIGIT_PX * float(rng.uniform(0.55, 1.25)) / sign.shape[0]
        sign = scale(sign, size, float(rng.uniform(0.7, 1.2)))
        if rng.random() < 0.4:
            weigh = cv2.dilate if rng.random() < 0.5 else cv2.erode
            sign = np.asarray(weigh(sign, np.ones((2, 2), np.uint8)), np.uint8)
    elif kind < 0.9:
        sign = _label(sources, rng)
    else:
        sign = write_words(sources, rng, int(rng.integers(1, 4)))
    height = pen.shape[0]
    sign = sign[:height]
    if rng.random() < 0.25:
        sign = sign[:, int(rng.integers(0, sign.shape[1])) :]
    before, after = int(rng.integers(0, 25)), int(rng.choice([2, 5, 10, 20, 40, 70]))
    block = np.zeros((height, before + sign.shape[1] + after), np.uint8)
    free = height - sign.shape[0]
    top = round(free * float(np.clip(rng.normal(0.5, 0.15), 0, 1)))
    place = block[top : top + sign.shape[0], before : before + sign.shape[1]]
    np.maximum(place, sign, out=place)
    # Rules of the box go on to the left, under the sign.
    block = np.maximum(block, printed[:, :1])
    if rng.random() < 0.5:
        at = before + sign.shape[1] + int(rng.integers(1, after))
        cv2.line(block, (at, 0), (at, height), int(rng.integers(120, 256)), int(rng.integers(1, 3)))
    if rng.random() < 0.4 and before > 2:
        cv2.line(block, (1, 0), (1, height), int(rng.integers(120, 256)), 1)
    blank = np.zeros_like(block)
    return np.concatenate([blank, pen], axis=1), np.concatenate([block, printed], axis=1)


def _label(sources: Sources, rng: Rng) -> Gray:
    """Print a word, or two of them one over the other as forms in two languages do."""
    chosen = [sources.words[int(rng.integers(len(sources.words)))] for _ in range(2)]
    if rng.random() < 0.6:
        return scale(chosen[0], DIGIT_PX * float(rng.uniform(0.4, 1.1)) / chosen[0].shape[0], 1.0)
    size = DIGIT_PX * float(rng.uniform(0.35, 0.6))
    rows = [scale(word, size / word.shape[0], 1.0) for word in chosen]
    gap = int(rng.integers(2, 8))
    height = rows[0].shape[0] + gap + rows[1].shape[0]
    sign = np.zeros((height, max(row.shape[1] for row in rows)), np.uint8)
    sign[: rows[0].shape[0], : rows[0].shape[1]] = rows[0]
    sign[rows[0].shape[0] + gap :, : rows[1].shape[1]] = rows[1]
    return sign


def letter_comb(
    printed: Gray, inner: tuple[int, int, int, int], pitch: int, sources: Sources, rng: Rng
) -> Gray:
    """Print the letters that say what belongs into a comb (D D M M Y Y) below its cells."""
    below, left, right = inner[1], inner[2], inner[3]
    room = printed.shape[0] - below
    if room < 6 or rng.random() < 0.35:
        return printed
    font = sources.prints[int(rng.integers(len(sources.prints)))]
    size = int(rng.integers(6, 20))
    top = below + int(rng.integers(1, 6))
    for at in range(left + pitch // 2, right, pitch):
        glyph = font[str(rng.choice(list("DMY")))][0]
        letter = scale(glyph, size / glyph.shape[0], 1.0)[: max(0, printed.shape[0] - top)]
        first = max(0, at - letter.shape[1] // 2)
        place = printed[top : top + letter.shape[0], first : first + letter.shape[1]]
        np.maximum(place, letter[:, : place.shape[1]], out=place)
    return printed


def bar_code(pen: Gray, printed: Gray, rng: Rng) -> tuple[Gray, Gray]:
    """Put the bars of a code at the right edge, where forms have them."""
    height = printed.shape[0]
    bars = np.repeat(rng.integers(0, 2, height // 2 + 1) * 255, 2)[:height].astype(np.uint8)
    block = np.zeros((height, int(rng.integers(10, 30))), np.uint8)
    block[:, 4:] = bars[:, np.newaxis]
    blank = np.zeros_like(block)
    return np.concatenate([pen, blank], axis=1), np.concatenate([printed, block], axis=1)
