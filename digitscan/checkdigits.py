"""Check digits: whether a number carries the digit that its own rule gives it."""

from collections.abc import Callable
from enum import StrEnum


class CheckDigit(StrEnum):
    """Rule by which the last digit or digits of a number follow from the others.

    LUHN : cards, many account numbers (ISO/IEC 7812-1 annex B); one digit.
    ABA : United States routing number, nine digits, weights 3-7-1; one digit.
    MOD_97_10 : ISO/IEC 7064, IBAN and many references; two digits.
    MOD_11 : weights 1, 2, 3, ... from the right, as ISBN-10, ISSN and the NHS number; one digit, at
        most ten in all. A check value of ten (an X) is no digit and so never allowed here.
    MOD_11_10 : ISO/IEC 7064 hybrid system, as the German tax and the Croatian OIB number; one.
    VERHOEFF : dihedral group of order ten (Verhoeff 1969), as the Indian Aadhaar number; one digit.
    """

    LUHN = "luhn"
    ABA = "aba"
    MOD_97_10 = "mod97-10"
    MOD_11 = "mod11"
    MOD_11_10 = "mod11-10"
    VERHOEFF = "verhoeff"


ABA_DIGITS = 9
# The weight of the eleventh place would be 11, which is 0 modulo 11: that digit went unchecked.
MOD_11_MOST_DIGITS = 10


def has_check_digit(digits: str, check: CheckDigit) -> bool:
    """Tell whether `digits` ends in the check digit (or digits) that `check` asks for.

    Parameters
    ----------
    digits : str
        The whole number, check digit last, `0` to `9` only; any other mark is refused.
    check : CheckDigit

    Returns
    -------
    bool
        False too for a text that is too short or too long to hold a check digit of this rule.

    Examples
    --------
    >>> has_check_digit("79927398713", CheckDigit.LUHN)
    True
    >>> has_check_digit("021000022", CheckDigit.ABA)
    False
    """
    if not digits.isascii() or not digits.isdigit():
        return False
    return _RULES[check]([int(digit) for digit in digits])


def append_check_digit(digits: str, check: CheckDigit) -> str:
    """Return `digits` with the check digit or digits of `check` behind them.

    Raises
    ------
    ValueError
        Where no digit fits: letters, a wrong length, or an X by `MOD_11`.

    Examples
    --------
    >>> append_check_digit("236", CheckDigit.VERHOEFF)
    '2363'
    """
    if check is CheckDigit.MOD_97_10:
        endings = [f"{value:02d}" for value in range(98, 1, -1)]
    else:
        endings = [str(value) for value in range(10)]
    for ending in endings:
        if digits and has_check_digit(digits + ending, check):
            return digits + ending
    raise ValueError(f"no check digit by {check} fits behind {digits!r}")


def _fits_luhn(digits: list[int]) -> bool:
    total = sum(digits[::-2])
    total += sum(2 * digit - 9 * (digit > 4) for digit in digits[-2::-2])
    return len(digits) >= 2 and total % 10 == 0


def _fits_aba(digits: list[int]) -> bool:
    weights = (3, 7, 1) * 3
    total = sum(weight * digit for weight, digit in zip(weights, digits, strict=False))
    return len(digits) == ABA_DIGITS and total % 10 == 0


def _fits_mod_97_10(digits: list[int]) -> bool:
    remainder = 0
    for digit in digits:
        remainder = (10 * remainder + digit) % 97
    return len(digits) >= 3 and remainder == 1


def _fits_mod_11(digits: list[int]) -> bool:
    total = sum(weight * digit for weight, digit in enumerate(reversed(digits), 1))
    return 2 <= len(digits) <= MOD_11_MOST_DIGITS and total % 11 == 0


def _fits_mod_11_10(digits: list[int]) -> bool:
    product = 10
    for digit in digits[:-1]:
        product = 2 * ((product + digit) % 10 or 10) % 11
    return len(digits) >= 2 and (product + digits[-1]) % 10 == 1


def _fits_verhoeff(digits: list[int]) -> bool:
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = _product(state, _PERMUTATIONS[place % 8][digit])
    return len(digits) >= 2 and state == 0


def _product(left: int, right: int) -> int:
    """Multiply in the dihedral group of the pentagon: 0 to 4 are turns, 5 to 9 reflections."""
    turn = left - right if left >= 5 else left + right
    return turn % 5 + 5 * ((left >= 5) != (right >= 5))


def _find_permutations() -> tuple[tuple[int, ...], ...]:
    rows = [tuple(range(10))]
    for _ in range(7):
        # Verhoeff's permutation, applied once more for each place.
        rows.append(tuple((1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit] for digit in rows[-1]))
    return tuple(rows)


_PERMUTATIONS = _find_permutations()

_RULES: dict[CheckDigit, Callable[[list[int]], bool]] = {
    CheckDigit.LUHN: _fits_luhn,
    CheckDigit.ABA: _fits_aba,
    CheckDigit.MOD_97_10: _fits_mod_97_10,
    CheckDigit.MOD_11: _fits_mod_11,
    CheckDigit.MOD_11_10: _fits_mod_11_10,
    CheckDigit.VERHOEFF: _fits_verhoeff,
}
