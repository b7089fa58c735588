"""A training by the clock: as many epochs as its minutes allow, on a fast accelerator.

Tiles are made by several processes without a pause. The rate follows the time that is over, not a
count of steps, so that the weights have settled when time is up, however fast the machine was.
"""

import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from digitscan.errors import SettingsError
from digitscan.records import Floats
from training.config import GENTLE, TrainConfig
from training.doubted import load_doubted
from training.fit import Run, predict_padded
from training.judged_digits import find_doubted, load_real, validate
from training.mnist import load_mnist
from training.pace import Clock, plan_share
from training.pools import PoolPlan, PoolStream
from training.teaching import TileStore

_POOL = 30_000
"""Tiles that one process makes at a time: four seconds' work."""
_ROOM = 40
"""Pools that are kept."""
_TAKEN = 2
"""Pools taken in an epoch, so that copying them never takes most of the time."""
_EPOCH_S = 4.0
"""Seconds of an epoch at most, so that the training ends in time on a slow machine too."""
_WATCH_S = 10.0
"""Seconds between two validations."""
_REVIEW = 0.25
"""Share of the time after which doubted labels are left out."""
_RESERVE_S = 6.0
"""Seconds kept free for the last epoch and for what is written after it."""

LEAST_RATE = 0.01
"""Share of the greatest rate at the begin and at the end."""


def choose_rate(config: TrainConfig, share: float) -> float:
    """Return the learning rate after a share of the time.

    Parameters
    ----------
    config : TrainConfig
        Gives the greatest rate, the warm-up and the schedule.
    share : float
        0 to 1.

    Returns
    -------
    float

    Examples
    --------
    >>> config = TrainConfig(rate=1.0, warmup=0.1)
    >>> [round(choose_rate(config, share), 3) for share in (0.0, 0.05, 0.1, 0.55, 1.0)]
    [0.01, 0.5, 1.0, 0.505, 0.01]
    """
    if share >= config.warmup and config.schedule == "constant":
        return config.rate
    return config.rate * plan_share(share, config.warmup, LEAST_RATE)


def train_by_clock(name: str, config: TrainConfig, data: Path, out: Path) -> Path:
    """Train one network for the minutes of its configuration, its start-up included.

    Parameters
    ----------
    name : str
        Written in front of the figures.
    config : TrainConfig
    data : Path
        Folder of the data sets.
    out : Path
        Folder of the run: `best.keras`, `average.npz` with the last averaged weights, the log.

    Returns
    -------
    Path
        The Keras file with the best averaged weights by validation.

    Raises
    ------
    SettingsError
        If the folder holds a training, or the teachers are not there.
    """
    end = time.monotonic() + 60 * config.minutes - _RESERVE_S
    if (out / "progress.json").is_file():
        raise SettingsError(
            f"{out} holds a training; one by the clock does not go on: give another --out"
        )
    plan = PoolPlan(
        data,
        config.seed,
        min(_POOL, config.tiles),
        config.shares,
        config.augmentation,
        load_doubted(),
    )
    with PoolStream(plan, config.makers) as stream:
        teachers = _load_teachers(config.teachers)
        run = Run(out, config, 1, teachers)
        _Course(name, run, stream, data).give(end)
    return out / "best.keras"


class _Course:
    """What a training by the clock has at hand."""

    def __init__(self, name: str, run: Run, stream: PoolStream, data: Path) -> None:
        self._name, self._run, self._stream = name, run, stream
        self._teachers = run.model.teachers
        self._mnist = load_mnist(data, run.config.seed)
        self._fit, self._held = load_real(data)
        self._store = TileStore(_ROOM * stream.plan.tiles)
        self._rng = np.random.default_rng(run.config.seed)
        self._tiles = 16 * run.config.batch

    def give(self, end: float) -> None:
        """Train until `end`; validate, and write what is learned, every few seconds."""
        config = self._run.config
        reviews = bool(config.review and self._fit)
        if reviews and self._teachers is not None:
            self._leave_out()
            reviews = False
        self._fill()
        # Compiles everything at next to no rate, before the clock of the rates begins.
        self._watch(0, self._train(0, 0.0, config.batch))
        clock, watched, epoch = Clock(time.monotonic(), end), time.monotonic(), 0
        while (share := clock.share()) < 1.0 or epoch == 0:
            epoch += 1
            if share >= config.gentle_from:
                self._stream.plan = replace(self._stream.plan, augmentation=GENTLE)
            if reviews and share >= _REVIEW:
                self._leave_out()
                reviews = False
            self._fill()
            began = time.monotonic()
            figures = self._train(epoch, share, self._tiles)
            allowed = int(self._tiles * _EPOCH_S / (time.monotonic() - began))
            self._tiles = min(config.tiles, max(config.batch, allowed))
            if time.monotonic() > min(watched + _WATCH_S, end):
                self._watch(epoch, figures)
                watched = time.monotonic()
        if self._run.progress.epoch <= epoch:
            self._watch(epoch, figures)

    def _train(self, epoch: int, share: float, tiles: int) -> dict[str, float]:
        rate = choose_rate(self._run.config, share)
        self._run.model.optimizer.learning_rate = rate
        figures = self._run.train_epoch(epoch, *self._store.draw(tiles, self._rng))
        return {"rate": rate, **figures}

    def _fill(self) -> None:
        for tiles, labels in self._stream.take(_TAKEN, self._store.is_empty):
            self._store.add(tiles, labels)

    def _predict_taught(self, tiles: Floats) -> Floats:
        return np.asarray(predict_padded(self._teachers, tiles).mean(axis=1))

    def _leave_out(self) -> None:
        predict = self._run.predict if self._teachers is None else self._predict_taught
        self._run.progress.dropped = find_doubted(predict, self._fit)
        self._stream.dropped = frozenset(self._run.progress.dropped)

    def _watch(self, epoch: int, figures: dict[str, float]) -> None:
        score = validate(self._run.predict, self._mnist, self._held, figures)
        self._run.finish_epoch(epoch, score, figures)
        print(self._name, epoch, *(f"{key} {value:.4g}" for key, value in figures.items()))


def _load_teachers(path: str) -> keras.Model | None:
    if not path:
        return None
    if not Path(path).is_file():
        raise SettingsError(f"no teachers at {path}: train them first, or give --teachers FILE")
    return keras.models.load_model(path, compile=False)
