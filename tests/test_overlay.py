"""Drawings: boxes and texts where they belong, the page itself untouched."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import OutputError
from digitscan.overlay import READ_COLOR, REJECTED_COLOR, draw_readings, write_overlay
from digitscan.records import (
    Box,
    Digit,
    Page,
    PageRef,
    PageResult,
    Reading,
    Region,
    Rejection,
    Status,
)

REF = PageRef("/in/a.png", 1, "sub/a.png")
PAGE = Page(REF, np.full((200, 300), 255, np.uint8))


def result(rejection: Rejection | None, box: Box, text: str = "42") -> PageResult:
    digits = (Digit(Box(110, 110, 120, 130), "4", 0.9),)
    reading = Reading(Region(box), text, text, 0.9, rejection=rejection, digits=digits)
    return PageResult(REF, Status.READ, (reading,))


@pytest.mark.parametrize(
    ("rejection", "color"), [(None, READ_COLOR), (Rejection.LOW_CONFIDENCE, REJECTED_COLOR)]
)
def test_the_box_has_the_color_of_the_outcome(
    rejection: Rejection | None, color: tuple[int, int, int]
) -> None:
    canvas = draw_readings(PAGE, result(rejection, Box(100, 100, 200, 140)))
    assert tuple(canvas[120, 100]) == color
    assert tuple(canvas[139, 150]) == color
    assert tuple(canvas[145, 150]) == (255, 255, 255)
    assert PAGE.image.min() == 255


@pytest.mark.parametrize(
    "box",
    [
        pytest.param(Box(0, 0, 1, 1), id="one-pixel-in-the-corner"),
        pytest.param(Box(0, 0, 300, 200), id="the-whole-page"),
        pytest.param(Box(299, 199, 300, 200), id="last-pixel"),
    ],
)
def test_any_box_on_the_page_can_be_drawn(box: Box) -> None:
    canvas = draw_readings(PAGE, result(None, box, text="9" * 60))
    assert canvas.shape == (200, 300, 3)
    assert canvas.min() < 255


def test_a_page_without_reading_says_its_status() -> None:
    canvas = draw_readings(PAGE, PageResult(REF, Status.EMPTY, reason="blank"))
    assert tuple(canvas[1, 1]) == REJECTED_COLOR


def test_a_drawing_stays_below_its_folder(tmp_path: Path) -> None:
    page = Page(PageRef("/in/a.png", 2, "../caf\udce9/a.png"), PAGE.image)
    path = write_overlay(tmp_path, page, result(None, Box(1, 1, 9, 9)))
    assert path.relative_to(tmp_path).as_posix() == "_/caf\\xe9/a.png-page2.jpg".replace("\\", "_")
    assert cv2.imread(str(path)).shape == (200, 300, 3)


def test_a_drawing_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another --debug-dir"):
        write_overlay(tmp_path / "file", PAGE, result(None, Box(1, 1, 9, 9)))
