"""A threshold that keeps its promise, and refusals that say what is lacking."""

from collections.abc import Collection

import numpy as np
import pytest

from digitscan.bounds import bound_above, least_trials
from digitscan.calibration import choose_threshold
from digitscan.errors import ExitCode, TruthError
from digitscan.truth import ResultRow, Scored


def _score(name: str, confidence: float, right: bool, acceptable: bool = True) -> Scored:
    row = ResultRow(name, 1, "amount", "1", confidence, "read", acceptable, None)
    return Scored(name, "amount", "1" if right else "2", row, right)


def _scores(confidences: list[float], wrong: Collection[int] = ()) -> tuple[Scored, ...]:
    return tuple(
        _score(f"{place}.png", confidence, place not in wrong)
        for place, confidence in enumerate(confidences)
    )


def _fall(count: int) -> list[float]:
    return [round(0.9999 - place / (2 * count), 6) for place in range(count)]


def test_299_clean_readings_are_the_least_for_one_percent() -> None:
    found = choose_threshold(_scores(_fall(299)), 0.01)
    assert (found.accepted, found.wrong, found.total) == (299, 0, 299)
    assert found.min_confidence == _fall(299)[-1]
    assert found.bound == pytest.approx(bound_above(0, 299))
    with pytest.raises(TruthError, match="label 1 more"):
        choose_threshold(_scores(_fall(298)), 0.01)


def test_the_threshold_lies_above_the_errors() -> None:
    scored = _scores(_fall(500), wrong=set(range(400, 500)))
    found = choose_threshold(scored, 0.01)
    assert (found.accepted, found.wrong) == (400, 0)
    assert found.min_confidence == _fall(500)[399]


def test_some_errors_are_borne_when_there_is_much_data() -> None:
    found = choose_threshold(_scores(_fall(5000), wrong=set(range(0, 3000, 500))), 0.01)
    assert found.accepted == 5000
    assert found.wrong == 6
    assert found.bound <= 0.01


def test_equal_confidences_stand_or_fall_together() -> None:
    confidences = [0.99] * 300 + [0.9] * 100
    clean = choose_threshold(_scores(confidences), 0.01)
    assert (clean.min_confidence, clean.accepted) == (0.9, 400)
    stained = choose_threshold(_scores(confidences, wrong={320, 330, 340}), 0.01)
    assert (stained.min_confidence, stained.accepted) == (0.99, 300)


def test_readings_that_no_threshold_accepts_prove_nothing() -> None:
    scored = _scores(_fall(298))
    scored += (_score("rejected.png", 0.99, True, acceptable=False),)
    scored += (Scored("missing.png", "amount", "1", None, False),)
    with pytest.raises(TruthError, match="298 labeled readings are too few"):
        choose_threshold(scored, 0.01)


@pytest.mark.parametrize(
    ("target", "level", "least"), [(0.05, 0.95, 59), (0.01, 0.99, 459), (0.02, 0.9, 114)]
)
def test_other_targets_and_levels(target: float, level: float, least: int) -> None:
    assert least_trials(0, target, level) == least
    assert choose_threshold(_scores(_fall(least)), target, level).accepted == least
    with pytest.raises(TruthError, match=f"takes {least} accepted"):
        choose_threshold(_scores(_fall(least - 1)), target, level)


def test_no_readings_at_all() -> None:
    with pytest.raises(TruthError, match=r"0 labeled .* label 299 more") as caught:
        choose_threshold((), 0.01)
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_refusal_names_the_errors_among_the_surest() -> None:
    with pytest.raises(TruthError) as caught:
        choose_threshold(_scores(_fall(300), wrong={7}), 0.01)
    message = str(caught.value)
    # one error takes 473 readings
    assert "1 wrong of the 300 surest it takes 473" in message
    assert "label about 173 more" in message
    assert "7.png (2)" in message


def test_a_refusal_lists_few_names() -> None:
    with pytest.raises(TruthError, match="and 35 more"):
        choose_threshold(_scores(_fall(300), wrong=set(range(40))), 0.01)


def test_more_labels_as_told_lift_the_refusal() -> None:
    choose_threshold(_scores(_fall(299)), 0.01)
    wrong_at_the_top = {7}
    with pytest.raises(TruthError):
        choose_threshold(_scores(_fall(472), wrong_at_the_top), 0.01)
    assert choose_threshold(_scores(_fall(1200), wrong_at_the_top), 0.01).accepted == 1200


def test_the_promise_is_kept_in_nineteen_of_twenty_data_sets() -> None:
    """Wrong readings grow towards low confidence; the true error above a threshold is known."""
    dice = np.random.default_rng(7)
    broken = proven = 0
    for _ in range(200):
        confidence = np.sort(dice.random(600))[::-1]
        chance = 0.1 * (1 - confidence) ** 4
        wrong = {int(place) for place in np.flatnonzero(dice.random(600) < chance)}
        try:
            found = choose_threshold(_scores(confidence.tolist(), wrong), 0.01)
        except TruthError:
            continue
        proven += 1
        # the mean of 0.1 * (1 - c) ** 4 over c from the threshold to 1
        broken += 0.1 * (1 - found.min_confidence) ** 4 / 5 > 0.01
    assert proven > 100
    # 10 of 200 are allowed; 19 is three standard deviations above that
    assert broken <= 19
