"""Crops of fields that were cut with their labels, walls and neighbors."""

import csv
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.cropped_field import CLEAR, make_line
from digitscan.fields import FieldKind
from digitscan.pipeline import read_page
from digitscan.reader import Reader, read_lines
from digitscan.records import Gray, Page, PageRef, Reading
from digitscan.settings import Settings


def crop_field(folder: Path, file: str, field: str) -> tuple[Gray, str]:
    """Cut a field out of a real cheque by its box, and return what it says."""
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as lines:
        row = next(row for row in csv.DictReader(lines) if row["file"] == file)
    left, top, right, bottom = map(int, re.findall(r"\d+", row[f"{field}_box"]))
    page = np.asarray(cv2.imread(str(folder / file), cv2.IMREAD_GRAYSCALE), np.uint8)
    return page[top:bottom, left:right], row[field]


def read_crop(gray: Gray, kind: str, reader: Reader) -> Reading:
    (reading,) = read_page(Page(PageRef("crop", 1, "crop"), gray), reader, field=kind).readings
    return reading


@pytest.mark.parametrize(
    ("file", "least"), [("083655.jpg", 0.95), ("100830.jpg", CLEAR), ("309089.jpg", CLEAR)]
)
def test_a_second_look_makes_an_account_with_its_label_sure(
    file: str, least: float, real_data: Path, reader: Reader
) -> None:
    crop, account = crop_field(real_data / "cheques", file, "account")
    line = make_line(crop, Settings(), FieldKind.DIGITS)
    first = read_lines((line,), reader)[0].reading
    reading = read_crop(crop, "digits", reader)
    assert reading.text == first.text == account
    assert reading.confidence > first.confidence
    assert reading.confidence >= least
    assert reading.region.box.right == crop.shape[1]
    total = reading.confidence + sum(one.confidence for one in reading.alternatives)
    assert total <= 1.0 + 1e-9


def test_another_number_of_the_crop_is_no_rival(real_data: Path, reader: Reader) -> None:
    crop, amount = crop_field(real_data / "cheques", "309074.jpg", "amount")
    below = np.full((60, crop.shape[1]), 240, np.uint8)
    cv2.putText(below, "911010", (20, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (40,), 3)
    reading = read_crop(np.concatenate([crop, below]), "amount", reader)
    assert reading.text != "911010"
    assert reading.text == amount or reading.confidence < CLEAR
