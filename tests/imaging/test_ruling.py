"""Printed rules go, the strokes that cross them stay whole."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.ruling import (
    find_own_rules,
    find_rules,
    remove_faint_rules,
    remove_rules,
)
from digitscan.records import Gray, Mask

HEIGHT = 30
"""Text height of the drawings in pixels."""


def paper() -> Mask:
    """A field without ink, 60 high and 160 wide."""
    return np.zeros((60, 160), bool)


def stroke() -> Mask:
    """An upright stroke of writing, 4 px wide."""
    mask = paper()
    mask[12:52, 70:74] = True
    return mask


def rule(row: int = 45, thick: int = 2, left: int = 0, right: int = 160) -> Mask:
    """A rule across."""
    mask = paper()
    mask[row : row + thick, left:right] = True
    return mask


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(np.zeros((1, 1), bool), id="one-pixel-of-paper"),
        pytest.param(np.ones((1, 1), bool), id="one-pixel"),
        pytest.param(paper(), id="paper"),
        pytest.param(~paper(), id="all-ink"),
        pytest.param(stroke(), id="stroke"),
        pytest.param(rule(left=40, right=70), id="bar-of-a-seven"),
        pytest.param(rule(row=20, thick=20), id="broad-bar"),
    ],
)
def test_what_is_no_rule_stays(mask: Mask) -> None:
    mask.setflags(write=False)
    found = remove_rules(mask, HEIGHT)
    assert found.dtype == np.bool_
    assert np.array_equal(found, mask)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(rule(), id="under-the-writing"),
        pytest.param(rule(thick=4), id="as-thick-as-the-pen"),
        pytest.param(rule(5) | rule(50), id="above-and-below"),
        pytest.param(rule(45, right=80) | rule(46, left=80), id="a-pixel-askew"),
        pytest.param(rule().T.copy(), id="upright-wall"),
    ],
)
def test_rules_alone_leave_nothing(rules: Mask) -> None:
    assert not remove_rules(rules, HEIGHT).any()


@pytest.mark.parametrize("row", [14, 30, 45])
def test_a_stroke_across_a_rule_stays_whole(row: int) -> None:
    clean = remove_rules(stroke() | rule(row), HEIGHT)
    assert (clean & stroke() == stroke()).all()
    assert not clean[:, :60].any()
    assert not clean[:, 84:].any()


def test_the_length_of_a_rule_counts_in_text_heights() -> None:
    short = rule(left=40, right=40 + 2 * HEIGHT)
    assert find_rules(short, HEIGHT).any()
    assert not find_rules(short, HEIGHT, 3.0).any()
    assert not find_rules(short, 2 * HEIGHT).any()


def dots(row: int = 45, right: int = 160) -> Gray:
    """A rule of print too small to be read: dots, most of them below the threshold of ink."""
    ink = np.zeros((60, 160), np.uint8)
    ink[row : row + 3, :right] = np.where(np.arange(right) % 7 < 4, 130, 70)
    return ink


@pytest.mark.parametrize("is_turned", [False, True])
def test_faint_rule_goes_and_the_stroke_across_it_stays(is_turned: bool) -> None:
    ink = dots()
    ink[stroke()] = 255
    ink = ink.T if is_turned else ink
    clean = remove_faint_rules(ink >= 112, ink, HEIGHT)
    clean = clean.T if is_turned else clean
    assert clean[stroke()].all()
    assert not clean[:, 5:60].any()


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(np.zeros((1, 1), np.uint8), id="one-pixel"),
        pytest.param(np.full((60, 160), 255, np.uint8), id="all-ink"),
        pytest.param(dots(right=60), id="short-as-joined-zeros"),
        pytest.param(np.where(stroke(), 255, 0).astype(np.uint8), id="stroke"),
    ],
)
def test_what_is_no_faint_rule_stays(ink: Gray) -> None:
    assert np.array_equal(remove_faint_rules(ink >= 112, ink, HEIGHT), ink >= 112)


def test_the_tops_of_digits_printed_close_together_are_no_faint_rule() -> None:
    ink = np.zeros((80, 400), np.uint8)
    cv2.putText(ink, "8763730531", (30, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 255, 5, cv2.LINE_AA)
    assert np.array_equal(remove_faint_rules(ink >= 112, ink, 38), ink >= 112)


FOOT = 50
"""Row where the digits of the next test end."""


@pytest.mark.parametrize(
    ("row", "others", "is_own"),
    [
        pytest.param(FOOT + 1, [], True, id="below-the-feet"),
        pytest.param(FOOT - 4, [], True, id="through-the-feet"),
        pytest.param(30, [], True, id="through-the-middle"),
        pytest.param(FOOT + 14, [], False, id="free-below"),
        pytest.param(FOOT + 14, [(60, 10, 66, FOOT + 20)], False, id="reached-by-a-tail"),
        pytest.param(FOOT + 8, [(60, 45, 66, FOOT + 12)] * 5, False, id="reached-by-commas"),
    ],
)
def test_digits_stand_on_the_rule_at_their_feet(
    row: int, others: list[tuple[int, int, int, int]], is_own: bool
) -> None:
    rules = rule(row, left=0, right=160)
    digits = [(10, 10, 34, FOOT), (36, 11, 58, FOOT), (70, 10, 94, FOOT - 1)]
    own = find_own_rules(rules, np.array(digits + others, np.int32))
    assert (own is not None) is is_own
    assert own is None or np.array_equal(own, rules)


def test_nothing_stands_on_no_rule() -> None:
    assert find_own_rules(rule(45), np.zeros((0, 4), np.int32)) is None
