"""Tables over the choices of a few fields -> sums and maxima over all choices of all fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Factor:
    """How well the choices of some fields go together.

    Attributes
    ----------
    fields : tuple of str
    weights : ndarray of float64, one axis a field
        0 or more.
    """

    fields: tuple[str, ...]
    weights: Reals

    def __post_init__(self) -> None:
        if self.weights.ndim != len(self.fields):
            raise ValueError(f"one axis a field, got {self.weights.ndim} for {self.fields}")


def reduce_to(field: str, factors: Sequence[Factor], by_maximum: bool = False) -> Reals:
    """Return for each choice of a field the sum, or the maximum, over the choices of all others.

    Elimination of variables (Zhang and Poole 1994): field after field is reduced within the factors
    that name it, which is quick where rules tie few fields at a time.

    Parameters
    ----------
    field : str
    factors : sequence of Factor
        Their product is what is summed.
    by_maximum : bool

    Returns
    -------
    ndarray of float64, shape (choices of the field,)

    Examples
    --------
    >>> one = Factor(("a",), np.array([0.5, 0.5]))
    >>> both = Factor(("a", "b"), np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> reduce_to("a", [one, both]).tolist(), reduce_to("b", [one, both], True).tolist()
    ([1.5, 3.5], [1.5, 2.0])
    """
    rest = list(factors)
    while others := sorted({name for one in rest for name in one.fields} - {field}):
        name = min(others, key=lambda name: _count_cells(name, rest))
        own = [one for one in rest if name in one.fields]
        joined = multiply(own)
        axis = joined.fields.index(name)
        weights = joined.weights.max(axis) if by_maximum else joined.weights.sum(axis)
        left = joined.fields[:axis] + joined.fields[axis + 1 :]
        rest = [one for one in rest if name not in one.fields] + [Factor(left, weights)]
    joined = multiply(rest)
    return joined.weights


def multiply(factors: Sequence[Factor]) -> Factor:
    """Return the product of factors, over all their fields.

    Examples
    --------
    >>> ones = Factor(("a",), np.ones(2)), Factor(("b",), np.full(3, 2.0))
    >>> multiply(ones).weights.tolist()
    [[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]]
    """
    fields = tuple(dict.fromkeys(name for one in factors for name in one.fields))
    product: Reals = np.ones(())
    for one in factors:
        order = [one.fields.index(name) for name in fields if name in one.fields]
        sizes = iter(one.weights.transpose(order).shape)
        shape = [next(sizes) if name in one.fields else 1 for name in fields]
        product = product * one.weights.transpose(order).reshape(shape)
    return Factor(fields, product)


def _count_cells(name: str, factors: Sequence[Factor]) -> int:
    """Return the cells of the product of the factors that name a field."""
    sizes = {
        other: size
        for one in factors
        if name in one.fields
        for other, size in zip(one.fields, one.weights.shape, strict=True)
    }
    return prod(sizes.values())
