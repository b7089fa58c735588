"""The CTC of the string reader against brute force, and what a reader does with its network."""

from itertools import pairwise, product

import numpy as np
import pytest

from digitscan.recognition.ctc import (
    BLANK,
    LABELS,
    SEPARATOR,
    FieldScores,
    drop_signs,
    log_likelihoods,
    log_likelihoods_marked,
    measure_blank,
    measure_fluency,
)
from digitscan.recognition.prefixes import search_prefixes


def _row(*columns: dict[int, float]) -> np.ndarray:
    """Columns given by the few labels that are possible in them."""
    row = np.zeros((len(columns), len(LABELS)), np.float32)
    for place, column in enumerate(columns):
        for label, probability in column.items():
            row[place, label] = probability
    return row


def _spell(path: tuple[int, ...]) -> str:
    kept = [path[0], *(b for a, b in pairwise(path) if a != b)]
    return "".join(str(label) for label in kept if label != BLANK)


def _all_texts(row: np.ndarray) -> dict[str, float]:
    """The probability of every text, summed over every path: what CTC means."""
    odds: dict[str, float] = {}
    labels = np.flatnonzero(row.any(axis=0))
    for path in product(labels, repeat=len(row)):
        probability = float(np.prod([row[t, label] for t, label in enumerate(path)]))
        odds[_spell(path)] = odds.get(_spell(path), 0.0) + probability
    return odds


def _random_row(seed: int, columns: int, labels: list[int]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    row = np.zeros((columns, len(LABELS)), np.float32)
    row[:, labels] = rng.dirichlet(np.full(len(labels), 0.7), columns)
    return row


@pytest.mark.parametrize("seed", range(6))
def test_likelihood_is_the_sum_over_all_paths(seed: int) -> None:
    row = _random_row(seed, 5, [1, 7, BLANK])
    expected = _all_texts(row)
    odds = log_likelihoods([FieldScores((row,))], [list(expected)])[0]
    np.testing.assert_allclose(np.exp(odds), list(expected.values()), atol=1e-6)
    assert np.exp(odds).sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_wide_beam_ranks_as_brute_force(seed: int) -> None:
    row = _random_row(seed, 5, [0, 3, BLANK])
    expected = sorted(_all_texts(row).items(), key=lambda item: -item[1])
    found = search_prefixes([drop_signs(row)], 60)[0]
    assert found[:8] == tuple(text for text, _ in expected[:8])


def test_rows_of_different_length_do_not_disturb_each_other() -> None:
    rows = [_random_row(seed, columns, [2, 5, 9, BLANK]) for seed, columns in ((1, 3), (2, 9))]
    together = search_prefixes([drop_signs(row) for row in rows], 20)
    assert together == [search_prefixes([drop_signs(row)], 20)[0] for row in rows]


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        pytest.param([{BLANK: 1.0}], "", id="only-blank"),
        pytest.param([{7: 1.0}], "7", id="one-column"),
        pytest.param([{7: 1.0}, {7: 1.0}], "7", id="a-repeat-is-one-digit"),
        pytest.param([{7: 1.0}, {BLANK: 1.0}, {7: 1.0}], "77", id="a-blank-parts-two"),
        pytest.param([{0: 1.0}, {0: 1.0}, {BLANK: 1.0}, {0: 1.0}], "00", id="leading-zeros"),
    ],
)
def test_sure_columns_spell_one_text(columns: list[dict[int, float]], text: str) -> None:
    row = _row(*columns)
    assert search_prefixes([drop_signs(row)], 4)[0][0] == text
    odds = log_likelihoods([FieldScores((row,))], [[text, "123"]])[0]
    assert odds[0] == pytest.approx(0.0, abs=1e-6)
    assert odds[1] < -20.0


def test_views_are_averaged_as_probabilities() -> None:
    sure, torn = _row({4: 1.0}), _row({4: 0.5, 9: 0.5})
    odds = log_likelihoods([FieldScores((sure, torn))], [["4", "9"]])[0]
    np.testing.assert_allclose(np.exp(odds), [0.75, 0.25], atol=1e-6)


def test_long_texts_do_not_underflow() -> None:
    row = np.full((400, len(LABELS)), 1.0 / len(LABELS), np.float32)
    odds = log_likelihoods([FieldScores((row,))], [["1234567890" * 4]])[0]
    assert np.isfinite(odds).all()
    assert odds[0] < -100.0


def test_nothing_in_nothing_out() -> None:
    assert search_prefixes([], 5) == []
    assert log_likelihoods([], []) == ()
    assert [len(odds) for odds in log_likelihoods([FieldScores((_row({1: 1.0}),))], [[]])] == [0]


def test_field_scores_refuse_other_shapes() -> None:
    with pytest.raises(ValueError, match="shape"):
        FieldScores((np.zeros((3, 10), np.float32),))
    with pytest.raises(ValueError, match="views"):
        FieldScores(())


def test_signs_count_as_blanks_where_digits_are_asked() -> None:
    row = _row({1: 1.0}, {SEPARATOR: 0.7, BLANK: 0.3}, {1: 1.0}, {SEPARATOR + 1: 1.0})
    assert np.exp(log_likelihoods([FieldScores((row,))], [["11"]])[0]) == pytest.approx([1.0])
    assert drop_signs(row)[:, BLANK].tolist() == pytest.approx([0.0, 1.0, 0.0, 1.0])


def test_separators_are_weighed_and_tails_are_not() -> None:
    row = _row({1: 1.0}, {SEPARATOR: 0.7, BLANK: 0.3}, {1: 1.0}, {SEPARATOR + 1: 1.0})
    odds = np.exp(log_likelihoods_marked([FieldScores((row,))], [["1,1", "11", "1,1,"]])[0])
    assert odds == pytest.approx([0.7, 0.3, 0.0], abs=1e-6)


def test_fluency_is_the_best_path_shared_among_its_digits() -> None:
    row = _row({1: 0.5, 2: 0.3}, {BLANK: 1.0}, {7: 0.5, 8: 0.1})
    assert measure_fluency(FieldScores((row,))) == pytest.approx(np.log(0.5))
    assert measure_fluency(FieldScores((_row({BLANK: 0.5}),))) == pytest.approx(np.log(0.5))
    assert measure_blank(FieldScores((_row({BLANK: 0.5}, {SEPARATOR: 0.5}),))) == 0.25
