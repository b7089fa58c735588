"""Amounts: groups, decimal mark, cents and tails, as people write them on cheques."""

from dataclasses import dataclass

from digitscan.fields import Grammar, Grouping, Mark, MarkKind

# A dash before two digits parts cents on cheques of the United States: 233-00.
_DECIMAL_MARKS = (MarkKind.COMMA, MarkKind.DOT, MarkKind.DASH, MarkKind.UNKNOWN)
_GROUP_MARKS = (MarkKind.COMMA, MarkKind.DOT, MarkKind.SPACE, MarkKind.UNKNOWN)
_WEAK_TO_TELLING = (
    MarkKind.UNKNOWN,
    MarkKind.SPACE,
    MarkKind.EQUALS,
    MarkKind.DASH,
    MarkKind.COMMA,
    MarkKind.DOT,
    MarkKind.SLASH,
    MarkKind.RAISED,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as a value, and whether its marks stand where marks of an amount stand."""

    value: str
    fits: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """Digits up to the next mark; `mark` stands before them, None before the first."""

    digits: str
    mark: MarkKind | None


def read_amount(text: str, marks: tuple[Mark, ...], grammar: Grammar) -> Amount:
    """Give the value of an amount from its digits and the marks that were seen.

    Marks before the first digit (currency signs, fillers) and behind the last one (`/-`, `=`,
    `.-`) say nothing. Cents are two digits behind the last mark, or raised or underlined, or over
    a 100 (`233 00/100`). Every other mark parts groups.

    Parameters
    ----------
    text : str
        The digits.
    marks : tuple of Mark
        In any order.
    grammar : Grammar
        Its grouping, decimals and decimal_mark count.

    Returns
    -------
    Amount
        `value` has a dot before the cents when some mark set them apart, and no other mark; it is
        `text` itself else. `fits` is False where groups are neither of threes nor Indian: a mark
        was missed or invented, or a digit was.

    Examples
    --------
    >>> read_amount("23300", (Mark(3, MarkKind.DOT),), Grammar())
    Amount(value='233.00', fits=True)
    >>> read_amount("123456", (Mark(1), Mark(3), Mark(6, MarkKind.EQUALS)), Grammar())
    Amount(value='123456', fits=True)
    >>> read_amount("12345", (Mark(1),), Grammar())
    Amount(value='12345', fits=False)
    """
    parts = _split_parts(text, marks)
    whole, cents = _split_cents(parts, grammar)
    if not cents:
        return Amount(text, _fit_groups(whole, grammar.grouping))
    value = "".join(part.digits for part in whole) or "0"
    return Amount(f"{value}.{cents}", _fit_groups(whole, grammar.grouping))


def _split_parts(text: str, marks: tuple[Mark, ...]) -> list[_Part]:
    """Cut the text at the marks inside it; of several at one place the most telling counts."""
    kinds: dict[int, MarkKind] = {}
    for mark in sorted(marks, key=lambda mark: _WEAK_TO_TELLING.index(mark.kind)):
        # Cents may be all there is: only a raised mark counts before the first digit.
        first = 0 if mark.kind is MarkKind.RAISED else 1
        if first <= mark.after < len(text):
            kinds[mark.after] = mark.kind
    places = sorted(kinds)
    ends = [*places, len(text)]
    parts = [] if 0 in kinds else [_Part(text[: ends[0]], None)]
    for start, end in zip(places, ends[1:], strict=True):
        parts.append(_Part(text[start:end], kinds[start]))
    return parts


def _split_cents(parts: list[_Part], grammar: Grammar) -> tuple[list[_Part], str]:
    """Take the cents from the end of an amount; they are empty where nothing sets them apart."""
    if grammar.decimals == 0:
        return parts, ""
    over_hundred = len(parts) >= 3 and parts[-1] == _Part("100", MarkKind.SLASH)
    if over_hundred and len(parts[-2].digits) == grammar.decimals:
        return parts[:-2], parts[-2].digits
    last = parts[-1]
    if last.mark is None or len(last.digits) != grammar.decimals:
        return parts, ""
    if last.mark is MarkKind.RAISED or _is_decimal(last.mark, grammar):
        return parts[:-1], last.digits
    return parts, ""


def _is_decimal(mark: MarkKind, grammar: Grammar) -> bool:
    if grammar.decimal_mark is None:
        return mark in _DECIMAL_MARKS
    return mark in (grammar.decimal_mark, MarkKind.UNKNOWN)


def _fit_groups(parts: list[_Part], grouping: Grouping) -> bool:
    """Tell whether the parts are groups of threes (1,234,567) or Indian ones.

    Those are 1,23,45,678 and, counted in lakhs, 123,45,678.
    """
    if len(parts) < 2:
        return True
    if any(part.mark not in _GROUP_MARKS for part in parts[1:]):
        return False
    sizes = [len(part.digits) for part in parts]
    threes = sizes[0] <= 3 and set(sizes[1:]) == {3}
    indian = sizes[0] <= 2 and sizes[-1] == 3 and set(sizes[1:-1]) <= {2}
    indian |= sizes[1:] == [2, 3]
    allowed = {
        Grouping.THREES: threes,
        Grouping.INDIAN: indian,
        Grouping.ANY: threes or indian,
    }
    return allowed[grouping]
