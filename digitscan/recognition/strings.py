"""The string reader: a whole field at once (CTC) -> the N best strings, and the odds of any string.

The network sees a line of writing (`imaging.lines`) and names, for every two columns, a digit, a
sign or a blank; no digit is ever cut out. What it says of a whole string (`recognition.ctc`) is
taken as the mean over several slightly moved views of the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitscan.errors import ModelError
from digitscan.recognition.classifier import open_session, softmax
from digitscan.recognition.ctc import (
    LABELS,
    FieldScores,
    drop_signs,
    join_blanks,
    log_likelihoods,
)
from digitscan.recognition.models import ModelPackage
from digitscan.recognition.prefixes import search_prefixes
from digitscan.records import Floats

STRIDE = 2
"""Columns of the line to one column of scores."""
WIDTHS: tuple[int, ...] = (*range(32, 257, 16), *range(288, 513, 32), *range(576, 1153, 64), 1200)
"""Widths of line that the network is run with. A line is filled up with paper to the next of them,
whatever else is in the batch: its result does not depend on its neighbors. Steps of twice the
size cost 5 % more columns on the lines of 40 cheques."""
BATCH = 32
"""Lines in one run of the network: bounds the memory. Of 160 columns a line takes 1.5 ms alone, in
batches of 32 and of 128."""
BEAM = 12
"""Prefixes kept. With strings-1, 4 to 50 prefixes give the same best string on all 100 held amounts
and 38 of cheques; 12 leave room for other candidates at 2.3 ms a field, 50 take 8.0 ms."""


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
        With float32 input (None, 40, None, 1) and output (None, None, 13).

    Raises
    ------
    ModelError
        When the package's ports or labels are not those of a string reader.
    """

    def __init__(self, package: ModelPackage) -> None:
        if tuple(package.labels) != LABELS:
            raise ModelError(
                f"{package.path} names {package.labels}, a string reader names {LABELS}; "
                "give the name of a strings package"
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
        scored: list[Floats] = [np.zeros((0, len(LABELS)), np.float32)] * len(lines)
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
        proposals = iter(search_prefixes([join_blanks(drop_signs(row)) for row in rows], BEAM))
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
