"""Lines of writing -> whether a number stands in them; words are not read any further."""

from collections.abc import Sequence

import numpy as np

from digitscan.errors import ModelError
from digitscan.recognition.classifier import open_session, softmax
from digitscan.recognition.line_batches import run_lines
from digitscan.recognition.models import ModelPackage
from digitscan.records import Floats

LABELS = ("number", "words")
"""What the network names."""


class WordScreen:
    """The word network of a model package.

    Parameters
    ----------
    package : ModelPackage
        With float32 input (None, 40, None, 1) and output (None, 2).

    Raises
    ------
    ModelError
        When the package's ports or labels are not those of a word screen.
    """

    def __init__(self, package: ModelPackage) -> None:
        if tuple(package.labels) != LABELS:
            raise ModelError(
                f"{package.path} names {package.labels}, a word screen names {LABELS}; "
                "give the name of a words package"
            )
        self._session = open_session(package)
        self._package = package

    def share_numbers(self, lines: Sequence[Floats]) -> Floats:
        """Return each line's probability that a number stands in it.

        Parameters
        ----------
        lines : sequence of ndarray of float32, shape (40, W, 1)
            One view of each line, as `imaging.lines.normalize_views` returns it.

        Returns
        -------
        ndarray of float32, shape (number of lines,)
        """
        logits = run_lines(self._session, self._package, lines)
        scaled = [row / np.float32(self._package.temperature) for row in logits]
        return np.array([softmax(row)[0] for row in scaled], np.float32)
