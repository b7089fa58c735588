"""Batches of lines for the string reader: made in a background thread while the network learns.

Lines are grouped by width, so that little of a batch is padding; the width of a group is the
width that the reader pads to as well (`digitscan.recognition.line_batches.WIDTHS`).
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from digitscan.imaging.line_ink import measure_ink
from digitscan.imaging.lines import LINE_PX, View, frame_line
from digitscan.recognition.ctc import LABELS
from digitscan.recognition.line_batches import WIDTHS, bucket_width
from digitscan.recognition.strings import STRIDE
from digitscan.records import Floats
from training.string_fields import Crop, make_crop
from training.string_signs import Text
from training.string_sources import Sources

BATCH_PX = 32 * 160
"""Frame columns in a batch: 32 lines of 160 columns, or 16 of 320."""
MakeCrop = Callable[[Sources, np.random.Generator], Crop]
"""How one crop is made: `string_fields.make_crop` for the string reader."""
MAX_WIDTH = 640
"""Longer lines are left out of training; the network, all convolutions, reads them all the same."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines with what they show.

    Attributes
    ----------
    lines : ndarray of float32, shape (N, 40, W, 1)
    labels : ndarray of int32, shape (sum of lengths,)
        Places in `digitscan.recognition.strings.LABELS`, one line after the other.
    lengths : ndarray of int32, shape (N,)
    signed : ndarray of bool, shape (N,)
        True where the labels name signs too; else only digits are known.
    """

    lines: Floats
    labels: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    signed: npt.NDArray[np.bool_]


def choose_view(rng: np.random.Generator) -> View:
    """Choose a look: mostly near the plain one, now and then as if the band were misjudged."""
    spread = 0.35 if rng.random() < 0.2 else 0.1
    return View(
        zoom=float(np.clip(np.exp(rng.normal(-0.03, spread)), 0.4, 1.4)),
        stretch=float(np.clip(np.exp(rng.normal(0.05, 0.15)), 0.75, 1.6)),
        down_px=float(rng.normal(0.0, 2.0)),
        right_px=float(rng.uniform(-4.0, 4.0)),
        slant=float(rng.normal(0.0, 0.08)),
    )


def make_line(
    sources: Sources, rng: np.random.Generator, make: MakeCrop = make_crop
) -> tuple[Floats, Text]:
    """Make one line in the reader's frame with its digits; always long enough for CTC."""
    while True:
        crop, text = make(sources, rng)
        line = frame_line(measure_ink(crop), choose_view(rng))
        repeats = sum(a == b for a, b in pairwise(text.characters))
        if line.shape[1] <= MAX_WIDTH and line.shape[1] // STRIDE > len(text.characters) + repeats:
            return line, text


def make_batches(sources: Sources, seed: int, make: MakeCrop = make_crop) -> Iterator[Batch]:
    """Make batches for ever, from one seed; a width is served when its batch is full."""
    rng = np.random.default_rng(seed)
    waiting: dict[int, list[tuple[Floats, Text]]] = {width: [] for width in WIDTHS}
    while True:
        line, text = make_line(sources, rng, make)
        width = bucket_width(line.shape[1])
        waiting[width].append((line, text))
        if len(waiting[width]) == max(8, BATCH_PX // width):
            yield pack(waiting[width], width)
            waiting[width] = []


def pack(lines: list[tuple[Floats, Text]], width: int) -> Batch:
    """Pad lines with paper at the right to one width and stack them."""
    stacked = np.zeros((len(lines), LINE_PX, width, 1), np.float32)
    for index, (line, _) in enumerate(lines):
        stacked[index, :, : line.shape[1]] = line
    labels = [LABELS.index(character) for _, text in lines for character in text.characters]
    return Batch(
        stacked,
        np.array(labels, np.int32),
        np.array([len(text.characters) for _, text in lines], np.int32),
        np.array([text.is_signed for _, text in lines]),
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
        How often a batch is handed out on average.
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
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._fill, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread: where it still draws while the process ends, the process is aborted."""
        self._closed.set()
        self._thread.join()

    def take(self, step: int) -> Batch:
        """Return a batch for this step: a new one where one is due, else one of those kept."""
        if self.made * self._reuse <= step:
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
            while not self._closed.is_set():
                try:
                    self._fresh.put(batch, timeout=0.2)
                    break
                except queue.Full:
                    continue
            if self._closed.is_set():
                return
