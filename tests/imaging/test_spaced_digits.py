"""Digits set as wide as boxes: one number, and none of its parts."""

import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.numbers import Stretch
from digitscan.imaging.spaced_digits import is_followed, join_spaced
from digitscan.records import Box

HIGH, WIDE = 20, 12


def draw_digits(lefts: list[int], top: int = 10) -> npt.NDArray[np.int32]:
    return np.array([[x, top, x + WIDE, top + HIGH] for x in lefts], np.int32)


def group(boxes: npt.NDArray[np.int32], first: int, last: int) -> Stretch:
    own = boxes[first:last]
    left, top = own[:, :2].min(axis=0).tolist()
    right, bottom = own[:, 2:].max(axis=0).tolist()
    return Stretch(np.arange(first, last), Box(left, top, right, bottom), float(HIGH))


@pytest.mark.parametrize(
    ("lefts", "parted", "wanted"),
    [
        pytest.param([10, 40, 70, 104], 3, 1, id="the last digit a little farther off"),
        pytest.param([10, 44, 74, 104], 1, 1, id="the first"),
        pytest.param([10, 40, 70, 112, 142, 172], 3, 1, id="in the middle"),
        pytest.param([10, 40, 70, 130, 160, 190], 3, 2, id="two pitches: another number"),
        pytest.param([10, 25, 40, 62], 3, 2, id="digits as close as in writing"),
        pytest.param([10, 40, 72], 2, 2, id="two digits show no pitch"),
        pytest.param([10, 40, 70, 104, 119, 134], 3, 2, id="a close number beside a wide one"),
    ],
)
def test_stretches_are_joined(lefts: list[int], parted: int, wanted: int) -> None:
    boxes = draw_digits(lefts)
    parts = group(boxes, 0, parted), group(boxes, parted, len(lefts))
    joined = join_spaced(parts, boxes)
    assert len(joined) == wanted
    assert sum(len(one.members) for one in joined) == len(lefts)


def test_three_parts_are_one_number() -> None:
    boxes = draw_digits([10, 44, 74, 104, 138, 168])
    parts = group(boxes, 0, 1), group(boxes, 1, 4), group(boxes, 4, 6)
    (whole,) = join_spaced(parts, boxes)
    assert whole.members.tolist() == [0, 1, 2, 3, 4, 5]
    assert (whole.box.left, whole.box.right) == (10, 180)


def test_lines_one_above_the_other_stay_apart() -> None:
    boxes = np.concatenate([draw_digits([10, 40, 70]), draw_digits([104], top=35)])
    assert len(join_spaced((group(boxes, 0, 3), group(boxes, 3, 4)), boxes)) == 2


@pytest.mark.parametrize(
    ("beside", "wanted"),
    [
        pytest.param([102, 10, 116, 30], True, id="a digit"),
        pytest.param([160, 10, 174, 30], False, id="far away"),
        pytest.param([102, 25, 110, 33], False, id="a comma"),
        pytest.param([104, 8, 107, 31], False, id="a wall"),
        pytest.param([102, 60, 116, 80], False, id="on the next line"),
    ],
)
def test_what_follows_a_number(beside: list[int], wanted: bool) -> None:
    boxes = np.concatenate([draw_digits([10, 40, 70]), np.array([beside], np.int32)])
    assert is_followed(group(boxes, 0, 3), boxes, np.full(4, np.nan, np.float32)) == wanted


def test_what_is_no_digit_by_its_look_follows_no_number() -> None:
    boxes = draw_digits([10, 40, 70, 102])
    for share, wanted in ((0.02, False), (0.6, True)):
        digit_share = np.array([0.99, 0.99, 0.99, share], np.float32)
        assert is_followed(group(boxes, 0, 3), boxes, digit_share) == wanted


def test_a_word_may_follow_close_digits() -> None:
    boxes = draw_digits([10, 25, 40, 58])
    assert not is_followed(group(boxes, 0, 3), boxes, np.full(4, np.nan, np.float32))
