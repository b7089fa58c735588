"""Rules across fields, as text: `candidate_01 + candidate_02 = valid`, `0 <= total <= 400`,
`luhn(bank account)`.

A rule is a chain of sums compared with each other, or a check digit over fields put end to end.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from digitscan.checkdigits import CheckDigit

_TOKEN = re.compile(
    r"\s*(?:(?P<field>[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign>[<>]=|[-+=<>]))"
)
_CHECK = re.compile(r"\s*(?P<check>[a-z0-9-]+)\s*\((?P<fields>[^()]*)\)\s*")


class Comparison(StrEnum):
    """How two sums of a rule compare."""

    EQUAL = "="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Term:
    """A signed part of a sum: a field, or a number where `field` is empty."""

    sign: int
    field: str
    number: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule across fields.

    Attributes
    ----------
    name : str
    text : str
        As written in the template.
    sums : tuple of tuple of Term
        Compared from left to right; empty for a check digit.
    comparisons : tuple of Comparison
        One fewer than `sums`.
    check : CheckDigit or None
    fields : tuple of str
        All fields of the rule, each once, in the order of the text; for a check digit their
        digits are put end to end in this order.
    """

    name: str
    text: str
    sums: tuple[tuple[Term, ...], ...]
    comparisons: tuple[Comparison, ...]
    check: CheckDigit | None
    fields: tuple[str, ...]


def parse_rule(name: str, text: str) -> Rule:
    """Parse one rule.

    Raises
    ------
    ValueError
        Says what is wrong and what would be right.

    Examples
    --------
    >>> parse_rule("sum", "a + b = total").fields
    ('a', 'b', 'total')
    >>> parse_rule("routing", "aba(bank branch)").check
    <CheckDigit.ABA: 'aba'>
    >>> parse_rule("sum", "a + = b")
    Traceback (most recent call last):
    ...
    ValueError: `a + = b`: a field or a number is missing before `=`
    """
    found = _CHECK.fullmatch(text)
    if found:
        return _parse_check(name, text, found["check"], found["fields"].replace(",", " ").split())
    sums: list[tuple[Term, ...]] = []
    comparisons: list[Comparison] = []
    terms: list[Term] = []
    sign = 0
    for kind, token in _split(text):
        if kind == "sign" and token in "+-":
            if sign:
                raise ValueError(f"`{text}`: a field or a number is missing before `{token}`")
            sign = -1 if token == "-" else 1
            continue
        if kind == "sign":
            if sign or not terms:
                raise ValueError(f"`{text}`: a field or a number is missing before `{token}`")
            sums.append(tuple(terms))
            comparisons.append(Comparison(token))
            terms = []
            continue
        if terms and not sign:
            raise ValueError(f"`{text}`: + or - is missing before `{token}`")
        number = Decimal(token) if kind == "number" else Decimal(0)
        terms.append(Term(sign or 1, token if kind == "field" else "", number))
        sign = 0
    if sign or not terms:
        raise ValueError(f"`{text}`: a field or a number is missing at the end")
    if not comparisons:
        raise ValueError(f"`{text}`: compares nothing; write for example `a + b = total`")
    sums.append(tuple(terms))
    fields = tuple(dict.fromkeys(term.field for part in sums for term in part if term.field))
    if not fields:
        raise ValueError(f"`{text}`: names no field")
    return Rule(name, text, tuple(sums), tuple(comparisons), None, fields)


def _parse_check(name: str, text: str, check: str, fields: list[str]) -> Rule:
    checks = [member.value for member in CheckDigit]
    if check not in checks:
        raise ValueError(f"`{text}`: no check digit {check!r}; there are {', '.join(checks)}")
    if not fields:
        raise ValueError(f"`{text}`: names no field")
    return Rule(name, text, (), (), CheckDigit(check), tuple(fields))


def _split(text: str) -> list[tuple[str, str]]:
    tokens = []
    place = 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            rest = text[place:].strip()
            raise ValueError(
                f"`{text}`: cannot read `{rest}`; a rule has fields, numbers and + - = < > <= >="
            )
        tokens.append((found.lastgroup, found[found.lastgroup]))
        place = found.end()
    return tokens
