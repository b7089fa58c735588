"""Strokes left out beside a number: what may be a digit, and what is none."""

import numpy as np
import pytest

from digitscan.imaging.strokes_beside import find_stroke_beside
from digitscan.records import Box

NUMBER = Box(30, 10, 90, 40)


def _ink(rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    ink = np.zeros((50, 120), np.bool_)
    ink[rows[0] : rows[1], columns[0] : columns[1]] = True
    return ink


@pytest.mark.parametrize(
    ("rows", "columns", "is_found"),
    [
        pytest.param((10, 40), (22, 26), True, id="left"),
        pytest.param((10, 40), (94, 98), True, id="right"),
        pytest.param((8, 38), (22, 26), True, id="a-little-higher"),
        pytest.param((8, 50), (22, 26), True, id="down-to-a-rule"),
        pytest.param((0, 50), (22, 26), False, id="wall"),
        pytest.param((10, 25), (22, 26), False, id="half-as-high"),
        pytest.param((10, 40), (10, 28), False, id="as-wide-as-a-letter"),
        pytest.param((10, 40), (50, 54), False, id="within-the-number"),
        pytest.param((0, 0), (0, 0), False, id="nothing"),
    ],
)
def test_stroke_is_found(rows: tuple[int, int], columns: tuple[int, int], is_found: bool) -> None:
    assert find_stroke_beside(_ink(rows, columns), NUMBER) is is_found


def test_number_that_fills_its_window_has_nothing_beside() -> None:
    assert find_stroke_beside(np.ones((30, 60), np.bool_), Box(0, 0, 60, 30)) is False
