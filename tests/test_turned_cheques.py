"""Whole cheques with all their print say the same however they lie on the sheet, and as negatives.

A sheet with two numbers on it tells little: upside down a cheque is full of what may be digits.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.pipeline import read_page
from digitscan.reader import Reader
from digitscan.records import Gray, Page, PageRef


def read_values(gray: Gray, reader: Reader) -> list[str]:
    """Read a page and return what is sure on it."""
    readings = read_page(Page(PageRef("cheque", 1, "cheque"), gray), reader).readings
    return sorted(one.text for one in readings if one.confidence > 0.9)


def load_gray(path: Path) -> Gray:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


def check_turns(gray: Gray, reader: Reader) -> None:
    upright = read_values(gray, reader)
    assert len(upright) > 2
    for quarters in (1, 2, 3):
        assert read_values(np.ascontiguousarray(np.rot90(gray, quarters)), reader) == upright
    assert read_values(255 - gray, reader) == upright


@pytest.mark.parametrize("name", ["cheque-1.jpg", "cheque-2.jpg", "cheque-3.png"])
def test_a_drawn_cheque_reads_the_same(name: str, samples: Path, reader: Reader) -> None:
    check_turns(load_gray(samples / "scans" / name), reader)


@pytest.mark.parametrize("name", ["083656.jpg", "100829.jpg", "309090.jpg"])
def test_a_real_cheque_reads_the_same(name: str, real_data: Path, reader: Reader) -> None:
    check_turns(load_gray(real_data / "cheques" / name), reader)


@pytest.mark.parametrize("name", ["083656.jpg", "309066.jpg", "309090.jpg"])
def test_a_real_cheque_on_a_sheet_is_found(name: str, real_data: Path, reader: Reader) -> None:
    gray = load_gray(real_data / "cheques" / name)
    sheet = np.full((3508, 2480), 250, np.uint8)
    sheet[300 : 300 + gray.shape[0], 50 : 50 + gray.shape[1]] = gray[:, :2430]
    assert set(read_values(gray, reader)) <= set(read_values(sheet, reader))


def test_every_cheque_of_a_sheet_has_its_micr_line(samples: Path, reader: Reader) -> None:
    cheques = [load_gray(samples / "scans" / f"cheque-{name}") for name in ("1.jpg", "2.jpg")]
    width = max(cheque.shape[1] for cheque in cheques)
    sheet = np.full((sum(cheque.shape[0] for cheque in cheques) + 60, width), 250, np.uint8)
    top = 20
    for cheque in cheques:
        sheet[top : top + cheque.shape[0], : cheque.shape[1]] = cheque
        top += cheque.shape[0] + 20
    readings = read_page(Page(PageRef("sheet", 1, "sheet"), sheet), reader).readings
    lines = [one for one in readings if one.region.field == "micr"]
    assert [one.text for one in lines] == [
        "C083654C500025033A290062C31",
        "A021000089A1029384756C1042",
    ]
    assert lines[0].region.box.bottom < cheques[0].shape[0] + 20 < lines[1].region.box.top
