"""Rules as text: sums, comparisons and check digits."""

from decimal import Decimal

import pytest

from digitscan.checkdigits import CheckDigit
from digitscan.forms.expressions import Comparison, Term, parse_rule


def test_sum() -> None:
    rule = parse_rule("r", "a + b - 2.50 = total")
    assert rule.sums == (
        (Term(1, "a"), Term(1, "b"), Term(-1, "", Decimal("2.50"))),
        (Term(1, "total"),),
    )
    assert rule.comparisons == (Comparison.EQUAL,)
    assert rule.fields == ("a", "b", "total")


def test_chain() -> None:
    rule = parse_rule("r", "0<=total<400")
    assert rule.comparisons == (Comparison.AT_MOST, Comparison.LESS)
    assert rule.fields == ("total",)


def test_leading_sign() -> None:
    assert parse_rule("r", "-a = b").sums[0] == (Term(-1, "a"),)


@pytest.mark.parametrize("text", ["luhn(bank, account)", "luhn (bank account)"])
def test_check_digit_over_several_fields(text: str) -> None:
    rule = parse_rule("r", text)
    assert (rule.check, rule.fields) == (CheckDigit.LUHN, ("bank", "account"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing at the end"),
        ("a", "compares nothing"),
        ("a =", "missing at the end"),
        ("= a", "missing before `=`"),
        ("a b = c", "+ or - is missing before `b`"),
        ("a + - b = c", "missing before `-`"),
        ("a * b = c", "cannot read `* b = c`"),
        ("1 = 2", "names no field"),
        ("crc(a)", "no check digit 'crc'"),
        ("luhn()", "names no field"),
    ],
)
def test_broken_rule_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_rule("r", text)
    assert words in str(caught.value)
