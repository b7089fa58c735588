"""Digits drawn at known places are cut, named and told from wrong cuts."""

import cv2
import numpy as np
import pytest

from digitscan.records import Box
from training.amounts import Amount
from training.real_digits import BoxedDigits, BoxedGroups, _judge, cut_digits, cut_runs
from training.sources import RUBBISH


def make_amount(digits: str = "302") -> Amount:
    image = np.full((60, 40 * len(digits) + 20), 220, np.uint8)
    boxes = []
    for at, digit in enumerate(digits):
        left = 15 + 40 * at
        cv2.putText(image, digit, (left, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 40, 3)
        rows, columns = np.nonzero(image[:, left - 2 : left + 36] < 200)
        boxes.append(
            Box(
                left - 2 + int(columns.min()),
                int(rows.min()),
                left - 1 + int(columns.max()),
                int(rows.max()) + 1,
            )
        )
    return Amount("drawn.png", image, digits, tuple(boxes))


def test_each_digit_is_cut_by_its_box() -> None:
    amount = make_amount()
    inks, labels = cut_digits([amount])
    assert labels.tolist() == [3, 0, 2]
    for ink, box in zip(inks, amount.boxes, strict=True):
        assert ink.shape == (box.bottom - box.top + 2, box.right - box.left + 2)
        assert ink.max() > 200


def test_runs_of_pieces_are_digits_or_rubbish() -> None:
    inks, labels = cut_runs([make_amount()])
    assert {3, 0, 2} <= set(labels.tolist())
    wide = [ink.shape[1] for ink, label in zip(inks, labels, strict=True) if label == RUBBISH]
    digits = [ink.shape[1] for ink, label in zip(inks, labels, strict=True) if label != RUBBISH]
    assert max(wide) > 1.5 * max(digits)


@pytest.mark.parametrize(
    ("held", "own", "label"),
    [
        pytest.param([98.0, 2.0], 100.0, 0, id="one-digit"),
        pytest.param([0.0, 97.0], 99.0, 1, id="the-other"),
        pytest.param([100.0, 90.0], 190.0, -1, id="pair"),
        pytest.param([40.0, 0.0], 40.0, -1, id="less-than-half"),
        pytest.param([80.0, 0.0], 80.0, None, id="most-of-one"),
        pytest.param([95.0, 0.0], 200.0, -1, id="half-of-it-clutter"),
    ],
)
def test_runs_are_judged_by_their_ink(held: list[float], own: float, label: int | None) -> None:
    assert _judge(np.array(held), np.array([100.0, 100.0]), own) == label


def test_dropped_digits_are_never_drawn() -> None:
    source = BoxedDigits([make_amount("37")], dropped=frozenset({("drawn.png", 0)}))
    rng = np.random.default_rng(0)
    assert {source.draw(rng).label for _ in range(20)} == {7}


def test_groups_are_wider_than_half_a_digit() -> None:
    source = BoxedGroups([make_amount("88"), make_amount("8")])
    rng = np.random.default_rng(0)
    for _ in range(20):
        example = source.draw(rng)
        assert example.label == RUBBISH and example.ink.shape[1] > 30
