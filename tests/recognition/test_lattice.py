"""The search through the lattice, held against trying every way there is."""

from collections.abc import Iterator
from math import log

import numpy as np
import pytest

from digitscan.recognition.lattice import (
    Arc,
    Lattice,
    Path,
    build_lattice,
    find_path,
    find_paths,
)
from digitscan.settings import LatticeSettings

WIDE = LatticeSettings(beam=100, paths=50)
"""So wide that nothing is left out of the small lattices here."""


def walk(lattice: Lattice, node: int = 0) -> Iterator[tuple[Arc, ...]]:
    """Go every way through a lattice."""
    if node == lattice.pieces:
        yield ()
        return
    for arc in lattice.arcs[node]:
        for rest in walk(lattice, arc.last):
            yield (arc, *rest)


def rank_texts(lattice: Lattice) -> dict[str, float]:
    """Return every text that a lattice says, with the score of its best way."""
    best: dict[str, float] = {}
    for way in walk(lattice):
        text, score = "".join(arc.label for arc in way), sum(arc.score for arc in way)
        best[text] = max(score, best.get(text, -np.inf))
    return best


def draw_lattice(seed: int, pieces: int = 5) -> Lattice:
    """Make a lattice of few labels, so that many ways say the same."""
    rng = np.random.default_rng(seed)
    spans = [(a, b) for a in range(pieces) for b in range(a + 1, min(a + 4, pieces + 1))]
    shapes = np.zeros((len(spans), 4), np.float32)
    shapes[:, 2:] = rng.uniform(0.2, 1.6, (len(spans), 2))
    rows = np.zeros((len(spans), 11), np.float32)
    for row in rows:
        row[[3, 7, 10]] = rng.dirichlet([0.5, 0.5, 0.5])
    return build_lattice(pieces, np.array(spans, np.int32), shapes, rows)


def check_path(path: Path, pieces: int) -> None:
    """Hold what is true of every path."""
    assert [arc.first for arc in path.arcs] == [0, *(arc.last for arc in path.arcs)][:-1]
    assert path.arcs[-1].last == pieces
    assert "".join(arc.label for arc in path.arcs) == path.text
    assert sum(arc.score for arc in path.arcs) == pytest.approx(path.score)


def build_row(*rows: dict[int, float], sizes: tuple[float, float] = (0.6, 1.0)) -> Lattice:
    """Make a lattice whose only groups are single pieces of one size, with these probabilities."""
    count = len(rows)
    probabilities = np.zeros((count, 11), np.float32)
    for index, row in enumerate(rows):
        for label, probability in row.items():
            probabilities[index, label] = probability
    spans = np.array([(k, k + 1) for k in range(count)], np.int32).reshape(-1, 2)
    shapes = np.tile(np.array([0, -0.5, sizes[0], sizes[1] - 0.5], np.float32), (count, 1))
    return build_lattice(count, spans, shapes, probabilities)


def test_no_piece_says_nothing() -> None:
    lattice = build_row()
    assert find_paths(lattice) == (Path("", 0.0, ()),)
    assert find_path(lattice, "") == Path("", 0.0, ())
    assert find_path(lattice, "1") is None


def test_one_piece_is_its_digit_or_nothing() -> None:
    lattice = build_row({1: 0.7, 7: 0.2, 10: 0.1})
    assert [path.text for path in find_paths(lattice)] == ["1", "7", ""]
    best = find_paths(lattice)[0]
    assert best.score == pytest.approx(log(0.7))
    assert best.arcs == (Arc(0, 1, "1", best.score, pytest.approx(0.7)),)


def test_a_digit_that_is_hardly_likely_is_no_arc() -> None:
    lattice = build_row({1: 0.999, 7: 0.001})
    assert [arc.label for arc in lattice.arcs[0]] == ["1", ""]
    assert find_path(lattice, "7") is None


def test_leading_zeros_are_kept() -> None:
    assert find_paths(build_row({0: 1.0}, {0: 1.0}, {7: 1.0}))[0].text == "007"


@pytest.mark.parametrize(
    ("sizes", "penalty"),
    [
        pytest.param((0.6, 1.0), 0.0, id="plain"),
        pytest.param((0.6, 0.4), 1.0, id="low"),
        pytest.param((0.6, 2.4), 1.0, id="high"),
        pytest.param((1.4, 1.0), 1.0, id="wide"),
    ],
)
def test_an_odd_size_costs(sizes: tuple[float, float], penalty: float) -> None:
    arc = build_row({5: 1.0}, sizes=sizes).arcs[0][0]
    assert arc.label == "5"
    assert arc.score == pytest.approx(-penalty, abs=1e-6)


def test_passing_over_ink_costs_by_its_size() -> None:
    settings = LatticeSettings()
    costs = [
        build_row({10: 1.0}, sizes=(0.1, size)).arcs[0][-1].score for size in (0.2, 0.39, 0.5, 1.0)
    ]
    assert costs == pytest.approx(
        [-settings.skip_small, -settings.skip_small, -settings.skip / 2, -settings.skip], abs=1e-5
    )


def test_a_dash_is_passed_over_more_easily_than_a_stroke() -> None:
    dash, stroke = (
        build_row({10: 1.0}, sizes=size).arcs[0][-1].score for size in ((1.0, 0.2), (0.2, 1.0))
    )
    assert stroke < dash < -LatticeSettings().skip_small


def test_each_seam_costs_and_no_small_piece_cut_off_is_rubbish_for_little() -> None:
    settings = LatticeSettings()
    spans = np.array([(0, 1), (1, 2)], np.int32)
    shapes = np.array([[0, -0.5, 0.6, 0.5], [0.6, -0.1, 0.7, 0.1]], np.float32)
    rows = np.zeros((2, 11), np.float32)
    rows[[0, 1], [3, 10]] = 1.0
    apart, cut = (
        build_lattice(2, spans, shapes, rows, settings, np.array([sides, sides], np.int32)).arcs
        for sides in (0, 1)
    )
    assert cut[0][0].score == pytest.approx(apart[0][0].score - settings.seam)
    assert apart[1][-1].score == pytest.approx(-settings.skip_small)
    assert cut[1][-1].score == pytest.approx(-0.2 * settings.skip - settings.seam)


def name_mark(
    shape: tuple[float, float, float, float], row: dict[int, float], sides: int = 0
) -> str:
    """Return what a mark between two digits adds to the best text."""
    shapes = np.array([[0, -0.5, 0.6, 0.5], shape, [1.4, -0.5, 2.0, 0.5]], np.float32)
    rows = np.zeros((3, 11), np.float32)
    rows[[0, 2], [4, 5]] = 1.0
    for label, probability in row.items():
        rows[1, label] = probability
    spans = np.array([(0, 1), (1, 2), (2, 3)], np.int32)
    seams = np.array([0, sides, 0], np.int32)
    text = find_paths(build_lattice(3, spans, shapes, rows, seams=seams))[0].text
    return text.removeprefix("4").removesuffix("5")


STROKE = {1: 0.98, 10: 0.02}


@pytest.mark.parametrize(
    ("shape", "row", "sides", "named"),
    [
        pytest.param((0.9, -0.1, 1.2, 0.6), STROKE, 0, "", id="narrow comma"),
        pytest.param((0.9, -0.1, 1.5, 0.8), STROKE, 0, "", id="leaning comma"),
        pytest.param((0.9, 0.0, 1.3, 1.2), STROKE, 0, "", id="long leaning comma"),
        pytest.param((0.9, -0.1, 1.5, 0.8), {7: 0.9, 10: 0.1}, 1, "", id="hangs on a digit"),
        pytest.param((0.9, -0.1, 1.5, 0.8), STROKE, 2, "1", id="cut off on both sides"),
        pytest.param((0.9, -0.5, 1.5, 0.5), STROKE, 0, "1", id="stands like its neighbors"),
        pytest.param((0.9, -0.1, 1.5, 0.8), {3: 0.98, 10: 0.02}, 0, "3", id="no stroke"),
        pytest.param((0.9, -0.1, 1.9, 0.8), STROKE, 0, "1", id="too wide"),
    ],
)
def test_a_stroke_that_hangs_is_a_comma(
    shape: tuple[float, float, float, float], row: dict[int, float], sides: int, named: str
) -> None:
    assert name_mark(shape, row, sides) == named


@pytest.mark.parametrize(
    ("shape", "sides", "is_tie"),
    [
        pytest.param((0.7, -0.4, 1.0, -0.2), 2, True, id="tie"),
        pytest.param((0.7, -0.4, 1.0, -0.2), 1, False, id="one end is free"),
        pytest.param((0.7, 0.2, 1.0, 0.4), 2, False, id="foot of a 2"),
        pytest.param((0.7, -0.4, 1.0, 0.1), 2, False, id="high"),
    ],
)
def test_a_stroke_that_ties_two_digits_is_passed_over_for_little(
    shape: tuple[float, float, float, float], sides: int, is_tie: bool
) -> None:
    shapes, rows = np.array([shape], np.float32), np.zeros((1, 11), np.float32)
    rows[0, 10] = 1.0
    arcs = build_lattice(1, np.array([(0, 1)]), shapes, rows, seams=np.array([sides])).arcs
    is_cheap = arcs[0][-1].score == pytest.approx(-LatticeSettings().skip_small)
    assert is_cheap == is_tie


def test_only_single_pieces_are_passed_over() -> None:
    for arcs in draw_lattice(0).arcs:
        assert all(arc.last == arc.first + 1 for arc in arcs if not arc.label)


@pytest.mark.parametrize(
    ("label", "text"),
    [pytest.param(1, "2", id="slash"), pytest.param(8, "28", id="high-eight")],
)
def test_a_tail_is_a_stroke_and_dashes(label: int, text: str) -> None:
    spans = np.array([(0, 1), (1, 2), (2, 3)], np.int32)
    shapes = np.array([[0, -0.5, 0.6, 0.5], [0.7, -0.6, 1.2, 0.6], [1.3, -0.1, 1.7, 0]], np.float32)
    rows = np.zeros((3, 11), np.float32)
    rows[[0, 1, 2], [2, label, 10]] = 1.0
    assert find_paths(build_lattice(3, spans, shapes, rows))[0].text == text


@pytest.mark.parametrize(
    ("height", "after", "text"),
    [
        pytest.param(1.8, 0.6, "2", id="slash"),
        pytest.param(1.8, None, "2", id="slash-at-the-end"),
        pytest.param(1.8, 1.0, "218", id="before-a-digit"),
        pytest.param(1.5, 0.6, "218", id="high-one"),
    ],
)
def test_a_far_higher_stroke_begins_a_tail(height: float, after: float | None, text: str) -> None:
    rest = [] if after is None else [(1.3, -0.4, 1.9, after - 0.4)]
    shapes = np.array([(0, -0.5, 0.6, 0.5), (0.7, -0.6, 1.2, height - 0.6), *rest], np.float32)
    spans = np.array([(k, k + 1) for k in range(len(shapes))], np.int32)
    rows = np.zeros((len(shapes), 11), np.float32)
    rows[range(len(shapes)), [2, 1, 8][: len(shapes)]] = 1.0
    assert find_paths(build_lattice(len(shapes), spans, shapes, rows))[0].text == text


def test_a_stroke_that_hangs_at_the_end_is_a_digit() -> None:
    shapes = np.array([(0, -0.5, 0.6, 0.5), (0.9, -0.1, 1.5, 0.8)], np.float32)
    rows = np.zeros((2, 11), np.float32)
    rows[[0, 1], [4, 1]] = 1.0
    lattice = build_lattice(2, np.array([(0, 1), (1, 2)], np.int32), shapes, rows)
    assert find_paths(lattice)[0].text == "41"


@pytest.mark.parametrize(
    ("dashes", "seams", "text"),
    [
        pytest.param([(1.3, -0.1, 2.0, 0.1)], [0, 0, 0], "2", id="one-piece"),
        pytest.param(
            [(1.3, -0.1, 1.5, 0.1), (1.5, -0.1, 1.7, 0.0), (1.7, -0.2, 2.0, 0.0)],
            [0, 0, 1, 2, 1], "2", id="cut-into-three",
        ),
        pytest.param(
            [(1.2, 0.0, 1.5, 0.2), (1.5, -0.2, 2.2, 0.0)], [0, 1, 2, 1], "2", id="hangs-on-stroke",
        ),
        pytest.param(
            [(1.3, -0.3, 1.7, 0.1), (1.7, -0.5, 2.4, -0.3)], [0, 0, 1, 1], "2", id="leans",
        ),
        pytest.param([(1.3, -0.4, 2.6, 0.4)], [0, 0, 0], "21", id="joined-zeros-are-higher"),
        pytest.param(
            [(1.3, -0.5, 1.7, -0.3), (1.8, 0.3, 2.2, 0.5)], [0, 0, 0, 0], "2", id="two-dashes",
        ),
        pytest.param(
            [(1.3, -0.1, 1.45, 0.05), (1.55, -0.1, 2.2, 0.1)], [0, 0, 0, 0], "2", id="pen-skipped",
        ),
    ],
)  # fmt: skip
def test_dashes_of_a_tail_may_be_cut_and_hang(
    dashes: list[tuple[float, ...]], seams: list[int], text: str
) -> None:
    shapes = np.array([(0, -0.5, 0.6, 0.5), (0.7, -0.6, 1.2, 0.7), *dashes], np.float32)
    spans = np.array([(k, k + 1) for k in range(len(shapes))], np.int32)
    rows = np.zeros((len(shapes), 11), np.float32)
    rows[:, 10] = 1.0
    rows[:2] = 0.0
    rows[[0, 1], [2, 1]] = 1.0
    lattice = build_lattice(len(shapes), spans, shapes, rows, seams=np.array(seams, np.int32))
    assert find_paths(lattice)[0].text == text


@pytest.mark.parametrize("seed", range(12))
def test_the_paths_are_the_best_of_all(seed: int) -> None:
    lattice = draw_lattice(seed)
    every = rank_texts(lattice)
    found = find_paths(lattice, WIDE)
    expected = sorted(every.values(), reverse=True)[: WIDE.paths]
    assert [path.score for path in found] == pytest.approx(expected)
    assert len({path.text for path in found}) == len(found)
    for path in found:
        check_path(path, lattice.pieces)
        assert path.score == pytest.approx(every[path.text])


@pytest.mark.parametrize("seed", range(12))
def test_the_usual_beam_finds_the_best(seed: int) -> None:
    lattice = draw_lattice(seed, pieces=6)
    settings = LatticeSettings()
    found = find_paths(lattice, settings)
    assert found[0].score == pytest.approx(max(rank_texts(lattice).values()))
    assert len(found) <= settings.paths
    assert [path.score for path in found] == sorted((path.score for path in found), reverse=True)


@pytest.mark.parametrize("seed", range(12))
def test_the_path_of_a_text_is_its_best(seed: int) -> None:
    lattice = draw_lattice(seed, pieces=4)
    every = rank_texts(lattice)
    for text in [*every, "1", "33333", "7373737"]:
        path = find_path(lattice, text)
        if text not in every:
            assert path is None
            continue
        assert path is not None
        check_path(path, lattice.pieces)
        assert (path.text, path.score) == (text, pytest.approx(every[text]))


@pytest.mark.parametrize("seed", range(6))
def test_only_allowed_beginnings_are_followed(seed: int) -> None:
    lattice = draw_lattice(seed)

    def allows(prefix: str) -> bool:
        return "33" not in prefix and len(prefix) <= 3

    expected = {text: score for text, score in rank_texts(lattice).items() if allows(text)}
    found = find_paths(lattice, WIDE, allows)
    best = sorted(expected.values(), reverse=True)[: WIDE.paths]
    assert [path.score for path in found] == pytest.approx(best)
    assert all(allows(path.text) for path in found)


def test_where_no_beginning_is_allowed_only_the_empty_text_is_left() -> None:
    lattice = build_row({1: 1.0}, {1: 1.0})
    assert [path.text for path in find_paths(lattice, WIDE, lambda _: False)] == [""]


def test_a_digit_of_two_pieces_beats_two_doubtful_ones() -> None:
    spans = np.array([(0, 1), (0, 2), (1, 2)], np.int32)
    shapes = np.array([[0, -0.5, 0.3, 0.5], [0, -0.5, 0.7, 0.5], [0.4, -0.5, 0.7, 0.5]], np.float32)
    rows = np.zeros((3, 11), np.float32)
    rows[0, [1, 10]] = rows[2, [1, 10]] = 0.4, 0.6
    rows[1, 4] = 0.95
    paths = find_paths(build_lattice(2, spans, shapes, rows))
    assert paths[0].text == "4"
    assert (paths[0].arcs[0].first, paths[0].arcs[0].last) == (0, 2)
