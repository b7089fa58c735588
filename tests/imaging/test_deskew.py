"""The skew of a page, measured on lines of writing that were turned by a known angle."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.components import find_components
from digitscan.imaging.deskew import MIN_PARTS, estimate_skew_deg
from digitscan.imaging.regions import find_lines
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


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(np.zeros((1, 1), bool), id="one-pixel-of-paper"),
        pytest.param(np.ones((1, 1), bool), id="one-pixel"),
        pytest.param(np.ones((90, 90), bool), id="all-ink"),
        pytest.param(lay_rows(0.1, parts=MIN_PARTS - 1), id="lines-too-short"),
    ],
)
def test_a_page_without_a_long_line_has_no_skew(mask: Mask) -> None:
    assert estimate_skew_deg(find_lines(find_components(mask))) == 0.0


@pytest.mark.parametrize("angle_deg", [-9.0, -5.0, -1.0, 0.0, 0.5, 3.0, 9.0])
def test_a_line_that_falls_has_negative_skew(angle_deg: float) -> None:
    mask = lay_rows(-float(np.tan(np.radians(angle_deg))))
    assert estimate_skew_deg(find_lines(find_components(mask))) == pytest.approx(angle_deg, abs=0.3)


@pytest.mark.parametrize("angle_deg", [-9.0, -6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 9.0])
def test_the_skew_of_a_turned_sheet_is_measured(angle_deg: float) -> None:
    sheet, _ = draw_sheet()
    height, width = sheet.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    turned = cv2.warpAffine(sheet, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    assert estimate_skew_deg(find_lines(find_components(turned < 136))) == pytest.approx(
        angle_deg, abs=0.5
    )


def test_one_odd_line_does_not_decide() -> None:
    mask = lay_rows(0.0, rows=2)
    mask[170:] = lay_rows(0.12, rows=1)[50:140]
    assert estimate_skew_deg(find_lines(find_components(mask))) == pytest.approx(0.0, abs=0.1)
