"""The darkness of ink is told against the paper around, box by box."""

import numpy as np
import pytest

from digitscan.imaging.darkness import measure_darkness
from digitscan.records import Box


@pytest.mark.parametrize("paper", [250, 180, 100])
def test_ink_is_measured_against_its_paper(paper: int) -> None:
    gray = np.full((30, 60), paper, np.uint8)
    gray[5:25, 10:13] = paper // 2
    gray[5:25, 30:33] = paper // 4
    boxes = (Box(8, 4, 15, 26), Box(28, 4, 35, 26), Box(45, 4, 55, 26))
    found = measure_darkness(gray, gray < paper, boxes)
    assert found.tolist() == [paper - paper // 2, paper - paper // 4, 0.0]


def test_dark_paper_in_a_box_is_no_ink() -> None:
    gray = np.full((30, 60), 200, np.uint8)
    gray[:, 20:24] = 20
    ink = np.zeros(gray.shape, np.bool_)
    ink[10:20, 22] = True
    assert measure_darkness(gray, ink, (Box(10, 0, 40, 30),)).tolist() == [180.0]
