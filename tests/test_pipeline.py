"""A page from its stored pixels to its result, with a classifier that knows drawn digits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitscan.cropped_field import LOW_PX, make_line
from digitscan.errors import ModelError
from digitscan.fields import FieldKind
from digitscan.imaging.geometry import turn_upright
from digitscan.pipeline import load_reader, read_page
from digitscan.reader import read_lines
from digitscan.recognition import models
from digitscan.records import Box, Floats, Gray, Rejection, Status
from digitscan.settings import ReadersSettings, Settings
from tests.drawings import PAPER, PEN, covers, draw_crop, load_drawn_reader, make_page

DRAWN = load_drawn_reader()


def store(upright: Gray, orientation: int) -> Gray:
    """Store an image so that its orientation turns it upright; 6 and 8 undo each other."""
    return turn_upright(upright, {6: 8, 8: 6}.get(orientation, orientation))


def store_box(box: Box, shape: tuple[int, int], orientation: int) -> Box:
    """Find where the ink of a box lies in the stored image, by storing its pixels."""
    mask = np.zeros(shape, np.uint8)
    mask[box.top : box.bottom, box.left : box.right] = 1
    rows, columns = np.nonzero(store(mask, orientation))
    return Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)


@pytest.mark.parametrize("height_px", [20, 28, 56, 84])
@pytest.mark.parametrize("text", ["0123456789", "007", "86"])
def test_a_crop_is_read_at_any_resolution(text: str, height_px: int) -> None:
    crop, _ = draw_crop(text, height_px)
    result = read_page(make_page(crop), DRAWN, field="digits")
    (reading,) = result.readings
    assert (result.status, reading.text, reading.value) == (Status.READ, text, text)
    assert reading.region.field == "digits"
    assert reading.region.box == Box(0, 0, crop.shape[1], crop.shape[0])
    assert (result.ref.name, result.skew_deg) == ("drawn.png", 0.0)


@pytest.mark.parametrize("height_px", [14, 28, 56])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_picture_of_one_number_needs_no_field(height_px: int, orientation: int) -> None:
    crop, _ = draw_crop("3407", height_px)
    stored = store(crop, orientation)
    (reading,) = read_page(make_page(stored, orientation), DRAWN).readings
    assert (reading.text, reading.rejection, reading.region.field) == ("3407", None, None)
    assert reading.region.box == Box(0, 0, stored.shape[1], stored.shape[0])


def test_a_picture_with_room_around_a_number_is_a_page() -> None:
    crop, _ = draw_crop("3407")
    page = np.full((6 * len(crop), crop.shape[1]), PAPER, np.uint8)
    page[: len(crop)] = crop
    (reading,) = read_page(make_page(page), DRAWN).readings
    assert reading.text == "3407"
    assert reading.region.box.bottom < len(crop)


def check_boxes(height_px: int, orientation: int, slack: int, room: int) -> None:
    """Hold that the digits of a stored crop are read where they lie."""
    crop, boxes = draw_crop("3407", height_px)
    stored = store(crop, orientation)
    (reading,) = read_page(make_page(stored, orientation), DRAWN, field="digits").readings
    assert reading.text == "3407"
    assert reading.region.box == Box(0, 0, stored.shape[1], stored.shape[0])
    for digit, box in zip(reading.digits, boxes, strict=True):
        there = store_box(box, crop.shape, orientation)
        assert covers(digit.box, there, slack)
        assert covers(there, digit.box, room)


@pytest.mark.parametrize("orientation", [1, 6])
def test_digits_of_a_crop_with_low_writing_lie_on_the_crop(orientation: int) -> None:
    check_boxes(round(0.6 * LOW_PX), orientation, 2, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_crop_is_read_however_it_is_stored(orientation: int) -> None:
    check_boxes(28, orientation, 3, 5)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.full((1, 1), PAPER, np.uint8), id="one-pixel"),
        pytest.param(np.full((50, 90), PAPER, np.uint8), id="paper"),
        pytest.param(np.full((50, 90), PEN, np.uint8), id="all-ink"),
    ],
)
def test_a_crop_without_writing_is_empty(image: Gray) -> None:
    result = read_page(make_page(image), DRAWN, field="amount")
    assert (result.status, result.readings) == (Status.EMPTY, ())
    assert result.reason


def test_a_crop_of_ink_that_is_no_digit_is_rejected() -> None:
    reader = replace(DRAWN, digits=_Blind())
    result = read_page(make_page(draw_crop("WRAP")[0]), reader, field="amount")
    assert result.status is Status.REJECTED
    (reading,) = result.readings
    assert (reading.text, reading.rejection) == ("", Rejection.NO_DIGITS)


class _Blind:
    """Takes everything for rubbish."""

    def classify(self, tiles: Floats) -> Floats:
        """Put all on the last of the eleven labels."""
        return np.eye(11, dtype=np.float32)[np.full(len(tiles), 10)]


def test_a_reading_that_the_field_forbids_rejects_the_page() -> None:
    result = read_page(make_page(draw_crop("99999999")[0]), DRAWN, field="date")
    assert result.status is Status.REJECTED
    assert result.readings[0].rejection is Rejection.GRAMMAR


def test_rules_and_neighbors_of_a_crop_are_left_out() -> None:
    crop, _ = draw_crop("3407", 30)
    crop[52:54] = PEN
    crop[:6, 20:80] = PEN
    assert read_page(make_page(crop), DRAWN, field="digits").readings[0].text == "3407"


def test_a_field_of_no_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'colour' is not a valid FieldKind"):
        read_page(make_page(draw_crop("1")[0]), DRAWN, field="colour")


def test_the_evidence_of_a_crop_is_kept() -> None:
    line = make_line(draw_crop("3407")[0], Settings(), FieldKind.DIGITS)
    (considered,) = read_lines((line,), DRAWN)
    assert considered.reading.text == "3407"
    assert considered.evidence is not None
    assert considered.evidence.digits == 4


def test_the_same_page_gives_the_same_result() -> None:
    crop, _ = draw_crop("3407")
    crop.setflags(write=False)
    before = crop.copy()
    first = read_page(make_page(crop), DRAWN, field="digits")
    assert read_page(make_page(crop), DRAWN, field="digits") == first
    assert np.array_equal(crop, before)


def test_without_models_there_is_no_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MODEL_ROOTS", (tmp_path, tmp_path))
    with pytest.raises(ModelError, match="no model 'digits' is installed"):
        load_reader(Settings(readers=ReadersSettings(strings=False)))
