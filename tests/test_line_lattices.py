"""Lines are cut where the network is not sure, and read by what it says of the groups."""

import numpy as np

from digitscan.line_lattices import Line, search_lattices
from digitscan.records import Box, Floats, Region
from digitscan.settings import Settings


class ByWidth:
    """Names a tile by the columns its ink takes: 1 up to 5, 4 up to 12, else rubbish."""

    def classify(self, tiles: Floats) -> Floats:
        widths = (tiles[..., 0] > 0.5).any(axis=1).sum(axis=1)
        labels = np.select([widths <= 5, widths <= 12], [1, 4], 10)
        return np.asarray(0.98 * np.eye(11)[labels] + 0.02 / 11, np.float32)


def test_a_sure_stroke_may_be_the_right_half_of_an_open_four() -> None:
    ink = np.zeros((60, 80), np.uint8)
    ink[10:30, 20:24] = ink[26:30, 20:34] = 255  # an L, which is no digit
    ink[10:50, 38:42] = 255  # alone surely a 1
    whole = Box(0, 0, 80, 60)
    line = Line(Region(whole), whole, ink)
    (cut,) = search_lattices((line,), ByWidth(), Settings())
    assert cut.paths[0].text == "4"
    assert (cut.paths[0].arcs[0].first, cut.paths[0].arcs[0].last) == (0, 2)
