"""Lines of writing -> whether a number stands in them; words are not read any further."""

from collections.abc import Sequence

import numpy as np

from digitscan.recognition.classifier import softmax
from digitscan.recognition.line_batches import LineNetwork
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
        self._network = LineNetwork(package, LABELS, "word screen")

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
        logits = np.array(self._network.run(lines), np.float32)
        return softmax(logits.reshape(-1, len(LABELS)))[:, 0]
