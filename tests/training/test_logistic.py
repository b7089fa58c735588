"""The logistic fit: known truths come back, bounds hold, wrong labels are seen through."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.logistic import Logistic, fit_logistic


def _draw(
    count: int, truth: Logistic, label_noise: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    values = dice.normal(size=(count, len(truth.weights))) * (1.0, 5.0) + (0.0, 3.0)
    right = dice.random(count) < truth.predict(values)
    return values, right & (dice.random(count) >= label_noise)


def test_the_truth_comes_back() -> None:
    truth = Logistic(0.5, (1.5, 0.3))
    values, right = _draw(20_000, truth, 0.0, 1)
    found = fit_logistic(values, right)
    assert found.bias == pytest.approx(truth.bias, abs=0.1)
    assert found.weights == pytest.approx(truth.weights, abs=0.1)


def test_wrong_labels_are_seen_through() -> None:
    truth = Logistic(2.0, (1.5, 0.5))
    values, right = _draw(20_000, truth, 0.05, 2)
    believed = fit_logistic(values, right)
    doubted = fit_logistic(values, right, label_noise=0.05)
    sure = values[truth.predict(values) > 0.999]
    assert believed.predict(sure).mean() < 0.995 < doubted.predict(sure).mean()
    assert doubted.weights == pytest.approx(truth.weights, abs=0.15)


def test_a_measure_that_points_the_wrong_way_gets_no_weight() -> None:
    values, right = _draw(2_000, Logistic(0.0, (-1.0, 0.4)), 0.0, 3)
    weights = fit_logistic(values, right).weights
    assert weights[0] == 0.0
    assert weights[1] > 0.2


def test_a_measure_that_never_changes_gets_no_weight() -> None:
    values = np.column_stack([np.full(50, 7.0), np.linspace(0.0, 1.0, 50)])
    found = fit_logistic(values, values[:, 1] > 0.4)
    assert found.weights[0] == 0.0
    assert found.weights[1] > 0.0


def test_the_ridge_shrinks() -> None:
    values, right = _draw(200, Logistic(0.0, (1.0, 0.3)), 0.0, 4)
    loose, tight = fit_logistic(values, right, 0.1), fit_logistic(values, right, 100.0)
    assert sum(tight.weights) < sum(loose.weights) / 2


def test_all_right_is_no_trouble() -> None:
    found = fit_logistic(np.linspace(0.0, 1.0, 20)[:, None], np.ones(20, np.bool_))
    assert found.predict(np.array([[0.5]]))[0] > 0.99


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_the_fit_leaves_no_way_up(seed: int) -> None:
    """At the best point no slope is left, but downwards at a weight that is held at zero."""
    dice = np.random.default_rng(seed)
    values = dice.normal(size=(60, 3))
    right = dice.random(60) < 0.6
    found = fit_logistic(values, right, ridge=1.0)
    spread = values.std(axis=0)
    missing = right - found.predict(values)
    slopes = (values - values.mean(axis=0)).T @ missing / spread - spread * found.weights
    assert abs(missing.sum()) < 1e-3
    for slope, weight in zip(slopes, found.weights, strict=True):
        assert slope < 1e-3
        assert weight >= 0.0
        assert weight == 0.0 or abs(slope) < 1e-3


@pytest.mark.parametrize(
    ("values", "right", "options"),
    [
        (np.zeros((0, 2)), np.zeros(0, np.bool_), {}),
        (np.zeros((3, 2)), np.zeros(2, np.bool_), {}),
        (np.zeros(3), np.zeros(3, np.bool_), {}),
        (np.array([[np.inf]]), np.array([True]), {}),
        (np.zeros((2, 1)), np.zeros(2, np.bool_), {"label_noise": 0.5}),
        (np.zeros((2, 1)), np.zeros(2, np.bool_), {"ridge": -1.0}),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    values: np.ndarray, right: np.ndarray, options: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match=r"per row|wanted"):
        fit_logistic(values, right, **options)
