"""The skew of a page, measured on ink that was turned by a known angle."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.deskew import estimate_skew_deg
from digitscan.records import Mask
from tests.drawings import draw_sheet


def lay_rows(slope: float, parts: int = 10, rows: int = 3) -> Mask:
    """Rows of boxes on lines that fall by `slope` rows a column."""
    mask = np.zeros((260, 320), bool)
    for row in range(rows):
        for index in range(parts):
            left = 20 + 28 * index
            top = round(60 + 60 * row + slope * left)
            mask[top : top + 14, left : left + 10] = True
    return mask


def lay_rules(slope: float, pitch: int) -> Mask:
    """Rules from edge to edge that fall by `slope` rows a column, two rows thick."""
    rules = np.zeros((1000, 800), bool)
    columns = np.arange(800)
    for row in range(-200, 1200, pitch):
        tops = np.rint(row + slope * columns).astype(int)
        for rows in (tops, tops + 1):
            on_page = (rows >= 0) & (rows < 1000)
            rules[rows[on_page], columns[on_page]] = True
    return rules


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(np.zeros((1, 1), bool), id="one-pixel-of-paper"),
        pytest.param(np.ones((1, 1), bool), id="one-pixel"),
        pytest.param(np.zeros((900, 700), bool), id="no-ink"),
        pytest.param(np.ones((90, 90), bool), id="all-ink"),
        pytest.param(np.ones((40, 5), bool), id="narrow"),
        pytest.param(np.ones((5, 900), bool), id="low"),
    ],
)
def test_a_page_that_tells_nothing_has_no_skew(mask: Mask) -> None:
    assert estimate_skew_deg(mask) == 0.0


@pytest.mark.parametrize("angle_deg", [-9.0, -5.0, -1.0, 0.0, 0.5, 3.0, 9.0])
def test_a_line_that_falls_has_negative_skew(angle_deg: float) -> None:
    mask = lay_rows(-float(np.tan(np.radians(angle_deg))))
    assert estimate_skew_deg(mask) == pytest.approx(angle_deg, abs=0.5)


@pytest.mark.parametrize("angle_deg", [-9.0, -6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 9.0])
def test_the_skew_of_a_turned_sheet_is_measured(angle_deg: float) -> None:
    sheet, _ = draw_sheet()
    height, width = sheet.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    turned = cv2.warpAffine(sheet, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    assert estimate_skew_deg(np.asarray(turned < 136)) == pytest.approx(angle_deg, abs=0.5)


@pytest.mark.parametrize("pitch", [44, 61, 130])
@pytest.mark.parametrize("angle_deg", [-8.0, -3.0, -0.3, 0.0, 0.7, 2.4, 9.5])
def test_rules_tell_the_skew_closely(angle_deg: float, pitch: int) -> None:
    rules = lay_rules(-float(np.tan(np.radians(angle_deg))), pitch)
    assert estimate_skew_deg(rules) == pytest.approx(angle_deg, abs=0.05)


def test_dashes_tell_it_as_well() -> None:
    rules = lay_rules(0.02, 44)
    rules[:, ::3] = rules[:, 100:180] = False
    assert estimate_skew_deg(rules) == pytest.approx(-np.degrees(np.arctan(0.02)), abs=0.05)


@pytest.mark.parametrize("raised_px", [-12, -9, 10])
def test_a_bent_page_is_left_as_it_lies(raised_px: int) -> None:
    page = np.zeros((1000, 800), bool)
    for column in range(800):
        # Unevenly set, as the lines of a cheque are.
        rows = np.cumsum([60, 90, 130, 70, 160, 110, 200])
        page[rows + round(raised_px * np.sin(np.pi * column / 800)), column] = column % 500 < 430
    assert estimate_skew_deg(page) == 0.0


def test_a_picture_does_not_decide() -> None:
    page = lay_rules(0.05, 130)
    cv2.circle(page.view(np.uint8), (250, 400), 180, 1, -1)
    assert estimate_skew_deg(page) == pytest.approx(-np.degrees(np.arctan(0.05)), abs=0.1)


def test_one_odd_line_does_not_decide() -> None:
    mask = lay_rows(0.0, rows=2)
    mask[170:] = lay_rows(0.12, rows=1)[50:140]
    assert estimate_skew_deg(mask) == pytest.approx(0.0, abs=0.1)
