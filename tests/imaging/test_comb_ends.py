"""A comb of which boxes were not found is known by the digits beside it."""

import numpy as np
import pytest

from digitscan.imaging.comb_ends import is_cut_short
from digitscan.imaging.combs import Comb
from digitscan.records import Box


def make_comb(left: int, count: int, gap: int = 0, top: int = 100) -> Comb:
    lefts = [left + (40 + gap) * number for number in range(count)]
    cells = tuple(Box(x, top, x + 40, top + 50) for x in lefts)
    return Comb(Box(left, top, lefts[-1] + 40, top + 50), cells)


COMB = make_comb(200, 4)
"""From 200 to 360."""


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        pytest.param([370, 110, 392, 142], True, id="a digit on the right"),
        pytest.param([168, 110, 190, 142], True, id="on the left"),
        pytest.param([430, 110, 452, 142], False, id="two boxes away"),
        pytest.param([370, 118, 384, 130], False, id="a letter of a label"),
        pytest.param([366, 100, 369, 150], False, id="a wall"),
        pytest.param([370, 170, 392, 202], False, id="below"),
        pytest.param([365, 110, 460, 142], False, id="a word"),
        pytest.param([215, 110, 237, 142], False, id="its own digit"),
    ],
)
def test_what_stands_beside(box: list[int], wanted: bool) -> None:
    assert is_cut_short(COMB, [COMB], np.array([box], np.int32)) == wanted


def test_the_digits_of_another_comb_are_its_own() -> None:
    month = make_comb(368, 2)
    digits = np.array([[376, 110, 398, 142]], np.int32)
    assert not is_cut_short(COMB, [COMB, month], digits)
    assert is_cut_short(COMB, [COMB], digits)


def test_boxes_that_stand_apart_go_on_at_their_own_gap() -> None:
    one, next_to_it, far = make_comb(200, 3, 8), make_comb(344, 2, 8), make_comb(380, 2, 8)
    nothing = np.zeros((0, 4), np.int32)
    assert is_cut_short(one, [one, next_to_it], nothing)
    assert not is_cut_short(one, [one, far], nothing)
