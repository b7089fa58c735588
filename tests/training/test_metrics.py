"""Every formula against values worked out by hand, and the laws that hold for any input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import (
    accept_at_error,
    bin_confidences,
    count_confusions,
    estimate_calibration_error,
    reject_rubbish,
    score_classes,
    trace_rejects,
    wilson_interval,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        # Brown, Cai, DasGupta 2001: bounds are (p + z2/2n -+ z sqrt(pq/n + z2/4n2)) / (1 + z2/n).
        pytest.param(0, 10, 0.0, 0.277533, id="none-right"),
        pytest.param(10, 10, 0.722467, 1.0, id="all-right"),
        pytest.param(5, 10, 0.236593, 0.763407, id="half"),
        pytest.param(1, 1, 0.206549, 1.0, id="one-trial"),
        pytest.param(81, 263, 0.255289, 0.366210, id="textbook"),
    ],
)
def test_wilson_interval(right: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=2e-5)


@pytest.mark.parametrize(("right", "total"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_interval_refuses(right: int, total: int) -> None:
    with pytest.raises(ValueError, match=f"got {right} of {total}"):
        wilson_interval(right, total)


def test_count_confusions_rows_are_truth() -> None:
    truth = np.array([0, 0, 1, 2, 2, 2])
    named = np.array([0, 2, 1, 2, 2, 0])
    assert count_confusions(truth, named, 3).tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 2]]


def test_count_confusions_of_nothing() -> None:
    nothing = np.zeros(0, np.int64)
    assert count_confusions(nothing, nothing, 2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("truth", "named", "message"),
    [
        pytest.param([0, 1], [0], "one prediction per truth", id="lengths"),
        pytest.param([0, 3], [0, 0], "classes are 0 to 2", id="too-large"),
        pytest.param([0, -1], [0, 0], "classes are 0 to 2", id="negative"),
    ],
)
def test_count_confusions_refuses(truth: list[int], named: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        count_confusions(np.array(truth), np.array(named), 3)


def test_score_classes_by_hand() -> None:
    # Class 0: 3 of its 4 found, 3 of 5 so named. Class 1: 4 of 6 found, 4 of 5 so named.
    scores = score_classes(np.array([[3, 1, 0], [2, 4, 0], [0, 0, 0]]))
    np.testing.assert_allclose(scores.recall, [3 / 4, 4 / 6, NAN])
    np.testing.assert_allclose(scores.precision, [3 / 5, 4 / 5, NAN])
    np.testing.assert_allclose(scores.f1, [6 / 9, 8 / 11, NAN])
    assert scores.support.tolist() == [4, 6, 0]


def test_f1_is_the_harmonic_mean() -> None:
    scores = score_classes(np.array([[30, 7], [11, 52]]))
    means = 2 / (1 / scores.precision + 1 / scores.recall)
    np.testing.assert_allclose(scores.f1, means)


def test_bins_are_open_on_the_left() -> None:
    bins = bin_confidences(np.array([0.0, 0.5, 0.500001, 1.0]), np.ones(4, bool), 2)
    assert bins.count.tolist() == [2, 2]
    np.testing.assert_allclose(bins.confidence, [0.25, 0.7500005])


def test_calibration_error_by_hand() -> None:
    # Two bins: 4 tiles at 0.9 of which 3 are right, 1 tile at 0.3 that is wrong.
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.3])
    right = np.array([True, True, True, False, False])
    bins = bin_confidences(confidence, right, 2)
    assert estimate_calibration_error(bins) == pytest.approx((4 * 0.15 + 1 * 0.3) / 5)


def test_calibration_of_nothing_is_unknown() -> None:
    bins = bin_confidences(np.zeros(0), np.zeros(0, bool), 4)
    assert np.isnan(estimate_calibration_error(bins))
    assert bins.count.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("bad", [-0.01, 1.01, NAN])
def test_confidences_are_probabilities(bad: float) -> None:
    for measure in (bin_confidences, trace_rejects):
        with pytest.raises(ValueError, match="confidences are 0 to 1"):
            measure(np.array([0.5, bad]), np.array([True, True]))
        with pytest.raises(ValueError, match="one outcome per confidence"):
            measure(np.array([0.5]), np.array([True, True]))


def test_trace_rejects_by_hand() -> None:
    confidence = np.array([0.7, 0.99, 0.7, 0.9, 0.2])
    right = np.array([False, True, True, True, False])
    curve = trace_rejects(confidence, right)
    assert curve.threshold.tolist() == [0.99, 0.9, 0.7, 0.2]
    np.testing.assert_allclose(curve.accepted, [0.2, 0.4, 0.8, 1.0])
    np.testing.assert_allclose(curve.error, [0, 0, 1 / 4, 2 / 5])
    assert accept_at_error(curve, 0.0) == pytest.approx(0.4)
    assert accept_at_error(curve, 0.25) == pytest.approx(0.8)


def test_accept_nothing_when_the_surest_is_wrong() -> None:
    assert accept_at_error(trace_rejects(np.array([0.9]), np.array([False])), 0.01) == 0.0
    assert accept_at_error(trace_rejects(np.zeros(0), np.zeros(0, bool)), 0.01) == 0.0


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.8, 1.0]), st.booleans()), min_size=1))
def test_accepting_all_gives_the_plain_error(tiles: list[tuple[float, bool]]) -> None:
    confidence = np.array([sure for sure, _ in tiles])
    right = np.array([fine for _, fine in tiles])
    curve = trace_rejects(confidence, right)
    assert curve.accepted[-1] == 1.0
    assert curve.error[-1] == pytest.approx(1 - right.mean())
    assert np.all(np.diff(curve.threshold) < 0)


@pytest.mark.parametrize(
    ("keep", "threshold", "kept", "rejected"),
    [
        pytest.param(1.0, 0.5, 1.0, 0.5, id="keep-all"),
        pytest.param(0.8, 0.6, 0.8, 0.75, id="lose-one"),
        # 0.9 is the third best score, and two digits share it: both stay.
        pytest.param(0.5, 0.9, 0.6, 1.0, id="ties-stay-together"),
    ],
)
def test_reject_rubbish(keep: float, threshold: float, kept: float, rejected: float) -> None:
    digits = np.array([0.9, 0.5, 0.6, 0.9, 0.95])
    rubbish = np.array([0.1, 0.4, 0.5, 0.7])
    found = reject_rubbish(digits, rubbish, keep)
    assert (found.threshold, found.kept, found.rejected) == (threshold, kept, rejected)
    assert (found.digits, found.rubbish) == (5, 4)


def test_reject_rubbish_needs_both() -> None:
    with pytest.raises(ValueError, match="got 0 and 1 tiles"):
        reject_rubbish(np.zeros(0), np.ones(1))
    with pytest.raises(ValueError, match="got 1 and 0 tiles"):
        reject_rubbish(np.ones(1), np.zeros(0))


@given(st.integers(1, 300), st.sampled_from([0.5, 0.9, 0.95, 0.99, 1.0]))
def test_enough_digits_are_kept(count: int, keep: float) -> None:
    scores = np.random.default_rng(count).random(count)
    found = reject_rubbish(scores, scores, keep)
    assert found.kept >= keep - 1e-9
    assert found.kept - 1 / count < keep
