"""Connectionist temporal classification: what columns of labels say of whole strings.

A string network names, for every two columns of a line, a digit, a sign or a blank. What that says
of a string is the sum over all ways to spread the string over the columns (Graves, Fernandez,
Gomez and Schmidhuber, "Connectionist temporal classification", 2006).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from digitscan.records import Floats

LABELS = (*"0123456789", "blank", ",", "-")
"""What the network names: digits, nothing, a separator between digits (comma, point, apostrophe),
and a sign before or after a number (`/-`, a dash, a currency sign by hand)."""
BLANK = LABELS.index("blank")
SEPARATOR = LABELS.index(",")
_PLACES = np.zeros(128, np.intp)  # of the label of each ASCII character of a text
_PLACES[[ord(LABELS[k]) for k in (*range(BLANK), SEPARATOR)]] = *range(BLANK), SEPARATOR
_SURE = 0.995  # columns in a row with a blank this likely are searched as one
_TINY = 1e-300
_LEAST = 1e-12  # probabilities are kept off 0, so that no text is impossible
SCALED = 16
"""Columns after which the forward recursion is scaled to a sum of 1, against underflow: none takes
more than e^28 away. The scale is kept as a log."""
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FieldScores:
    """What the network says of one field.

    Attributes
    ----------
    views : tuple of ndarray of float32, shape (T, 13)
        Probabilities of `LABELS` for every column of every view; T differs.
    """

    views: tuple[Floats, ...]

    def __post_init__(self) -> None:
        if not self.views or any(v.ndim != 2 or v.shape[1] != len(LABELS) for v in self.views):
            raise ValueError(
                f"a field has views of shape (T, {len(LABELS)}), "
                f"got {[v.shape for v in self.views]}"
            )


def log_likelihoods(
    scores: Sequence[FieldScores], texts: Sequence[Sequence[str]]
) -> tuple[Reals, ...]:
    """Weigh given strings, those of another reader included.

    Parameters
    ----------
    scores : sequence of FieldScores
    texts : sequence of sequences of str
        Digits only; what may stand in each field. "" is: nothing to read.

    Returns
    -------
    tuple of ndarray of float64, shape (number of texts,)
        Log of the mean over the views of the probability of the text; over all texts that exist
        these probabilities add up to 1.

    Examples
    --------
    >>> sure = np.full((3, 13), 0.0, np.float32)
    >>> sure[0, 7] = sure[1, 10] = sure[2, 7] = 1.0
    >>> odds = log_likelihoods([FieldScores((sure,))], [["77", "7"]])
    >>> np.round(np.exp(odds[0]), 6).tolist()
    [1.0, 0.0]
    """
    rows: list[Floats] = []
    wanted: list[tuple[int, str]] = []
    for field, names in zip(scores, texts, strict=True):
        views = range(len(rows), len(rows) + len(field.views))
        rows += [join_blanks(drop_signs(row)) for row in field.views]
        wanted += [(view, text) for text in names for view in views]
    odds = _weigh(rows, wanted)
    found, first = [], 0
    for field, names in zip(scores, texts, strict=True):
        count = len(names) * len(field.views)
        table = odds[first : first + count].reshape(len(names), len(field.views))
        found.append(np.logaddexp.reduce(table, axis=1) - np.log(len(field.views)))
        first += count
    return tuple(found)


def log_likelihoods_marked(
    scores: Sequence[FieldScores], texts: Sequence[Sequence[str]]
) -> tuple[Reals, ...]:
    """Weigh given strings with their separators, in the first view of each field.

    Parameters
    ----------
    scores : sequence of FieldScores
    texts : sequence of sequences of str
        Digits and `,` for every separator; signs before and after the number are left out.

    Returns
    -------
    tuple of ndarray of float64, shape (number of texts,)
        Log-probability of each.

    Examples
    --------
    >>> sure = np.zeros((3, 13), np.float32)
    >>> sure[0, 1] = sure[1, SEPARATOR] = sure[2, 5] = 1.0
    >>> odds = log_likelihoods_marked([FieldScores((sure,))], [["1,5", "15"]])
    >>> np.round(np.exp(odds[0]), 6).tolist()
    [1.0, 0.0]
    """
    rows: list[Floats] = []
    for field in scores:
        row = field.views[0]
        nothing = row[:, BLANK] + row[:, SEPARATOR + 1 :].sum(axis=1)
        columns = row[:, :BLANK], nothing[:, np.newaxis], row[:, [SEPARATOR]]
        rows.append(join_blanks(np.concatenate(columns, axis=1)))
    odds = _weigh(rows, [(row, text) for row, names in enumerate(texts) for text in names])
    ends = np.cumsum([0, *(len(names) for names in texts)])
    return tuple(odds[first:last] for first, last in pairwise(ends.tolist()))


def ends_with_sign(scores: FieldScores) -> bool:
    """Say whether the best path of the first view ends with a sign: a tail such as `/-`.

    Examples
    --------
    >>> row = np.eye(13, dtype=np.float32)[[7, BLANK, LABELS.index("-"), BLANK]]
    >>> ends_with_sign(FieldScores((row,))), ends_with_sign(FieldScores((row[:2],)))
    (True, False)
    """
    best = scores.views[0].argmax(axis=1)
    named = best[best != BLANK]
    return bool(named.size and named[-1] > SEPARATOR)


def measure_blank(scores: FieldScores) -> float:
    """Return the probability that nothing is to be read, in the first view.

    Examples
    --------
    >>> row = np.zeros((2, 13), np.float32)
    >>> row[:, BLANK] = 0.5, 1.0
    >>> measure_blank(FieldScores((row,)))
    0.5
    """
    return float(np.prod(drop_signs(scores.views[0])[:, BLANK], dtype=np.float64))


def measure_fluency(scores: FieldScores) -> float:
    """Measure how smoothly a line reads: the log-probability of its best path for each digit.

    Numbers of cheques have -0.8 to 0.0 in the first view; words that were taken for numbers often
    less.

    Parameters
    ----------
    scores : FieldScores

    Returns
    -------
    float
        Of the first view, 0.0 or less.

    Examples
    --------
    >>> sure = np.zeros((2, 13), np.float32)
    >>> sure[0, 4] = sure[1, BLANK] = 1.0
    >>> measure_fluency(FieldScores((sure,)))
    0.0
    """
    row = drop_signs(scores.views[0])
    best = float(np.log(np.maximum(row.max(axis=1), _LEAST)).sum())
    return best / max(1, count_digits(scores))


def count_digits(scores: FieldScores) -> int:
    """Count the digits of the best path of the first view.

    Examples
    --------
    >>> row = np.eye(13, dtype=np.float32)[[7, 7, BLANK, 7]]
    >>> count_digits(FieldScores((row,)))
    2
    """
    best = drop_signs(scores.views[0]).argmax(axis=1)
    named = (best < BLANK) & (best != np.concatenate([[BLANK], best[:-1]]))
    return int(np.count_nonzero(named))


def drop_signs(row: Floats) -> Floats:
    """Count every sign as blank: (T, 13) to (T, 11), digits and blank.

    Examples
    --------
    >>> row = np.zeros((1, 13), np.float32)
    >>> row[0, 10:] = 0.5, 0.25, 0.25
    >>> float(drop_signs(row)[0, BLANK])
    1.0
    """
    blank = row[:, BLANK:].sum(axis=1, keepdims=True)
    return np.concatenate([row[:, :BLANK], blank], axis=1)


def _weigh(rows: Sequence[Floats], wanted: Sequence[tuple[int, str]]) -> Reals:
    """Return the log-probability of texts, each on the row of its number.

    All take a step of the forward recursion of CTC together.
    """
    if not wanted:
        return np.zeros(0)
    emitted, lengths = stack_rows(rows)
    count, steps, size = emitted.shape
    # One more label, of probability 0, fills up the states of short texts.
    columns = np.zeros((steps, count, size + 1))
    columns[:, :, :size] = emitted.transpose(1, 0, 2)
    columns = columns.reshape(steps, -1)
    # Longest first: those that are at their end make way.
    own = np.array([row for row, _ in wanted])
    order = np.argsort(-lengths[own], kind="stable")
    labels = _list_states([wanted[k][1] for k in order.tolist()], size)
    ends = 2 * np.array([len(wanted[k][1]) for k in order.tolist()])
    places = labels + own[order] * (size + 1)
    jumps = np.zeros(labels.shape)
    jumps[2:] = (labels[2:] != BLANK) & (labels[2:] != labels[:-2])
    # Two states of probability 0 ahead: what comes from before the first.
    alpha = np.zeros((len(labels) + 2, len(wanted)))
    alpha[2:4] = columns[0].take(places[:2])
    moved = np.empty(labels.shape)
    logs = np.zeros(len(wanted))
    live = np.searchsorted(-lengths[own[order]], -np.arange(steps)).tolist()
    for step in range(1, steps):
        old, new = alpha[:, : live[step]], moved[:, : live[step]]
        np.multiply(old[:-2], jumps[:, : live[step]], out=new)
        new += old[1:-1]
        new += old[2:]
        np.multiply(new, columns[step].take(places[:, : live[step]]), out=old[2:])
        if step % SCALED == 0:
            sums = np.maximum(old.sum(axis=0), _TINY)
            logs[: live[step]] += np.log(sums)
            old /= sums
    index = np.arange(len(wanted))
    final = alpha[ends + 2, index] + alpha[ends + 1, index]
    weighed = np.empty(len(wanted))
    weighed[order] = np.minimum(logs + np.log(np.maximum(final, _TINY)), 0.0)
    return weighed


def _list_states(texts: Sequence[str], filler: int) -> npt.NDArray[np.intp]:
    """Return the labels of texts with a blank around each, shape (states, number of texts)."""
    lengths = np.array([len(text) for text in texts])
    states = np.arange(max(3, 2 * int(lengths.max()) + 1))[:, np.newaxis]
    labels = np.where(states <= 2 * lengths, BLANK, filler)
    characters = np.frombuffer("".join(texts).encode("ascii"), np.uint8)
    # By text and character, as the characters come.
    by_text = labels[1::2].T.copy()
    by_text[np.arange(by_text.shape[1]) < lengths[:, np.newaxis]] = _PLACES[characters]
    labels[1::2] = by_text.T
    return labels


def stack_rows(rows: Sequence[Floats]) -> tuple[Reals, npt.NDArray[np.int64]]:
    """Return probabilities as one array (R, T, labels), kept off 0, and each row's columns.

    Examples
    --------
    >>> stacked, lengths = stack_rows([np.ones((1, 11)), np.ones((3, 11))])
    >>> stacked.shape, lengths.tolist()
    ((2, 3, 11), [1, 3])
    """
    lengths = np.array([len(row) for row in rows])
    stacked = np.full((len(rows), int(lengths.max()), rows[0].shape[1]), _LEAST)
    for k, row in enumerate(rows):
        stacked[k, : len(row)] = np.maximum(row, _LEAST)
    return stacked, lengths


def join_blanks(row: Floats) -> Floats:
    """Drop columns that are surely blank after a column that is: they change no search.

    Examples
    --------
    >>> row = np.eye(11, dtype=np.float32)[[3, BLANK, BLANK, BLANK, 4]]
    >>> join_blanks(row).argmax(axis=1).tolist()
    [3, 10, 4]
    """
    sure = row[:, BLANK] > _SURE
    return np.asarray(row[~(sure & np.concatenate([[False], sure[:-1]]))])
