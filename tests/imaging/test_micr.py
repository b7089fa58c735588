"""E-13B lines are found at any resolution, and nothing else is taken for one."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.micr import find_micr_line
from digitscan.imaging.micr_cells import split_micr_cells
from digitscan.records import MicrLine
from training.e13b_glyphs import draw_line

TEXT = "C083654C  500025033A 290062C 31"
SYMBOLS = TEXT.replace(" ", "")
Gray = npt.NDArray[np.uint8]


def _cheque(dpi: float = 300, text: str = TEXT, from_bottom_inch: float = 0.35) -> Gray:
    """Draw an empty cheque, 7 by 3 inches, with one line of magnetic ink."""
    page = np.full((round(3 * dpi), round(7 * dpi)), 235, np.uint8)
    ink = draw_line(text, dpi)
    bottom = page.shape[0] - round(from_bottom_inch * dpi)
    left = round(1.5 * dpi)
    part = page[bottom - ink.shape[0] : bottom, left : left + ink.shape[1]]
    part -= (ink * 0.8).astype(np.uint8)
    return page


def _turn(page: Gray, angle_deg: float) -> Gray:
    center = (page.shape[1] / 2, page.shape[0] / 2)
    turn = cv2.getRotationMatrix2D(center, angle_deg, 1.0)
    return np.asarray(
        cv2.warpAffine(page, turn, page.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _find(page: Gray) -> MicrLine:
    line = find_micr_line(page)
    assert line is not None
    return line


@pytest.mark.parametrize("dpi", [100, 150, 200, 300, 400, 600])
def test_line_is_found_and_cut_at_any_resolution(dpi: int) -> None:
    page = _cheque(dpi)
    line = _find(page)
    assert line.pitch_px == pytest.approx(dpi / 8, rel=0.03)
    assert line.height_px == pytest.approx(0.117 * dpi, rel=0.12)
    assert len(split_micr_cells(page, line)) == len(SYMBOLS)


@pytest.mark.parametrize("angle_deg", [-3.0, -1.0, 2.0, 3.0])
def test_remaining_skew_does_no_harm(angle_deg: float) -> None:
    page = _turn(_cheque(), angle_deg)
    line = _find(page)
    assert np.rad2deg(np.arctan(line.slope)) == pytest.approx(-angle_deg, abs=0.4)
    assert len(split_micr_cells(page, line)) == len(SYMBOLS)


def test_page_is_not_modified() -> None:
    page = _cheque(200)
    page.setflags(write=False)
    before = page.copy()
    split_micr_cells(page, _find(page))
    assert np.array_equal(page, before)


def test_a_line_anywhere_on_the_sheet_is_found() -> None:
    sheet = np.full((1600, 1200), 235, np.uint8)
    cheque = _cheque()
    sheet[50 : 50 + cheque.shape[0], 20 : 20 + cheque.shape[1]] = cheque[:, :1180]
    assert find_micr_line(_cheque(from_bottom_inch=2.2)) is not None
    assert find_micr_line(sheet) is not None


@pytest.mark.parametrize("margin", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("table", [0, 18, 60])
def test_a_line_on_a_cheque_on_a_dark_table_is_found(table: int, margin: float) -> None:
    cheque = _cheque(200)
    grain = np.random.default_rng(4).normal(0, 9, cheque.shape)
    cheque = np.clip(cheque + grain, 0, 255).astype(np.uint8)
    around = round(margin * cheque.shape[0])
    line, alone = _find(np.pad(cheque, around, constant_values=table)), _find(cheque)
    assert line.box.left == pytest.approx(alone.box.left + around, abs=2)
    assert line.pitch_px == pytest.approx(alone.pitch_px, rel=0.02)


@pytest.mark.parametrize("contrast", [1.0, 0.4, 0.25])
def test_a_line_on_a_pale_scan_is_found(contrast: float) -> None:
    page = np.rint(245 - contrast * (245 - _cheque(300).astype(float))).astype(np.uint8)
    assert find_micr_line(page) is not None


def test_bitonal_and_inverted_contrast() -> None:
    page = np.where(_cheque(200) > 150, 255, 0).astype(np.uint8)
    assert find_micr_line(page) is not None
    assert find_micr_line(255 - page) is None


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(np.full((1, 1), 255, np.uint8), id="one-pixel"),
        pytest.param(np.full((900, 2000), 255, np.uint8), id="blank"),
        pytest.param(np.zeros((900, 2000), np.uint8), id="black"),
        pytest.param(np.full((3, 2000), 128, np.uint8), id="three-rows"),
        pytest.param(
            np.random.default_rng(1).integers(0, 256, (900, 2000)).astype(np.uint8), id="noise"
        ),
    ],
)
def test_page_without_writing_has_none(page: Gray) -> None:
    assert find_micr_line(page) is None


def test_printed_text_has_none() -> None:
    page = np.full((1100, 2300), 240, np.uint8)
    words = ("Pay to the order of William Whittaker", "Please sign above 24 months only")
    for row in range(12):
        text = words[row % 2]
        cv2.putText(page, text, (60, 80 + 84 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 20, 3)
    assert find_micr_line(page) is None


def test_grid_of_boxes_has_none() -> None:
    page = np.full((1100, 2300), 240, np.uint8)
    for column in range(30):
        cv2.rectangle(page, (60 + 70 * column, 800), (120 + 70 * column, 900), 20, 3)
    assert find_micr_line(page) is None
