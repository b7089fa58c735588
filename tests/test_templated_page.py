"""Forms by template: fields found where they lie, crosses told from digits, rules obeyed."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.fitted_form import make_form
from digitscan.forms.template import Template, parse_template
from digitscan.imaging.geometry import turn_upright
from digitscan.pipeline import NO_TEMPLATE, read_page
from digitscan.records import Box, Gray, PageResult, Rejection, Status
from tests.drawings import (
    PAPER,
    PEN,
    SHEET_NUMBERS,
    covers,
    draw_sheet,
    load_drawn_reader,
    make_page,
    write_text,
)

DRAWN = load_drawn_reader()
WORDS = ("Harvey Range", "Warrant Fee", "Knapp Walter", "Remark Branch", "Green Paper", "Market")
COMBS = {"first": 120, "second": 200, "both": 280}
FREE = (120, 380, 420, 440)


def draw_form(values: dict[str, str], free: str = "", left: float = 140) -> Gray:
    """Draw a form: words all over it, three combs of three boxes, one long box."""
    page = np.full((560, 800), PAPER, np.uint8)
    for row, words in enumerate(WORDS):
        write_text(page, words, 520 + 3 * row, 60 + 85 * row, 18)
        write_text(page, words[::-1], 20, 40 + 12 * row, 9)
    for name, top in COMBS.items():
        for cell, character in enumerate(f"{values.get(name, ''):3}"):
            corner = 120 + 48 * cell, top
            cv2.rectangle(page, corner, (corner[0] + 48, top + 56), PEN, 2)
            write_text(page, character, corner[0] + 12, top + 42, 28)
    cv2.rectangle(page, FREE[:2], FREE[2:], PEN, 2)
    write_text(page, free, left, 424, 28)
    return page


def make_template(rules: dict[str, str] | None = None, required: bool = True) -> Template:
    fields: list[dict[str, object]] = [
        {"name": name, "zone": [120, top, 264, top + 56], "cells": 3, "required": required}
        for name, top in COMBS.items()
    ]
    fields.append({"name": "free", "zone": list(FREE), "type": "digits", "required": False})
    table = {"reference": "blank.png", "field": fields, "rules": rules or {}}
    return parse_template(table, Path("form.toml"))


SUM = {"sum": "first + second = both"}
FORM = make_form(make_template(), draw_form({}))
SUMMED = make_form(make_template(SUM), draw_form({}))
RIGHT = {"first": "125", "second": "048", "both": "173"}


def read(page: Gray, form: object = FORM) -> PageResult:
    return read_page(make_page(page), DRAWN, forms=(form,))  # type: ignore[arg-type]


def texts(result: PageResult) -> dict[str | None, str]:
    return {reading.region.field: reading.text for reading in result.readings}


def tilt(page: Gray) -> Gray:
    way = cv2.getRotationMatrix2D((400, 280), 3.0, 0.93)
    return np.asarray(cv2.warpAffine(page, way, (800, 560), borderValue=(PAPER,)), np.uint8)


def photograph(page: Gray) -> Gray:
    corners = np.array([[0, 0], [800, 0], [800, 560], [0, 560]], np.float32)
    seen = np.array([[30, 20], [780, 0], [800, 550], [0, 560]], np.float32)
    way = cv2.getPerspectiveTransform(corners, seen)
    return np.asarray(cv2.warpPerspective(page, way, (800, 560), borderValue=(PAPER,)), np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda page: page, id="as-drawn"),
        pytest.param(tilt, id="tilted"),
        pytest.param(photograph, id="perspective"),
        pytest.param(lambda page: cv2.resize(page, None, fx=1.6, fy=1.6), id="larger"),
        pytest.param(lambda page: turn_upright(page, 1, 1), id="on-its-side"),
        pytest.param(lambda page: turn_upright(page, 1, 2), id="on-its-head"),
    ],
)
def test_fields_are_read_however_the_form_lies(change) -> None:  # type: ignore[no-untyped-def]
    result = read(np.ascontiguousarray(change(draw_form(RIGHT, "40337"))))
    assert result.status is Status.READ
    assert texts(result) == {**RIGHT, "free": "40337"}
    assert [one.region.field for one in result.readings] == [*COMBS, "free"]


def test_boxes_are_where_the_page_shows_them() -> None:
    page = draw_form(RIGHT)
    turned = turn_upright(page, 1, 2)
    result = read(turned)
    first = result.readings[0].region.box
    height, width = page.shape
    assert covers(first, Box(width - 264, height - 176, width - 120, height - 120), 6)


def test_writing_that_leaves_its_box_stays_whole() -> None:
    assert texts(read(draw_form(RIGHT, "40337", left=325)))["free"] == "40337"


def test_a_page_of_another_form_is_rejected() -> None:
    other = np.full((560, 800), PAPER, np.uint8)
    for row in range(8):
        write_text(other, "zebra copper 99871 unmet"[row:], 30 + 7 * row, 60 + 60 * row, 20)
    result = read(other)
    assert (result.status, result.reason, result.readings) == (Status.REJECTED, NO_TEMPLATE, ())


def test_a_page_of_another_form_is_read_as_a_whole_on_request() -> None:
    sheet = make_page(draw_sheet()[0])
    assert read_page(sheet, DRAWN, forms=(FORM,)).reason == NO_TEMPLATE
    result = read_page(sheet, DRAWN, forms=(FORM,), or_whole=True)
    assert result == read_page(sheet, DRAWN)
    assert set(SHEET_NUMBERS) <= {reading.text for reading in result.readings}
    form = make_page(draw_form(RIGHT))
    assert read_page(form, DRAWN, forms=(FORM,), or_whole=True) == read(draw_form(RIGHT))


def make_checked(check: str) -> object:
    entry = {"name": "code", "type": "digits", "zone": list(FREE), "check": check}
    table = {"reference": "blank.png", "field": [entry]}
    return make_form(parse_template(table, Path("form.toml")), draw_form({}))


@pytest.mark.parametrize(
    ("written", "rejection"),
    [
        pytest.param("021000021", None, id="right"),
        pytest.param("021000031", Rejection.GRAMMAR, id="last-but-one-digit-wrong"),
        pytest.param("02100002", Rejection.GRAMMAR, id="too-short"),
    ],
)
def test_a_routing_number_needs_its_check_digit(written: str, rejection: Rejection | None) -> None:
    (reading,) = read(draw_form({}, written), make_checked("aba")).readings
    assert reading.rejection is rejection
    assert reading.text == written


def test_the_form_that_fits_is_chosen() -> None:
    other = np.ascontiguousarray(draw_form({})[:, ::-1])
    first = make_form(make_template(), other)
    result = read_page(make_page(draw_form(RIGHT)), DRAWN, forms=(first, FORM))
    assert texts(result)["both"] == "173"


def test_crossed_and_empty_boxes_are_no_digits() -> None:
    result = read(draw_form({"first": "x57", "second": "  3", "both": "xxx"}))
    by_name = {reading.region.field: reading for reading in result.readings}
    assert by_name["first"].text == "57"
    assert by_name["second"].text == "3"
    assert (by_name["both"].text, by_name["both"].rejection) == ("", Rejection.EMPTY)
    assert by_name["free"].rejection is Rejection.EMPTY


@pytest.mark.parametrize("ink", ["h", "H"])
def test_ink_that_is_neither_cross_nor_digit_is_unreadable(ink: str) -> None:
    first = read(draw_form({**RIGHT, "first": f"{ink}57"})).readings[0]
    assert first.rejection is Rejection.NO_DIGITS


@pytest.mark.parametrize("cell", [0, 1, 2])
def test_a_blotted_digit_makes_its_field_unreadable(cell: int) -> None:
    page = draw_form(RIGHT)
    cv2.circle(page, (120 + 48 * cell + 24, 120 + 28), 17, PEN, -1)
    first = read(page).readings[0]
    assert first.rejection is Rejection.NO_DIGITS


def test_a_required_field_that_is_empty_is_missing() -> None:
    result = read(draw_form({"first": "125", "both": "173"}))
    assert result.readings[1].rejection is Rejection.MISSING


def test_a_blotted_digit_is_restored_by_the_sum() -> None:
    page = draw_form(RIGHT)
    cv2.circle(page, (120 + 48 + 24, 280 + 28), 17, PEN, -1)
    alone, summed = read(page), read(page, SUMMED)
    assert texts(alone)["both"] != "173"
    reading = summed.readings[2]
    assert (reading.text, reading.rejection, reading.note) == ("173", None, "rule-repaired")
    assert reading.confidence < 1.0


def test_a_form_that_does_not_add_up_says_so() -> None:
    result = read(draw_form({**RIGHT, "both": "183"}), SUMMED)
    assert texts(result)["both"] == "183"
    for reading in result.readings[:3]:
        assert (reading.rejection, reading.note) == (Rejection.RULE, "sum")
