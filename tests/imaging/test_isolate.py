"""A line alone: no rules, specks, walls or neighboring lines; dots and commas stay."""

import numpy as np
import pytest

from digitscan.imaging.components import find_components
from digitscan.imaging.isolate import isolate_line, isolate_parts
from digitscan.records import Box, Gray

THRESHOLD = 112


def stamp(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (90, 240)) -> Gray:
    """A crop of filled boxes: left, top, width, height."""
    ink = np.zeros(shape, np.uint8)
    for left, top, width, height in boxes:
        ink[top : top + height, left : left + width] = 255
    return ink


DIGITS = tuple((20 + 30 * k, 30, 5, 30) for k in range(6))


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(np.zeros((1, 1), np.uint8), id="one-pixel-of-paper"),
        pytest.param(np.full((1, 1), 255, np.uint8), id="one-pixel"),
        pytest.param(np.zeros((30, 40), np.uint8), id="paper"),
        pytest.param(np.full((30, 40), 255, np.uint8), id="all-ink"),
        pytest.param(np.full((30, 40), THRESHOLD, np.uint8), id="all-faint-ink"),
        pytest.param(stamp(*DIGITS), id="writing"),
    ],
)
def test_a_line_alone_stays_as_it_is(ink: Gray) -> None:
    ink.setflags(write=False)
    assert np.array_equal(isolate_line(ink, THRESHOLD), ink)


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param((100, 54, 7, 7), id="dot"),
        pytest.param((101, 54, 6, 14), id="comma"),
        pytest.param((72, 44, 12, 4), id="dash"),
        pytest.param((20, 58, 80, 2), id="feet-in-a-row"),
    ],
)
def test_a_mark_of_the_line_stays(mark: tuple[int, int, int, int]) -> None:
    ink = stamp(*DIGITS, mark)
    assert np.array_equal(isolate_line(ink, THRESHOLD), ink)


def test_many_hairs_make_no_rule_of_a_bar() -> None:
    hairs = [(left, top, 6, 2) for left in range(2, 230, 9) for top in (18, 22, 66, 70)]
    bars = [(110, 30, 30, 3), (20, 57, 20, 3)]
    found = isolate_line(stamp(*DIGITS, *bars, *hairs), THRESHOLD)
    assert np.array_equal(found[30:60], stamp(*DIGITS, *bars)[30:60])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((0, 75, 240, 2), id="rule-below"),
        pytest.param((0, 12, 240, 2), id="rule-above"),
        pytest.param((230, 0, 2, 90), id="wall"),
        pytest.param((72, 44, 2, 2), id="speck"),
        pytest.param((40, 0, 60, 12), id="tails-of-the-line-above"),
        pytest.param((40, 80, 60, 10), id="heads-of-the-line-below"),
    ],
)
def test_what_is_no_writing_of_the_line_goes(other: tuple[int, int, int, int]) -> None:
    found = isolate_line(stamp(*DIGITS, other), THRESHOLD)
    assert np.array_equal(found, stamp(*DIGITS))


def test_soft_edges_stay_with_their_stroke() -> None:
    ink = stamp(*DIGITS)
    ink[30:60, 19] = 60
    ink[30:60, 12] = 60
    found = isolate_line(ink, THRESHOLD)
    assert (found[30:60, 19] == 60).all()
    assert not found[:, 12].any()


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_chosen_parts_are_kept_at_full_size(factor: int) -> None:
    small = stamp(*DIGITS) > 0
    parts = find_components(small)
    # Two pixels more than the reduced page accounts for.
    large = np.pad(np.kron(small, np.full((factor, factor), 255)), ((0, 2), (0, 2))).astype(
        np.uint8
    )
    window = Box(15 * factor, 20 * factor, 110 * factor, 80 * factor)
    ink = large[window.top : window.bottom, window.left : window.right]
    ink.setflags(write=False)
    found = isolate_parts(ink, window, parts, np.array([0, 2]), factor)
    expected = np.kron(stamp(DIGITS[0], DIGITS[2]), np.ones((factor, factor), np.uint8))
    cut = expected[window.top : window.bottom, window.left : window.right]
    assert np.array_equal(found, cut)


def test_a_window_at_the_edge_of_the_page_is_kept_whole() -> None:
    parts = find_components(stamp((0, 0, 10, 10), shape=(10, 10)) > 0)
    ink = np.full((31, 31), 200, np.uint8)  # three to one, and a last row and column left out
    found = isolate_parts(ink, Box(0, 0, 31, 31), parts, np.array([0]), 3)
    assert np.array_equal(found, ink)


def test_nothing_chosen_leaves_nothing() -> None:
    parts = find_components(stamp(*DIGITS) > 0)
    found = isolate_parts(stamp(*DIGITS), Box(0, 0, 240, 90), parts, np.zeros(0, np.int64), 1)
    assert not found.any()
