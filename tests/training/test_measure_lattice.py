"""The lattice is measured by the text of its best path."""

import numpy as np

from digitscan.records import Floats
from training.measure_lattice import count_read


class Ones:
    """Names every tile a 1."""

    def classify(self, tiles: Floats) -> Floats:
        return np.tile(np.eye(11, dtype=np.float32)[1], (len(tiles), 1))


def test_what_is_read_is_counted() -> None:
    stroke = np.full((60, 60), 220, np.uint8)
    stroke[12:48, 28:32] = 30
    blank = np.full((60, 60), 220, np.uint8)
    images = [stroke, stroke, blank, blank]
    assert count_read(images, ["1", "7", "1", ""], Ones()) == 2
    assert count_read([], [], Ones()) == 0
