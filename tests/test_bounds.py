"""Exact binomial bounds against published values, sums of the binomial, and their promise."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitscan.bounds import at_most_probability, bound_above, clopper_pearson, least_trials


@pytest.mark.parametrize(
    ("count", "trials", "level", "low", "high"),
    [
        # Closed forms: 1 - (alpha/2) ** (1/n) without an event, its mirror with all of them.
        pytest.param(0, 10, 0.95, 0.0, 1 - 0.025**0.1, id="none-of-ten"),
        pytest.param(10, 10, 0.95, 0.025**0.1, 1.0, id="all-of-ten"),
        pytest.param(0, 1, 0.95, 0.0, 0.975, id="none-of-one"),
        # R: binom.test(5, 10), binom.test(4, 20), binom.test(682, 925)
        pytest.param(5, 10, 0.95, 0.187086, 0.812914, id="half-of-ten"),
        pytest.param(4, 20, 0.95, 0.057334, 0.436614, id="four-of-twenty"),
        pytest.param(682, 925, 0.95, 0.7076683, 0.7654066, id="mendel-in-the-r-manual"),
    ],
)
def test_published_intervals(
    count: int, trials: int, level: float, low: float, high: float
) -> None:
    assert clopper_pearson(count, trials, level) == pytest.approx((low, high), abs=2e-6)


@pytest.mark.parametrize(
    ("count", "share", "level", "trials"),
    [
        (0, 0.01, 0.95, 299),
        (1, 0.01, 0.95, 473),
        (2, 0.01, 0.95, 628),
        (0, 0.05, 0.95, 59),
        (0, 0.001, 0.95, 2995),
        (0, 0.01, 0.99, 459),
        (0, 0.5, 0.5, 1),
    ],
)
def test_least_trials(count: int, share: float, level: float, trials: int) -> None:
    assert least_trials(count, share, level) == trials
    assert bound_above(count, trials, level) <= share
    if trials > count + 1:
        assert bound_above(count, trials - 1, level) > share


@given(st.data(), st.integers(1, 60), st.floats(0.001, 0.999))
def test_the_cumulative_probability_is_the_sum(
    data: st.DataObject, trials: int, share: float
) -> None:
    count = data.draw(st.integers(0, trials))
    total = sum(comb(trials, i) * share**i * (1 - share) ** (trials - i) for i in range(count + 1))
    assert at_most_probability(count, trials, share) == pytest.approx(total, abs=1e-12)


@given(st.data(), st.integers(1, 5000), st.sampled_from([0.8, 0.95, 0.999]))
def test_a_bound_is_where_so_few_events_become_improbable(
    data: st.DataObject, trials: int, level: float
) -> None:
    count = data.draw(st.integers(0, trials - 1))
    bound = bound_above(count, trials, level)
    assert count / trials < bound < 1
    assert at_most_probability(count, trials, bound) == pytest.approx(1 - level, rel=1e-6)
    low, high = clopper_pearson(count, trials, level)
    assert 0 <= low <= count / trials <= high <= 1


def test_large_counts_are_no_trouble() -> None:
    assert bound_above(10_000, 1_000_000) == pytest.approx(0.010166, abs=2e-6)


@pytest.mark.parametrize(
    ("count", "trials", "level"),
    [(-1, 10, 0.95), (11, 10, 0.95), (0, 0, 0.95), (0, 10, 0.0), (0, 10, 1.0)],
)
def test_counts_that_cannot_be_are_refused(count: int, trials: int, level: float) -> None:
    with pytest.raises(ValueError, match="wanted"):
        bound_above(count, trials, level)


@pytest.mark.parametrize(("count", "share"), [(-1, 0.1), (0, 0.0), (0, 1.0)])
def test_shares_that_cannot_be_are_refused(count: int, share: float) -> None:
    with pytest.raises(ValueError, match="wanted"):
        least_trials(count, share)
