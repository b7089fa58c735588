"""Dates: which texts name a day that exists, and which day that is."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from digitscan.fields import DateOrder, Grammar, Hypothesis, Mark

SLASH_DIGITS = "17"
"""What a slash that is as high as the digits is read as."""
_FIELDS = {DateOrder.DAY_FIRST: "dmy", DateOrder.MONTH_FIRST: "mdy", DateOrder.YEAR_FIRST: "ymd"}


def find_day(text: str, marks: tuple[Mark, ...], grammar: Grammar) -> date | None:
    """Find the day that a date names.

    With two separators the three parts may be short (`5/3/16`); without, the text has six or eight
    digits at fixed places. Orders are tried as `grammar.orders` has them.

    Parameters
    ----------
    text : str
        The digits.
    marks : tuple of Mark
        Separators that were seen; when they do not cut the text in three, only fixed places count.
    grammar : Grammar
        Its orders, year_digits, first_day and last_day count.

    Returns
    -------
    date or None
        None where no order gives a day that exists within the window.

    Examples
    --------
    >>> find_day("15032016", (), Grammar())
    datetime.date(2016, 3, 15)
    >>> find_day("5316", (Mark(1), Mark(2)), Grammar())
    datetime.date(2016, 3, 5)
    >>> find_day("30022016", (), Grammar()) is None
    True
    """
    if not text.isascii() or not text.isdigit():
        return None
    # Separators first, in every order: 2011/1/5 is no 20-11-15.
    for split in (_split_at_marks, _split_at_places):
        for order in grammar.orders:
            for parts in split(text, marks, order, grammar):
                day = _name_day(dict(zip(_FIELDS[order], parts, strict=True)), grammar)
                if day is not None:
                    return day
    return None


def allows_date_prefix(prefix: str, grammar: Grammar) -> bool:
    """Tell whether a date without separators, of full width, may begin with `prefix`.

    Day and month must be a day of some year, the year one of the window; which 29th of February
    exists and where within its year the window ends is left to `find_day`.

    Examples
    --------
    >>> allows_date_prefix("3002", Grammar(orders=(DateOrder.DAY_FIRST,)))
    False
    """
    return any(
        _may_begin(prefix, order, digits, grammar)
        for order in grammar.orders
        for digits in grammar.year_digits
    )


def looks_like_date(hypothesis: Hypothesis, grammar: Grammar) -> bool:
    """Tell whether separators alone show that a number is a date: `12/22/2019`, `5-3-16`.

    Three parts that make a day, cut by two marks of the same kind (or unknown ones): an amount
    such as 12,222,019 has three digits in its last part, so that it never passes.

    Examples
    --------
    >>> looks_like_date(Hypothesis("12222019", 0.0, (Mark(2), Mark(4))), Grammar())
    True
    >>> looks_like_date(Hypothesis("12222019", 0.0), Grammar())
    False
    """
    inner = [mark for mark in hypothesis.marks if 0 < mark.after < len(hypothesis.text)]
    return (
        len(inner) == 2
        and inner[0].kind == inner[1].kind
        and len(_cut_at_marks(hypothesis.text, hypothesis.marks)) == 3
        and find_day(hypothesis.text, hypothesis.marks, grammar) is not None
    )


def drop_slashes(text: str, grammar: Grammar) -> str | None:
    """Name the day that a text is when its slashes were read as digits: `0812312024` is 08232024.

    Parameters
    ----------
    text : str
        Digits.
    grammar : Grammar
        Its orders, first_day and last_day count; the year has four digits.

    Returns
    -------
    str or None
        Eight digits; None where leaving out a 1 or 7, or two of them, where slashes stand gives
        no day of the window.

    Examples
    --------
    >>> drop_slashes("0812312024", Grammar()), drop_slashes("081232024", Grammar())
    ('08232024', '08232024')
    >>> drop_slashes("0812352024", Grammar()) is None
    True
    """
    if len(text) not in (9, 10):
        return None
    for first, second in ((2, 5), (4, 7)):
        # Where one of the slashes was not read as a digit, the other one stands in its place.
        for places in ((first, second),) if len(text) == 10 else ((first,), (second - 1,)):
            if all(text[place] in SLASH_DIGITS for place in places):
                day = "".join(sign for place, sign in enumerate(text) if place not in places)
                if find_day(day, (), grammar) is not None:
                    return day
    return None


def _split_at_marks(
    text: str, marks: tuple[Mark, ...], order: DateOrder, grammar: Grammar
) -> Iterator[tuple[str, ...]]:
    """Yield the three parts between two separators, if their widths suit the order."""
    cut = _cut_at_marks(text, marks)
    widths = {"d": (1, 2), "m": (1, 2), "y": grammar.year_digits}
    if len(cut) == 3 and all(
        len(part) in widths[name] for name, part in zip(_FIELDS[order], cut, strict=True)
    ):
        yield cut


def _split_at_places(
    text: str, marks: tuple[Mark, ...], order: DateOrder, grammar: Grammar
) -> Iterator[tuple[str, ...]]:
    """Yield the three parts of a date of full width, whatever its separators."""
    del marks
    for years in grammar.year_digits:
        if len(text) == 4 + years:
            ends = (years, years + 2) if order is DateOrder.YEAR_FIRST else (2, 4)
            yield text[: ends[0]], text[ends[0] : ends[1]], text[ends[1] :]


def _cut_at_marks(text: str, marks: tuple[Mark, ...]) -> tuple[str, ...]:
    places = sorted({mark.after for mark in marks if 0 < mark.after < len(text)})
    return tuple(text[i:j] for i, j in zip([0, *places], [*places, len(text)], strict=True))


def _name_day(parts: dict[str, str], grammar: Grammar) -> date | None:
    year = int(parts["y"])
    first, last = grammar.first_day, grammar.last_day
    if len(parts["y"]) == 2:
        years = [first.year - first.year % 100 + year, first.year - first.year % 100 + year + 100]
    else:
        years = [year]
    for candidate in years:
        try:
            day = date(candidate, int(parts["m"]), int(parts["d"]))
        except ValueError:
            continue
        if first <= day <= last:
            return day
    return None


def _may_begin(prefix: str, order: DateOrder, year_digits: int, grammar: Grammar) -> bool:
    parts: dict[str, str] = {}
    rest = prefix
    for name in _FIELDS[order]:
        width = year_digits if name == "y" else 2
        parts[name], rest = rest[:width], rest[width:]
    years = _list_years(grammar.first_day.year, grammar.last_day.year, year_digits)
    return not rest and (parts["d"], parts["m"]) in _list_days() and parts["y"] in years


@lru_cache(maxsize=1)
def _list_days() -> frozenset[tuple[str, str]]:
    """List the beginnings of day and month of every day of a leap year."""
    days = [date(2000, 1, 1) + timedelta(days=passed) for passed in range(366)]
    return frozenset(
        (f"{day.day:02d}"[:i], f"{day.month:02d}"[:j])
        for day in days
        for i in range(3)
        for j in range(3)
    )


@lru_cache(maxsize=64)
def _list_years(first: int, last: int, digits: int) -> frozenset[str]:
    """List the beginnings of the years of a window, written with this many digits."""
    years = [f"{year:04d}"[4 - digits :] for year in range(first, last + 1)]
    return frozenset(year[:end] for year in years for end in range(digits + 1))
