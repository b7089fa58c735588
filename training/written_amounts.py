"""Amounts written by program, with the box of each digit, to cut as the reader cuts real ones.

The real amounts are Chilean. Where zeros hang together by a stroke, or a long comma crosses a foot,
as on Indian cheques, the digit network met neither the digits nor the wrong groups that the reader
cuts there, and read 000 with its strokes as 5, 7 and 4.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from digitscan.records import Box, Gray
from training.amounts import Amount
from training.string_layout import Placed, choose_style, draw_writer, paste, place_figures
from training.string_numbers import write_lakhs
from training.string_signs import DIGIT_PX, Rng
from training.string_sources import Patches, cut_digits, even_slant, sort_by_pen
from training.strokes import draw_boxed_string

MARGIN_PX = 8
REACH = 0.6
"""Two zeros not further apart than this share of a digit's height share the ink between them: it is
what ties them, and each with its half is still a 0."""


def write_amounts(amounts: Sequence[Amount], count: int, rng: Rng) -> tuple[Amount, ...]:
    """Write amounts as on cheques in India: two in three with pen paths, else with real digits.

    Parameters
    ----------
    amounts : sequence of Amount
        Their digits are written with.
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Amount
        Dark ink on plain paper.
    """
    patches = sort_by_pen(even_slant(cut_digits(amounts)))
    return tuple(_write_one(patches, rng) for _ in range(count))


def _write_one(patches: Patches, rng: Rng) -> Amount:
    text = write_lakhs(rng)
    digits = "".join(character for character in text if character.isdigit())
    if rng.random() < 0.67 or not all(patches[digit] for digit in digits):
        hand, ligatures = draw_writer(rng, is_lakhs=True), float(rng.choice([0.15, 0.8]))
        ink, boxes = draw_boxed_string(text, rng, hand, ligatures=ligatures, crossing=0.2)
    else:
        placed = place_figures(text, patches, choose_style(rng), rng)
        ink, boxes = paste(placed), box_digits(placed)
    boxes = share_ties(boxes, digits, DIGIT_PX * REACH)
    return Amount(text, _lay_on_paper(ink, rng), digits, tuple(map(_move, boxes)))


def box_digits(placed: Sequence[Placed]) -> tuple[Box, ...]:
    """Return the boxes of the digits of a line as `paste` lays it; of a row in one go, even ones.

    Examples
    --------
    >>> row = Placed(np.zeros((10, 20), np.uint8), 2, 5, "00")
    >>> comma = Placed(np.zeros((14, 2), np.uint8), 0, 1)
    >>> [box.left for box in box_digits([comma, row])]
    [4, 14]
    """
    top = min(one.top for one in placed)
    left = min(one.left for one in placed)
    boxes = []
    for one in placed:
        height, width = one.ink.shape
        edges = np.rint(np.linspace(0, width, len(one.digits) + 1)).astype(int) + one.left - left
        for k in range(len(one.digits)):
            first, last = int(edges[k]), int(edges[k + 1])
            boxes.append(Box(first, one.top - top, last, one.top - top + height))
    return tuple(boxes)


def share_ties(boxes: Sequence[Box], digits: str, reach_px: float) -> tuple[Box, ...]:
    """Widen the boxes of zeros side by side to the middle between them.

    Examples
    --------
    >>> boxes = Box(0, 0, 10, 20), Box(14, 0, 24, 20), Box(26, 0, 30, 20)
    >>> [(box.left, box.right) for box in share_ties(boxes, "001", 8.0)]
    [(0, 12), (12, 24), (26, 30)]
    """
    shared = list(boxes)
    for k in range(1, len(shared)):
        before, after = shared[k - 1], shared[k]
        if digits[k - 1 : k + 1] == "00" and after.left - before.right <= reach_px:
            middle = (before.right + after.left) // 2
            shared[k - 1] = replace(before, right=max(middle, before.left + 1))
            shared[k] = replace(after, left=min(middle, after.right - 1))
    return tuple(shared)


def _move(box: Box) -> Box:
    return Box(
        box.left + MARGIN_PX, box.top + MARGIN_PX, box.right + MARGIN_PX, box.bottom + MARGIN_PX
    )


def _lay_on_paper(ink: Gray, rng: Rng) -> Gray:
    padded = cv2.copyMakeBorder(ink, *(4 * (MARGIN_PX,)), cv2.BORDER_CONSTANT)
    depth, paper = float(rng.uniform(90, 200)), float(rng.uniform(200, 250))
    gray = paper - padded.astype(np.float32) * (depth / 255)
    gray = cv2.GaussianBlur(gray, (0, 0), float(rng.uniform(0.3, 0.8)))
    gray += rng.normal(0.0, float(rng.uniform(0.0, 4.0)), gray.shape)
    return np.asarray(np.clip(gray, 0, 255), np.uint8)
