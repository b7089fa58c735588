"""Cells that are strokes of digits on a line are told from boxes by what stands about them."""

import numpy as np
import pytest

from digitscan.imaging.combs import Comb
from digitscan.imaging.written_cells import is_written
from digitscan.records import Box

INSIDE, BESIDE = (98, 48, 132, 102), (170, 50, 196, 101)
"""Left, top, right and bottom of digits as high as the cells of the next test."""


@pytest.mark.parametrize(
    ("cells", "boxes", "expected"),
    [
        pytest.param(2, [INSIDE, BESIDE], True, id="digits-on-a-line"),
        pytest.param(2, [INSIDE], False, id="nothing-beside"),
        pytest.param(2, [BESIDE], False, id="nothing-within"),
        pytest.param(2, [(105, 60, 125, 92), BESIDE], False, id="smaller-than-the-cells"),
        pytest.param(2, [INSIDE, (170, 70, 196, 101)], False, id="small-print-beside"),
        pytest.param(2, [INSIDE, (240, 50, 266, 101)], False, id="far-beside"),
        pytest.param(2, [INSIDE, (163, 48, 166, 102)], False, id="a-wall-beside"),
        pytest.param(4, [INSIDE, (250, 50, 276, 101)], False, id="many-cells"),
        pytest.param(2, [(98, 48, 162, 102), BESIDE], False, id="the-frame-itself"),
        pytest.param(2, [], False, id="nothing"),
    ],
)
def test_cells_of_strokes_are_told(
    cells: int, boxes: list[tuple[int, int, int, int]], expected: bool
) -> None:
    walls = [100 + 30 * k for k in range(cells + 1)]
    parts = tuple(Box(left, 50, left + 30, 100) for left in walls[:-1])
    comb = Comb(Box(walls[0], 50, walls[-1], 100), parts)
    parts_of_page = np.array(boxes, np.int32).reshape(-1, 4)
    assert is_written(comb, [comb], parts_of_page) is expected
    # What stands in a comb beside it is no writing that goes on.
    level, lower = (Box(walls[-1] + 5, top, walls[-1] + 65, 100) for top in (51, 60))
    assert not is_written(comb, [comb, Comb(level, ())], parts_of_page)
    assert is_written(comb, [comb, Comb(lower, ())], parts_of_page) is expected
