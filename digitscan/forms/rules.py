"""Rules across fields decide jointly: the most probable readings that agree with each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise, product
from math import prod

from digitscan.checkdigits import has_check_digit
from digitscan.forms.expressions import Comparison, Rule, Term

BROKEN_SHARE = 0.1
"""Share of the forms that truly do not add up: one in ten of the polling-station forms."""
BROKEN_SPREAD = 0.1
"""How probable the very numbers of a form that does not add up are, next to those of one that
does: people miss by one, by ten, or forget a part, so that about ten wrong sums are usual."""
MOST_SETS = 20_000
"""Sets of readings that are tried for fields tied by rules; the least probable readings of the
longest lists are given up first."""
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
        _compare(one, other, comparison)
        for (one, other), comparison in zip(pairwise(sums), rule.comparisons, strict=True)
    )


def _add(terms: Sequence[Term], options: Mapping[str, Option]) -> Decimal:
    total = Decimal(0)
    for term in terms:
        value = options[term.field].value if term.field else term.number
        total += term.sign * (value or Decimal(0))
    return total


def _compare(one: Decimal, other: Decimal, comparison: Comparison) -> bool:
    return {
        Comparison.EQUAL: one == other,
        Comparison.LESS: one < other,
        Comparison.AT_MOST: one <= other,
        Comparison.MORE: one > other,
        Comparison.AT_LEAST: one >= other,
    }[comparison]


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
    trimmed = _trim(fields)
    names = list(trimmed)
    weights: dict[tuple[int, ...], float] = {}
    broken: dict[tuple[int, ...], str] = {}
    for chosen in product(*(range(len(trimmed[name])) for name in names)):
        options = {name: trimmed[name][k] for name, k in zip(names, chosen, strict=True)}
        weight = prod(option.probability for option in options.values())
        for rule in rules:
            if holds(rule, options):
                weight *= 1.0 - BROKEN_SHARE
            else:
                weight *= BROKEN_SHARE * BROKEN_SPREAD
                broken.setdefault(chosen, rule.name)
        weights[chosen] = weight
    best = max(weights, key=lambda chosen: (weights[chosen], [-k for k in chosen]))
    total = sum(weights.values())
    decisions = {}
    for place, name in enumerate(names):
        same = sum(weight for chosen, weight in weights.items() if chosen[place] == best[place])
        # What the ink leaves to readings that no list names stays unexplained.
        named = sum(option.probability for option in fields[name])
        share = same / total if total > 0 else 0.0
        decisions[name] = Decision(
            best[place], _keep_unnamed(share, named, best in broken), broken.get(best, ""),
            best[place] != 0,
        )  # fmt: skip
    return decisions


def _keep_unnamed(share: float, named: float, is_broken: bool) -> float:
    """Return the confidence of a share among the named readings.

    A rule that holds speaks for the named readings as a whole: an unnamed one would have to fit by
    chance.
    """
    unnamed = max(0.0, 1.0 - named) * (1.0 if is_broken else BROKEN_SHARE * BROKEN_SPREAD)
    return min(1.0, share * (1.0 - unnamed))


def _trim(fields: dict[str, tuple[Option, ...]]) -> dict[str, tuple[Option, ...]]:
    """Give up the least probable options of the longest lists until the sets are few enough."""
    lists = dict(fields)
    while prod(len(options) for options in lists.values()) > MOST_SETS:
        name = max(lists, key=lambda name: len(lists[name]))
        lists[name] = lists[name][:-1]
    return lists
