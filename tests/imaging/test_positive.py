"""Light writing on a dark ground becomes dark on light; a dark page alone is left as it is."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.positive import is_negative, make_positive
from digitscan.records import Gray


def write_page(paper: int, pen: int, height: int = 300, width: int = 500) -> Gray:
    """Write three lines of digits on paper of one gray."""
    page = np.full((height, width), paper, np.uint8)
    for row in range(60, height, 90):
        cv2.putText(page, "4711 0815", (20, row), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (pen,), 4)
    return page


@pytest.mark.parametrize(
    ("paper", "pen", "expected"),
    [
        pytest.param(230, 40, False, id="dark-on-light"),
        pytest.param(110, 20, False, id="dark-on-dark-paper"),
        pytest.param(60, 10, False, id="a-scan-without-light"),
        pytest.param(25, 215, True, id="negative"),
        pytest.param(100, 230, True, id="pale-negative"),
        pytest.param(0, 255, True, id="bitonal-negative"),
        pytest.param(0, 0, False, id="all-black"),
        pytest.param(255, 255, False, id="all-white"),
    ],
)
def test_writing_lighter_than_its_ground_is_a_negative(
    paper: int, pen: int, expected: bool
) -> None:
    page = write_page(paper, pen)
    assert is_negative(page) is expected
    found = make_positive(page)
    assert np.array_equal(found, 255 - page if expected else page)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 2), (28, 28), (4000, 20)])
def test_any_size_is_judged(size: tuple[int, int]) -> None:
    assert not is_negative(np.zeros(size, np.uint8))


def test_a_tile_of_light_ink_is_a_negative() -> None:
    tile = np.zeros((28, 28), np.uint8)
    cv2.putText(tile, "7", (5, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255,), 2)
    assert is_negative(tile)


def test_a_cheque_on_a_dark_table_is_no_negative() -> None:
    table = np.full((900, 1500), 20, np.uint8)
    turn = cv2.getRotationMatrix2D((250, 150), 8, 1.0)
    turn[:, 2] += (500, 300)
    cv2.warpAffine(write_page(200, 60), turn, (1500, 900), table, borderMode=cv2.BORDER_TRANSPARENT)
    assert np.median(table) == 20
    assert not is_negative(table)


def test_the_page_stays_as_it_was() -> None:
    page = write_page(20, 220)
    page.flags.writeable = False
    make_positive(page)
