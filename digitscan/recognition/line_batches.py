"""A network of lines: lines of any width -> one run for lines of like width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from digitscan.errors import ModelError
from digitscan.recognition.classifier import open_session
from digitscan.recognition.models import ModelPackage
from digitscan.records import Floats

if TYPE_CHECKING:
    import onnxruntime

WIDTHS: tuple[int, ...] = (*range(32, 513, 16), *range(544, 1184, 32), 1200)
"""Widths of line that a network is run with. A line is filled up with paper to the next of them,
whatever else is in the batch: its result does not depend on its neighbors. With steps of twice the
size above 256 the lines of 40 cheques took 5 % more columns; with steps of 8 they would take 2 %
less, but a column of an odd eight more time."""
BATCH = 32
"""Lines in one run of a network: bounds the memory. Of 160 columns a line takes 1.5 ms alone, in
batches of 32 and of 128."""


class LineNetwork:
    """A network of lines, as its package has it.

    Parameters
    ----------
    package : ModelPackage
        With float32 input (None, H, None, 1).
    labels : tuple of str
        What the network must name.
    title : str
        What such a network is called, for the error.

    Raises
    ------
    ModelError
        When the package names something else, or its ports are not those that it promises.
    """

    def __init__(self, package: ModelPackage, labels: tuple[str, ...], title: str) -> None:
        if tuple(package.labels) != labels:
            raise ModelError(
                f"{package.path} names {package.labels}, a {title} names {labels}; "
                f"give the name of a package that holds one"
            )
        self._session = open_session(package)
        self._package = package

    def run(self, lines: Sequence[Floats]) -> list[Floats]:
        """Return the logits of each line, divided by the package's temperature."""
        temperature = np.float32(self._package.temperature)
        return [logits / temperature for logits in run_lines(self._session, self._package, lines)]


def run_lines(
    session: onnxruntime.InferenceSession, package: ModelPackage, lines: Sequence[Floats]
) -> list[Floats]:
    """Run a network on lines, in batches of lines of like width.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        Of the package.
    package : ModelPackage
        With float32 input (None, H, None, 1).
    lines : sequence of ndarray of float32, shape (H, W, 1)

    Returns
    -------
    list of ndarray of float32
        The network's output for each line, in their order.

    Raises
    ------
    ValueError
        If a line is wider than the widest of `WIDTHS`.
    """
    outputs: list[Floats] = [np.zeros(0, np.float32)] * len(lines)
    widths = [bucket_width(line.shape[1]) for line in lines]
    for width in sorted(set(widths)):
        chosen = [k for k, own in enumerate(widths) if own == width]
        for first in range(0, len(chosen), BATCH):
            part = chosen[first : first + BATCH]
            batch = np.zeros((len(part), lines[part[0]].shape[0], width, 1), np.float32)
            for row, k in enumerate(part):
                batch[row, :, : lines[k].shape[1]] = lines[k]
            (found,) = session.run([package.output.name], {package.input.name: batch})
            for row, k in enumerate(part):
                outputs[k] = found[row]
    return outputs


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
