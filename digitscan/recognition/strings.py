"""The string reader: a whole field at once (CTC) -> the N best strings, and the odds of any string.

The network sees a line of writing (`imaging.lines`) and names, for every two columns, a digit or
a blank; no digit is ever cut out. What it says of a whole string is the sum over all ways to spread
the string over the columns (connectionist temporal classification: Graves, Fernandez, Gomez and
Schmidhuber 2006), taken as the mean over several slightly moved views of the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitscan.errors import ModelError
from digitscan.recognition.classifier import open_session, softmax
from digitscan.recognition.models import ModelPackage
from digitscan.records import Floats

LABELS = 11
"""Ten digits and, last, the blank."""
BLANK = 10
STRIDE = 2
"""Columns of the line to one column of scores."""
WIDTHS = (48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 800, 1000, 1200)
"""Widths of line that the network is run with. A line is filled up with paper to the next of them,
whatever else is in the batch: its result does not depend on its neighbors."""
BATCH = 32
"""Lines in one run of the network: bounds the memory. Of 160 columns a line takes 1.5 ms alone, in
batches of 32 and of 128."""
FORWARD_ROWS = 64
"""Rows weighed in one call of the forward recursion."""
BEAM = 12
"""Prefixes kept. With strings-1, 4 to 50 prefixes give the same best string on all 100 held amounts
and 38 of cheques; 12 leave room for other candidates at 2.3 ms a field, 50 take 8.0 ms."""

_SURE = 0.995  # columns in a row with a blank this likely are searched as one
_TINY = 1e-300
_LEAST = 1e-12  # probabilities are kept off 0, so that no text is impossible

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FieldScores:
    """What the network says of one field.

    Attributes
    ----------
    views : tuple of ndarray of float32, shape (T, 11)
        Probabilities of the ten digits and the blank for every column of every view; T differs.
    """

    views: tuple[Floats, ...]

    def __post_init__(self) -> None:
        if not self.views or any(v.ndim != 2 or v.shape[1] != LABELS for v in self.views):
            raise ValueError(
                f"a field has views of shape (T, {LABELS}), got {[v.shape for v in self.views]}"
            )


@dataclass(frozen=True, slots=True)
class StringCandidate:
    """A text (empty: there is nothing to read) and the log of its probability, 0 or less."""

    text: str
    log_likelihood: float


class StringReader:
    """The string network of a model package.

    Parameters
    ----------
    package : ModelPackage
        With float32 input (None, 40, None, 1) and output (None, None, 11).

    Raises
    ------
    ModelError
        When the package's ports or labels are not those of a string reader.
    """

    def __init__(self, package: ModelPackage) -> None:
        if tuple(package.labels) != (*"0123456789", "blank"):
            raise ModelError(
                f"{package.path} names {package.labels}, a string reader names the digits 0 to 9 "
                "and blank; give the name of a strings package"
            )
        self._session = open_session(package)
        self._package = package

    def score(self, fields: Sequence[Sequence[Floats]]) -> tuple[FieldScores, ...]:
        """Run the network on the views of many fields, in batches of lines of like width.

        Parameters
        ----------
        fields : sequence of sequences of ndarray of float32, shape (40, W, 1)
            The views of each field, as `imaging.lines.normalize_views` returns them.

        Returns
        -------
        tuple of FieldScores
            One a field.
        """
        lines = [line for views in fields for line in views]
        scored: list[Floats] = [np.zeros((0, LABELS), np.float32)] * len(lines)
        widths = [bucket_width(line.shape[1]) for line in lines]
        for width in sorted(set(widths)):
            chosen = [k for k, own in enumerate(widths) if own == width]
            for first in range(0, len(chosen), BATCH):
                part = chosen[first : first + BATCH]
                for k, rows in zip(part, self._run([lines[k] for k in part], width), strict=True):
                    scored[k] = rows
        found = iter(scored)
        return tuple(FieldScores(tuple(next(found) for _ in views)) for views in fields)

    def read(
        self, scores: Sequence[FieldScores], count: int = 5
    ) -> tuple[tuple[StringCandidate, ...], ...]:
        """Find the likeliest strings of each field.

        Parameters
        ----------
        scores : sequence of FieldScores
        count : int
            Candidates a field, at most.

        Returns
        -------
        tuple of tuples of StringCandidate
            Best first; never empty.
        """
        texts = self.propose(scores, count + 1)
        ranked = []
        for names, odds in zip(texts, log_likelihoods(scores, texts), strict=True):
            order = np.argsort(-odds, kind="stable")[:count]
            ranked.append(tuple(StringCandidate(names[k], float(odds[k])) for k in order))
        return tuple(ranked)

    def propose(self, scores: Sequence[FieldScores], count: int = 5) -> list[list[str]]:
        """Name the strings that are likely in each field, by prefix beam search on each view.

        Parameters
        ----------
        scores : sequence of FieldScores
        count : int
            Strings a view, at most.

        Returns
        -------
        list of list of str
            In no order that means anything: `log_likelihoods` weighs them.
        """
        rows = [view for field in scores for view in field.views]
        proposals = iter(search_prefixes([_join_blanks(row) for row in rows], BEAM))
        return [
            sorted({text for _ in field.views for text in next(proposals)[:count]})
            for field in scores
        ]

    def _run(self, lines: list[Floats], width: int) -> list[Floats]:
        """Return the probabilities of lines of one bucket, each cut to its own columns."""
        batch = np.zeros((len(lines), lines[0].shape[0], width, 1), np.float32)
        for k, line in enumerate(lines):
            batch[k, :, : line.shape[1]] = line
        ports = self._package.output.name, self._package.input.name
        (logits,) = self._session.run([ports[0]], {ports[1]: batch})
        scores = softmax(logits / np.float32(self._package.temperature))
        return [scores[k, : -(-line.shape[1] // STRIDE)] for k, line in enumerate(lines)]


def bucket_width(width: int) -> int:
    """Return the width that a line is filled up to.

    Raises
    ------
    ValueError
        If no width is as large.

    Examples
    --------
    >>> bucket_width(65)
    80
    """
    for wide in WIDTHS:
        if wide >= width:
            return wide
    raise ValueError(f"a line is at most {WIDTHS[-1]} px wide, got {width}")


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
    >>> sure = np.full((3, 11), 0.0, np.float32)
    >>> sure[0, 7] = sure[1, 10] = sure[2, 7] = 1.0
    >>> odds = log_likelihoods([FieldScores((sure,))], [["77", "7"]])
    >>> np.round(np.exp(odds[0]), 6).tolist()
    [1.0, 0.0]
    """
    views = [
        (row, text)
        for field, names in zip(scores, texts, strict=True)
        for text in names
        for row in field.views
    ]
    if not views:
        return tuple(np.zeros(0) for _ in texts)
    # Long rows are weighed with long ones: all of a call are filled up to the longest.
    rows = [_join_blanks(row) for row, _ in views]
    order = sorted(range(len(views)), key=lambda k: len(rows[k]))
    weighed = np.zeros(len(views))
    for first in range(0, len(order), FORWARD_ROWS):
        part = order[first : first + FORWARD_ROWS]
        weighed[part] = _forward([rows[k] for k in part], [views[k][1] for k in part])
    odds = iter(weighed.tolist())
    found = []
    for field, names in zip(scores, texts, strict=True):
        table = np.array([[next(odds) for _ in field.views] for _ in names])
        table = table.reshape(len(names), len(field.views))
        found.append(np.logaddexp.reduce(table, axis=1) - np.log(len(field.views)))
    return tuple(found)


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


def _forward(rows: Sequence[Floats], texts: Sequence[str]) -> Reals:
    """Return the log-probability of each text on its row, by the forward recursion of CTC."""
    emitted, lengths = _stack(rows)
    states = 2 * max(len(text) for text in texts) + 1
    labels = np.full((len(texts), states), BLANK)
    ends = np.array([2 * len(text) for text in texts])
    for k, text in enumerate(texts):
        labels[k, 1 : 2 * len(text) : 2] = [int(digit) for digit in text]
    jumps = np.zeros((len(texts), states))
    jumps[:, 2:] = (labels[:, 2:] != BLANK) & (labels[:, 2:] != labels[:, :-2])
    reach = np.arange(states) <= ends[:, np.newaxis]
    chosen = np.take_along_axis(emitted, labels[:, np.newaxis, :], axis=2) * reach[:, np.newaxis]
    alpha = np.zeros((len(texts), states))
    alpha[:, 0] = 1.0
    logs = np.zeros(len(texts))
    for step in range(emitted.shape[1]):
        moved = alpha.copy()
        if step > 0:
            moved[:, 1:] += alpha[:, :-1]
            moved[:, 2:] += alpha[:, :-2] * jumps[:, 2:]
        else:
            moved[:, 1:2] = 1.0
        moved *= chosen[:, step]
        # Scaled to a sum of 1 in every column, against underflow; the scale is kept as a log.
        size = np.where(lengths > step, np.maximum(moved.sum(axis=1), _TINY), 1.0)
        logs += np.log(size)
        alpha = np.where((lengths > step)[:, np.newaxis], moved / size[:, np.newaxis], alpha)
    index = np.arange(len(texts))
    final = alpha[index, ends] + np.where(ends > 0, alpha[index, np.maximum(ends - 1, 0)], 0.0)
    return np.asarray(np.minimum(logs + np.log(np.maximum(final, _TINY)), 0.0))


def _stack(rows: Sequence[Floats]) -> tuple[Reals, npt.NDArray[np.int64]]:
    """Return probabilities as one array (R, T, 11), kept off 0, and the columns of each row."""
    lengths = np.array([len(row) for row in rows])
    stacked = np.full((len(rows), int(lengths.max()), LABELS), _LEAST)
    for k, row in enumerate(rows):
        stacked[k, : len(row)] = np.maximum(row, _LEAST)
    return stacked, lengths


def _join_blanks(row: Floats) -> Floats:
    """Drop columns that are surely blank after a column that is: they change no search."""
    sure = row[:, BLANK] > _SURE
    return np.asarray(row[~(sure & np.concatenate([[False], sure[:-1]]))])
