"""Check digits against published numbers and against the errors each rule promises to find."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digitscan.checkdigits import CheckDigit, append_check_digit, has_check_digit

RULES = list(CheckDigit)
payloads = st.text("0123456789", min_size=3, max_size=9)


@pytest.mark.parametrize(
    ("number", "check"),
    [
        pytest.param("79927398713", CheckDigit.LUHN, id="luhn-patent-example"),
        pytest.param("4111111111111111", CheckDigit.LUHN, id="luhn-test-card"),
        pytest.param("378282246310005", CheckDigit.LUHN, id="luhn-test-card-15-digits"),
        pytest.param("111000025", CheckDigit.ABA, id="aba-bank-of-america-texas"),
        pytest.param("021000021", CheckDigit.ABA, id="aba-chase-new-york"),
        pytest.param("122105155", CheckDigit.ABA, id="aba-us-bank-arizona"),
        pytest.param(
            "3214282912345698765432161182", CheckDigit.MOD_97_10, id="mod97-iban-gb82-west"
        ),
        pytest.param("9999123456789012141490", CheckDigit.MOD_97_10, id="mod97-python-stdnum"),
        pytest.param("0306406152", CheckDigit.MOD_11, id="mod11-isbn"),
        pytest.param("03785955", CheckDigit.MOD_11, id="mod11-issn"),
        pytest.param("9434765919", CheckDigit.MOD_11, id="mod11-nhs"),
        pytest.param("136695976", CheckDigit.MOD_11_10, id="mod11-10-german-vat"),
        pytest.param("94577403194", CheckDigit.MOD_11_10, id="mod11-10-croatian-oib"),
        pytest.param("794623", CheckDigit.MOD_11_10, id="mod11-10-iso-7064"),
        pytest.param("2363", CheckDigit.VERHOEFF, id="verhoeff-236"),
        pytest.param("123451", CheckDigit.VERHOEFF, id="verhoeff-12345"),
        pytest.param("1428570", CheckDigit.VERHOEFF, id="verhoeff-142857"),
    ],
)
def test_published_numbers_pass_and_their_neighbors_do_not(number: str, check: CheckDigit) -> None:
    assert has_check_digit(number, check)
    changed = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not has_check_digit(changed, check)
    if check is not CheckDigit.MOD_97_10:
        assert append_check_digit(number[:-1], check) == number


@pytest.mark.parametrize("check", RULES)
@pytest.mark.parametrize("text", ["", "0", "12a4", "12 34", "١٢٣", "-1", "²3"])
def test_a_text_that_is_no_number_fails(check: CheckDigit, text: str) -> None:
    assert not has_check_digit(text, check)


def test_lengths_that_a_rule_does_not_know_fail() -> None:
    assert not has_check_digit("00000000", CheckDigit.ABA)
    assert not has_check_digit("0" * 11, CheckDigit.MOD_11)
    with pytest.raises(ValueError, match="aba"):
        append_check_digit("0210000", CheckDigit.ABA)


def test_the_x_of_mod_11_is_refused() -> None:
    # ISBN 0-8044-2957-X
    with pytest.raises(ValueError, match="mod11"):
        append_check_digit("080442957", CheckDigit.MOD_11)


def _number(payload: str, check: CheckDigit) -> str:
    if check is CheckDigit.ABA:
        payload = payload.rjust(8, "4")[:8]
    try:
        return append_check_digit(payload, check)
    except ValueError:
        assume(False)
        raise


@pytest.mark.parametrize("check", RULES)
@given(payload=payloads, data=st.data())
def test_every_single_wrong_digit_is_found(
    check: CheckDigit, payload: str, data: st.DataObject
) -> None:
    number = _number(payload, check)
    place = data.draw(st.integers(0, len(number) - 1))
    digit = data.draw(st.sampled_from("0123456789".replace(number[place], "")))
    assert has_check_digit(number, check)
    assert not has_check_digit(number[:place] + digit + number[place + 1 :], check)


# Luhn misses 09 and 90, ABA pairs five apart, 11-10 some others: their promise is one digit only.
@pytest.mark.parametrize("check", [CheckDigit.MOD_97_10, CheckDigit.MOD_11, CheckDigit.VERHOEFF])
@given(payload=payloads, data=st.data())
def test_every_swap_of_neighbors_is_found(
    check: CheckDigit, payload: str, data: st.DataObject
) -> None:
    number = _number(payload, check)
    place = data.draw(st.integers(0, len(number) - 2))
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert not has_check_digit(swapped, check)


@pytest.mark.parametrize("check", RULES)
def test_about_one_number_in_ten_passes_by_chance(check: CheckDigit) -> None:
    digits = 9 if check is CheckDigit.ABA else 4
    first = 10 ** (digits - 1)
    passed = sum(has_check_digit(str(n), check) for n in range(first, first + 9000))
    share = 97 if check is CheckDigit.MOD_97_10 else 11 if check is CheckDigit.MOD_11 else 10
    assert passed == pytest.approx(9000 / share, rel=0.05)
