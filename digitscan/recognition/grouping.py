"""Separators between the digits of a number -> whether they part it as writers part numbers.

An amount of a million is written 1000000, 1,000,000 or, in India, 10,00,000: after the last
separator stand three digits, or two decimals. Twelve million are 1,20,00,000 there or, counted in
lakhs, 120,00,000. Where the string reader saw separators, this tells a zero too few (12,00) from
the right count, and a long comma that was taken for a 1 (2,751,000).
"""

from collections.abc import Sequence
from math import log

import numpy as np

from digitscan.recognition.ctc import FieldScores, Reals, ends_with_sign, log_likelihoods_marked

SHORTEST = 4
"""Numbers of fewer digits are written without separators."""
ODD_SHARE = 0.02
"""How likely a grouping is that nobody teaches: writers do err, and so does the network about
commas. Of 468 readings of cheque amounts (39, each as it is and distorted in eleven ways) 378 are
right with 0.01 and 0.02, 372 with 0.05; held amounts come out the same."""

CENTS_SHARE = 0.3
"""How likely decimals are beside whole amounts: `12,00` is rather a zero too few of 12,000."""


UNLIKELY = 8.0
"""A text e^8 less likely than the best of its field is not judged: no grouping makes it win."""


def weigh_grouping(
    scores: Sequence[FieldScores],
    texts: Sequence[Sequence[str]],
    odds: Sequence[Reals],
    are_amounts: Sequence[bool],
) -> tuple[Reals, ...]:
    """Weigh strings by how their separators part them.

    Parameters
    ----------
    scores : sequence of FieldScores
    texts : sequence of sequences of str
        Digits; what may stand in each field.
    odds : sequence of ndarray of float64, shape (number of texts,)
        Log-probability of each text, whatever its separators.
    are_amounts : sequence of bool
        True for a field that holds an amount, which begins with no 0; False where a code may stand.

    Returns
    -------
    tuple of ndarray of float64, shape (number of texts,)
        Log of a weight from `ODD_SHARE` to 1 for each text.
    """
    forms = []
    for field, names, own, is_amount in zip(scores, texts, odds, are_amounts, strict=True):
        has_tail = ends_with_sign(field)
        forms.append(
            [
                (k, _list_forms(names[k], has_tail, is_amount))
                for k in np.flatnonzero(own > own.max(initial=-np.inf) - UNLIKELY).tolist()
                if len(names[k]) >= SHORTEST
            ]
        )
    weighed = log_likelihoods_marked(
        scores, [[form for _, some in field for form, _ in some] for field in forms]
    )
    weights = []
    for own, judged, found in zip(odds, forms, weighed, strict=True):
        weight, seen = np.zeros(len(own)), iter(found)
        for k, some in judged:
            usual = np.logaddexp.reduce([next(seen) + log_weight for _, log_weight in some])
            # The forms are weighed on the first view, the text on all: their share is bounded.
            share = np.exp(min(usual - own[k], 0.0))
            weight[k] = np.log(ODD_SHARE + (1 - ODD_SHARE) * share)
        weights.append(weight)
    return tuple(weights)


def _list_forms(text: str, has_tail: bool, is_amount: bool) -> list[tuple[str, float]]:
    """List the forms of a text with the logs of their weights; a tail `/-` ends whole amounts."""
    if is_amount and text.startswith("0"):
        return []
    forms = [(form, 0.0) for form in list_whole(text)]
    if not has_tail:
        forms += [(form, log(CENTS_SHARE)) for form in list_decimal(text)]
    return forms


def list_whole(text: str) -> tuple[str, ...]:
    """List the usual ways to part a whole number; none for a short one, which is not judged.

    Examples
    --------
    >>> list_whole("12000000")
    ('12000000', '12,000,000', '1,20,00,000', '120,00,000')
    >>> list_whole("120")
    ()
    """
    return () if len(text) < SHORTEST else _list_parted(text)


def list_decimal(text: str) -> tuple[str, ...]:
    """List the usual ways to part a number whose last two digits are decimals.

    Examples
    --------
    >>> list_decimal("120050")
    ('1200,50', '1,200,50')
    """
    if len(text) < SHORTEST:
        return ()
    return tuple(f"{form},{text[-2:]}" for form in _list_parted(text[:-2]))


def _list_parted(digits: str) -> tuple[str, ...]:
    """List the usual ways to part digits, that into no groups included."""
    if digits.startswith("0"):
        return (digits,)  # a code, which nobody parts
    most = len(digits)
    # Whoever counts in lakhs leaves what stands before them whole.
    parted = part_digits(digits, 3, most), part_digits(digits, 2, most), part_digits(digits, 2, 2)
    return tuple(dict.fromkeys((digits, *parted)))


def part_digits(digits: str, step: int, most: int) -> str:
    """Part off the last three digits, then groups of `step`; with `most` separators at most.

    Examples
    --------
    >>> part_digits("71200000", 2, 8), part_digits("71200000", 3, 8)
    ('7,12,00,000', '71,200,000')
    """
    groups = [digits[-3:]]
    rest = digits[:-3]
    while len(rest) > step and len(groups) < most:
        groups.insert(0, rest[-step:])
        rest = rest[:-step]
    return ",".join([rest, *groups] if rest else groups)
