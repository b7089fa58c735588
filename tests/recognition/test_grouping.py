"""Where separators stand tells which of two readings is the likelier."""

import numpy as np
import pytest

from digitscan.recognition.ctc import BLANK, LABELS, FieldScores, log_likelihoods
from digitscan.recognition.grouping import (
    CENTS_SHARE,
    ODD_SHARE,
    list_decimal,
    list_whole,
    weigh_grouping,
)


def _spell(text: str) -> FieldScores:
    """Scores that say one text and nothing else, a blank after every label."""
    row = np.zeros((2 * len(text), len(LABELS)), np.float32)
    row[1::2, BLANK] = 1.0
    for place, character in enumerate(text):
        row[2 * place, LABELS.index(character)] = 1.0
    return FieldScores((row,))


def _weigh(seen: str, is_amount: bool = False) -> float:
    """Weight of the digits of a text whose separators were seen for sure."""
    text = seen.replace(",", "").replace("-", "")
    scores = _spell(seen)
    odds = log_likelihoods([scores], [[text]])[0]
    return float(np.exp(weigh_grouping([scores], [[text]], [odds], [is_amount])[0][0]))


@pytest.mark.parametrize(
    ("seen", "weight"),
    [
        pytest.param("1234567", 1.0, id="none"),
        pytest.param("1,234,567", 1.0, id="thousands"),
        pytest.param("12,34,567-", 1.0, id="lakhs"),
        pytest.param("121,00,000", 1.0, id="lakhs-without-crores"),
        pytest.param("1,23", 1.0, id="too-short-to-judge"),
        pytest.param("12,34", ODD_SHARE + (1 - ODD_SHARE) * CENTS_SHARE, id="decimals"),
        pytest.param("1,23,456,00", ODD_SHARE + (1 - ODD_SHARE) * CENTS_SHARE, id="lakhs-decimals"),
        pytest.param("12,34-", ODD_SHARE, id="no-decimals-before-a-tail"),
        pytest.param("88,00,00", ODD_SHARE, id="a-zero-too-few"),
        pytest.param("0,00,000", ODD_SHARE, id="no-digit-to-begin-with"),
        pytest.param("000123", 1.0, id="a-code"),
        pytest.param("95,401,000,00,0", ODD_SHARE, id="nobody-writes-so"),
    ],
)
def test_usual_groupings_weigh_most(seen: str, weight: float) -> None:
    assert _weigh(seen) == pytest.approx(weight, abs=1e-3)


def test_an_amount_begins_with_no_zero() -> None:
    assert _weigh("0000", is_amount=True) == pytest.approx(ODD_SHARE)
    assert _weigh("0000", is_amount=False) == pytest.approx(1.0)
    assert _weigh("050", is_amount=True) == 1.0


def test_a_comma_taken_for_a_digit_loses() -> None:
    # Of 2,75,000 the second comma looks like a 1 or like a comma, with the same probability.
    row = _spell("2,75,000").views[0].copy()
    row[8, LABELS.index(",")] = row[8, 1] = 0.5
    scores = FieldScores((row,))
    texts = ["2751000", "275000"]
    odds = log_likelihoods([scores], [texts])[0]
    assert odds[0] == pytest.approx(odds[1])
    weights = weigh_grouping([scores], [texts], [odds], [True])[0]
    assert weights[1] - weights[0] > 2.0


def test_no_text_has_no_weight() -> None:
    assert weigh_grouping([], [], [], []) == ()
    found = weigh_grouping([_spell("1")], [["1", "77"]], [np.zeros(2)], [True])
    assert found[0].tolist() == [0.0, 0.0]


def test_forms() -> None:
    assert list_whole("1000") == ("1000", "1,000")
    assert list_whole("12345678") == ("12345678", "12,345,678", "1,23,45,678", "123,45,678")
    assert list_decimal("123") == ()
