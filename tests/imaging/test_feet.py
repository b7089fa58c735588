"""Feet in rules: kept where the rule is thicker for them, and only there."""

import numpy as np
import pytest

from digitscan.imaging.feet import find_feet
from digitscan.imaging.zones import keep_writing
from digitscan.records import Box, Gray, Mask

PEN, TOP, HIGH = 4, 20, 34
"""Rows of a stroke, first row of the digits, their height in pixels."""


def draw_line(rule_at: int, thick: int, foot_at: int | None) -> tuple[Gray, Mask]:
    """Draw a 7 and a 1 over a rule, with a foot or without, and mark the rule."""
    ink = np.zeros((90, 240), np.uint8)
    ink[TOP : TOP + PEN, 60:80] = 255
    ink[TOP : TOP + HIGH, 68 : 68 + PEN] = 255
    ink[TOP : TOP + HIGH, 110 : 110 + PEN] = 255
    rules = np.zeros(ink.shape, np.bool_)
    rules[rule_at : rule_at + thick] = True
    rules &= ink == 0
    if foot_at is not None:
        ink[foot_at : foot_at + PEN, 68:88] = 255
    ink[rule_at : rule_at + thick] = 255
    return ink, rules


@pytest.mark.parametrize(
    ("rule_at", "thick", "foot_at", "has_foot"),
    [
        (50, 4, 48, True),  # two rows of the foot stand above the rule
        (50, 4, 49, True),  # one row
        (50, 3, 49, True),
        (50, 4, 52, True),  # below it
        (50, 8, 47, True),  # a rule twice as thick as the pen
        (50, 4, 50, False),  # within it: nobody can tell
        (50, 4, None, False),
    ],
)
def test_a_foot_in_a_rule(rule_at: int, thick: int, foot_at: int | None, has_foot: bool) -> None:
    ink, rules = draw_line(rule_at, thick, foot_at)
    feet = find_feet(ink > 0, ink, rules, HIGH)
    assert not (feet & ~rules).any()
    assert feet[:, 76:84].any() == has_foot
    assert not feet[:, :56].any()
    assert not feet[:, 130:].any()


def test_a_line_of_small_letters_has_no_feet() -> None:
    ink, rules = draw_line(52, 6, None)
    speckled = np.random.default_rng(3).random(240) < 0.5
    ink[50:52, speckled] = 255
    feet = find_feet(ink > 0, ink, rules, HIGH)
    assert np.count_nonzero(feet.any(axis=0)) < 24


def test_what_touches_no_digit_is_no_foot() -> None:
    ink, rules = draw_line(50, 4, None)
    ink[47:50, 150:170] = 255
    assert not find_feet(ink > 0, ink, rules, HIGH)[:, 140:180].any()


def test_the_dash_of_a_tail_is_no_rule() -> None:
    ink, rules = draw_line(50, 4, 48)
    rules[:, :60] = rules[:, 120:] = False
    assert not find_feet(ink > 0, ink, rules, HIGH).any()


def test_nothing_written() -> None:
    ink = np.zeros((40, 90), np.uint8)
    ink[20:23] = 255
    assert not find_feet(ink > 0, ink, ink > 0, 0.0).any()
    assert not find_feet(ink > 0, ink, np.zeros_like(ink, np.bool_), 20.0).any()


def test_a_field_keeps_the_foot_of_a_2() -> None:
    ink, _ = draw_line(50, 4, 48)
    alone, _, _ = keep_writing(ink, Box(10, 15, 230, 56), 112)
    assert alone[51, 80] == 255
    assert not alone[51, 150:].any()
