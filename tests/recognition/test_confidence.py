"""Evidence to confidence: laws of the measures, and calibrations that come from outside."""

from dataclasses import replace
from math import inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitscan.errors import ModelError
from digitscan.recognition.confidence import (
    MEASURES,
    MOST_DOUBT,
    MOST_ODDS,
    UNCALIBRATED,
    Calibration,
    Evidence,
    Readers,
    Weighing,
    dump_calibration,
    estimate_confidence,
    measure_evidence,
    name_readers,
    parse_calibration,
    squash_odds,
)

PLAIN = Evidence(
    digits=5, posterior=log(0.9), runner_up=log(0.1), lattice=log(0.8), strings=log(0.7)
)
EVERYTHING = Calibration(
    tuple(Weighing(readers, -1.0, MEASURES, (0.5,) * len(MEASURES)) for readers in Readers)
)

log_probabilities = st.one_of(
    st.just(-inf), st.just(0.0), st.floats(-700.0, 0.0, allow_subnormal=False)
)
evidences = st.builds(
    Evidence,
    digits=st.integers(0, 60),
    posterior=st.floats(-50.0, 0.0),
    runner_up=log_probabilities,
    lattice=log_probabilities,
    strings=st.one_of(st.none(), log_probabilities),
    quality=st.one_of(st.none(), st.floats(-1e6, 5.0), st.just(-inf)),
    agree=st.booleans(),
    rubbish=st.floats(0.0, 1.0),
    suits=st.booleans(),
)


def test_measures_of_plain_evidence() -> None:
    found = measure_evidence(replace(PLAIN, quality=-3.0, agree=True, rubbish=0.25))
    assert tuple(found) == MEASURES
    assert found["odds"] == pytest.approx(log(9))
    assert found["margin"] == pytest.approx(log(9))
    assert found["strings_odds"] == pytest.approx(log(7 / 3))
    assert (found["digit_quality"], found["agree"], found["clean"]) == (-0.6, 1.0, 0.75)
    assert found["suits"] == 1.0


def test_extremes_are_bounded() -> None:
    found = measure_evidence(Evidence(99, 0.0, -inf, lattice=-inf, quality=-inf))
    assert found["odds"] == found["margin"] == MOST_ODDS
    assert found["digit_quality"] == -MOST_DOUBT


def test_a_long_number_is_not_doubted_for_its_length() -> None:
    short, long = (
        measure_evidence(replace(PLAIN, digits=digits, quality=-0.5 * digits)) for digits in (4, 8)
    )
    assert short["digit_quality"] == long["digit_quality"] == -0.5


@pytest.mark.parametrize(
    ("lattice", "strings", "readers"),
    [(-1.0, None, Readers.LATTICE), (None, -1.0, Readers.STRINGS), (-1.0, -1.0, Readers.BOTH)],
)
def test_the_readers_are_those_that_spoke(
    lattice: float | None, strings: float | None, readers: Readers
) -> None:
    assert name_readers(replace(PLAIN, lattice=lattice, strings=strings)) is readers


def test_digits_in_boxes_have_a_calibration_of_their_own() -> None:
    boxed = replace(PLAIN, lattice=-1.0, strings=None, boxed=True)
    assert name_readers(boxed) is Readers.CELLS
    assert name_readers(replace(boxed, lattice=None, strings=-1.0)) is Readers.STRINGS


def test_evidence_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="got neither"):
        Evidence(3, -1.0, -2.0)
    with pytest.raises(ValueError, match="share"):
        Evidence(3, -1.0, -2.0, lattice=-1.0, rubbish=1.5)


def test_without_calibration_the_posterior_is_the_confidence() -> None:
    for posterior in (0.01, 0.5, 0.97):
        evidence = replace(PLAIN, posterior=log(posterior))
        assert estimate_confidence(evidence, UNCALIBRATED) == pytest.approx(posterior)


@given(evidences)
def test_a_confidence_is_a_probability_and_never_certain(evidence: Evidence) -> None:
    for calibration in (UNCALIBRATED, EVERYTHING):
        assert 0.0 < estimate_confidence(evidence, calibration) < 1.0


@given(evidences, st.floats(0.0, 5.0))
def test_better_evidence_never_lowers_the_confidence(evidence: Evidence, more: float) -> None:
    before = estimate_confidence(evidence, EVERYTHING)
    better = [
        replace(evidence, posterior=min(0.0, evidence.posterior + more)),
        replace(evidence, runner_up=evidence.runner_up - more),
        replace(evidence, agree=True),
        replace(evidence, rubbish=evidence.rubbish / 2),
        replace(evidence, suits=True),
        replace(evidence, quality=None if evidence.quality is None else evidence.quality + more),
    ]
    for one in better:
        assert estimate_confidence(one, EVERYTHING) >= before - 1e-12


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_odds_and_probabilities_keep_their_order(left: float, right: float) -> None:
    assert (squash_odds(left) <= squash_odds(right)) or left > right


def test_a_calibration_comes_back_from_its_file() -> None:
    calibration = Calibration(
        (
            Weighing(Readers.LATTICE, -0.25, ("odds", "digit_quality"), (0.7, 0.1)),
            Weighing(Readers.BOTH, 1.0, ("agree",), (2.5,)),
        )
    )
    assert parse_calibration(dump_calibration(calibration)) == calibration


def test_readers_without_a_calibration_are_an_error() -> None:
    only = Calibration((Weighing(Readers.LATTICE, 0.0, ("odds",), (1.0,)),))
    with pytest.raises(ModelError, match="'both'"):
        estimate_confidence(PLAIN, only)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="no-text"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b'{"weighings": 3}', id="a-number"),
        pytest.param(b'{"weighings": [{}]}', id="nothing-in-it"),
        pytest.param(
            b'{"weighings": [{"readers": "both", "bias": 0, "weights": {"luck": 1}}]}',
            id="unknown-measure",
        ),
        pytest.param(
            b'{"weighings": [{"readers": "three", "bias": 0, "weights": {}}]}',
            id="unknown-readers",
        ),
        pytest.param(
            b'{"weighings": [{"readers": "both", "bias": NaN, "weights": {}}]}', id="not-a-number"
        ),
        pytest.param(
            b'{"weighings": [{"readers": "both", "bias": 0, "weights": [1]}]}', id="no-names"
        ),
    ],
)
def test_a_damaged_calibration_is_refused(text: bytes) -> None:
    with pytest.raises(ModelError, match="confidence model is damaged"):
        parse_calibration(text)
