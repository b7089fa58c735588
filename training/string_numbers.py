"""What stands in made lines: amounts, dates and account numbers, as people write them."""

import numpy as np

from training.string_signs import Rng

FIRST_DIGITS = np.log10(1 + 1 / np.arange(1, 10))
"""How often amounts begin with 1 to 9 (Benford, "The law of anomalous numbers", 1938)."""


def choose_number(rng: Rng) -> str:
    """Choose digits as they stand in fields: round amounts, any amounts, long account numbers."""
    kind = rng.random()
    if kind < 0.48:
        lead = "".join(rng.choice(list("0123456789"), rng.integers(1, 4)))
        return str(rng.choice(9, p=FIRST_DIGITS) + 1) + lead[1:] + "0" * int(rng.integers(1, 7))
    if kind < 0.6:
        day, month = int(rng.integers(1, 32)), int(rng.integers(1, 13))
        year = int(rng.integers(1950, 2040))
        return f"{day:02d}{month:02d}{year if rng.random() < 0.6 else year % 100:02d}"
    if kind < 0.95:
        return "".join(rng.choice(list("0123456789"), rng.integers(1, 10)))
    return "".join(rng.choice(list("0123456789"), rng.integers(8, 17)))


def choose_code(rng: Rng) -> str:
    """Choose an account number as printers set it: 8 to 16 digits, with runs of equal ones.

    Examples
    --------
    >>> choose_code(np.random.default_rng(5)).isdigit()
    True
    """
    digits = ""
    while len(digits) < 8:
        run = int(rng.choice([1, 2, 3, 4], p=[0.7, 0.15, 0.1, 0.05]))
        digits += str(rng.choice(list("0000123456789"))) * run
        if rng.random() < 0.8:
            digits += "".join(rng.choice(list("0123456789"), rng.integers(0, 4)))
    return digits + "".join(rng.choice(list("0123456789"), rng.integers(0, 5)))


def write_lakhs(rng: Rng) -> str:
    """Choose an amount and write it as on cheques in India: grouped by three and then two, a tail.

    Examples
    --------
    >>> write_lakhs(np.random.default_rng(1))
    '3,01,80,000/-'
    """
    lead = str(rng.choice(9, p=FIRST_DIGITS) + 1)
    lead += "".join(rng.choice(list("0123456789"), int(rng.choice(4, p=[0.3, 0.35, 0.2, 0.15]))))
    least = 5 if rng.random() < 0.75 else 3
    number = lead + "0" * int(rng.integers(max(0, least - len(lead)), 9 - len(lead)))
    kind = rng.random()
    mark = "," if kind < 0.75 else "." if kind < 0.85 else ""
    tails = ("/-", "/-", "/-", "", "", "/=", "-", "=")
    return _group(number, mark, rng, 2) + tails[int(rng.integers(len(tails)))]


def punctuate(number: str, rng: Rng) -> str:
    """Put separators, currency and tail around a number: `712000` -> `7,12,000/-`.

    A number that may be a date is mostly written as one: `12/03/19`.

    Examples
    --------
    >>> text = punctuate("712000", np.random.default_rng(1))
    >>> "".join(c for c in text if c.isdigit())
    '712000'
    """
    if may_be_date(number) and rng.random() < 0.7:
        return _part_date(number, rng)
    mark = str(rng.choice([",", ",", ",", ".", ".", " ", "'"]))
    kind = rng.random()
    if kind < 0.6 and len(number) > 3:
        body = _group(number, mark, rng)
    elif kind < 0.7 and len(number) > 3:
        whole = _group(number[:-2], mark, rng) if rng.random() < 0.7 else number[:-2]
        cents = str(rng.choice([".", ".", ".", ",", " ", "-", "="]))
        body = whole + cents + number[-2:]
    elif kind < 0.75 and len(number) > 2:
        at = int(rng.integers(1, len(number)))
        body = number[:at] + mark + number[at:]
    else:
        body = number
    tails = ["", ".", ",", "/-", "/-", "/-", "/-", "/-", "-", "=", ".-", "/=", " -", "._", ".="]
    weights = [0.3, *[0.05] * 14]
    tail = str(rng.choice(tails, p=weights))
    heads = ["", "$", "=", "-", "#", "*", "**"]
    head = str(rng.choice(heads, p=[0.82, 0.07, 0.03, 0.03, 0.03, 0.01, 0.01]))
    if head.startswith("*"):
        tail = head
    return head + body + tail


def may_be_date(number: str) -> bool:
    """Say whether digits may stand for a day, month first or day first, in 1950 to 2039.

    Examples
    --------
    >>> [may_be_date(number) for number in ("12032019", "031219", "12500000", "1203")]
    [True, True, False, False]
    """
    if len(number) not in (6, 8):
        return False
    first, second = int(number[:2]), int(number[2:4])
    is_day = 1 <= min(first, second) <= 12 and 1 <= max(first, second) <= 31
    return is_day and (len(number) == 6 or 1950 <= int(number[4:]) < 2040)


def _group(number: str, mark: str, rng: Rng, step: int = 0) -> str:
    """Group by three, or as in India by three and then two: 7,12,000; now and then 121,00,000."""
    body, rest = number[-3:], number[:-3]
    step = step or (2 if rng.random() < 0.6 else 3)
    whole_lakhs = step == 2 and rng.random() < 0.12
    while rest:
        taken = len(rest) if whole_lakhs and len(body) > 3 else step
        body = rest[-taken:] + mark + body
        rest = rest[:-taken]
    return body


def _part_date(number: str, rng: Rng) -> str:
    """Part digits as dates are: day, month and year, or the year first, with one sign."""
    mark = str(rng.choice(["/", "/", "/", "-", "-", ".", " "]))
    ends = (2, 4) if len(number) == 6 or rng.random() < 0.8 else (4, 6)
    return mark.join((number[: ends[0]], number[ends[0] : ends[1]], number[ends[1] :]))
