"""Boundaries between digits that cuts propose, on drawn pieces whose truth is known."""

import numpy as np
import pytest

from digitscan.imaging.cuts import Pieces, join_cells
from digitscan.records import Box
from tests.drawings import draw_crop, load_drawn_reader
from training import ablation
from training.amounts import Amount
from training.measure_cuts import count_cuts, find_missed

BOXES = (Box(2, 2, 12, 22), Box(14, 2, 24, 22))


def _pieces(*boxes: Box) -> Pieces:
    """Solid pieces on a region of 26 x 24 pixels."""
    inks = [np.full((box.bottom - box.top, box.right - box.left), 255, np.uint8) for box in boxes]
    return join_cells((24, 26), inks, boxes)


@pytest.mark.parametrize(
    ("boxes", "missed"),
    [
        pytest.param(BOXES, set(), id="a-piece-a-digit"),
        pytest.param((Box(2, 2, 7, 22), Box(7, 2, 12, 22), BOXES[1]), set(), id="more-pieces"),
        pytest.param((Box(2, 2, 24, 22),), {0}, id="one-piece-for-both"),
        pytest.param((Box(2, 2, 15, 22), Box(15, 2, 24, 22)), set(), id="a-sliver-too-much"),
    ],
)
def test_a_boundary_is_missed_where_a_piece_holds_both_digits(
    boxes: tuple[Box, ...], missed: set[int]
) -> None:
    assert find_missed(_pieces(*boxes), BOXES) == missed


def _draw(text: str) -> Amount:
    gray, boxes = draw_crop(text)
    return Amount("drawn.png", gray, text, tuple(boxes))


def test_digits_that_stand_apart_are_all_parted() -> None:
    counts = count_cuts([_draw("347"), _draw("17")])
    assert (counts.boundaries, counts.proposed, counts.digits) == (3, 3, 5)
    assert counts.pieces >= 5


def test_every_step_is_dropped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # The stand-in has no string reader to be left with.
    steps = tuple(step for step in ablation.STEPS if step[0] != "no lattice")
    monkeypatch.setattr(ablation, "STEPS", steps)
    monkeypatch.setattr(ablation, "load_reader", lambda _: load_drawn_reader())
    found = dict(ablation.measure_steps((_draw("347"), _draw("170"))))
    assert found["everything on"] == 2
    assert len(found) == len(steps) + 1
