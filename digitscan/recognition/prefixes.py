"""Columns of digits and blanks -> the likeliest strings, by a beam of prefixes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitscan.recognition.ctc import BLANK, Reals, stack_rows
from digitscan.records import Floats


def search_prefixes(rows: Sequence[Floats], beam: int) -> list[tuple[str, ...]]:
    """Search the likeliest strings of many rows at once (CTC prefix beam search).

    Hannun, Maas, Jurafsky and Ng, "First-pass large vocabulary continuous speech recognition using
    bi-directional recurrent DNNs", 2014, without the language model. All rows and all prefixes
    take a step together.

    Parameters
    ----------
    rows : sequence of ndarray of float32, shape (T, 11)
        Probabilities; T may differ.
    beam : int
        Prefixes kept in each row.

    Returns
    -------
    list of tuple of str
        Up to `beam` strings a row, best first.

    Examples
    --------
    >>> row = np.zeros((2, 11), np.float32)
    >>> row[:, 4], row[:, 10] = 0.6, 0.4
    >>> search_prefixes([row], 2)
    [('4', '')]
    """
    if not rows:
        return []
    # Longest first: those that are at their end make way.
    order = sorted(range(len(rows)), key=lambda k: -len(rows[k]))
    emitted, lengths = stack_rows([rows[k] for k in order])
    beams = _start_beams(len(rows), beam, emitted.shape[1])
    live = np.searchsorted(-lengths, -np.arange(emitted.shape[1])).tolist()
    for step, count in enumerate(live):
        _step(emitted[:count, step], beams, step)
    weights = beams.in_blank + beams.in_digit
    best_first = np.argsort(-weights, axis=1, kind="stable")
    found: list[tuple[str, ...]] = [()] * len(rows)
    characters = np.frombuffer(b"0123456789 ", np.uint8)[beams.added]
    for place, row in enumerate(order):
        kept = [k for k in best_first[place] if weights[place, k] > 0]
        spelled = [characters[place, k].tobytes().decode("ascii") for k in kept]
        found[row] = tuple(text.replace(" ", "") for text in spelled)
    return found


@dataclass(frozen=True, slots=True)
class _Beams:
    """The prefixes kept in each row, shape (R, K); every column writes over them.

    Attributes
    ----------
    codes, parents : ndarray of uint64
        Each prefix, and the prefix without its last digit, known by a number: 11 * prefix +
        digit + 1, exact to 18 digits, a hash beyond.
    last : ndarray of intp
        Last digit; `BLANK` for the empty prefix.
    in_blank, in_digit : ndarray of float64
        Probability of the paths that end with a blank, and of those that end with the last digit;
        1 together in each row.
    added : ndarray of uint8, shape (R, K, T)
        The digit that each column added, `BLANK` for none.
    """

    codes: npt.NDArray[np.uint64]
    parents: npt.NDArray[np.uint64]
    last: npt.NDArray[np.intp]
    in_blank: Reals
    in_digit: Reals
    added: npt.NDArray[np.uint8]


def _start_beams(count: int, beam: int, columns: int) -> _Beams:
    """Return the empty prefix for each row, beside prefixes of no probability."""
    codes = np.zeros((count, beam), np.uint64)
    codes[:, 1:] = np.arange(1, beam, dtype=np.uint64) + np.uint64(2**63)
    in_blank = np.zeros((count, beam))
    in_blank[:, 0] = 1.0
    return _Beams(
        codes,
        parents=np.full((count, beam), np.iinfo(np.uint64).max, np.uint64),
        last=np.full((count, beam), BLANK, np.intp),
        in_blank=in_blank,
        in_digit=np.zeros((count, beam)),
        added=np.full((count, beam, columns), BLANK, np.uint8),
    )


def _step(emitted: Reals, beams: _Beams, step: int) -> None:
    """Take one column of the first rows, as many as `emitted` has."""
    count, beam = len(emitted), beams.codes.shape[1]
    codes, last, in_blank = beams.codes[:count], beams.last[:count], beams.in_blank[:count]
    rows = np.arange(count)[:, np.newaxis]
    repeated = emitted[rows, last]
    stay_digit = beams.in_digit[:count] * repeated
    # Row, prefix, label: a digit grows the prefix, a blank leaves it.
    scores = (in_blank + beams.in_digit[:count])[:, :, np.newaxis] * emitted[:, np.newaxis]
    stay_blank = scores[:, :, BLANK].copy()
    # A digit after itself is a new one only across a blank.
    scores[rows, np.arange(beam), last] = in_blank * repeated
    # A grown prefix that is in the beam already joins it there.
    row, joined, parent = np.nonzero(beams.parents[:count, :, np.newaxis] == codes[:, np.newaxis])
    grown = row, parent, last[row, joined]
    stay_digit[row, joined] += scores[grown]
    scores[grown] = -1.0
    scores[:, :, BLANK] = stay_blank + stay_digit
    scores = scores.reshape(count, -1)
    chosen = np.argpartition(scores, -beam, axis=1)[:, -beam:]
    kept, label = np.divmod(chosen, BLANK + 1)
    odds = scores[rows, chosen]
    scale = odds.sum(axis=1, keepdims=True)
    is_same = label == BLANK
    place = kept + rows * beam
    own = codes.take(place)
    longer = own * np.uint64(11) + label.view(np.uint64) + np.uint64(1)
    beams.parents[:count] = np.where(is_same, beams.parents.take(place), own)
    beams.codes[:count] = np.where(is_same, own, longer)
    beams.last[:count] = np.where(is_same, last.take(place), label)
    beams.in_blank[:count] = np.where(is_same, stay_blank.take(place), 0.0) / scale
    beams.in_digit[:count] = np.where(is_same, stay_digit.take(place), odds) / scale
    columns = beams.added.shape[2]
    beams.added[:count] = beams.added.reshape(-1, columns).take(place, axis=0)
    beams.added[:count, :, step] = label
