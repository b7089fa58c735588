"""Crosses and dashes are told from strokes, bowls and blots."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.crosses import is_blot, may_be_cross
from digitscan.records import Gray
from tests.drawings import draw_ink


def draw(*strokes: list[tuple[int, int]], thickness: int = 4) -> Gray:
    box = np.zeros((60, 50), np.uint8)
    for stroke in strokes:
        cv2.polylines(box, [np.array(stroke)], False, 255, thickness, cv2.LINE_AA)
    return box


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(draw([(10, 10), (40, 50)], [(40, 10), (10, 50)]), id="cross"),
        pytest.param(draw([(10, 20), (40, 40)], [(38, 16), (14, 44)]), id="flat-cross"),
        pytest.param(draw([(12, 10), (40, 52)], [(42, 14), (8, 44)]), id="uneven-cross"),
        pytest.param(draw([(10, 10), (40, 50)], [(40, 10), (10, 50)], thickness=9), id="thick"),
        pytest.param(draw([(10, 30), (40, 28)]), id="dash"),
    ],
)
def test_crosses_have_the_shape(ink: Gray) -> None:
    assert may_be_cross(ink)


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(draw(), id="empty"),
        pytest.param(draw([(25, 8), (25, 52)]), id="upright-stroke"),
        pytest.param(draw([(12, 50), (38, 8)]), id="slash"),
        pytest.param(draw([(25, 8), (25, 52)], [(8, 30), (42, 30)]), id="plus"),
        pytest.param(draw([(8, 8), (42, 8), (42, 52), (8, 52), (8, 8)]), id="frame"),
        pytest.param(np.full((40, 34), 255, np.uint8), id="blot"),
        pytest.param(draw([(25, 8), (25, 52)], [(4, 50), (6, 56)]), id="stroke-and-dirt"),
        *(pytest.param(draw_ink(digit, 30), id=digit) for digit in "0134679"),
        pytest.param(np.full((1, 1), 255, np.uint8), id="pixel"),
    ],
)
def test_other_ink_has_not(ink: Gray) -> None:
    assert not may_be_cross(ink)


DISC = cv2.circle(np.zeros((60, 50), np.uint8), (25, 30), 17, 255, -1)


@pytest.mark.parametrize(
    ("ink", "expected"),
    [
        pytest.param(DISC, True, id="disc"),
        pytest.param(np.full((40, 34), 255, np.uint8), True, id="rectangle"),
        pytest.param(draw([(25, 8), (25, 52)], thickness=9), False, id="thick-1"),
        pytest.param(draw([(10, 10), (40, 50)], [(40, 10), (10, 50)], thickness=9), False, id="x"),
        pytest.param(draw(), False, id="empty"),
        *(pytest.param(draw_ink(digit, 30), False, id=digit) for digit in "0123456789"),
    ],
)
def test_blots_are_filled(ink: Gray, expected: bool) -> None:
    assert is_blot(ink) is expected
    assert not (expected and may_be_cross(ink))
