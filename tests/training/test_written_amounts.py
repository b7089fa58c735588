"""Written amounts: each digit's ink is in its box, and what is cut of them is named."""

import numpy as np
import pytest

from digitscan.imaging.binarize import estimate_ink
from training.amounts import Amount
from training.real_groups import RUBBISH, cut_group_tiles
from training.strokes import draw_boxed_string, draw_hand
from training.written_amounts import share_ties, write_amounts

from .test_real_digits import make_amount


@pytest.fixture(scope="module")
def written() -> tuple[Amount, ...]:
    """Amounts with digits of pen paths and, where the drawn amount has all, its own."""
    return write_amounts([make_amount("0123456789")], 40, np.random.default_rng(3))


def test_the_same_state_writes_the_same(written: tuple[Amount, ...]) -> None:
    again = write_amounts([make_amount("0123456789")], 40, np.random.default_rng(3))
    assert [one.file for one in again] == [one.file for one in written]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(again, written, strict=True))


def test_every_digit_has_a_box_with_ink(written: tuple[Amount, ...]) -> None:
    for amount in written:
        assert len(amount.boxes) == len(amount.digits) > 2
        assert amount.file.replace(",", "").replace(".", "").rstrip("/-=") == amount.digits
        ink = estimate_ink(amount.image)
        for box in amount.boxes:
            inside = ink[box.top : box.bottom, box.left : box.right]
            assert inside.size and inside.max() > 100
        lefts = [box.left for box in amount.boxes]
        assert lefts == sorted(lefts)


@pytest.mark.parametrize("seed", range(6))
def test_a_drawn_digit_fills_its_box(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ink, boxes = draw_boxed_string("5 8 3", rng, draw_hand(rng, 32.0), ligatures=0.0, crossing=0.0)
    # What is drawn leaves a blank between: the columns with ink are those of the boxes.
    inked = np.flatnonzero(ink.any(axis=0))
    runs = np.split(inked, np.flatnonzero(np.diff(inked) > 3) + 1)
    assert len(runs) == len(boxes) == 3
    for run, box in zip(runs, boxes, strict=True):
        assert box.left == pytest.approx(run[0], abs=2)
        assert box.right - 1 == pytest.approx(run[-1], abs=2)


def test_zeros_apart_share_nothing(written: tuple[Amount, ...]) -> None:
    boxes = written[0].boxes
    assert share_ties(boxes, "1" * len(boxes), 99.0) == boxes


def test_groups_without_a_digit_are_left_out(written: tuple[Amount, ...]) -> None:
    every, digits = cut_group_tiles(written), cut_group_tiles(written, with_signs=False)
    assert 0 < len(digits.labels) < len(every.labels)
    assert np.count_nonzero(digits.labels == 0) == np.count_nonzero(every.labels == 0) > 10
    assert np.count_nonzero(digits.labels == RUBBISH) > 100


def test_without_its_digits_an_amount_is_drawn() -> None:
    amounts = write_amounts([make_amount("302")], 5, np.random.default_rng(1))
    assert all(len(one.boxes) == len(one.digits) for one in amounts)
