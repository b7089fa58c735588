"""Measure named probabilities against the truth: one record per set, and the speed.

A network's labels are its symbols, ten digits or those of E-13B, and then rubbish where it has it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitscan.recognition.classifier import Classifier
from digitscan.records import Floats, Gray
from training.metrics import (
    Bools,
    CalibrationBins,
    ClassScores,
    Ints,
    Reals,
    RejectCurve,
    bin_confidences,
    count_confusions,
    estimate_calibration_error,
    score_classes,
    trace_rejects,
    wilson_interval,
)
from training.pictures import Mistake

DIGITS = 10
BATCH = 64
"""Tiles in a batch when speed is measured: about what a page of a form holds."""


@dataclass(frozen=True, slots=True)
class LabeledTiles:
    """Tiles with their true symbols.

    Attributes
    ----------
    name, title : str
        Short name for files and metadata; the sentence a reader sees.
    tiles : ndarray of float32, shape (N, 28, 28, 1)
        0.0 paper to 1.0 ink.
    truth : ndarray of int64, shape (N,)
        Places in the network's labels: for digits 0 to 9.
    origins : tuple of str
        Where each tile is from, N short names.
    crops : tuple of ndarray of uint8
        The same places on the scan, gray, N or none.
    """

    name: str
    title: str
    tiles: Floats
    truth: Ints
    origins: tuple[str, ...]
    crops: tuple[Gray, ...] = ()

    def __post_init__(self) -> None:
        count = self.tiles.shape[0]
        if self.truth.shape != (count,) or len(self.origins) != count:
            raise ValueError(
                f"{self.name}: {count} tiles, {self.truth.size} labels, {len(self.origins)} origins"
            )
        if self.crops and len(self.crops) != count:
            raise ValueError(f"{self.name}: {count} tiles, {len(self.crops)} crops")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a model does on one set of symbols, of which one is named: rubbish is no answer.

    Attributes
    ----------
    name, title : str
        The set's.
    count, right : int
        Tiles, and how many of them are named rightly.
    interval : tuple of float
        95 % bounds of the accuracy.
    called_rubbish : int
        Tiles that the model holds for rubbish rather than for any symbol: withheld in a scan.
    confidence : ndarray of float64, shape (N,)
        Probability that the model gives the symbol it names.
    correct : ndarray of bool, shape (N,)
    confusions : ndarray of int64, shape (symbols, symbols)
    scores : ClassScores
    bins : CalibrationBins
    curve : RejectCurve
    """

    name: str
    title: str
    count: int
    right: int
    interval: tuple[float, float]
    called_rubbish: int
    confidence: Reals
    correct: Bools
    confusions: Ints
    scores: ClassScores
    bins: CalibrationBins
    curve: RejectCurve

    @property
    def accuracy(self) -> float:
        """Share of all tiles named rightly."""
        return self.right / self.count

    @property
    def calibration_error(self) -> float:
        """Expected calibration error over 15 bins."""
        return estimate_calibration_error(self.bins)


def measure_symbols(
    tiles: LabeledTiles, probabilities: Floats, symbols: int = DIGITS
) -> Measurement:
    """Compare probabilities with the truth.

    Parameters
    ----------
    tiles : LabeledTiles
        At least one tile.
    probabilities : ndarray of float, shape (N, symbols) or one column more
        The first columns are the symbols; rubbish, where there is one, follows.
    symbols : int
        Ten for digits.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        If there are no tiles, or the rows do not match them.

    Examples
    --------
    >>> blank = np.zeros((2, 28, 28, 1), np.float32)
    >>> pair = LabeledTiles("pair", "Two", blank, np.array([3, 4]), ("a", "b"))
    >>> found = measure_symbols(pair, np.eye(10, dtype=np.float32)[[3, 9]])
    >>> found.right, found.accuracy, int(found.confusions[4, 9])
    (1, 0.5, 1)
    """
    count = tiles.truth.size
    if count == 0 or probabilities.ndim != 2 or probabilities.shape[0] != count:
        raise ValueError(f"{tiles.name}: {count} tiles, probabilities {probabilities.shape}")
    confidence, named = best_symbols(probabilities, symbols)
    correct = named == tiles.truth
    right = int(correct.sum())
    confusions = count_confusions(tiles.truth, named, symbols)
    return Measurement(
        name=tiles.name,
        title=tiles.title,
        count=count,
        right=right,
        interval=wilson_interval(right, count),
        called_rubbish=int(np.sum(probabilities.argmax(axis=1) >= symbols)),
        confidence=confidence,
        correct=correct,
        confusions=confusions,
        scores=score_classes(confusions),
        bins=bin_confidences(confidence, correct),
        curve=trace_rejects(confidence, correct),
    )


def best_symbols(
    probabilities: Floats, symbols: int = DIGITS
) -> tuple[Reals, npt.NDArray[np.int64]]:
    """Name every tile by its likeliest symbol, whatever the probability of rubbish.

    Returns
    -------
    confidence : ndarray of float64, shape (N,)
        Probability of that symbol, as the model states it, not scaled up for rubbish left out;
        clipped to 0 to 1, as a float32 softmax may end a last bit above.
    named : ndarray of int64, shape (N,)

    Examples
    --------
    >>> row = [[0.05] * 8 + [0.1, 0.0, 0.5]]
    >>> [value.round(2).tolist() for value in best_symbols(np.array(row, np.float32))]
    [[0.1], [8]]
    """
    chosen = probabilities[:, :symbols].astype(np.float64)
    return np.clip(chosen.max(axis=1), 0, 1), chosen.argmax(axis=1).astype(np.int64)


def find_mistakes(
    tiles: LabeledTiles, probabilities: Floats, labels: Sequence[str], most: int = 60
) -> list[Mistake]:
    """Collect the tiles named wrongly, the most certain first.

    Parameters
    ----------
    tiles : LabeledTiles
    probabilities : ndarray of float, shape (N, symbols) or one column more
    labels : sequence of str
        The symbols, without rubbish.
    most : int
        Longest list; 60 fill a sheet of six lines.

    Returns
    -------
    list of Mistake
    """
    confidence, named = best_symbols(probabilities, len(labels))
    wrong = np.flatnonzero(named != tiles.truth)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return [
        Mistake(
            tile=tiles.tiles[index, :, :, 0],
            crop=tiles.crops[index] if tiles.crops else None,
            truth=labels[tiles.truth[index]],
            named=labels[named[index]],
            confidence=float(confidence[index]),
            origin=tiles.origins[index],
        )
        for index in order
    ]


def estimate_speed(
    classifier: Classifier, tiles: Floats, rounds: int = 5, round_s: float = 1.0
) -> float:
    """Time the classifier in batches of 64 and take the best round.

    Other work on the machine only ever slows a round down, so the best one is nearest to what the
    classifier does by itself. The number of threads is the classifier's own: one.

    Parameters
    ----------
    classifier : Classifier
    tiles : ndarray of float32, shape (N, 28, 28, 1)
        At least one; repeated to fill a batch.
    rounds : int
    round_s : float
        Least seconds a round lasts.

    Returns
    -------
    float
        Tiles a second.
    """
    batch = np.resize(tiles, (BATCH, *tiles.shape[1:]))
    classifier.classify(batch)
    best = 0.0
    for _ in range(rounds):
        done, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < round_s:
            classifier.classify(batch)
            done += BATCH
        best = max(best, done / spent)
    return best
