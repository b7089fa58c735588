"""Rules across fields decide jointly: the most probable readings that agree with each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise, product
from math import prod
from operator import eq, ge, gt, le, lt
from typing import Any

import numpy as np
import numpy.typing as npt

from digitscan.checkdigits import has_check_digit
from digitscan.forms.expressions import Comparison, Rule, Term
from digitscan.forms.factors import Factor, reduce_to

BROKEN_SHARE = 0.1
"""Share of the forms that truly do not add up: one in ten of the polling-station forms."""
BROKEN_SPREAD = 0.1
"""How probable the very numbers of a form that does not add up are, next to those of one that
does: people miss by one, by ten, or forget a part, so that about ten wrong sums are usual."""
MOST_SETS = 200_000
"""Sets of readings of the fields of one rule that are tried: 2 ms. Two unreadable digits of a field
are a hundred readings."""
MOST_CHECKED = 20_000
"""Sets that are tried for a check digit, which is computed set by set."""
HOPELESS = 1e-5
"""A reading less probable than this for the best of its field changes no decision: a form breaks
two rules by chance more often."""
_MOST_CENTS = 2.0**53
"""Floats are exact up to here."""
_COMPARE: Mapping[Comparison, Callable[[Any, Any], Any]] = {
    Comparison.EQUAL: eq,
    Comparison.LESS: lt,
    Comparison.AT_MOST: le,
    Comparison.MORE: gt,
    Comparison.AT_LEAST: ge,
}
REPAIRED = "rule-repaired"
"""The reason of a value that a rule changed."""


@dataclass(frozen=True, slots=True)
class Option:
    """A reading that a field may have.

    Attributes
    ----------
    text : str
        Digits.
    value : Decimal or None
        What rules compute with: a number, an amount, a date as its ordinal. None where the text
        has no value: no comparison holds for it.
    probability : float
        Of the ink alone.
    """

    text: str
    value: Decimal | None
    probability: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules decided about a field.

    Attributes
    ----------
    choice : int
        Position of the option that holds.
    confidence : float
        Probability of its text, the rules counted in.
    broken : str
        Name of the rule that the most probable readings break; empty where they break none. Then
        `choice` is what the ink says, and the reading must be rejected as `rule:NAME`.
    repaired : bool
        Whether the rules chose another reading than the ink alone.
    """

    choice: int
    confidence: float
    broken: str = ""
    repaired: bool = False


def decide_jointly(
    fields: Mapping[str, Sequence[Option]], rules: Sequence[Rule]
) -> dict[str, Decision]:
    """Choose the readings of a form's fields together.

    Bayes over all sets of readings: a set is as probable as its readings by the ink, times what
    forms do: most obey a rule, `BROKEN_SHARE` do not, and those that do not spread over many wrong
    sums. So an unreadable digit is restored, a form that is clearly written and does not add up
    comes out as such, and a repaired reading is only as certain as the alternative was probable.

    Parameters
    ----------
    fields : mapping of str to sequence of Option
        The options of each field, best first; a field without options takes part in no rule.
    rules : sequence of Rule
        Rules that name a field that is not there are left out.

    Returns
    -------
    dict of str to Decision
        For every field that has options.

    Examples
    --------
    >>> from digitscan.forms.expressions import parse_rule
    >>> sure = lambda n: [Option(str(n), Decimal(n), 0.98)]
    >>> torn = [Option("187", Decimal(187), 0.4), Option("181", Decimal(181), 0.3)]
    >>> found = decide_jointly(
    ...     {"a": sure(125), "b": sure(56), "all": torn}, [parse_rule("sum", "a + b = all")]
    ... )
    >>> found["all"].choice, found["all"].repaired, round(found["all"].confidence, 2)
    (1, True, 0.98)
    """
    known = {name: tuple(options) for name, options in fields.items() if options}
    used = [rule for rule in rules if all(name in known for name in rule.fields)]
    decisions = {name: Decision(0, options[0].probability) for name, options in known.items()}
    for names, tied in _connect(used):
        decisions.update(_decide_set({name: known[name] for name in names}, tied))
    return decisions


def holds(rule: Rule, options: Mapping[str, Option]) -> bool:
    """Tell whether a rule holds for the chosen options of its fields.

    Examples
    --------
    >>> from digitscan.forms.expressions import parse_rule
    >>> holds(parse_rule("r", "0 <= a < 5"), {"a": Option("5", Decimal(5), 1.0)})
    False
    """
    if rule.check is not None:
        return has_check_digit("".join(options[name].text for name in rule.fields), rule.check)
    if any(options[name].value is None for name in rule.fields):
        return False
    sums = [_add(terms, options) for terms in rule.sums]
    return all(
        _COMPARE[comparison](one, other)
        for (one, other), comparison in zip(pairwise(sums), rule.comparisons, strict=True)
    )


def _add(terms: Sequence[Term], options: Mapping[str, Option]) -> Decimal:
    total = Decimal(0)
    for term in terms:
        value = options[term.field].value if term.field else term.number
        total += term.sign * (value or Decimal(0))
    return total


def _connect(rules: Sequence[Rule]) -> list[tuple[list[str], list[Rule]]]:
    """Return the groups of fields that rules tie together, with their rules."""
    groups: list[tuple[list[str], list[Rule]]] = []
    for rule in rules:
        names, tied = list(rule.fields), [rule]
        for group in [group for group in groups if set(group[0]) & set(rule.fields)]:
            groups.remove(group)
            names = list(dict.fromkeys(group[0] + names))
            tied = group[1] + tied
        groups.append((names, tied))
    return groups


def _decide_set(
    fields: dict[str, tuple[Option, ...]], rules: Sequence[Rule]
) -> dict[str, Decision]:
    """Weigh all sets of readings of fields that are tied together."""
    trimmed = _trim(fields, rules)
    inks = [
        Factor((name,), np.array([option.probability for option in options]))
        for name, options in trimmed.items()
    ]
    factors = [*inks, *(_weigh_rule(rule, trimmed) for rule in rules)]
    best = _choose(factors, list(trimmed))
    chosen = {name: options[best[name]] for name, options in trimmed.items()}
    broken = next((rule.name for rule in rules if not holds(rule, chosen)), "")
    decisions = {}
    for name, choice in best.items():
        weights = reduce_to(name, factors)
        total = float(weights.sum())
        share = float(weights[choice]) / total if total > 0 else 0.0
        # What the ink leaves to readings that no list names stays unexplained.
        named = sum(option.probability for option in fields[name])
        confidence = _keep_unnamed(share, named, bool(broken))
        decisions[name] = Decision(choice, confidence, broken, choice != 0)
    return decisions


def _choose(factors: Sequence[Factor], names: Sequence[str]) -> dict[str, int]:
    """Return the most probable set, the first options of the lists where sets are equal."""
    best: dict[str, int] = {}
    known = list(factors)
    for name in names:
        choice = int(reduce_to(name, known, by_maximum=True).argmax())
        best[name] = choice
        # From here on it has no other choice.
        only = np.zeros(_count_choices(name, known))
        only[choice] = 1.0
        known.append(Factor((name,), only))
    return best


def _count_choices(name: str, factors: Sequence[Factor]) -> int:
    one = next(one for one in factors if name in one.fields)
    return int(one.weights.shape[one.fields.index(name)])


def _weigh_rule(rule: Rule, fields: Mapping[str, tuple[Option, ...]]) -> Factor:
    """Return how probable sets of readings of a rule's fields are for what forms do."""
    kept = np.array(_try_all(rule, fields))
    return Factor(rule.fields, np.where(kept, 1.0 - BROKEN_SHARE, BROKEN_SHARE * BROKEN_SPREAD))


def _try_all(rule: Rule, fields: Mapping[str, tuple[Option, ...]]) -> npt.NDArray[np.bool_]:
    """Say of every set of options of a rule's fields whether the rule holds."""
    lists = [fields[name] for name in rule.fields]
    shape = tuple(len(options) for options in lists)
    values = [[_count_cents(option) for option in options] for options in lists]
    if rule.check is not None or any(abs(v) > _MOST_CENTS for some in values for v in some):
        kept = [
            holds(rule, dict(zip(rule.fields, chosen, strict=True))) for chosen in product(*lists)
        ]
        return np.array(kept, np.bool_).reshape(shape)
    axes = np.ix_(*(np.array(some, np.float64) for some in values))
    by_name = dict(zip(rule.fields, axes, strict=True))
    sums = [
        sum(
            (
                term.sign * (by_name[term.field] if term.field else float(100 * term.number))
                for term in terms
            ),
            np.zeros(()),
        )
        for terms in rule.sums
    ]
    kept_all = np.ones(shape, np.bool_)
    for (one, other), comparison in zip(pairwise(sums), rule.comparisons, strict=True):
        kept_all &= _COMPARE[comparison](one, other)
    return kept_all


def _count_cents(option: Option) -> float:
    """Return the value in hundredths, which floats add up exactly; not a number for no value."""
    return float("nan") if option.value is None else float(100 * option.value)


def _keep_unnamed(share: float, named: float, is_broken: bool) -> float:
    """Return the confidence of a share among the named readings.

    A rule that holds speaks for the named readings as a whole: an unnamed one would have to fit by
    chance.
    """
    unnamed = max(0.0, 1.0 - named) * (1.0 if is_broken else BROKEN_SHARE * BROKEN_SPREAD)
    return min(1.0, share * (1.0 - unnamed))


def _trim(
    fields: dict[str, tuple[Option, ...]], rules: Sequence[Rule]
) -> dict[str, tuple[Option, ...]]:
    """Give up the least probable options until the sets of every rule are few enough.

    Of the lists of a rule that one is shortened whose last option is the least probable for its
    best: a list of an unreadable digit, ten equal options, stays whole.
    """
    lists = {name: _drop_hopeless(options) for name, options in fields.items()}
    for rule in rules:
        most = MOST_CHECKED if rule.check is not None else MOST_SETS
        while prod(len(lists[name]) for name in rule.fields) > most:
            longer = [name for name in rule.fields if len(lists[name]) > 1]
            name = min(longer, key=lambda name: _rate_last(lists[name]))
            lists[name] = lists[name][:-1]
    return lists


def _drop_hopeless(options: tuple[Option, ...]) -> tuple[Option, ...]:
    """Leave out what is less probable for the best than that a form does not add up."""
    least = HOPELESS * max(option.probability for option in options)
    return (options[0], *(option for option in options[1:] if option.probability >= least))


def _rate_last(options: tuple[Option, ...]) -> float:
    return options[-1].probability / max(option.probability for option in options)
