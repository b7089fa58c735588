"""The frame of the string reader: what is put where, and what is left out."""

import numpy as np
import pytest

from digitscan.imaging.line_ink import lift_ink, measure_ink
from digitscan.imaging.lines import (
    BAND_PX,
    LINE_PX,
    MAX_WIDTH_PX,
    VIEWS,
    View,
    estimate_band,
    estimate_slant,
    find_strokes,
    frame_line,
    normalize_line,
    normalize_views,
)


def _strokes(height: int, top: int, bottom: int, width: int = 200) -> np.ndarray:
    """Paper with five upright strokes between two rows."""
    crop = np.full((height, width), 210, np.uint8)
    for left in range(30, width - 30, 30):
        crop[top:bottom, left : left + 4] = 70
    return crop


def _ink_rows(line: np.ndarray) -> tuple[int, int]:
    rows = np.flatnonzero(line[:, :, 0].max(axis=1) > 0.5)
    return int(rows[0]), int(rows[-1]) + 1


@pytest.mark.parametrize(
    ("height", "top", "bottom"),
    [
        pytest.param(44, 2, 42, id="tight"),
        pytest.param(80, 20, 60, id="half-filled"),
        pytest.param(120, 70, 115, id="low-in-a-loose-crop"),
        pytest.param(300, 100, 200, id="300-dpi"),
    ],
)
def test_writing_fills_the_band_however_the_crop_is_cut(height: int, top: int, bottom: int) -> None:
    line = normalize_line(_strokes(height, top, bottom))
    first, last = _ink_rows(line)
    assert last - first == pytest.approx(BAND_PX, abs=3)
    assert (first + last) / 2 == pytest.approx(LINE_PX / 2, abs=2)


@pytest.mark.parametrize(
    "crop",
    [
        pytest.param(np.full((1, 1), 7, np.uint8), id="one-pixel"),
        pytest.param(np.zeros((50, 50), np.uint8), id="all-black"),
        pytest.param(np.full((50, 120), 255, np.uint8), id="all-white"),
        pytest.param(np.full((3, 500), 128, np.uint8), id="flat"),
        pytest.param(np.full((500, 3), 128, np.uint8), id="upright"),
    ],
)
def test_nothing_written_is_paper(crop: np.ndarray) -> None:
    line = normalize_line(crop)
    assert line.dtype == np.float32
    assert line.shape[0] == LINE_PX
    assert line.shape[1] % 4 == 0
    assert 16 <= line.shape[1] <= MAX_WIDTH_PX
    assert float(line.max()) < 0.05


def test_very_long_crops_are_squeezed() -> None:
    assert normalize_line(np.full((20, 4000), 200, np.uint8)).shape == (LINE_PX, MAX_WIDTH_PX, 1)


def test_shade_and_contrast_do_not_matter() -> None:
    crop = _strokes(60, 15, 45)
    faint = (160 + (crop.astype(np.float32) - 70) * 0.3).astype(np.uint8)
    shaded = np.clip(crop - np.linspace(0, 50, 200)[np.newaxis], 0, 255).astype(np.uint8)
    plain = normalize_line(crop)
    np.testing.assert_allclose(normalize_line(faint), plain, atol=0.15)
    np.testing.assert_allclose(normalize_line(shaded), plain, atol=0.2)


def test_a_faint_pen_beside_black_print_is_lifted() -> None:
    crop = _strokes(60, 15, 45)
    crop[15:45, 90:94] = 150
    ink = measure_ink(crop)
    assert ink[30, 91] > 1.2 * 255 * (210 - 150) / (210 - 70)


@pytest.mark.parametrize("height", [30, 60, 200])
def test_ink_alone_is_measured_as_on_white_paper(height: int) -> None:
    crop = _strokes(height, height // 4, 3 * height // 4)
    crop[:, 90:94] = np.minimum(crop[:, 90:94] + 60, 210)
    ink = np.asarray((210 - crop) * (255 / 140), np.uint8)
    on_white = measure_ink(np.asarray(255 - ink, np.uint8))
    np.testing.assert_allclose(lift_ink(ink).astype(int), on_white.astype(int), atol=8)


@pytest.mark.parametrize(
    "clutter",
    [
        pytest.param((slice(78, 81), slice(0, 200)), id="rule-below"),
        pytest.param((slice(0, 8), slice(40, 120)), id="line-above-cut-off"),
        pytest.param((slice(0, 100), slice(10, 12)), id="wall"),
        pytest.param((slice(20, 24), slice(100, 104)), id="speck"),
    ],
)
def test_band_ignores(clutter: tuple[slice, slice]) -> None:
    crop = _strokes(100, 30, 70)
    crop[clutter] = 70
    top, bottom = estimate_band(find_strokes(measure_ink(crop)))
    scale = 88 / 100
    assert top == pytest.approx(30 * scale, abs=2)
    assert bottom == pytest.approx(70 * scale, abs=2)


def test_rules_and_walls_are_no_strokes() -> None:
    ink = np.zeros((60, 200), np.uint8)
    ink[20:40, 100:104] = 255
    strokes = find_strokes(ink)
    np.testing.assert_array_equal(strokes, ink // 255)
    ink[50], ink[:, 150] = 255, 255
    np.testing.assert_array_equal(find_strokes(ink), strokes)


def test_specks_are_not_blown_up() -> None:
    strokes = np.zeros((88, 88), np.uint8)
    strokes[40:52, 40:44] = 1
    top, bottom = estimate_band(strokes)
    assert bottom - top >= 0.2 * 88


def test_views_move_and_scale_the_same_ink() -> None:
    crop = _strokes(60, 15, 45)
    views = normalize_views(crop)
    assert len(views) == len(VIEWS)
    np.testing.assert_array_equal(views[0], normalize_line(crop))
    ink = measure_ink(crop)
    low = frame_line(ink, View(down_px=3.0))
    assert _ink_rows(low)[0] == _ink_rows(views[0])[0] + 3
    small = _ink_rows(frame_line(ink, View(zoom=0.5)))
    assert small[1] - small[0] == pytest.approx(BAND_PX / 2, abs=2)


def test_input_is_left_alone() -> None:
    crop = _strokes(60, 15, 45)
    crop.flags.writeable = False
    before = crop.copy()
    normalize_line(crop)
    np.testing.assert_array_equal(crop, before)


@pytest.mark.parametrize(
    "crop",
    [
        pytest.param(np.zeros((0, 10), np.uint8), id="no-rows"),
        pytest.param(np.zeros((10, 10, 3), np.uint8), id="color"),
        pytest.param(np.zeros((10, 10), np.float32), id="floats"),
    ],
)
def test_what_is_no_gray_crop_is_refused(crop: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        normalize_line(crop)


def test_view_refuses_zero_size() -> None:
    with pytest.raises(ValueError, match="above 0"):
        View(zoom=0.0)


def _lean(crop: np.ndarray, slant: float) -> np.ndarray:
    """The crop sheared about its middle: `slant` columns to the right per row up."""
    leaning = np.full_like(crop, 210)
    for row in range(crop.shape[0]):
        leaning[row] = np.roll(crop[row], round(slant * (crop.shape[0] / 2 - row)))
    return leaning


@pytest.mark.parametrize("slant", [-0.2, 0.0, 0.35, 0.7])
def test_slant_is_measured_and_taken_out(slant: float) -> None:
    crop = _lean(_strokes(60, 10, 50), slant)
    strokes = find_strokes(measure_ink(crop))
    assert estimate_slant(strokes, *estimate_band(strokes)) == pytest.approx(slant, abs=0.06)
    columns = normalize_line(crop)[10:30, :, 0].max(axis=0) > 0.5
    upright = normalize_line(_strokes(60, 10, 50))[10:30, :, 0].max(axis=0) > 0.5
    assert columns.sum() <= upright.sum() + 12


def test_rules_and_paper_have_no_slant() -> None:
    ink = np.zeros((60, 200), np.uint8)
    assert estimate_slant(find_strokes(ink), 0.0, 60.0) == 0.0
    ink[40:43] = 255
    assert estimate_slant(find_strokes(ink), 0.0, 60.0) == 0.0
    assert estimate_slant(find_strokes(ink), 20.0, 21.0) == 0.0
