"""How good results are: exact rate, error against rejects, calibration, confusions."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitscan.bounds import clopper_pearson
from digitscan.records import Status
from digitscan.truth import Scored, clean_text

ERRORS = (0.001, 0.005, 0.01, 0.05)
"""Shares of wrong readings at which the error-reject table is given."""

BINS = 15
"""Bins of the expected calibration error, as in Guo et al. 2017, so that figures compare."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Readings of about one confidence: how many, how sure on average, how often right."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often a digit was read as another; `true` is empty for an invented digit, `read` for one
    that was left out."""

    true: str
    read: str
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What is measured on the readings of one field.

    Attributes
    ----------
    field : str
    count, right, missing : int
        True values; those read exactly; those without any row.
    interval : (float, float)
        Of the exact rate, exact at 95 % (Clopper-Pearson).
    accepted, wrong : int
        Readings with status `read`; the wrong ones of them.
    read_at : tuple of (float, float)
        Share of wrong readings, and the largest share of all that could be accepted with it.
    bins : tuple of Bin
        By rising confidence, bins without a reading left out.
    calibration_error : float
        Expected calibration error over `BINS` bins of equal width; nan without readings.
    confusions : tuple of Confusion
        Most frequent first.
    """

    field: str
    count: int
    right: int
    missing: int
    interval: tuple[float, float]
    accepted: int
    wrong: int
    read_at: tuple[tuple[float, float], ...]
    bins: tuple[Bin, ...]
    calibration_error: float
    confusions: tuple[Confusion, ...]


def measure_readings(scored: tuple[Scored, ...], field: str) -> Figures:
    """Take all figures of one set of readings.

    Parameters
    ----------
    scored : tuple of Scored
        At least one.
    field : str
        What the figures are called.

    Returns
    -------
    Figures

    Raises
    ------
    ValueError
        If there is nothing to measure.
    """
    if not scored:
        raise ValueError(f"no true value of {field!r} to measure against")
    right = sum(item.right for item in scored)
    rows = [item for item in scored if item.row is not None]
    accepted = [item for item in rows if item.row and item.row.status == Status.READ]
    sure = np.array([item.row.confidence if item.row else -1.0 for item in scored])
    good = np.array([item.right for item in scored])
    bins = bin_readings(sure[sure >= 0], good[sure >= 0])
    return Figures(
        field=field,
        count=len(scored),
        right=right,
        missing=len(scored) - len(rows),
        interval=clopper_pearson(right, len(scored)),
        accepted=len(accepted),
        wrong=sum(not item.right for item in accepted),
        read_at=tuple((error, accept_at_error(sure, good, error)) for error in ERRORS),
        bins=bins,
        calibration_error=estimate_calibration_error(bins),
        confusions=count_confusions(
            [(item.true, clean_text(item.row.text, item.field)) for item in scored if item.row]
        ),
    )


def accept_at_error(
    confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], error: float
) -> float:
    """Find the largest share that can be accepted with at most this share of it wrong.

    Readings are taken by falling confidence, equal ones together, as a threshold would.

    Parameters
    ----------
    confidence : ndarray of float64, shape (N,)
    right : ndarray of bool, shape (N,)
    error : float

    Returns
    -------
    float
        Of all N; 0 without readings.

    Examples
    --------
    >>> sure = np.array([0.9, 0.6, 0.5, 0.5])
    >>> accept_at_error(sure, np.array([True, True, False, True]), 0.01)
    0.5
    """
    if confidence.size == 0:
        return 0.0
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    taken = np.arange(1, confidence.size + 1)
    last_of_tie = np.append(np.diff(confidence[order]) != 0, True)
    fine = taken[last_of_tie & (wrong <= error * taken)]
    return float(fine.max(initial=0)) / confidence.size


def bin_readings(
    confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], bins: int = BINS
) -> tuple[Bin, ...]:
    """Sort readings by confidence into bins of equal width, with the accuracy of each.

    Parameters
    ----------
    confidence : ndarray of float64, shape (N,)
        0 to 1.
    right : ndarray of bool, shape (N,)
    bins : int

    Returns
    -------
    tuple of Bin
        Open on the left, the first holds 0 as well; empty bins are left out.

    Examples
    --------
    >>> bin_readings(np.array([0.9, 0.9, 0.2]), np.array([True, False, False]), 2)
    (Bin(count=1, confidence=0.2, accuracy=0.0), Bin(count=2, confidence=0.9, accuracy=0.5))
    """
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return tuple(
        Bin(
            int(np.count_nonzero(place == k)),
            float(confidence[place == k].mean()),
            float(right[place == k].mean()),
        )
        for k in range(bins)
        if np.any(place == k)
    )


def estimate_calibration_error(bins: tuple[Bin, ...]) -> float:
    """Average the distance of confidence and accuracy over readings (ECE).

    Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017.

    Examples
    --------
    >>> estimate_calibration_error((Bin(1, 0.5, 0.0), Bin(1, 0.75, 1.0)))
    0.375
    """
    total = sum(item.count for item in bins)
    if total == 0:
        return float("nan")
    return sum(item.count * abs(item.confidence - item.accuracy) for item in bins) / total


def count_confusions(pairs: list[tuple[str, str]]) -> tuple[Confusion, ...]:
    """Count the digits that were taken for others, invented or left out.

    Parameters
    ----------
    pairs : list of (str, str)
        True text and the text that was read.

    Returns
    -------
    tuple of Confusion
        Most frequent first, then by digits.

    Examples
    --------
    >>> count_confusions([("170", "110"), ("70", "10"), ("00", "0")])
    (Confusion(true='7', read='1', count=2), Confusion(true='0', read='', count=1))
    """
    counts = Counter(step for true, read in pairs for step in align_texts(true, read))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Confusion(true, read, count) for (true, read), count in ranked)


def align_texts(true: str, read: str) -> tuple[tuple[str, str], ...]:
    """List the fewest changes that turn `true` into `read` (Levenshtein 1966), left to right.

    Returns
    -------
    tuple of (str, str)
        What stood there and what was read; one of the two is empty for a digit that was invented
        or left out. Where two ways are as short, a digit was rather misread than moved.

    Examples
    --------
    >>> align_texts("1230", "1280"), align_texts("100", "10"), align_texts("", "7")
    ((('3', '8'),), (('0', ''),), (('', '7'),))
    """
    rows, columns = len(true) + 1, len(read) + 1
    cost = np.zeros((rows, columns), np.int64)
    cost[:, 0], cost[0, :] = np.arange(rows), np.arange(columns)
    for i in range(1, rows):
        for j in range(1, columns):
            same = cost[i - 1, j - 1] + (true[i - 1] != read[j - 1])
            cost[i, j] = min(same, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    steps: list[tuple[str, str]] = []
    i, j = rows - 1, columns - 1
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + (true[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            if true[i] != read[j]:
                steps.append((true[i], read[j]))
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            steps.append((true[i], ""))
        else:
            j -= 1
            steps.append(("", read[j]))
    return tuple(reversed(steps))
