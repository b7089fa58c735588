"""Pieces: every ink pixel is in one of them, and they come from left to right."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from digitscan.imaging.components import find_components
from digitscan.imaging.cuts import Pieces, estimate_slant, split_pieces
from digitscan.records import Gray
from tests.drawings import draw_ink

THRESHOLD = 112


def set_digits(text: str, gap_px: int, height_px: int = 40) -> Gray:
    """Set drawn digits side by side, `gap_px` of paper between them; below 0 they touch."""
    inks = []
    for digit in text:
        ink = draw_ink(digit, height_px)
        x, y, width, height = cv2.boundingRect((ink >= THRESHOLD).view(np.uint8))
        inks.append(ink[y : y + height, x : x + width])
    line = np.zeros((2 * height_px, 20 + sum(ink.shape[1] + gap_px for ink in inks) + 20), np.uint8)
    left = 20
    for ink in inks:
        place = line[20 : 20 + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(place, ink, out=place)
        left += ink.shape[1] + gap_px
    return line


def lean(ink: Gray, slant: float) -> Gray:
    """Lean writing to the right by `slant` columns a row."""
    rows, columns = ink.shape
    margin = rows
    matrix = np.array([[1, -slant, margin + slant * rows / 2], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(ink, matrix, (columns + 2 * margin, rows)), np.uint8)


def check_pieces(pieces: Pieces) -> None:
    """Hold what is true of all pieces."""
    writing = pieces.ink >= THRESHOLD
    assert pieces.owner.shape == pieces.ink.shape
    assert (pieces.owner[writing] > 0).all()  # each pixel of ink has one owner
    numbers = np.unique(pieces.owner[writing])
    assert numbers.tolist() == list(range(1, len(pieces.boxes) + 1))
    middles = pieces.boxes[:, 0] + pieces.boxes[:, 2]
    assert (np.diff(middles) >= 0).all()
    for index, (left, top, right, bottom) in enumerate(pieces.boxes):
        own = pieces.owner == index + 1
        rows, columns = np.nonzero(own)  # its writing and its soft edge
        assert (columns.min(), rows.min()) == (left, top)
        assert (columns.max() + 1, rows.max() + 1) == (right, bottom)
        near = cv2.dilate((own & writing).astype(np.uint8), np.ones((3, 3), np.uint8))
        assert (near[own] > 0).all()  # which is one pixel wide


@pytest.mark.parametrize(
    ("ink", "count"),
    [
        pytest.param(np.zeros((1, 1), np.uint8), 0, id="one-pixel-of-paper"),
        pytest.param(np.zeros((40, 90), np.uint8), 0, id="paper"),
        pytest.param(np.full((40, 90), THRESHOLD - 1, np.uint8), 0, id="faint-ink"),
        pytest.param(np.full((1, 1), 255, np.uint8), 1, id="one-pixel"),
        pytest.param(np.full((40, 30), 255, np.uint8), 2, id="all-ink"),
        pytest.param(set_digits("1", 0), 1, id="a-one"),
        pytest.param(set_digits("111", 10), 3, id="three-ones"),
        pytest.param(set_digits("7", 0), 1, id="a-seven"),
    ],
)
def test_pieces_are_counted(ink: Gray, count: int) -> None:
    ink.setflags(write=False)
    pieces = split_pieces(ink, THRESHOLD)
    assert len(pieces.boxes) == count
    check_pieces(pieces)


@pytest.mark.parametrize("gap_px", [8, 0, -2])
@pytest.mark.parametrize("text", ["0123456789", "00", "747", "1111", "5050"])
def test_every_digit_begins_and_ends_with_a_piece(text: str, gap_px: int) -> None:
    """However the digits touch, between any two of them there is a cut."""
    ink = set_digits(text, gap_px)
    pieces = split_pieces(ink, THRESHOLD)
    check_pieces(pieces)
    assert len(pieces.boxes) >= len(text)
    left = 20
    for first, second in pairwise(text):
        width = cv2.boundingRect((draw_ink(first, 40) >= THRESHOLD).view(np.uint8))[2]
        between = left + width + gap_px / 2 + pieces.origin
        if pieces.slant == 0:
            ends = np.abs(pieces.boxes[:, 2] - between)
            starts = np.abs(pieces.boxes[:, 0] - between)
            assert min(ends.min(), starts.min()) <= 7, (first, second)
        left += width + gap_px


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        pytest.param(40, 11, id="narrow"),
        pytest.param(9, 90, id="low"),
    ],
)
def test_narrow_and_low_parts_stay_whole(rows: int, columns: int) -> None:
    ink = np.zeros((60, 240), np.uint8)
    ink[10:50, 10:40] = ink[10:50, 60:90] = 255  # of the height of the writing
    ink[10 : 10 + rows, 120 : 120 + columns] = 255
    pieces = split_pieces(ink, THRESHOLD)
    assert not pieces.is_cut[pieces.boxes[:, 0] >= 115].any()


@pytest.mark.parametrize("seed", range(6))
def test_blots_of_any_shape_are_shared_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=(50, 200)), (0, 0), 3.0)
    ink = np.where(noise > 0.05, 255, 0).astype(np.uint8)
    pieces = split_pieces(ink, THRESHOLD)
    check_pieces(pieces)
    whole = find_components(pieces.ink >= THRESHOLD)
    assert len(pieces.boxes) >= len(whole.boxes)
    # A cut divides a component and joins none.
    for index in range(len(pieces.boxes)):
        own = (pieces.owner == index + 1) & (pieces.ink >= THRESHOLD)
        assert len(np.unique(whole.labels[own])) == 1


@pytest.mark.parametrize("slant", [-0.3, 0.0, 0.2, 0.4, 0.7])
def test_the_slant_is_measured_and_taken_out(slant: float) -> None:
    ink = lean(set_digits("1471", 12), slant)
    assert estimate_slant(ink >= THRESHOLD) == pytest.approx(slant, abs=0.11)
    pieces = split_pieces(ink, THRESHOLD)
    check_pieces(pieces)
    ones = pieces.boxes[[0, -1]]
    assert (ones[:, 2] - ones[:, 0] < 20).all()


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(np.zeros((1, 1), bool), id="one-pixel-of-paper"),
        pytest.param(np.zeros((20, 30), bool), id="paper"),
        pytest.param(np.ones((1, 1), bool), id="one-pixel"),
    ],
)
def test_nothing_leans_not(mask: np.ndarray) -> None:
    assert estimate_slant(mask) == 0.0


@pytest.mark.parametrize("text", ["4077", "0123"])
def test_writing_twice_as_large_is_cut_at_the_same_places(text: str) -> None:
    ink = set_digits(text, -1)
    small = split_pieces(ink, THRESHOLD)
    large = split_pieces(ink.repeat(2, axis=0).repeat(2, axis=1), THRESHOLD)
    assert large.text_height == 2 * small.text_height
    # Corridors count in whole pixels: a doubtful place may be cut in one size alone.
    assert abs(len(large.boxes) - len(small.boxes)) <= 1
    apart = np.abs(2 * small.boxes[:, None, 0] - large.boxes[None, :, 0]).min(axis=1)
    assert (apart <= 0.1 * large.text_height).all()
