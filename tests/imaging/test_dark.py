"""Dark is what is much darker than the paper around it, on paper of any gray."""

import numpy as np
import pytest

from digitscan.imaging.dark import find_dark


@pytest.mark.parametrize("paper", [255, 180, 90])
@pytest.mark.parametrize("shape", [(60, 80), (61, 83)])
def test_print_is_dark_on_paper_of_any_gray(paper: int, shape: tuple[int, int]) -> None:
    page = np.full(shape, paper, np.uint8)
    page[20:40, 30:34] = paper // 2
    page[:, 60] = round(0.8 * paper)
    expected = np.zeros(shape, np.bool_)
    expected[20:40, 30:34] = True
    np.testing.assert_array_equal(find_dark(page, 0.7), expected)


def test_a_shadow_is_no_print() -> None:
    page = np.tile(np.linspace(250, 80, 400).astype(np.uint8), (100, 1))
    assert not find_dark(page, 0.7).any()


def test_the_page_stays_as_it_was() -> None:
    page = np.full((40, 40), 200, np.uint8)
    page.flags.writeable = False
    find_dark(page, 0.7)
