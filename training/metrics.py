"""The formulas of evaluation: plain functions of labels and probabilities, numpy only."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]
AnyFloats = npt.NDArray[np.floating]

Z_95 = 1.959964
"""Standard normal deviate that leaves 2.5 % on either side."""


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Precision, recall and F1 of every class, and how many tiles truly are of it.

    Each array has shape (C,); a share without any tile to measure it on is nan.
    """

    precision: Reals
    recall: Reals
    f1: Reals
    support: Ints


@dataclass(frozen=True, slots=True)
class CalibrationBins:
    """Stated confidence beside measured accuracy, per bin of equal width over 0 to 1.

    `confidence` and `accuracy` have shape (B,) and are nan in a bin without tiles.
    """

    confidence: Reals
    accuracy: Reals
    count: Ints


@dataclass(frozen=True, slots=True)
class RejectCurve:
    """What is left wrong when the least certain readings are withheld.

    Attributes
    ----------
    threshold : ndarray of float64, shape (K,)
        Falling: accepted is a tile with a confidence of at least this.
    accepted : ndarray of float64, shape (K,)
        Share of all tiles that is accepted, above 0 to 1.
    error : ndarray of float64, shape (K,)
        Share of the accepted tiles that is wrong.
    """

    threshold: Reals
    accepted: Reals
    error: Reals


@dataclass(frozen=True, slots=True)
class RubbishScores:
    """How much rubbish is turned away by the threshold that keeps a given share of digits."""

    threshold: float
    kept: float
    rejected: float
    digits: int
    rubbish: int


def wilson_interval(right: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """Bound a share by Wilson's score interval, which holds near 0 and 1 where ours lie.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927).

    Parameters
    ----------
    right, total : int
        Successes and trials, 0 <= right <= total, total at least 1.
    z : float
        Normal deviate; the default gives 95 %.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If there are no trials, or more successes than trials.

    Examples
    --------
    >>> low, high = wilson_interval(9975, 10000)
    >>> f"{low:.4f} {high:.4f}"
    '0.9963 0.9983'
    """
    if not 0 <= right <= total or total == 0:
        raise ValueError(f"wanted 0 <= right <= total, total > 0, got {right} of {total}")
    share = right / total
    scale = 1 + z * z / total
    middle = (share + z * z / (2 * total)) / scale
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def count_confusions(truth: Ints, predicted: Ints, classes: int) -> Ints:
    """Count how often a class was taken for another.

    Parameters
    ----------
    truth, predicted : ndarray of int, shape (N,)
        Class numbers, 0 to classes - 1.
    classes : int

    Returns
    -------
    ndarray of int64, shape (classes, classes)
        Row is the truth, column the prediction.

    Raises
    ------
    ValueError
        If the lengths differ or a class number is out of range.

    Examples
    --------
    >>> count_confusions(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise ValueError(f"one prediction per truth, got {truth.shape} and {predicted.shape}")
    both = np.concatenate([truth, predicted])
    if both.size and not (both.min() >= 0 and both.max() < classes):
        raise ValueError(f"classes are 0 to {classes - 1}, got {both.min()} to {both.max()}")
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (truth, predicted), 1)
    return matrix


def score_classes(confusions: Ints) -> ClassScores:
    """Take precision, recall and F1 per class from a confusion matrix.

    Parameters
    ----------
    confusions : ndarray of int64, shape (C, C)
        Row is the truth, column the prediction.

    Returns
    -------
    ClassScores
        A class that never was predicted has no precision, one that never was true no recall:
        both are nan then, as is F1 where the class is neither.

    Examples
    --------
    >>> scores = score_classes(np.array([[8, 2], [0, 10]]))
    >>> scores.recall.tolist(), scores.precision.round(3).tolist()
    ([0.8, 1.0], [1.0, 0.833])
    """
    hits = np.diag(confusions).astype(np.float64)
    support = confusions.sum(axis=1)
    named = confusions.sum(axis=0)
    return ClassScores(
        precision=_divide(hits, named),
        recall=_divide(hits, support),
        f1=_divide(2 * hits, named + support),
        support=support,
    )


def bin_confidences(confidence: AnyFloats, right: Bools, bins: int = 15) -> CalibrationBins:
    """Sort tiles by stated confidence into bins of equal width, with the accuracy of each.

    Parameters
    ----------
    confidence : ndarray of float, shape (N,)
        Stated probability of the named label, 0 to 1.
    right : ndarray of bool, shape (N,)
        True where the named label is the true one.
    bins : int
        15, as in Guo et al. 2017, so that figures compare.

    Returns
    -------
    CalibrationBins
        Bins are open on the left, the first holds 0 as well.

    Raises
    ------
    ValueError
        If the lengths differ or a confidence is no probability.

    Examples
    --------
    >>> found = bin_confidences(np.array([0.9, 0.8, 0.3]), np.array([True, False, False]), 2)
    >>> found.accuracy.tolist(), found.count.tolist()
    ([0.0, 0.5], [1, 2])
    """
    _check_confidences(confidence, right)
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    return CalibrationBins(
        confidence=_divide(np.bincount(place, confidence, bins), count),
        accuracy=_divide(np.bincount(place, right.astype(np.float64), bins), count),
        count=count,
    )


def estimate_calibration_error(bins: CalibrationBins) -> float:
    """Average the distance of confidence and accuracy over tiles (ECE).

    Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017.

    Returns
    -------
    float
        0 where every bin is as accurate as it says; nan without tiles.

    Examples
    --------
    >>> sure = bin_confidences(np.array([1.0, 1.0]), np.array([True, False]))
    >>> estimate_calibration_error(sure)
    0.5
    """
    total = int(bins.count.sum())
    if total == 0:
        return float("nan")
    gaps = np.abs(bins.confidence - bins.accuracy)
    return float(np.nansum(gaps * bins.count) / total)


def trace_rejects(confidence: AnyFloats, right: Bools) -> RejectCurve:
    """Follow the error among accepted tiles as the threshold falls.

    Tiles of equal confidence are accepted or withheld together, as a threshold would.

    Parameters
    ----------
    confidence : ndarray of float, shape (N,)
    right : ndarray of bool, shape (N,)

    Returns
    -------
    RejectCurve
        One point per distinct confidence, most certain first; empty without tiles.

    Raises
    ------
    ValueError
        If the lengths differ or a confidence is no probability.

    Examples
    --------
    >>> curve = trace_rejects(np.array([0.9, 0.6, 0.6]), np.array([True, False, True]))
    >>> curve.threshold.tolist(), curve.error.round(3).tolist()
    ([0.9, 0.6], [0.0, 0.333])
    """
    _check_confidences(confidence, right)
    order = np.argsort(-confidence, kind="stable")
    sure = confidence[order].astype(np.float64)
    wrong = np.cumsum(~right[order])
    last = np.flatnonzero(np.append(np.diff(sure) != 0, True)) if sure.size else order
    taken = last + 1
    return RejectCurve(sure[last], taken / max(1, sure.size), wrong[last] / taken)


def accept_at_error(curve: RejectCurve, error: float) -> float:
    """Find the largest share that can be accepted with at most this share of it wrong.

    Examples
    --------
    >>> curve = trace_rejects(np.array([0.9, 0.6, 0.5]), np.array([True, True, False]))
    >>> round(accept_at_error(curve, 0.01), 3)
    0.667
    """
    fine = curve.accepted[curve.error <= error]
    return float(fine.max()) if fine.size else 0.0


def reject_rubbish(digits: AnyFloats, rubbish: AnyFloats, keep: float = 0.99) -> RubbishScores:
    """Measure how much rubbish falls below the threshold that keeps `keep` of the digits.

    Parameters
    ----------
    digits, rubbish : ndarray of float, shape (N,) and (M,)
        How much each tile looks like a digit: larger is more so. Neither may be empty.
    keep : float
        Share of digits that must stay at or above the threshold.

    Returns
    -------
    RubbishScores
        `threshold` is the highest score that keeps enough digits, `kept` the share it does keep,
        `rejected` the share of rubbish strictly below it.

    Raises
    ------
    ValueError
        If there are no digits or no rubbish.

    Examples
    --------
    >>> found = reject_rubbish(np.array([0.2, 0.8, 0.9, 1.0]), np.array([0.1, 0.5, 0.85]), 0.75)
    >>> found.threshold, found.kept, round(found.rejected, 3)
    (0.8, 0.75, 0.667)
    """
    if digits.size == 0 or rubbish.size == 0:
        raise ValueError(f"wanted digits and rubbish, got {digits.size} and {rubbish.size} tiles")
    falling = np.sort(digits)[::-1]
    # 1e-9 undoes the rounding of products such as 0.07 * 100, which lands above 7.
    needed = max(1, int(np.ceil(keep * digits.size - 1e-9)))
    threshold = float(falling[needed - 1])
    return RubbishScores(
        threshold=threshold,
        kept=float(np.mean(digits >= threshold)),
        rejected=float(np.mean(rubbish < threshold)),
        digits=int(digits.size),
        rubbish=int(rubbish.size),
    )


def _divide(part: npt.NDArray[np.generic], whole: npt.NDArray[np.generic]) -> Reals:
    """Divide, nan where there is nothing to divide by."""
    above, below = part.astype(np.float64), whole.astype(np.float64)
    quotient: Reals = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def _check_confidences(confidence: AnyFloats, right: Bools) -> None:
    if confidence.shape != right.shape or confidence.ndim != 1:
        raise ValueError(f"one outcome per confidence, got {confidence.shape} and {right.shape}")
    if confidence.size and not (confidence.min() >= 0 and confidence.max() <= 1):
        raise ValueError(
            f"confidences are 0 to 1, got {confidence.min():.4g} to {confidence.max():.4g}"
        )
