"""Whole pages: every number is found whichever way the page lies, and nothing else is."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitscan.imaging.geometry import turn_upright
from digitscan.pipeline import read_page
from digitscan.records import Box, Gray, PageResult, Rejection, Status
from digitscan.whole_page import LONE_SHARE, PAIR_SHARE, STROKE_SHARE, read_whole
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
from tests.scripted import Screen, Script

Turn = Callable[[Gray], Gray]

DRAWN = load_drawn_reader()
SHEET, BOXES = draw_sheet(20)
SHEET.setflags(write=False)


def find_stored(box: Box, turn: Turn) -> Box:
    """Find where a box of the sheet lies on the turned sheet, by turning its pixels."""
    mask = np.zeros(SHEET.shape, np.uint8)
    mask[box.top : box.bottom, box.left : box.right] = 255
    rows, columns = np.nonzero(turn(mask) > 127)
    return Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)


def check_numbers(result: PageResult, turn: Turn) -> None:
    """Hold that both numbers were read, each box on its own writing and hardly larger."""
    found = {reading.text: reading for reading in result.readings}
    assert sorted(found) == sorted(SHEET_NUMBERS)
    assert result.status is Status.READ
    for text, box in zip(SHEET_NUMBERS, BOXES, strict=True):
        there = find_stored(box, turn)
        reading = found[text]
        assert covers(reading.region.box, there, 3)
        assert covers(there, reading.region.box, 24)
        assert len(reading.digits) == len(text)
        for digit in reading.digits:
            assert covers(reading.region.box, digit.box, 6)


@pytest.mark.parametrize("quarters", range(4))
def test_a_sheet_is_read_whichever_way_it_lies(quarters: int) -> None:
    def turn(image: Gray) -> Gray:
        return np.ascontiguousarray(np.rot90(image, quarters))

    check_numbers(read_page(make_page(turn(SHEET)), DRAWN), turn)


@pytest.mark.parametrize("orientation", [2, 5, 6, 7])
def test_boxes_lie_on_the_image_as_stored(orientation: int) -> None:
    def turn(image: Gray) -> Gray:
        return turn_upright(image, {6: 8}.get(orientation, orientation))

    check_numbers(read_page(make_page(turn(SHEET), orientation), DRAWN), turn)


@pytest.mark.parametrize("angle_deg", [-9.0, -3.0, 1.0, 6.0, 9.0])
def test_a_skewed_sheet_is_straightened_and_read(angle_deg: float) -> None:
    height, width = SHEET.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)

    def turn(image: Gray) -> Gray:
        border = PAPER if image is SHEET else 0
        return np.asarray(
            cv2.warpAffine(image, matrix, (width, height), borderValue=(border,)), np.uint8
        )

    result = read_page(make_page(turn(SHEET)), DRAWN)
    assert result.skew_deg == pytest.approx(angle_deg, abs=0.5)
    check_numbers(result, turn)


@pytest.mark.parametrize("height_px", [24, 60])
def test_a_finer_scan_reads_the_same(height_px: int) -> None:
    sheet, boxes = draw_sheet(height_px)
    readings, skew_deg = read_whole(sheet, DRAWN)
    assert [reading.text for reading in readings] == list(SHEET_NUMBERS)
    assert skew_deg == 0.0
    for reading, box in zip(readings, boxes, strict=True):
        assert covers(reading.region.box, box, 4)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.full((1, 1), PAPER, np.uint8), id="one-pixel"),
        pytest.param(np.full((1, 400), PAPER, np.uint8), id="one-row"),
        pytest.param(np.full((400, 1), PAPER, np.uint8), id="one-column"),
        pytest.param(np.full((200, 300), PAPER, np.uint8), id="blank"),
        pytest.param(np.full((200, 300), 0, np.uint8), id="all-ink"),
    ],
)
def test_an_empty_page_is_empty(image: Gray) -> None:
    image.setflags(write=False)
    result = read_page(make_page(image), DRAWN)
    assert (result.status, result.readings, result.skew_deg) == (Status.EMPTY, (), 0.0)


def test_a_page_of_words_is_empty() -> None:
    page = np.full((200, 400), PAPER, np.uint8)
    for row, words in enumerate(("Pay Fanny Parker", "MY WARRANT", "thank YAMAHA")):
        write_text(page, words, 20, 50 + 50 * row, 20)
    assert read_page(make_page(page), DRAWN).status is Status.EMPTY


def test_a_page_of_rules_is_empty() -> None:
    page = np.full((300, 400), PAPER, np.uint8)
    page[20::40] = PEN
    page[:, 10::70] = PEN
    assert read_page(make_page(page), DRAWN).status is Status.EMPTY


def test_the_page_is_not_modified() -> None:
    page = SHEET.copy()
    page.setflags(write=False)
    read_whole(page, DRAWN)
    assert np.array_equal(page, SHEET)


def test_readings_come_from_the_top_down() -> None:
    readings, _ = read_whole(SHEET, DRAWN)
    tops = [reading.region.box.top for reading in readings]
    assert tops == sorted(tops)


def test_captions_below_the_cells_of_a_comb_are_no_numbers() -> None:
    page = np.full((300, 700), PAPER, np.uint8)
    for place, digit in enumerate("2504"):
        left = 100 + 60 * place
        cv2.rectangle(page, (left, 100), (left + 60, 160), (PEN,), 2)
        write_text(page, digit, left + 20, 145, 26)
        write_text(page, "0", left + 20, 195, 26)
    assert [reading.text for reading in read_whole(page, DRAWN)[0]] == ["2504"]


def test_boxes_with_broad_walls_hold_one_number() -> None:
    # Walls as broad as a pen: without them a 5 against its wall is left out, 2 and 04 are found.
    page = np.full((400, 1250), PAPER, np.uint8)
    for place, digit in enumerate("25048163"):
        left = 100 + 70 * place
        cv2.rectangle(page, (left, 100), (left + 70, 180), (PEN,), 8)
        write_text(page, digit, left + 24 - 17 * (digit == "5"), 153, 26)
    assert [reading.text for reading in read_whole(page, DRAWN)[0]] == ["25048163"]


def test_a_number_that_may_be_a_word_is_doubted() -> None:
    reader = replace(DRAWN, words=Screen(0.6, 0.01), strings=Script("3473"))
    (only,), _ = read_whole(SHEET, reader)
    assert only.text == "3473"
    assert 0.5 < only.confidence <= 0.6


@pytest.mark.parametrize(
    ("text", "share"),
    [pytest.param("4", LONE_SHARE, id="lone"), pytest.param("43", PAIR_SHARE, id="pair")],
)
def test_few_digits_in_no_box_are_doubted(text: str, share: float) -> None:
    sheet = SHEET.copy()
    write_text(sheet, text, 460, 150, 20)
    readings, _ = read_whole(sheet, DRAWN)
    (short,) = [one for one in readings if one.text == text]
    assert share - 0.02 < short.confidence <= share
    assert min(one.confidence for one in readings if len(one.text) > 2) > 0.97


def test_a_number_beside_a_bare_stroke_is_doubted() -> None:
    sheet, (number, _) = draw_sheet(60)
    left = number.left - (number.bottom - number.top) // 5
    # Straight, thin and high, below a line: it passes for the wall of a box, and may be a 1.
    sheet[number.top : number.bottom, left - 3 : left] = PEN
    sheet[number.top - 3 : number.top, left - 120 : left] = PEN
    readings, _ = read_whole(sheet, DRAWN)
    (doubted,) = [one for one in readings if one.text == SHEET_NUMBERS[0]]
    assert doubted.confidence == pytest.approx(STROKE_SHARE, abs=0.02)


@pytest.mark.parametrize(("pale", "share"), [(0.6, STROKE_SHARE), (0.95, 1.0)])
def test_a_pale_stroke_at_the_end_of_a_number_is_doubted(pale: float, share: float) -> None:
    sheet = np.full((300, 600), PAPER, np.uint8)
    first, *_ = write_text(sheet, "14825", 200, 150, 40)
    ((plain,), _) = read_whole(sheet, DRAWN)
    stroke = sheet[first.top : first.bottom, first.left : first.right]
    stroke[:] = np.rint(PAPER - pale * (PAPER - stroke.astype(float))).astype(np.uint8)
    ((found,), _) = read_whole(sheet, DRAWN)
    assert found.text == plain.text == "14825"
    assert found.confidence == pytest.approx(share * plain.confidence, abs=0.03)


def test_the_string_reader_sees_the_rule_that_a_number_stands_on() -> None:
    class Watch(Script):
        """Notes the lines that it is shown."""

        def score(self, fields):  # type: ignore[no-untyped-def]
            # The first and the last row say that these lines are ink alone.
            self.lines = [views[0][1:-1, :, 0] for views in fields]
            return super().score(fields)

    free, (number, _) = draw_sheet(40)
    ruled = free.copy()
    ruled[number.bottom - 1 : number.bottom + 2, number.left - 90 : number.right + 90] = PEN
    seen = []
    for sheet in (free, ruled):
        strings = Watch(*SHEET_NUMBERS)
        readings, _ = read_whole(sheet, replace(DRAWN, strings=strings))
        assert SHEET_NUMBERS[0] in [one.text for one in readings]
        seen.append(float(strings.lines[0].mean(axis=1).max()))
    assert seen[0] < 0.6
    assert seen[1] > 0.8


@pytest.mark.parametrize(
    ("room", "expected"), [(2, Rejection.CUT_OFF), (10, Rejection.CUT_OFF), (16, None)]
)
def test_what_the_end_of_the_page_may_cut_off_is_withheld(
    room: int, expected: Rejection | None
) -> None:
    # Digits are 20 px high: a digit more would have stood within 12 px.
    page = np.ascontiguousarray(SHEET[:, : BOXES[1].right + room])
    whole, at_end = sorted(read_page(make_page(page), DRAWN).readings, key=lambda one: one.text)
    assert (whole.text, whole.rejection) == (SHEET_NUMBERS[0], None)
    assert (at_end.text, at_end.rejection) == (SHEET_NUMBERS[1], expected)


@pytest.mark.parametrize(
    ("pitch", "wide", "square"), [(16, 1, 150), (24, 3, 200), (28, 2, 100), (34, 3, 70)]
)
def test_numbers_on_squared_paper_are_found(pitch: int, wide: int, square: int) -> None:
    page = np.full(SHEET.shape, PAPER, np.uint8)
    for first in range(5, 5 + wide):
        page[first::pitch] = page[:, first + 2 :: pitch] = square
    found = read_page(make_page(np.minimum(page, SHEET)), DRAWN).readings
    assert [reading.text for reading in found] == list(SHEET_NUMBERS)
