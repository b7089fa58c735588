"""Confidence: the calibrated probability that a whole reading is right."""

import json
from dataclasses import dataclass
from enum import StrEnum
from math import exp, isfinite, log1p

from digitscan.errors import ModelError

# Log-odds beyond this say nothing more: 12 is one error in 160,000 readings, and no data set at
# hand could tell it from one in a million.
MOST_ODDS = 12.0
# Of the quality of a path for each digit; one group that is no digit at all costs about 6.
MOST_DOUBT = 3.0


class Readers(StrEnum):
    """Which readers gave evidence; each set has a calibration of its own.

    `CELLS` is the lattice on digits that stand in boxes, where nothing need be cut.
    """

    CELLS = "cells"
    LATTICE = "lattice"
    STRINGS = "strings"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against one text as the reading of a region.

    Logarithms are natural; a reader that was switched off leaves None.

    Attributes
    ----------
    digits : int
        Length of the text.
    posterior : float
        Log-probability of the text in the final list: both readers combined, after the grammar.
    runner_up : float
        Log-probability of the best other text in that list; minus infinity when there is none.
    lattice, strings : float or None
        Log-probability that each reader gives the text, before the other one and the grammar are
        heard; minus infinity where its list does not hold the text.
    quality : float or None
        Score of the lattice's best path for the text, at most 0: how well the ink is explained,
        whatever the rivals.
    agree : bool
        The text is the first of both readers' own lists.
    rubbish : float
        Share of the region's ink that the path passes over as rubbish, 0 to 1.
    suits : bool
        The marks that were seen stand where the field's grammar has marks.
    boxed : bool
        Every digit stands in a box of its own.
    """

    digits: int
    posterior: float
    runner_up: float
    lattice: float | None = None
    strings: float | None = None
    quality: float | None = None
    agree: bool = False
    rubbish: float = 0.0
    suits: bool = True
    boxed: bool = False

    def __post_init__(self) -> None:
        if self.lattice is None and self.strings is None:
            raise ValueError("evidence needs the lattice or the string reader, got neither")
        if not 0.0 <= self.rubbish <= 1.0:
            raise ValueError(f"rubbish is a share from 0 to 1, got {self.rubbish}")


@dataclass(frozen=True, slots=True)
class Weighing:
    """A logistic regression over named measures; `bias` and weights are log-odds."""

    readers: Readers
    bias: float
    measures: tuple[str, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        unknown = set(self.measures) - set(MEASURES)
        if unknown or len(self.measures) != len(self.weights):
            raise ValueError(
                f"wanted one weight for each of {', '.join(MEASURES)} in use, "
                f"got {len(self.weights)} for {', '.join(self.measures)}"
            )
        if not all(isfinite(value) for value in (self.bias, *self.weights)):
            raise ValueError(f"weights are finite, got {self.bias} and {self.weights}")


@dataclass(frozen=True, slots=True)
class Calibration:
    """How evidence becomes confidence, for each set of readers."""

    weighings: tuple[Weighing, ...]


MEASURES = (
    "odds",
    "margin",
    "strings_odds",
    "digit_quality",
    "agree",
    "clean",
    "suits",
)
"""All that can be measured on evidence. Larger always means surer, so that no weight of a sound
calibration is negative."""

UNCALIBRATED = Calibration(tuple(Weighing(readers, 0.0, ("odds",), (1.0,)) for readers in Readers))
"""Takes the posterior at its word: for a reader that has no calibration yet."""


def name_readers(evidence: Evidence) -> Readers:
    """Tell which readers were on."""
    if evidence.strings is None:
        return Readers.CELLS if evidence.boxed else Readers.LATTICE
    return Readers.STRINGS if evidence.lattice is None else Readers.BOTH


def measure_evidence(evidence: Evidence) -> dict[str, float]:
    """Turn evidence into numbers that a logistic regression can weigh.

    Returns
    -------
    dict of str to float
        Every name of `MEASURES`. Odds and margin lie within `MOST_ODDS` of 0, the quality for
        each digit within `MOST_DOUBT` below it; what a reader that is off would have said is 0.

    Examples
    --------
    >>> from math import log
    >>> found = measure_evidence(Evidence(4, log(0.9), log(0.1), lattice=log(0.9)))
    >>> round(found["odds"], 3), round(found["margin"], 3), found["strings_odds"]
    (2.197, 2.197, 0.0)
    """
    quality = 0.0 if evidence.quality is None else evidence.quality
    return {
        "odds": _take_odds(evidence.posterior),
        "margin": _clip(evidence.posterior - evidence.runner_up, MOST_ODDS),
        "strings_odds": _take_odds(evidence.strings),
        # Summed over a path, a long number would be doubted for its length.
        "digit_quality": max(-MOST_DOUBT, min(0.0, quality / max(1, evidence.digits))),
        "agree": float(evidence.agree),
        "clean": 1.0 - evidence.rubbish,
        "suits": float(evidence.suits),
    }


def estimate_confidence(evidence: Evidence, calibration: Calibration = UNCALIBRATED) -> float:
    """Estimate the probability that the whole text is right.

    Parameters
    ----------
    evidence : Evidence
    calibration : Calibration
        Must hold a weighing for the readers that were on.

    Returns
    -------
    float
        Above 0, below 1.

    Raises
    ------
    ModelError
        If the calibration knows nothing about these readers.

    Examples
    --------
    >>> from math import log
    >>> round(estimate_confidence(Evidence(4, log(0.9), log(0.1), lattice=log(0.9))), 6)
    0.9
    """
    readers = name_readers(evidence)
    for weighing in calibration.weighings:
        if weighing.readers is readers:
            measures = measure_evidence(evidence)
            pairs = zip(weighing.measures, weighing.weights, strict=True)
            odds = weighing.bias + sum(weight * measures[name] for name, weight in pairs)
            return squash_odds(odds)
    raise ModelError(
        f"the confidence model has no calibration for the readers {readers.value!r}; "
        "switch both readers on or install a newer model"
    )


def squash_odds(odds: float) -> float:
    """Turn log-odds into a probability above 0 and below 1, without overflow.

    Examples
    --------
    >>> squash_odds(0.0), squash_odds(-1e6) > 0, squash_odds(1e6) < 1
    (0.5, True, True)
    """
    limited = _clip(odds, 30.0)
    return 1.0 / (1.0 + exp(-limited))


def parse_calibration(text: bytes) -> Calibration:
    """Read a calibration from the JSON of its model package.

    Raises
    ------
    ModelError
        If the bytes are no calibration.

    Examples
    --------
    >>> parse_calibration(dump_calibration(UNCALIBRATED)) == UNCALIBRATED
    True
    """
    try:
        weighings = tuple(
            Weighing(
                readers=Readers(item["readers"]),
                bias=float(item["bias"]),
                measures=tuple(str(name) for name in item["weights"]),
                weights=tuple(float(weight) for weight in item["weights"].values()),
            )
            for item in json.loads(text)["weighings"]
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"the confidence model is damaged: {error}; reinstall digitscan or restore the package"
        ) from error
    return Calibration(weighings)


def dump_calibration(calibration: Calibration) -> bytes:
    """Write a calibration as JSON that `parse_calibration` reads back to the same."""
    weighings = [
        {
            "readers": item.readers.value,
            "bias": item.bias,
            "weights": dict(zip(item.measures, item.weights, strict=True)),
        }
        for item in calibration.weighings
    ]
    return (json.dumps({"weighings": weighings}, indent=2) + "\n").encode()


def _take_odds(log_probability: float | None) -> float:
    """Turn a log-probability into log-odds within `MOST_ODDS`; 0 for None."""
    if log_probability is None:
        return 0.0
    if log_probability >= -1e-9:
        return MOST_ODDS
    return _clip(log_probability - log1p(-exp(log_probability)), MOST_ODDS)


def _clip(value: float, most: float) -> float:
    return max(-most, min(most, value))
