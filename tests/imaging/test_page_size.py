"""Pages are reduced and enlarged by whole factors, large sheets less where their dpi is known."""

import numpy as np
import pytest

from digitscan.imaging.page_size import choose_factor, enlarge_page, reduce_page
from digitscan.settings import RegionSettings


@pytest.mark.parametrize(
    ("shape", "factor", "small"),
    [
        pytest.param((1, 1), 1, (1, 1), id="one-pixel"),
        pytest.param((300, 200), 1, (300, 200), id="small-enough"),
        pytest.param((620, 400), 3, (206, 133), id="sides-that-do-not-divide"),
        pytest.param((1, 900), 4, (1, 225), id="one-row"),
    ],
)
def test_a_page_is_reduced_by_a_whole_factor(
    shape: tuple[int, int], factor: int, small: tuple[int, int]
) -> None:
    page = np.full(shape, 180, np.uint8)
    page.setflags(write=False)
    assert choose_factor(shape, None, RegionSettings(long_side_px=210)) == factor
    found = reduce_page(page, factor)
    assert found.shape == small
    assert (found == 180).all()


def test_a_reduced_pixel_is_the_mean_of_its_square() -> None:
    page = np.zeros((4, 4), np.uint8)
    page[:2, 2:] = 200
    page[2, 0] = 40
    assert reduce_page(page, 2).tolist() == [[0, 200], [10, 0]]


@pytest.mark.parametrize(
    ("shape", "dpi", "factor"),
    [
        pytest.param((1100, 2400), 300.0, 2, id="a-cheque"),
        pytest.param((1100, 2400), 600.0, 2, id="never-coarser-than-without"),
        pytest.param((1100, 2400), 150.0, 1, id="a-large-sheet"),
        pytest.param((3508, 2480), 300.0, 2, id="a4"),
        pytest.param((3508, 2480), 100.0, 2, id="up-to-twice-the-long-side"),
        pytest.param((400, 300), 600.0, 1, id="never-enlarged"),
    ],
)
def test_the_resolution_keeps_large_sheets_fine(
    shape: tuple[int, int], dpi: float, factor: int
) -> None:
    assert choose_factor(shape, dpi, RegionSettings()) == factor


def test_an_enlarged_page_shows_the_same() -> None:
    page = np.full((20, 30), 200, np.uint8)
    page[5:15, 10:20] = 40
    large = enlarge_page(page, 2)
    assert enlarge_page(page, 1) is page
    assert large.shape == (40, 60)
    assert (large[14:26, 24:36] == 40).all() and (large[:6] == 200).all()
