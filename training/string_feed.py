"""Batches of lines from one thread, or from processes that make them side by side."""

import multiprocessing
import queue
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitscan.recognition.line_batches import WIDTHS
from training.amounts import load_amounts
from training.doubted import DoubtedDigits, leave_out
from training.string_data import BATCH_PX, Batch, make_batches
from training.string_sources import load_sources

WAITING = 6
"""Batches that each process keeps ready."""
PATIENCE_S = 5.0
"""Seconds without a batch after which a process is looked at."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What batches are made of, whoever makes them.

    Attributes
    ----------
    data : Path
        Folder with `mnist`, `letters` and `cheque_amounts`.
    seed : int
    limit : int, optional
        Real crops to use, for a trial.
    columns : int
        Frame columns in a batch.
    widths : sequence of int
        Widths that lines are filled up to, in rising order.
    doubted : frozenset of (str, int)
        Amounts with such digits are left out.
    """

    data: Path
    seed: int
    limit: int | None = None
    columns: int = BATCH_PX
    widths: Sequence[int] = WIDTHS
    doubted: DoubtedDigits = frozenset()


def make_fed(feed: Feed, seed: int) -> Iterator[Batch]:
    """Load the sources and make batches for ever.

    Raises
    ------
    NoPagesError
        If a data set is missing.
    """
    amounts = leave_out(load_amounts(feed.data, "fit"), feed.doubted)[: feed.limit]
    sources = load_sources(feed.data, amounts, np.random.default_rng(feed.seed))
    return make_batches(sources, seed, columns=feed.columns, widths=feed.widths)


def feed_batches(feed: Feed, processes: int, first: int = 0) -> Iterator[Batch]:
    """Make batches here, or in that many processes, of which each has its turn.

    Parameters
    ----------
    feed : Feed
    processes : int
        0 to make them where they are asked for.
    first : int
        Step that a training goes on from: it goes on with other lines.

    Returns
    -------
    iterator of Batch
        The same for the same feed, number of processes and step.

    Raises
    ------
    NoPagesError
        If a data set is missing, and they are made here.
    RuntimeError
        If a process ends; what was missing it says itself.
    """
    seed = feed.seed * 1_000_003 + first
    return _take_turns(feed, seed, processes) if processes else make_fed(feed, seed)


def _take_turns(feed: Feed, seed: int, processes: int) -> Iterator[Batch]:
    spawn = multiprocessing.get_context("spawn")
    makers = []
    for index in range(processes):
        made = spawn.Queue(WAITING)
        # Daemons: they end with the training, whatever they are about.
        maker = spawn.Process(target=_fill, args=(feed, seed * 1009 + index, made), daemon=True)
        maker.start()
        makers.append((maker, made))
    while True:
        for maker, made in makers:
            yield _wait(maker, made)


def _wait(maker: Any, made: Any) -> Batch:
    """Return the next batch of a process; where it died, say so instead of waiting for ever."""
    while True:
        try:
            return made.get(timeout=PATIENCE_S)
        except queue.Empty:
            if not maker.is_alive():
                raise RuntimeError(
                    f"a process that made lines ended with exit code {maker.exitcode}; what it "
                    "said stands above"
                ) from None


def _fill(feed: Feed, seed: int, made: Any) -> None:
    cv2.setNumThreads(1)
    for batch in make_fed(feed, seed):
        made.put(batch)
