"""Groups: every run of neighboring pieces that may be one digit, every single piece among them."""

from dataclasses import replace

import numpy as np
import pytest

from digitscan.imaging.cuts import Pieces, split_pieces
from digitscan.imaging.groups import cut_groups, locate_group, plan_groups
from digitscan.records import Box
from digitscan.settings import CutSettings
from tests.drawings import draw_ink

HEIGHT = 20


def lay_out(*boxes: tuple[int, int, int, int]) -> Pieces:
    """Make pieces of full boxes: left, top, right, bottom."""
    ink = np.zeros((40, 200), np.uint8)
    owner = np.zeros((40, 200), np.int16)
    for index, (left, top, right, bottom) in enumerate(boxes):
        ink[top:bottom, left:right] = 200 + index
        owner[top:bottom, left:right] = index + 1
    edges = np.array(boxes, np.int32).reshape(-1, 4)
    component = np.arange(len(boxes), dtype=np.int32)
    free = np.zeros(len(boxes), np.bool_)
    return Pieces(ink, owner, edges, float(HEIGHT if boxes else 0), 0.0, 0, component, free, free)


def columns(*lefts: int, width: int = 6) -> tuple[tuple[int, int, int, int], ...]:
    """Pieces of one height at the given columns."""
    return tuple((left, 10, left + width, 10 + HEIGHT) for left in lefts)


@pytest.mark.parametrize(
    ("pieces", "spans"),
    [
        pytest.param(lay_out(), [], id="none"),
        pytest.param(lay_out((5, 5, 6, 6)), [(0, 1)], id="one-pixel"),
        pytest.param(lay_out(*columns(0, 50)), [(0, 1), (1, 2)], id="far-apart"),
        pytest.param(
            lay_out(*columns(0, 8, 16)),
            [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)],
            id="close-together",
        ),
        pytest.param(lay_out(*columns(0, 20, width=18)), [(0, 1), (1, 2)], id="together-too-wide"),
        pytest.param(
            lay_out((0, 10, 60, 30), (10, 4, 20, 8)), [(0, 1), (1, 2)], id="too-wide-alone"
        ),
    ],
)
def test_spans_by_eye(pieces: Pieces, spans: list[tuple[int, int]]) -> None:
    groups = plan_groups(pieces)
    assert [tuple(span) for span in groups.spans.tolist()] == spans
    assert groups.spans.shape == (len(spans), 2)
    assert groups.shapes.shape == (len(spans), 4)
    assert groups.pieces == len(pieces.boxes)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_group_has_so_many_pieces_at_most(most: int) -> None:
    pieces = lay_out(*columns(0, 5, 10, 15, 20, width=4))
    spans = plan_groups(pieces, CutSettings(group=most)).spans
    assert (spans[:, 1] - spans[:, 0]).max() == most


@pytest.mark.parametrize(
    ("boxes", "spans"),
    [
        pytest.param(columns(0, 8, 16), [(0, 1), (1, 2), (2, 3)], id="side-by-side"),
        pytest.param(
            ((0, 10, 9, 19), (1, 20, 9, 30)), [(0, 1), (0, 2), (1, 2)], id="two-rings-of-an-eight"
        ),
        pytest.param(
            ((0, 10, 9, 19), (1, 20, 9, 30), (12, 10, 16, 30)),
            [(0, 1), (0, 2), (1, 2), (2, 3)],
            id="an-eight-and-a-one",
        ),
    ],
)
def test_a_fixed_piece_joins_only_what_stands_above_or_below_it(
    boxes: tuple[tuple[int, int, int, int], ...], spans: list[tuple[int, int]]
) -> None:
    pieces = replace(lay_out(*boxes), fixed=np.ones(len(boxes), np.bool_))
    assert [tuple(span) for span in plan_groups(pieces).spans.tolist()] == spans


@pytest.mark.parametrize("seed", range(5))
def test_every_piece_is_a_group_of_its_own(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lefts = np.sort(rng.integers(0, 180, 12))
    pieces = lay_out(
        *(
            (int(left), int(top), int(left + width), int(top + height))
            for left, top, width, height in zip(
                lefts,
                rng.integers(0, 20, 12),
                rng.integers(1, 20, 12),
                rng.integers(1, 20, 12),
                strict=True,
            )
        )
    )
    groups = plan_groups(pieces)
    alone = groups.spans[groups.spans[:, 1] - groups.spans[:, 0] == 1]
    assert alone[:, 0].tolist() == list(range(12))
    spans = [tuple(span) for span in groups.spans.tolist()]
    assert spans == sorted(set(spans))


def test_shapes_count_in_text_heights_about_the_middle() -> None:
    groups = plan_groups(lay_out(*columns(0, 8), (30, 28, 33, 32)))
    by_span = dict(zip(map(tuple, groups.spans.tolist()), groups.shapes.tolist(), strict=True))
    assert by_span[0, 1] == pytest.approx([0, -0.5, 0.3, 0.5])
    assert by_span[0, 2] == pytest.approx([0, -0.5, 0.7, 0.5])
    assert by_span[2, 3] == pytest.approx([1.5, 0.4, 1.65, 0.6])


def test_seams_are_cuts_through_ink() -> None:
    pieces = lay_out(*columns(0, 7, 20))
    cut = replace(pieces, component=np.array([0, 0, 1], np.int32))
    groups = plan_groups(cut)
    spans = [tuple(span) for span in groups.spans.tolist()]
    assert dict(zip(spans, groups.seams.tolist(), strict=True)) == {
        (0, 1): 1,
        (0, 2): 0,
        (1, 2): 1,
        (2, 3): 0,
    }
    assert plan_groups(pieces).seams.max() == 0


def test_marks_are_not_worth_a_look() -> None:
    pieces = lay_out(*columns(0), (40, 28, 43, 32), (60, 19, 80, 21))
    assert plan_groups(pieces).worth.tolist() == [True, False, False]


def test_the_ink_of_a_group_is_that_of_its_pieces() -> None:
    pieces = lay_out(*columns(2, 6, 10, width=4), (60, 28, 62, 30))
    groups = plan_groups(pieces)
    inks = cut_groups(pieces, groups)
    assert len(inks) == groups.worth.sum() == len(groups.spans) - 1
    for (first, last), ink in zip(groups.spans[groups.worth].tolist(), inks, strict=True):
        assert ink.dtype == np.uint8
        assert (np.unique(ink[ink > 0]) - 200).tolist() == list(range(first, last))
        assert (ink > 0).sum() == (last - first) * 4 * HEIGHT
    assert cut_groups(lay_out(), plan_groups(lay_out())) == []


@pytest.mark.parametrize("slant", [-0.3, 0.0, 0.4])
def test_a_group_is_located_on_the_page(slant: float) -> None:
    stroke = np.zeros((60, 100), np.uint8)
    for row in range(10, 50):
        left = 50 - round(slant * (row - 30))
        stroke[row, left : left + 4] = 255
    pieces = split_pieces(stroke, 112)
    region = Box(300, 500, 400, 560)
    found = locate_group(pieces, 0, 1, region)
    assert pieces.slant == pytest.approx(slant, abs=0.11)
    assert (found.top, found.bottom) == (509, 551)  # with its soft edge
    assert (found.left + found.right) / 2 == pytest.approx(352, abs=2)
    assert found.right - found.left < 12


def test_a_located_box_stays_in_its_region() -> None:
    pieces = split_pieces(draw_ink("8", 40), 112)
    tight = Box(0, 0, 30, 80)
    found = locate_group(pieces, 0, len(pieces.boxes), tight)
    assert 0 <= found.left < found.right <= 30
