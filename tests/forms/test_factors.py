"""Sums and maxima over all choices come out as if every set had been tried."""

import numpy as np
import pytest

from digitscan.forms.factors import Factor, multiply, reduce_to

RNG = np.random.default_rng(1)
CHAIN = (
    Factor(("a", "b"), RNG.random((2, 3))),
    Factor(("c", "b"), RNG.random((4, 3))),
    Factor(("c",), RNG.random(4)),
)
LOOP = (*CHAIN, Factor(("a", "c"), RNG.random((2, 4))))


@pytest.mark.parametrize(
    "factors", [pytest.param(CHAIN, id="chain"), pytest.param(LOOP, id="loop")]
)
@pytest.mark.parametrize("field", ["a", "b", "c"])
def test_others_are_summed_out(factors: tuple[Factor, ...], field: str) -> None:
    whole = multiply(factors)
    others = tuple(axis for axis, name in enumerate(whole.fields) if name != field)
    assert reduce_to(field, factors) == pytest.approx(whole.weights.sum(axis=others))
    assert reduce_to(field, factors, True) == pytest.approx(whole.weights.max(axis=others))


def test_an_axis_is_a_field() -> None:
    with pytest.raises(ValueError, match="one axis a field"):
        Factor(("a",), np.ones((2, 2)))
