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
FORWARD_ROWS = 64
"""Rows weighed in one call of the forward recursion."""
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
    wanted: list[str] = []
    for field, names in zip(scores, texts, strict=True):
        views = [join_blanks(drop_signs(row)) for row in field.views]
        rows += views * len(names)
        wanted += [text for text in names for _ in views]
    odds = iter(_weigh(rows, wanted).tolist())
    found = []
    for field, names in zip(scores, texts, strict=True):
        table = np.array([[next(odds) for _ in field.views] for _ in names])
        table = table.reshape(len(names), len(field.views))
        found.append(np.logaddexp.reduce(table, axis=1) - np.log(len(field.views)))
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
    for field, names in zip(scores, texts, strict=True):
        row = field.views[0]
        nothing = row[:, BLANK] + row[:, SEPARATOR + 1 :].sum(axis=1)
        columns = row[:, :BLANK], nothing[:, np.newaxis], row[:, [SEPARATOR]]
        rows += [join_blanks(np.concatenate(columns, axis=1))] * len(names)
    odds = _weigh(rows, [text for names in texts for text in names])
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
    emitted, lengths = _stack(rows)
    count = len(rows)
    texts: list[list[str]] = [[""] + ["?"] * (beam - 1) for _ in rows]
    # A prefix is known by a number: 11 * prefix + digit + 1, exact to 18 digits, a hash beyond.
    codes = np.zeros((count, beam), np.uint64)
    codes[:, 1:] = np.arange(1, beam, dtype=np.uint64) + np.uint64(2**63)
    last = np.full((count, beam), BLANK)
    in_blank = np.zeros((count, beam))
    in_blank[:, 0] = 1.0
    in_digit = np.zeros((count, beam))
    for step in range(emitted.shape[1]):
        live = np.flatnonzero(lengths > step)
        state = (codes[live], last[live], in_blank[live], in_digit[live])
        parents, digits, state = _step(emitted[live, step], *state, beam)
        codes[live], last[live], in_blank[live], in_digit[live] = state
        for place, row in enumerate(live):
            if (digits[place] >= 0).any() or (parents[place] != np.arange(beam)).any():
                old = texts[row]
                texts[row] = [
                    old[parent] + (str(digit) if digit >= 0 else "")
                    for parent, digit in zip(parents[place], digits[place], strict=True)
                ]
    weights = in_blank + in_digit
    return [
        tuple(text for text, weight in zip(names, own, strict=True) if weight > 0)
        for names, own in zip(texts, weights, strict=True)
    ]


def _step(
    emitted: Reals,
    codes: npt.NDArray[np.uint64],
    last: npt.NDArray[np.int64],
    in_blank: Reals,
    in_digit: Reals,
    beam: int,
) -> tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.int64],
    tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], Reals, Reals],
]:
    """Take one column: return the parents (R, K), added digits (R, K; -1: none) and the state."""
    count = len(emitted)
    rows = np.arange(count)[:, np.newaxis]
    total = in_blank + in_digit
    stay_blank = total * emitted[:, BLANK:]
    stay_digit = in_digit * emitted[rows, last]
    stay_digit[last == BLANK] = 0.0
    grown = total[:, :, np.newaxis] * emitted[:, np.newaxis, :BLANK]
    # A digit after itself is a new one only across a blank.
    own = np.arange(BLANK) == last[:, :, np.newaxis]
    grown = np.where(own, in_blank[:, :, np.newaxis] * emitted[:, np.newaxis, :BLANK], grown)
    labels = np.arange(1, BLANK + 1, dtype=np.uint64)
    grown_codes = (codes[:, :, np.newaxis] * np.uint64(11) + labels).reshape(count, -1)
    grown = grown.reshape(count, -1)
    # A grown prefix that is in the beam already joins it there.
    same = grown_codes[:, np.newaxis, :] == codes[:, :, np.newaxis]
    stay_digit += np.einsum("rkg,rg->rk", same, grown)
    grown = np.where(same.any(axis=1), 0.0, grown)
    scores = np.concatenate([stay_blank + stay_digit, grown], axis=1)
    chosen = np.argsort(-scores, axis=1, kind="stable")[:, :beam]
    is_new = chosen >= beam
    fresh = np.maximum(chosen - beam, 0)
    old = np.minimum(chosen, beam - 1)
    parents = np.where(is_new, fresh // BLANK, old)
    digits = np.where(is_new, fresh % BLANK, -1)
    scale = scores[rows, chosen].sum(axis=1, keepdims=True)
    state = (
        np.where(is_new, grown_codes[rows, fresh], codes[rows, old]),
        np.where(is_new, digits, last[rows, old]),
        np.where(is_new, 0.0, stay_blank[rows, old]) / scale,
        np.where(is_new, grown[rows, fresh], stay_digit[rows, old]) / scale,
    )
    return parents, digits, state


def _weigh(rows: Sequence[Floats], texts: Sequence[str]) -> Reals:
    """Return the log-probability of each text on its row, long rows together with long ones."""
    # All rows of a call are filled up to the longest.
    order = sorted(range(len(rows)), key=lambda k: len(rows[k]))
    weighed = np.zeros(len(rows))
    for first in range(0, len(order), FORWARD_ROWS):
        part = order[first : first + FORWARD_ROWS]
        weighed[part] = _forward([rows[k] for k in part], [texts[k] for k in part])
    return weighed


def _forward(rows: Sequence[Floats], texts: Sequence[str]) -> Reals:
    """Return the log-probability of each text on its row, by the forward recursion of CTC.

    The rows come shortest first: those that are at their end make way.
    """
    emitted, lengths = _stack(rows)
    states = max(3, 2 * max(len(text) for text in texts) + 1)
    labels = np.full((len(texts), states), BLANK)
    ends = np.array([2 * len(text) for text in texts])
    for k, text in enumerate(texts):
        labels[k, 1 : 2 * len(text) : 2] = [LABELS.index(character) for character in text]
    jumps = ((labels[:, 2:] != BLANK) & (labels[:, 2:] != labels[:, :-2])).astype(np.float64)
    index = np.arange(len(texts))
    # Step, row, state: what a step looks at lies together.
    chosen = emitted.transpose(1, 0, 2)[:, index[:, np.newaxis], labels]
    chosen *= np.arange(states) <= ends[:, np.newaxis]
    alpha = np.zeros((len(texts), states))
    alpha[:, :2] = chosen[0, :, :2]
    moved = np.zeros_like(alpha)
    logs = np.zeros(len(texts))
    live = np.searchsorted(lengths, np.arange(emitted.shape[1]), side="right").tolist()
    for step in range(1, emitted.shape[1]):
        own, came = alpha[live[step] :], moved[live[step] :]
        np.multiply(own[:, :-2], jumps[live[step] :], out=came[:, 2:])
        came[:, 1] = 0.0
        came[:, 1:] += own[:, :-1]
        own += came
        own *= chosen[step, live[step] :]
        if step % SCALED == 0:
            size = np.maximum(own.sum(axis=1), _TINY)
            logs[live[step] :] += np.log(size)
            own /= size[:, np.newaxis]
    final = alpha[index, ends] + np.where(ends > 0, alpha[index, np.maximum(ends - 1, 0)], 0.0)
    return np.asarray(np.minimum(logs + np.log(np.maximum(final, _TINY)), 0.0))


def _stack(rows: Sequence[Floats]) -> tuple[Reals, npt.NDArray[np.int64]]:
    """Return probabilities as one array (R, T, labels), kept off 0, and each row's columns."""
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
