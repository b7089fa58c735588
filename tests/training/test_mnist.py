"""The IDX files are checked before they are used and split without a digit in two parts."""

from pathlib import Path

import numpy as np
import pytest

from training.mnist import count_labels, load_mnist, measure_center, parse_idx, read_idx


@pytest.mark.parametrize(
    ("head", "message"),
    [
        pytest.param([0, 0, 13, 1, 0, 0, 0, 1], "starts with 0 0 8", id="floats"),
        pytest.param([0, 0, 8, 1, 0, 0, 0, 5], "has 1 values", id="too-short"),
    ],
)
def test_an_unsound_file_is_refused(head: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_idx(bytes([*head, 7]))


def test_a_changed_file_is_refused(only_mnist: Path, tmp_path: Path) -> None:
    name = "train-labels-idx1-ubyte.gz"
    path = tmp_path / name
    path.write_bytes((only_mnist / "mnist" / name).read_bytes() + b"x")
    with pytest.raises(ValueError, match="the published one is"):
        read_idx(path)


def test_the_split_is_seeded_and_loses_no_digit(only_mnist: Path) -> None:
    first, again, other = (load_mnist(only_mnist, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.validation_tiles, again.validation_tiles)
    assert not np.array_equal(first.validation_tiles, other.validation_tiles)
    both = np.concatenate([first.train_tiles, first.validation_tiles])
    assert len({tile.tobytes() for tile in both}) == 60
    assert count_labels(np.concatenate([first.train_labels, first.validation_labels])) == {
        str(digit): 6 for digit in range(10)
    }


def test_the_center_is_the_mean_over_digits() -> None:
    tiles = np.zeros((2, 28, 28), np.uint8)
    tiles[0, 4, 6], tiles[1, 8, 12] = 10, 200
    assert measure_center(tiles) == (6.0, 9.0)
