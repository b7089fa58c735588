"""What a field may say, as records: kinds of fields, marks between digits, the grammar itself."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from digitscan.checkdigits import CheckDigit

# Spans a century exactly, so that a year of two digits means one year only.
FIRST_DAY = date(1950, 1, 1)
LAST_DAY = date(2049, 12, 31)
# A MICR line holds some 30 digits, an IBAN in figures 34; nothing on a form is longer.
MOST_DIGITS = 40


class FieldKind(StrEnum):
    """What the number in a field is."""

    DIGITS = "digits"
    NUMBER = "number"
    AMOUNT = "amount"
    DATE = "date"


class DateOrder(StrEnum):
    """Order in which a date is written."""

    DAY_FIRST = "DMY"
    MONTH_FIRST = "MDY"
    YEAR_FIRST = "YMD"


class Grouping(StrEnum):
    """How the digits of an amount are grouped: 1,234,567 or 12,34,567, or either."""

    THREES = "threes"
    INDIAN = "indian"
    ANY = "any"


class MarkKind(StrEnum):
    """A mark that stands between or beside digits and is none itself.

    RAISED is no ink: it says that the digits behind it are raised or underlined, as cents are.
    UNKNOWN is ink that is some separator, nobody can say which.
    """

    COMMA = ","
    DOT = "."
    SPACE = " "
    DASH = "-"
    SLASH = "/"
    EQUALS = "="
    RAISED = "^"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark and its place: `after` is the number of digits to the left of it."""

    after: int
    kind: MarkKind = MarkKind.UNKNOWN

    def __post_init__(self) -> None:
        if self.after < 0:
            raise ValueError(f"a mark stands after 0 or more digits, got {self.after}")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A text that a reader proposes.

    Attributes
    ----------
    text : str
        Digits only.
    log_probability : float
        Natural logarithm of the probability that the field says `text`; at most 0.
    marks : tuple of Mark
        Separators and tails that were seen, left to right; empty where a reader sees none.
    """

    text: str
    log_probability: float
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        if not self.log_probability <= 1e-6:  # written so that not-a-number fails it
            raise ValueError(f"a log-probability is at most 0, got {self.log_probability}")
        if any(mark.after > len(self.text) for mark in self.marks):
            raise ValueError(f"a mark stands behind the end of {self.text!r}: {self.marks}")


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a field may say. The default says: any number.

    Attributes
    ----------
    kind : FieldKind
    min_digits, max_digits : int
        Bounds on the number of digits, both allowed.
    patterns : tuple of str
        The text must fit one of them whole: `#` is any digit, a digit is itself, `[0-3]` or
        `[159]` one of a set. Empty: any digits.
    check : CheckDigit or None
    orders : tuple of DateOrder
        Dates are tried in these orders; the first in which the day exists decides. Give one alone
        where 03/04 must not be guessed.
    year_digits : tuple of int
        4, 2 or both.
    first_day, last_day : date
        Window of a date, both days allowed.
    grouping : Grouping
    decimals : int
        Digits behind the decimal mark of an amount: 2, or 0 for a currency that has none.
    decimal_mark : MarkKind or None
        COMMA or DOT where only that one may be the decimal mark; None tells it by its place.

    Raises
    ------
    ValueError
        For bounds that exclude each other, a broken pattern, an empty window, or a window of more
        than a century with years of two digits.
    """

    kind: FieldKind = FieldKind.NUMBER
    min_digits: int = 1
    max_digits: int = MOST_DIGITS
    patterns: tuple[str, ...] = ()
    check: CheckDigit | None = None
    orders: tuple[DateOrder, ...] = (
        DateOrder.DAY_FIRST,
        DateOrder.MONTH_FIRST,
        DateOrder.YEAR_FIRST,
    )
    year_digits: tuple[int, ...] = (4, 2)
    first_day: date = FIRST_DAY
    last_day: date = LAST_DAY
    grouping: Grouping = Grouping.ANY
    decimals: int = 2
    decimal_mark: MarkKind | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.min_digits <= self.max_digits:
            raise ValueError(f"lengths run from 1, got {self.min_digits} to {self.max_digits}")
        for pattern in self.patterns:
            split_pattern(pattern)
        if self.kind is FieldKind.DATE:
            self._check_date()
        if self.decimals not in (0, 2):
            raise ValueError(f"decimals is 0 or 2, got {self.decimals}")
        if self.decimal_mark not in (None, MarkKind.COMMA, MarkKind.DOT):
            raise ValueError(f"a decimal mark is a comma or a dot, got {self.decimal_mark!r}")

    def _check_date(self) -> None:
        if not self.orders or not self.year_digits or set(self.year_digits) - {2, 4}:
            raise ValueError(
                f"a date has an order and a year of 4 or 2 digits, got {self.orders} "
                f"and {self.year_digits}"
            )
        if self.first_day > self.last_day:
            raise ValueError(f"no day lies between {self.first_day} and {self.last_day}")
        century = (self.first_day.year + 100, self.first_day.month, self.first_day.day)
        end = (self.last_day.year, self.last_day.month, self.last_day.day)
        if 2 in self.year_digits and end >= century:
            raise ValueError(
                f"with years of two digits the window is at most a century, got {self.first_day} "
                f"to {self.last_day}; narrow it or set year_digits to 4"
            )


def split_pattern(pattern: str) -> tuple[str, ...]:
    """Split a pattern into the digits that are allowed at each place.

    Raises
    ------
    ValueError
        If the pattern holds anything but `#`, digits and sets of digits in brackets.

    Examples
    --------
    >>> split_pattern("0[1-3]#")
    ('0', '123', '0123456789')
    """
    places: list[str] = []
    rest = pattern
    while rest:
        if rest[0] == "[":
            inside, closed, rest = rest[1:].partition("]")
            places.append(_expand_set(inside, pattern) if closed else "")
        else:
            places.append("0123456789" if rest[0] == "#" else rest[0])
            rest = rest[1:]
        if not (places[-1].isascii() and places[-1].isdigit()):
            raise ValueError(
                f"pattern {pattern!r} is broken at place {len(places)}: "
                "use # for any digit, 0 to 9, or a set as [0-3]"
            )
    if not places:
        raise ValueError("a pattern has at least one place")
    return tuple(places)


def _expand_set(inside: str, pattern: str) -> str:
    digits = ""
    while inside:
        if len(inside) >= 3 and inside[1] == "-":
            if not inside[0] <= inside[2]:
                raise ValueError(f"pattern {pattern!r}: {inside[:3]} runs backwards")
            digits += "".join(chr(code) for code in range(ord(inside[0]), ord(inside[2]) + 1))
            inside = inside[3:]
        else:
            digits, inside = digits + inside[0], inside[1:]
    return digits
