"""The string reader: a whole field at once (CTC) -> the N best strings, and the odds of any string.

The network sees a line of writing (`imaging.lines`) and names, for every two columns, a digit, a
sign or a blank; no digit is ever cut out. What it says of a whole string (`recognition.ctc`) is
taken as the mean over several slightly moved views of the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitscan.recognition.classifier import softmax
from digitscan.recognition.ctc import (
    LABELS,
    FieldScores,
    drop_signs,
    join_blanks,
    log_likelihoods,
)
from digitscan.recognition.line_batches import LineNetwork
from digitscan.recognition.models import ModelPackage
from digitscan.recognition.prefixes import search_prefixes
from digitscan.records import Floats

STRIDE = 2
"""Columns of the line to one column of scores."""
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
        self._network = LineNetwork(package, LABELS, "string reader")

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
        found = (
            # Each is cut to its own columns.
            softmax(logits[: -(-line.shape[1] // STRIDE)])
            for line, logits in zip(lines, self._network.run(lines), strict=True)
        )
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
