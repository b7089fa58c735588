"""What a field may say: which texts are allowed, what they are worth, and which one wins."""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, log

from digitscan.checkdigits import ABA_DIGITS, CheckDigit, has_check_digit
from digitscan.fields import FieldKind, Grammar, Hypothesis, Mark, split_pattern
from digitscan.recognition.amounts import read_amount
from digitscan.recognition.dates import allows_date_prefix, find_day, looks_like_date

NOTE_CHECK_DIGIT = "check-digit"
"""The note where texts that read better were turned down by the check digit alone."""
NOTE_GRAMMAR = "grammar"
"""The note where texts that read better were turned down by lengths, pattern or calendar."""

# One field in a hundred says what its rule forbids: people write 31/02 and forget a digit. Only the
# order of magnitude counts: a forbidden text never wins, but where the ink is clear about one, an
# allowed text that is merely the least bad must not come out as certain.
FORBIDDEN_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Verdict:
    """An N-best list after the grammar.

    Attributes
    ----------
    hypotheses : tuple of Hypothesis
        Allowed texts first, each group best first; their probabilities sum to at most 1.
    allowed : int
        Number of the allowed ones, at the head of the list. 0: the field must be rejected.
    note : str
        Empty where the best text was allowed from the start, else `NOTE_CHECK_DIGIT` or
        `NOTE_GRAMMAR`: what decided.
    """

    hypotheses: tuple[Hypothesis, ...]
    allowed: int
    note: str = ""


def is_allowed(text: str, grammar: Grammar, marks: tuple[Mark, ...] = ()) -> bool:
    """Tell whether a field may say `text`.

    Examples
    --------
    >>> is_allowed("021000021", Grammar(check=CheckDigit.ABA))
    True
    >>> is_allowed("12", Grammar(min_digits=3))
    False
    """
    return _has_form(text, grammar, marks) and _has_check(text, grammar)


def allows_prefix(prefix: str, grammar: Grammar) -> bool:
    """Tell whether an allowed text may begin with `prefix`: False prunes a beam and loses nothing.

    Dates are pruned as if they had no separators, so leave it out where a date may have short
    parts. Check digits do not count: they are known at the end only.

    Examples
    --------
    >>> cheque = Grammar(patterns=("083###",))
    >>> allows_prefix("08", cheque), allows_prefix("09", cheque)
    (True, False)
    """
    if len(prefix) > count_digits(grammar)[1] or not _is_number(prefix or "0"):
        return False
    if grammar.kind is FieldKind.DATE and not allows_date_prefix(prefix, grammar):
        return False
    return not grammar.patterns or any(
        _fits_places(prefix, places[: len(prefix)]) for places in _list_places(grammar.patterns)
    )


def count_digits(grammar: Grammar) -> tuple[int, int]:
    """Return the least and the greatest number of digits that the grammar allows.

    Examples
    --------
    >>> from digitscan.fields import FieldKind
    >>> count_digits(Grammar(kind=FieldKind.DATE, year_digits=(4,)))
    (6, 8)
    >>> count_digits(Grammar(patterns=("###", "#####")))
    (3, 5)
    """
    least, most = grammar.min_digits, grammar.max_digits
    if grammar.kind is FieldKind.DATE:
        # The shortest has separators and a day and a month of one digit each.
        least = max(least, 2 + min(grammar.year_digits))
        most = min(most, 4 + max(grammar.year_digits))
    if grammar.patterns:
        lengths = [len(places) for places in _list_places(grammar.patterns)]
        least, most = max(least, min(lengths)), min(most, max(lengths))
    if grammar.check is CheckDigit.ABA:
        least, most = max(least, ABA_DIGITS), min(most, ABA_DIGITS)
    return least, most


def normalize_value(text: str, grammar: Grammar, marks: tuple[Mark, ...] = ()) -> str:
    """Give the value of a text: a date as in ISO 8601, an amount with its decimal point.

    Examples
    --------
    >>> from digitscan.fields import FieldKind
    >>> normalize_value("15032016", Grammar(kind=FieldKind.DATE))
    '2016-03-15'
    >>> normalize_value("007", Grammar())
    '007'
    """
    if grammar.kind is FieldKind.AMOUNT:
        return read_amount(text, marks, grammar).value
    if grammar.kind is FieldKind.DATE:
        day = find_day(text, marks, grammar)
        return text if day is None else day.isoformat()
    return text


def have_sense(text: str, grammar: Grammar, marks: tuple[Mark, ...]) -> bool:
    """Tell whether the marks that were seen suit the text: groups of an amount, parts of a date.

    Readers miss faint marks and invent others, so that this forbids nothing: it is evidence.

    Examples
    --------
    >>> from digitscan.fields import FieldKind
    >>> have_sense("12345", Grammar(kind=FieldKind.AMOUNT), (Mark(1),))
    False
    """
    if grammar.kind is FieldKind.AMOUNT:
        return read_amount(text, marks, grammar).fits
    return True


def guess_kind(hypothesis: Hypothesis) -> FieldKind:
    """Guess what a number on a page without a template is, from its separators.

    Returns
    -------
    FieldKind
        DATE where two equal separators part a day; AMOUNT where a mark sets cents apart or parts
        groups of digits; NUMBER else.

    Examples
    --------
    >>> from digitscan.fields import MarkKind
    >>> guess_kind(Hypothesis("12222019", 0.0, (Mark(2, MarkKind.SLASH), Mark(4, MarkKind.SLASH))))
    <FieldKind.DATE: 'date'>
    """
    text = hypothesis.text
    inner = [mark for mark in hypothesis.marks if 0 < mark.after < len(text)]
    if looks_like_date(hypothesis, Grammar(kind=FieldKind.DATE)):
        return FieldKind.DATE
    if inner and read_amount(text, hypothesis.marks, Grammar(kind=FieldKind.AMOUNT)).fits:
        return FieldKind.AMOUNT
    return FieldKind.NUMBER


def apply_grammar(hypotheses: tuple[Hypothesis, ...], grammar: Grammar) -> Verdict:
    """Let the best allowed text win, and weigh the list anew by what the grammar knows.

    Bayes with the field as prior: a forbidden text keeps `FORBIDDEN_SHARE` of its probability; of
    the probability that no hypothesis names, as much is taken for allowed as of the named. So a
    text that wins because better ones were forbidden is as certain as the ink lets it be.

    Parameters
    ----------
    hypotheses : tuple of Hypothesis
        Each text once, in any order. Their probabilities sum to at most 1; the rest belongs to
        texts that the reader did not name.
    grammar : Grammar

    Returns
    -------
    Verdict

    Examples
    --------
    >>> found = apply_grammar(
    ...     (Hypothesis("021000022", log(0.6)), Hypothesis("021000021", log(0.3))),
    ...     Grammar(check=CheckDigit.ABA),
    ... )
    >>> found.hypotheses[0].text, found.note, round(exp(found.hypotheses[0].log_probability), 2)
    ('021000021', 'check-digit', 0.88)
    """
    ranked = sorted(hypotheses, key=lambda item: -item.log_probability)
    formed = [_has_form(item.text, grammar, item.marks) for item in ranked]
    allowed = [
        form and _has_check(item.text, grammar) for item, form in zip(ranked, formed, strict=True)
    ]
    named = [exp(item.log_probability) for item in ranked]
    kept = [1.0 if good else FORBIDDEN_SHARE for good in allowed]
    weight = sum(share * part for share, part in zip(kept, named, strict=True))
    unnamed = max(0.0, 1.0 - sum(named))
    total = weight + unnamed * weight / sum(named) if sum(named) > 0.0 else 0.0
    if total <= 0.0:
        return Verdict(tuple(ranked), sum(allowed))
    weighed = [
        replace(item, log_probability=min(0.0, item.log_probability + log(share / total)))
        for item, share in zip(ranked, kept, strict=True)
    ]
    winners = [item for item, good in zip(weighed, allowed, strict=True) if good]
    losers = [item for item, good in zip(weighed, allowed, strict=True) if not good]
    return Verdict(tuple(winners + losers), len(winners), _explain(formed, allowed))


def _explain(formed: list[bool], allowed: list[bool]) -> str:
    """Name what turned down the texts that read better than the winner."""
    if not any(allowed) or allowed[0]:
        return ""
    better = formed[: allowed.index(True)]
    return NOTE_CHECK_DIGIT if any(better) else NOTE_GRAMMAR


def _has_form(text: str, grammar: Grammar, marks: tuple[Mark, ...]) -> bool:
    least, most = count_digits(grammar)
    if not least <= len(text) <= most or not _is_number(text):
        return False
    if grammar.kind is FieldKind.DATE and find_day(text, marks, grammar) is None:
        return False
    return not grammar.patterns or any(
        len(places) == len(text) and _fits_places(text, places)
        for places in _list_places(grammar.patterns)
    )


def _has_check(text: str, grammar: Grammar) -> bool:
    return grammar.check is None or has_check_digit(text, grammar.check)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _fits_places(text: str, places: tuple[str, ...]) -> bool:
    """Tell whether each digit is in the set of its place; False where places are fewer."""
    pairs = zip(text, places, strict=False)
    return len(text) <= len(places) and all(digit in place for digit, place in pairs)


@lru_cache(maxsize=64)
def _list_places(patterns: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(split_pattern(pattern) for pattern in patterns)
