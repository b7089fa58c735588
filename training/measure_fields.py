"""Measure the readings of whole fields against the truth: one record per set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitscan.imaging.lines import VIEWS, View, normalize_views
from digitscan.recognition.strings import StringReader
from training.measured_fields import Field
from training.metrics import (
    CalibrationBins,
    ClassScores,
    Ints,
    RejectCurve,
    accept_at_error,
    bin_confidences,
    count_confusions,
    estimate_calibration_error,
    score_classes,
    trace_rejects,
    wilson_interval,
)

SYMBOLS = (*"0123456789", "none")
"""What a digit can be read as, and what can be read as a digit: `none` is a digit that is lost or
made up."""
NONE = SYMBOLS.index("none")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was read of one field: the best text, its probability, and the truth."""

    name: str
    text: str
    probability: float
    digits: str


@dataclass(frozen=True, slots=True)
class FieldMeasurement:
    """What a string reader does on one set of fields, alone, without any rule on their content.

    Attributes
    ----------
    name, title : str
        The set's.
    count, right : int
        Fields, and how many of them are read without a mistake.
    interval : tuple of float
        95 % bounds of the share that is right.
    digits, edits : int
        Digits of the truth, and how many were lost, made up or taken for another.
    confusions : ndarray of int64, shape (11, 11)
        Of single digits, by `SYMBOLS`: row is the truth, column the reading.
    scores : ClassScores
        Of the ten digits.
    bins : CalibrationBins
    curve : RejectCurve
        Of whole fields, by the probability of the text.
    spent_ms : float
        Processor time a field.
    """

    name: str
    title: str
    count: int
    right: int
    interval: tuple[float, float]
    digits: int
    edits: int
    confusions: Ints
    scores: ClassScores
    bins: CalibrationBins
    curve: RejectCurve
    spent_ms: float

    @property
    def exact(self) -> float:
        """Share of the fields that is read without a mistake."""
        return self.right / self.count

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of whole fields over 15 bins."""
        return estimate_calibration_error(self.bins)


def read_fields(
    reader: StringReader, fields: Sequence[Field], views: Sequence[View] = VIEWS
) -> tuple[Outcome, ...]:
    """Read every crop; the best text of each."""
    lines = [normalize_views(field.crop, views) for field in fields]
    candidates = reader.read(reader.score(lines), 1)
    return tuple(
        Outcome(field.name, best.text, float(np.exp(best.log_likelihood)), field.digits)
        for field, (best, *_) in zip(fields, candidates, strict=True)
    )


def measure_fields(
    name: str, title: str, outcomes: Sequence[Outcome], spent_ms: float
) -> FieldMeasurement:
    """Compare readings with the truth.

    Parameters
    ----------
    name, title : str
        Of the set.
    outcomes : sequence of Outcome
        At least one.
    spent_ms : float
        Processor time a field.

    Returns
    -------
    FieldMeasurement

    Raises
    ------
    ValueError
        If there are no outcomes.

    Examples
    --------
    >>> rows = [Outcome("a", "170", 0.9, "70"), Outcome("b", "8", 0.5, "8")]
    >>> found = measure_fields("held", "Held", rows, 2.0)
    >>> found.exact, found.digits, found.edits, int(found.confusions[NONE, 1])
    (0.5, 3, 1, 1)
    """
    correct = np.array([outcome.text == outcome.digits for outcome in outcomes], bool)
    # An exponential of a float32 logarithm may end a last bit above 1.
    sure = np.clip([outcome.probability for outcome in outcomes], 0.0, 1.0)
    pairs = [pair for outcome in outcomes for pair in align_digits(outcome.digits, outcome.text)]
    truth, read = np.array(pairs, np.int64).reshape(-1, 2).T
    confusions = count_confusions(truth, read, len(SYMBOLS))
    right = int(correct.sum())
    scores = score_classes(confusions)
    return FieldMeasurement(
        name=name,
        title=title,
        count=len(outcomes),
        right=right,
        interval=wilson_interval(right, len(outcomes)),
        digits=int(confusions[:NONE].sum()),
        edits=int(confusions.sum() - np.trace(confusions)),
        confusions=confusions,
        scores=ClassScores(
            scores.precision[:NONE], scores.recall[:NONE], scores.f1[:NONE], scores.support[:NONE]
        ),
        bins=bin_confidences(sure, correct),
        curve=trace_rejects(sure, correct),
        spent_ms=spent_ms,
    )


def align_digits(digits: str, text: str) -> list[tuple[int, int]]:
    """Set a reading beside the truth with the fewest edits (Levenshtein 1966).

    Of several ways with as few edits the one that keeps digits together at the right end is taken.

    Parameters
    ----------
    digits, text : str
        Truth and reading; digits alone.

    Returns
    -------
    list of (int, int)
        Places in `SYMBOLS` of a digit and of what it was read as, left to right.

    Examples
    --------
    >>> [(SYMBOLS[own], SYMBOLS[read]) for own, read in align_digits("170", "10")]
    [('1', '1'), ('7', 'none'), ('0', '0')]
    """
    costs = np.add.outer(np.arange(len(digits) + 1), np.arange(len(text) + 1))
    for row, own in enumerate(digits, start=1):
        for column, read in enumerate(text, start=1):
            costs[row, column] = min(
                costs[row - 1, column - 1] + (own != read),
                costs[row - 1, column] + 1,
                costs[row, column - 1] + 1,
            )
    pairs = []
    row, column = len(digits), len(text)
    while row or column:
        own = SYMBOLS.index(digits[row - 1]) if row else NONE
        read = SYMBOLS.index(text[column - 1]) if column else NONE
        if row and column and costs[row, column] == costs[row - 1, column - 1] + (own != read):
            pairs.append((own, read))
            row, column = row - 1, column - 1
        elif row and costs[row, column] == costs[row - 1, column] + 1:
            pairs.append((own, NONE))
            row -= 1
        else:
            pairs.append((NONE, read))
            column -= 1
    return pairs[::-1]


def measure_exact(outcomes: Sequence[Outcome]) -> float:
    """Return the share that is read without a mistake."""
    return float(np.mean([outcome.text == outcome.digits for outcome in outcomes]))


def measure_accepted(outcomes: Sequence[Outcome], most_wrong: float = 0.01) -> float:
    """Return the greatest share that can be accepted by probability with so few of it wrong.

    Examples
    --------
    >>> rows = [Outcome("", "1", 0.9, "1"), Outcome("", "2", 0.5, "7"), Outcome("", "3", 0.4, "3")]
    >>> round(measure_accepted(rows), 2)
    0.33
    """
    confidence = np.array([outcome.probability for outcome in outcomes])
    right = np.array([outcome.text == outcome.digits for outcome in outcomes])
    return accept_at_error(trace_rejects(confidence, right), most_wrong)
