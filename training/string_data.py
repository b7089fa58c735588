"""Batches of lines for the string reader: made in a background thread while the network learns.

Lines are grouped by width, so that little of a batch is padding; the width of a group is the
width that the reader pads to as well (`digitscan.recognition.line_batches.WIDTHS`).
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from digitscan.imaging.line_ink import measure_ink
from digitscan.imaging.lines import LINE_PX, View, frame_line, mark_alone
from digitscan.recognition.ctc import LABELS
from digitscan.recognition.line_batches import WIDTHS
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
LONGEST = 48
"""Labels a line at most; longer texts are left out of training."""
FEW_WIDTHS = (144, 224, 352, 640)
"""Widths for compilers that take half a minute for every shape: a quarter more columns."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines with what they show.

    Attributes
    ----------
    lines : ndarray of uint8, shape (N, 40, W, 1)
        0 paper to 255 full ink: a quarter of what floats take between processes.
    labels : ndarray of int32, shape (N, LONGEST)
        Places in `digitscan.recognition.strings.LABELS`, filled up with 0.
    lengths : ndarray of int32, shape (N,)
    signed : ndarray of bool, shape (N,)
        True where the labels name signs too; else only digits are known.
    """

    lines: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    signed: npt.NDArray[np.bool_]

    @property
    def ink(self) -> Floats:
        """The lines as a network takes them, float32, 0.0 paper to 1.0 full ink."""
        return np.asarray(self.lines / np.float32(255), np.float32)


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
        crop = make(sources, rng)
        line, text = frame_line(measure_ink(crop.gray), choose_view(rng)), crop.text
        repeats = sum(a == b for a, b in pairwise(text.characters))
        is_legible = line.shape[1] // STRIDE > len(text.characters) + repeats
        if line.shape[1] <= MAX_WIDTH and is_legible and len(text.characters) <= LONGEST:
            return (mark_alone(line) if crop.is_alone else line), text


def make_batches(
    sources: Sources,
    seed: int,
    make: MakeCrop = make_crop,
    columns: int = BATCH_PX,
    widths: Sequence[int] = WIDTHS,
) -> Iterator[Batch]:
    """Make batches for ever, from one seed; a width is served when its batch is full.

    Parameters
    ----------
    sources : Sources
    seed : int
    make : callable
        How one crop is made.
    columns : int
        Frame columns in a batch.
    widths : sequence of int
        Widths that lines are filled up to, in rising order.
    """
    rng = np.random.default_rng(seed)
    waiting: dict[int, list[tuple[Floats, Text]]] = {width: [] for width in widths}
    while True:
        line, text = make_line(sources, rng, make)
        width = next(wide for wide in widths if wide >= line.shape[1])
        waiting[width].append((line, text))
        if len(waiting[width]) == max(8, columns // width):
            yield pack(waiting[width], width)
            waiting[width] = []


def pack(lines: list[tuple[Floats, Text]], width: int) -> Batch:
    """Pad lines with paper at the right to one width and stack them."""
    stacked = np.zeros((len(lines), LINE_PX, width, 1), np.uint8)
    labels = np.zeros((len(lines), LONGEST), np.int32)
    for index, (line, text) in enumerate(lines):
        stacked[index, :, : line.shape[1]] = np.rint(line * np.float32(255))
        named = [LABELS.index(character) for character in text.characters]
        labels[index, : len(named)] = named
    return Batch(
        stacked,
        labels,
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
        self._fresh: queue.Queue[Batch | Exception] = queue.Queue(maxsize=16)
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
        """Return a batch for this step: a new one where one is due, else one of those kept.

        Raises
        ------
        Exception
            What stopped the making of batches, as soon as a new one is due.
        """
        if self.made * self._reuse <= step:
            batch = self._fresh.get()
            if isinstance(batch, Exception):
                raise batch
            return self._keep(batch)
        return self._kept[int(self._rng.integers(len(self._kept)))]

    def _keep(self, batch: Batch) -> Batch:
        if len(self._kept) < self._size:
            self._kept.append(batch)
        else:
            self._kept[self.made % self._size] = batch
        self.made += 1
        return batch

    def _fill(self) -> None:
        try:
            for batch in self._batches:
                if not self._offer(batch):
                    return
        except Exception as error:  # of the thread; the training would wait for ever
            self._offer(error)

    def _offer(self, batch: Batch | Exception) -> bool:
        """Wait until there is room for a batch; False where the pool was closed meanwhile."""
        while not self._closed.is_set():
            try:
                self._fresh.put(batch, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False
