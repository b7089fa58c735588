"""The tiles of an epoch, made ahead in processes of their own while the network trains."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from digitscan.errors import NoPagesError
from training.amounts import load_amounts
from training.augment import Augmentation, Ink
from training.doubted import DoubtedDigits, leave_out
from training.fonts import load_glyphs
from training.letters import load_letters, split_letters
from training.mnist import Labels, Tiles, load_mnist
from training.real_digits import BoxedDigits, BoxedGroups, cut_runs
from training.real_groups import GroupTiles, cut_group_tiles
from training.rubbish import NARROWEST, Groups, Marks, Signs, crop
from training.sources import (
    RUBBISH,
    DrawnDigits,
    MnistDigits,
    Source,
    StoredInk,
    make_tiles,
)
from training.written_amounts import write_amounts

WRITTEN = 3000
"""Amounts that are written to be cut: twenty seconds, once in each process that makes tiles."""


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """What a pool is made of.

    Attributes
    ----------
    data : Path
    seed : int
    tiles : int
        Tiles of an epoch.
    shares : tuple of (str, float)
        Weight of each source; those whose data is absent give their share to the others.
    augmentation : Augmentation
    doubted : frozenset of (str, int)
        Amounts with such digits are left out, whatever is cut of them.
    """

    data: Path
    seed: int
    tiles: int
    shares: tuple[tuple[str, float], ...]
    augmentation: Augmentation
    doubted: DoubtedDigits = frozenset()


def load_sources(
    data: Path,
    seed: int,
    dropped: DoubtedDigits = frozenset(),
    doubted: DoubtedDigits = frozenset(),
    with_written: bool = True,
) -> dict[str, Source]:
    """Load every source whose data is at hand.

    Parameters
    ----------
    data : Path
    seed : int
        Of the split of MNIST.
    dropped : frozenset of (str, int)
        Real digits that are not drawn by their boxes.
    doubted : frozenset of (str, int)
        Real digits whose amounts are left out.
    with_written : bool
        Whether amounts are written to be cut, which takes longer than all else.

    Returns
    -------
    dict of str to Source
    """
    mnist = load_mnist(data, seed)
    digits = MnistDigits(mnist.train_tiles, mnist.train_labels)
    drawn = DrawnDigits()
    sources: dict[str, Source] = {
        "mnist": digits,
        "mnist-plain": replace(digits, is_plain=True),
        "drawn": drawn,
        "mnist-groups": Groups(digits),
        "drawn-groups": Groups(drawn),
        "signs": Signs(),
        "marks": Marks(),
    }
    letters, _ = split_letters(load_letters(data))
    if letters:
        sources["letters"] = StoredInk(letters, np.full(len(letters), RUBBISH, np.uint8))
    glyphs = load_glyphs()
    sources.update(glyphs)
    try:
        amounts = leave_out(load_amounts(data, "fit"), doubted)
    except NoPagesError as error:
        print(error)
        return sources
    sources["real"] = BoxedDigits(amounts, dropped)
    sources["real-groups"] = BoxedGroups(amounts)
    runs, groups = cut_runs(amounts), cut_group_tiles(amounts)
    sources.update(_store_cuts("runs", *runs))
    sources.update(_store_cuts("groups", *_crop_tiles(groups)))
    if with_written:
        written = write_amounts(amounts, WRITTEN, np.random.default_rng(seed))
        cut = cut_group_tiles(written, with_signs=False)
        sources.update(_store_cuts("written", *_crop_tiles(cut)))
    return sources


def count_tiles(plan: PoolPlan, available: Mapping[str, Source]) -> dict[str, int]:
    """Divide the tiles of an epoch among the sources that are available.

    Parameters
    ----------
    plan : PoolPlan
    available : mapping of str to Source

    Returns
    -------
    dict of str to int
    """
    shares = {name: share for name, share in plan.shares if name in available and share > 0}
    total = sum(shares.values())
    return {name: round(plan.tiles * share / total) for name, share in shares.items()}


def make_pool(
    plan: PoolPlan, epoch: int, dropped: DoubtedDigits = frozenset()
) -> tuple[Tiles, Labels]:
    """Make the tiles of one epoch; the same plan and epoch make the same tiles.

    Parameters
    ----------
    plan : PoolPlan
    epoch : int
    dropped : frozenset of (str, int)

    Returns
    -------
    tiles : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of uint8, shape (N,)
    """
    cv2.setNumThreads(1)
    with_written = any(name.startswith("written-") for name, _ in plan.shares)
    sources = _cached_sources(plan.data, plan.seed, dropped, plan.doubted, with_written)
    rng = np.random.default_rng([plan.seed, epoch])
    return make_tiles(sources, count_tiles(plan, sources), rng, plan.augmentation)


class PoolMaker:
    """Makes the pool of the next epoch while the present one is trained on.

    Parameters
    ----------
    plan : PoolPlan
    """

    def __init__(self, plan: PoolPlan) -> None:
        self._plan = plan
        self._workers = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self.dropped: DoubtedDigits = frozenset()

    def __enter__(self) -> "PoolMaker":
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.shutdown(cancel_futures=True)

    def pools(self, first: int, epochs: int) -> Iterator[tuple[int, Tiles, Labels]]:
        """Yield each epoch with its tiles; `dropped` takes effect from the epoch after next."""
        ahead: Future[tuple[Tiles, Labels]] | None = None
        for epoch in range(first, epochs):
            pool = ahead or self._start(epoch)
            tiles, labels = pool.result()
            ahead = self._start(epoch + 1) if epoch + 1 < epochs else None
            yield epoch, tiles, labels

    def _start(self, epoch: int) -> "Future[tuple[Tiles, Labels]]":
        return self._workers.submit(make_pool, self._plan, epoch, self.dropped)


class PoolStream:
    """Makes pools without end, several at a time, for a training by the clock.

    Parameters
    ----------
    plan : PoolPlan
        A new one takes effect with the pools that are begun then, as does `dropped`.
    makers : int
        Processes; twice as many pools are in the making or wait to be taken.
    """

    def __init__(self, plan: PoolPlan, makers: int) -> None:
        self.plan = plan
        self.dropped: DoubtedDigits = frozenset()
        self._workers = ProcessPoolExecutor(makers, mp_context=get_context("spawn"))
        self._begun = 0
        self._pending: set[Future[tuple[Tiles, Labels]]] = set()
        for _ in range(2 * makers):
            self._begin()

    def __enter__(self) -> "PoolStream":
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.shutdown(cancel_futures=True)

    def take(self, most: int, is_empty: bool) -> list[tuple[Tiles, Labels]]:
        """Return finished pools, up to `most`; wait for the first where there `is_empty` store."""
        done, _ = wait(self._pending, None if is_empty else 0, FIRST_COMPLETED)
        taken = list(done)[:most]
        for pool in taken:
            self._pending.remove(pool)
            self._begin()
        return [pool.result() for pool in taken]

    def _begin(self) -> None:
        self._pending.add(self._workers.submit(make_pool, self.plan, self._begun, self.dropped))
        self._begun += 1


def _crop_tiles(groups: GroupTiles) -> tuple[list[Ink], Labels]:
    """Return the ink of groups, cropped, and their labels."""
    inks = [crop(np.rint(tile[..., 0] * 255).astype(np.uint8)) for tile in groups.tiles]
    return inks, groups.labels.astype(np.uint8)


def _store_cuts(name: str, inks: Sequence[Ink], labels: Labels) -> dict[str, Source]:
    """Return what the reader cuts of amounts as two sources, NAME-digits and NAME-rubbish."""
    narrow = np.array([ink.shape[1] <= NARROWEST * ink.shape[0] for ink in inks], np.bool_)
    sources: dict[str, Source] = {}
    for kind, wanted in (
        ("digits", labels != RUBBISH),
        ("rubbish", (labels == RUBBISH) & ~narrow),
    ):
        chosen = np.flatnonzero(wanted)
        if chosen.size:
            sources[f"{name}-{kind}"] = StoredInk([inks[i] for i in chosen], labels[chosen])
    return sources


@cache
def _cached_sources(
    data: Path, seed: int, dropped: DoubtedDigits, doubted: DoubtedDigits, with_written: bool
) -> dict[str, Source]:
    return load_sources(data, seed, dropped, doubted, with_written)
