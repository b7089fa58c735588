"""What is measured on is cut, labelled and framed as it says, with and without the real data."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.records import Box
from training.amounts import DEFAULT_DATA, Amount, load_amounts
from training.letters import load_letters
from training.measured_sets import (
    label_amounts,
    label_mnist,
    load_digit_sets,
    load_rubbish,
)

REAL = DEFAULT_DATA / "cheque_amounts" / "truth.csv"


def make_amount() -> Amount:
    """A 1 and a 7 drawn as bars on gray paper, 60 px apart."""
    image = np.full((60, 120), 200, np.uint8)
    cv2.line(image, (20, 10), (20, 49), 30, 4)
    cv2.line(image, (70, 10), (95, 10), 30, 4)
    cv2.line(image, (95, 10), (80, 49), 30, 4)
    return Amount("a12.jpg", image, "17", (Box(16, 8, 25, 52), Box(68, 8, 98, 52)))


def test_real_digits_come_with_their_place_on_the_scan() -> None:
    found = label_amounts("amounts-held", "Held", [make_amount()])
    assert found.truth.tolist() == [1, 7]
    assert found.origins == ("a12 1", "a12 2")
    assert found.tiles.shape == (2, 28, 28, 1)
    # A 1 is narrow, a 7 is wide: each tile holds the ink of its own box.
    widths = [int((tile > 0.5).any(axis=(0, 2)).sum()) for tile in found.tiles]
    assert widths[0] < 5 < 12 < widths[1]
    assert [crop.shape for crop in found.crops] == [(56, 21), (56, 42)]


def test_mnist_digits_stay_in_their_frame() -> None:
    tiles = np.zeros((1, 28, 28), np.uint8)
    tiles[0, 2, 3] = 255
    found = label_mnist("m", "M", tiles, np.array([4], np.uint8))
    assert np.argwhere(found.tiles == 1).tolist() == [[0, 2, 3, 0]]
    assert (found.truth.tolist(), found.origins) == ([4], ("no. 0",))


def test_without_amounts_and_letters_the_rest_is_measured(
    only_mnist: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load_letters.cache_clear()  # the warning is given once a folder
    with caplog.at_level(logging.WARNING):
        sets = load_digit_sets(only_mnist)
        rubbish = load_rubbish(only_mnist)
    assert [found.name for found in sets] == ["mnist-test"]
    assert sorted(rubbish) == ["marks", "mnist-groups", "signs"]
    assert "no amounts at" in caplog.text
    assert "no letters at" in caplog.text
    assert all(tiles.shape == (40, 28, 28, 1) for tiles in rubbish.values())
    assert all(tiles.any(axis=(1, 2, 3)).all() for tiles in rubbish.values())


def test_rubbish_is_the_same_for_the_same_seed(only_mnist: Path) -> None:
    first, again, other = (load_rubbish(only_mnist, seed)["signs"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.realdata()
@pytest.mark.skipif(not REAL.is_file(), reason=f"the real amounts are not at {REAL.parent}")
def test_every_digit_of_a_real_part_is_measured_once() -> None:
    amounts = load_amounts(DEFAULT_DATA, "held")[:10]
    found = label_amounts("amounts-held", "Held", amounts)
    assert "".join(str(digit) for digit in found.truth) == "".join(item.digits for item in amounts)
    assert len(set(found.origins)) == found.truth.size
