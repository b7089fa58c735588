"""Cells' probabilities -> the line: its ends, its alternatives, its refusal."""

import numpy as np
import numpy.typing as npt
import pytest

from digitscan.recognition.micr import read_micr
from digitscan.records import Box, Rejection
from digitscan.settings import MicrSettings

LABELS = "0123456789ABCD?"
TEXT = "C083654C5000"


def _rows(text: str, sure: float = 0.99) -> npt.NDArray[np.float32]:
    """Return one row a character, `?` for rubbish, the rest spread evenly."""
    rows = np.full((len(text), 15), (1.0 - sure) / 14, np.float32)
    for row, symbol in zip(rows, text, strict=True):
        row[LABELS.index(symbol)] = sure
    return rows


def _boxes(count: int) -> list[Box]:
    return [Box(20 * k, 0, 20 * k + 14, 18) for k in range(count)]


def test_text_and_confidence_of_a_clean_line() -> None:
    reading = read_micr(_rows(TEXT), _boxes(len(TEXT)))
    assert reading is not None
    assert (reading.text, reading.value, reading.region.field) == (TEXT, TEXT, "micr")
    assert reading.confidence == pytest.approx(0.99 ** len(TEXT), rel=1e-3)
    assert "".join(digit.label for digit in reading.digits) == TEXT


@pytest.mark.parametrize("ends", [("?", ""), ("", "??"), ("???", "?")])
def test_rubbish_at_the_ends_is_left_out(ends: tuple[str, str]) -> None:
    line = ends[0] + TEXT + ends[1]
    reading = read_micr(_rows(line), _boxes(len(line)))
    assert reading is not None
    assert reading.text == TEXT
    assert reading.region.box.left == 20 * len(ends[0])


def test_symbol_alone_behind_rubbish_is_left_out() -> None:
    reading = read_micr(_rows("1???" + TEXT), _boxes(4 + len(TEXT)))
    assert reading is not None
    assert reading.text == TEXT


def test_rubbish_inside_costs_confidence() -> None:
    line = TEXT[:5] + "?" + TEXT[5:]
    reading = read_micr(_rows(line), _boxes(len(line)))
    assert reading is not None
    assert reading.confidence <= 0.5


def test_doubtful_symbol_gives_the_alternative() -> None:
    rows = _rows(TEXT, 0.999)
    rows[3] = 0
    rows[3, [3, 8]] = (0.6, 0.4)
    reading = read_micr(rows, _boxes(len(TEXT)))
    assert reading is not None
    assert reading.text == TEXT
    assert reading.alternatives[0].text == "C088654C5000"
    assert reading.alternatives[0].confidence == pytest.approx(reading.confidence * 2 / 3, rel=1e-3)


def test_check_prefers_a_text_that_passes() -> None:
    rows = _rows(TEXT, 0.999)
    rows[3] = 0
    rows[3, [3, 8]] = (0.6, 0.4)
    reading = read_micr(rows, _boxes(len(TEXT)), check=lambda text: text[3] == "8")
    assert reading is not None
    assert (reading.text, reading.rejection) == ("C088654C5000", None)


def test_check_that_nothing_passes_rejects() -> None:
    reading = read_micr(_rows(TEXT), _boxes(len(TEXT)), check=lambda _: False)
    assert reading is not None
    assert (reading.text, reading.rejection) == (TEXT, Rejection.GRAMMAR)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing"),
        pytest.param("?", id="one-rubbish"),
        pytest.param("?" * 30, id="all-rubbish"),
        pytest.param("123C", id="too-short"),
        pytest.param("1234567890123", id="no-delimiter"),
        pytest.param("1?2?3?4?C?5?6?7?8", id="half-rubbish"),
    ],
)
def test_other_lines_are_none(line: str) -> None:
    assert read_micr(_rows(line), _boxes(len(line))) is None


def test_delimiters_are_a_setting() -> None:
    line = "1234567890123"
    assert read_micr(_rows(line), _boxes(13), MicrSettings(min_delimiters=0)) is not None


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"probabilities are \(2, 15\)"):
        read_micr(_rows("12C"), _boxes(2))
