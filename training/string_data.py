"""Batches of lines for the string reader: made in a background thread while the network learns.

Lines are grouped by width, so that little of a batch is padding; the width of a group is the
width that the reader pads to as well (`digitscan.recognition.strings.WIDTHS`).
"""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from digitscan.imaging.lines import LINE_PX, View, frame_line, measure_ink
from digitscan.recognition.strings import STRIDE, WIDTHS, bucket_width
from digitscan.records import Floats
from training.string_fields import make_crop
from training.string_sources import Sources

BATCH_PX = 32 * 160
"""Frame columns in a batch: 32 lines of 160 columns, or 16 of 320."""
MAX_WIDTH = 640
"""Longer lines are left out of training; the network, all convolutions, reads them all the same."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines float32 (N, 40, W, 1), their digits, 0 to 9, flat, and how many each line has."""

    lines: Floats
    digits: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]


def choose_view(rng: np.random.Generator) -> View:
    """Choose a look: mostly near the plain one, now and then as if the band were misjudged."""
    spread = 0.35 if rng.random() < 0.2 else 0.1
    return View(
        zoom=float(np.clip(np.exp(rng.normal(-0.03, spread)), 0.4, 1.4)),
        stretch=float(np.clip(np.exp(rng.normal(0.05, 0.15)), 0.75, 1.6)),
        down_px=float(rng.normal(0.0, 2.0)),
        right_px=float(rng.uniform(-4.0, 4.0)),
    )


def make_line(sources: Sources, rng: np.random.Generator) -> tuple[Floats, str]:
    """Make one line in the reader's frame with its digits; always long enough for CTC."""
    while True:
        crop, digits = make_crop(sources, rng)
        line = frame_line(measure_ink(crop), choose_view(rng))
        repeats = sum(a == b for a, b in pairwise(digits))
        if line.shape[1] <= MAX_WIDTH and line.shape[1] // STRIDE > len(digits) + repeats:
            return line, digits


def make_batches(sources: Sources, seed: int) -> Iterator[Batch]:
    """Make batches for ever, from one seed; a width is served when its batch is full."""
    rng = np.random.default_rng(seed)
    waiting: dict[int, list[tuple[Floats, str]]] = {width: [] for width in WIDTHS}
    while True:
        line, digits = make_line(sources, rng)
        width = bucket_width(line.shape[1])
        waiting[width].append((line, digits))
        if len(waiting[width]) == max(8, BATCH_PX // width):
            yield pack(waiting[width], width)
            waiting[width] = []


def pack(lines: list[tuple[Floats, str]], width: int) -> Batch:
    """Pad lines with paper at the right to one width and stack them."""
    stacked = np.zeros((len(lines), LINE_PX, width, 1), np.float32)
    for index, (line, _) in enumerate(lines):
        stacked[index, :, : line.shape[1]] = line
    digits = [int(digit) for _, text in lines for digit in text]
    return Batch(
        stacked,
        np.array(digits, np.int32),
        np.array([len(text) for _, text in lines], np.int32),
    )


class BatchPool:
    """A thread that keeps batches ready, and hands out old ones again while new ones are made.

    Parameters
    ----------
    batches : iterator of Batch
        Drawn from in the thread.
    size : int
        Batches kept; the oldest is replaced by the newest.
    reuse : float
        How often a batch is handed out on average at most.
    seed : int
        Order of what is handed out.

    Notes
    -----
    Two cores train faster than one makes lines: without reuse the network would wait.
    """

    def __init__(self, batches: Iterator[Batch], size: int, reuse: float, seed: int) -> None:
        self._batches = batches
        self._fresh: queue.Queue[Batch] = queue.Queue(maxsize=16)
        self._kept: list[Batch] = []
        self._size = size
        self._reuse = reuse
        self._rng = np.random.default_rng(seed)
        self.made = 0
        threading.Thread(target=self._fill, daemon=True).start()

    def take(self, step: int) -> Batch:
        """Return a batch for this step: a new one if there is one, else one of those kept."""
        if not self._fresh.empty() or self.made * self._reuse <= step:
            return self._keep(self._fresh.get())
        return self._kept[int(self._rng.integers(len(self._kept)))]

    def _keep(self, batch: Batch) -> Batch:
        if len(self._kept) < self._size:
            self._kept.append(batch)
        else:
            self._kept[self.made % self._size] = batch
        self.made += 1
        return batch

    def _fill(self) -> None:
        for batch in self._batches:
            self._fresh.put(batch)
