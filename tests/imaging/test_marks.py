"""Boxes to be crossed: a mark is a mark, and what is printed there is none."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.marks import find_outline, measure_mark
from digitscan.records import Box, Gray, Mask

THRESHOLD = 112
BOX = Box(40, 40, 72, 72)
LOOSE = Box(34, 34, 78, 78)
"""A zone as a person draws it around the box, and not on its rules."""


def draw_nothing(page: Gray) -> None:
    del page


def draw_box(page: Gray) -> None:
    cv2.rectangle(page, (BOX.left, BOX.top), (BOX.right, BOX.bottom), 40, 2)


def draw_circle(page: Gray) -> None:
    cv2.circle(page, (56, 56), 16, 40, 2)


def draw_brackets(page: Gray) -> None:
    for left, foot in ((40, 46), (72, 66)):
        cv2.polylines(
            page, [np.array([(foot, 40), (left, 40), (left, 72), (foot, 72)])], False, 40, 2
        )


def cross(page: Gray) -> None:
    cv2.line(page, (44, 44), (68, 68), 30, 3)
    cv2.line(page, (68, 44), (44, 68), 30, 3)


def tick(page: Gray) -> None:
    cv2.polylines(page, [np.array([(46, 56), (54, 66), (80, 30)])], False, 30, 3)


def fill(page: Gray) -> None:
    cv2.circle(page, (56, 56), 12, 30, -1)


FORMS = [draw_box, draw_circle, draw_brackets]
Draw = Callable[[Gray], None]


def draw(*parts: Draw) -> Gray:
    page = np.full((112, 112), 235, np.uint8)
    for part in parts:
        part(page)
    return page


def find_print(*parts: Draw, zone: Box = LOOSE) -> Mask | None:
    return find_outline(estimate_ink(draw(*parts)), zone, THRESHOLD)


def measure(page: Gray, zone: Box, printed: Mask | None) -> tuple[float, bool]:
    return measure_mark(page, estimate_ink(page), zone, printed, THRESHOLD)


@pytest.mark.parametrize("zone", [BOX, LOOSE], ids=["exact", "loose"])
@pytest.mark.parametrize("form", FORMS)
def test_an_empty_one_is_empty(form: Draw, zone: Box) -> None:
    share, is_mark = measure(draw(form), zone, find_print(form, zone=zone))
    assert share <= 0.005
    assert is_mark


@pytest.mark.parametrize("shift", [(-2, 1), (2, -2)])
@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_lies_a_little_off(form: Draw, shift: tuple[int, int]) -> None:
    page = np.roll(draw(form), shift, axis=(0, 1))
    assert measure(page, LOOSE, find_print(form))[0] <= 0.005


@pytest.mark.parametrize("zone", [BOX, LOOSE], ids=["exact", "loose"])
@pytest.mark.parametrize("mark", [cross, tick, fill])
@pytest.mark.parametrize("form", [*FORMS, draw_nothing])
def test_a_mark_is_seen(form: Draw, mark: Draw, zone: Box) -> None:
    share, is_mark = measure(draw(form, mark), zone, find_print(form, zone=zone))
    assert share >= 0.02
    assert is_mark


def test_a_reference_that_is_filled_in_says_nothing_of_print() -> None:
    assert find_print(draw_circle, cross) is None
    assert not measure(draw(draw_circle), LOOSE, None)[1]


def test_the_rules_of_a_box_tell_all_the_same() -> None:
    assert measure(draw(draw_box), LOOSE, None) == (0.0, True)
    share, is_mark = measure(draw(draw_box, cross), LOOSE, None)
    assert share >= 0.02 and is_mark
