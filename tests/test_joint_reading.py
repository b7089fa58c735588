"""What rules may choose from: only readings that the boxes of a comb can hold."""

from pathlib import Path

import numpy as np
import pytest

from digitscan.forms.template import parse_template
from digitscan.joint_reading import MISSHAPEN, Found, agree
from digitscan.records import Box, Candidate, Floats, Reading, Region, Rejection

NAMES = ("one", "two", "both")
FIELDS = [
    {"name": name, "zone": [10, 40 * row, 100, 40 * row + 30], "cells": 3}
    for row, name in enumerate(NAMES)
]
TEMPLATE = parse_template(
    {"reference": "a.png", "field": FIELDS, "rules": {"sum": "one + two = both"}}, Path("a.toml")
)


def spell(text: str) -> Floats:
    cells = np.zeros((3, 11), np.float32)
    for row, digit in enumerate(text):
        cells[row, 10 if digit == "?" else int(digit)] = 1.0
    return cells


def find(text: str, ink: str, *others: tuple[str, float]) -> tuple[Reading, Floats]:
    """Return a reading with alternatives, and the cells it was read from; `?` is no digit."""
    rejection = Rejection.NO_DIGITS if "?" in ink else None
    candidates = tuple(Candidate(*other) for other in others)
    reading = Reading(Region(Box(0, 0, 9, 9)), text, text, 0.98, candidates, rejection)
    return reading, spell(ink)


def decide(*found: tuple[Reading, Floats], absent: float = 0.0) -> tuple[Reading, ...]:
    fields = [
        Found(field, reading, cells, (False,) * 3, (absent, 0.0, 0.0))
        for field, (reading, cells) in zip(TEMPLATE.fields, found, strict=True)
    ]
    return agree(fields, TEMPLATE.rules)


def test_a_reading_that_drops_a_filled_box_satisfies_no_rule() -> None:
    # 012 + 15 = 027 would add up, yet three boxes of `two` hold ink.
    found = decide(find("012", "012"), find("115", "115", ("15", 0.015)), find("027", "027"))
    assert [reading.text for reading in found] == ["012", "115", "027"]
    assert {(reading.rejection, reading.note) for reading in found} == {(Rejection.RULE, "sum")}


@pytest.mark.parametrize("cell", [0, 1, 2])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_the_sum_restores_any_unreadable_digit(row: int, cell: int) -> None:
    true = ["125", "048", "173"]
    ink = [*true]
    ink[row] = true[row][:cell] + "?" + true[row][cell + 1 :]
    read = [text.replace("?", "") for text in ink]
    found = decide(*(find(text, cells) for text, cells in zip(read, ink, strict=True)))
    assert [reading.text for reading in found] == true
    assert [reading.note for reading in found].count("rule-repaired") == 1
    assert found[row].note == "rule-repaired"
    assert found[row].rejection is None


@pytest.mark.parametrize(
    ("both", "absent", "text"),
    [
        pytest.param("173", MISSHAPEN, "48", id="a-cross-without-its-shape"),
        pytest.param("273", MISSHAPEN, "148", id="a-digit-nobody-can-read"),
        pytest.param("273", 0.0, "148", id="a-blot"),
    ],
)
def test_the_sum_tells_a_misshapen_cross_from_an_unreadable_digit(
    both: str, absent: float, text: str
) -> None:
    found = decide(find("125", "125"), find("48", "?48"), find(both, both), absent=absent)
    assert [reading.text for reading in found] == ["125", text, both]
    assert all(reading.rejection is None for reading in found)


def test_a_blot_is_never_taken_for_a_cross() -> None:
    found = decide(find("125", "125"), find("48", "?48"), find("173", "173"))
    # 048 adds up, and a blotted box holds a digit.
    assert found[1].text == "048"
