"""The training loop around Keras: optimizer, averaged weights, validation, checkpoints, log."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from digitscan.errors import SettingsError
from training.config import TrainConfig
from training.mnist import Tiles
from training.networks import build_baseline, build_digits, build_screen, build_teachers
from training.run_log import RunLog
from training.teaching import TaughtLoss, TileLessons, TowersLoss

_AVERAGE_EVERY = 4
"""Steps between two updates of the averaged weights: each costs as much as a thirtieth step."""


class Batches(keras.utils.PyDataset):
    """Tiles uint8 as float batches 0.0 to 1.0, labels one-hot where they are smoothed.

    Without `classes` labels are left as they are. Where `is_raw`, tiles are left as uint8.
    """

    def __init__(
        self,
        tiles: Tiles,
        labels: npt.NDArray[Any],
        batch: int,
        classes: int | None,
        is_raw: bool = False,
    ) -> None:
        super().__init__()
        self._tiles, self._labels, self._batch, self._is_raw = tiles, labels, batch, is_raw
        self._eye = None if classes is None else np.eye(classes, dtype=np.float32)

    def __len__(self) -> int:
        return max(1, len(self._labels) // self._batch)

    def __getitem__(self, index: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        chosen = slice(index * self._batch, (index + 1) * self._batch)
        tiles, labels = self._tiles[chosen], self._labels[chosen]
        named = labels if self._eye is None else self._eye[labels]
        return tiles if self._is_raw else to_floats(tiles), named


class AverageWeights(keras.callbacks.Callback):
    """Keeps an exponential average of all weights, batch statistics included.

    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992. Early on
    the average follows the weights faster, so that it never remembers the random start.
    """

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.steps = 0
        self.weights: list[npt.NDArray[np.float32]] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move the average towards the present weights; Keras names the arguments."""
        del batch, logs
        self.steps += 1
        if self.steps % _AVERAGE_EVERY == 0:
            self.move(self.model.get_weights(), _AVERAGE_EVERY)

    def move(self, present: Sequence[npt.NDArray[np.float32]], steps: int) -> None:
        """Move the average towards weights that are so many steps further."""
        if not self.weights:
            self.weights = [np.array(weight) for weight in present]
        keep = min(self.momentum, self.steps / (self.steps + 10)) ** steps
        for average, weight in zip(self.weights, present, strict=True):
            average *= keep
            average += (1 - keep) * weight


@dataclass(slots=True)
class Progress:
    """Where a training stands: the next epoch, and the best validation so far with its epoch."""

    epoch: int = 0
    best: float = -1.0
    best_epoch: int = -1
    dropped: tuple[tuple[str, int], ...] = ()


def to_floats(tiles: Tiles) -> npt.NDArray[np.float32]:
    """Bring stored tiles to the network's input.

    Parameters
    ----------
    tiles : ndarray of uint8, shape (N, 28, 28)

    Returns
    -------
    ndarray of float32, shape (N, 28, 28, 1)
        0.0 paper to 1.0 full ink.
    """
    return (tiles[..., np.newaxis].astype(np.float32)) / np.float32(255)


def build_network(config: TrainConfig) -> keras.Model:
    """Build the network of a configuration, with random weights."""
    if config.network == "baseline":
        return build_baseline()
    if config.network == "teachers":
        return build_teachers(config.widths_3, config.widths_5)
    if config.network == "screen":
        return build_screen(config.dropout, config.widths, config.hidden)
    return build_digits(
        config.dropout, config.widths, config.hidden, config.is_pooled, config.blocks
    )


def build_model(
    config: TrainConfig, steps: int, teachers: keras.Model | None = None
) -> keras.Model:
    """Build and compile what is trained: a network, or by the clock the lessons around one.

    Parameters
    ----------
    config : TrainConfig
    steps : int
        Batches of the whole training, for the schedule.
    teachers : keras.Model, optional
        Whom a training by the clock learns from.

    Returns
    -------
    keras.Model
    """
    model = build_network(config)
    if config.minutes:
        model = TileLessons(model, config.seed, teachers)
    rate: Any = config.rate
    if config.schedule == "cosine" and not config.minutes:
        warm = round(config.warmup * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            config.rate / 100 if warm else config.rate,
            max(1, steps - warm),
            alpha=0.01,
            warmup_target=config.rate if warm else None,
            warmup_steps=warm,
        )
    optimizer = {
        "adam": lambda: keras.optimizers.Adam(rate),
        "adamw": lambda: keras.optimizers.AdamW(rate, weight_decay=config.decay),
        "sgd": lambda: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    }[config.optimizer]()
    loss = _choose_loss(config)
    model.compile(optimizer, loss, metrics=[] if config.minutes else ["accuracy"])
    return model


def _choose_loss(config: TrainConfig) -> keras.losses.Loss:
    if config.network == "teachers":
        return TowersLoss()
    if config.teachers:
        return TaughtLoss(config.softness, config.label_share)
    if config.smoothing:
        return keras.losses.CategoricalCrossentropy(True, label_smoothing=config.smoothing)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Run:
    """One training in a folder: `checkpoint.keras`, `average.npz`, `progress.json`, the log.

    Parameters
    ----------
    folder : Path
        Made where absent; a training that was broken off goes on from its last epoch.
    config : TrainConfig
    batches : int
        Batches in an epoch.
    teachers : keras.Model, optional
        Whom a training by the clock learns from.

    Raises
    ------
    SettingsError
        If the folder holds a training of another configuration, or the start is not there.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainConfig,
        batches: int,
        teachers: keras.Model | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config, self._log = folder, config, RunLog(folder)
        keras.utils.set_random_seed(config.seed)
        self.model = build_model(config, batches * config.epochs, teachers)
        self.network = self.model.network if config.minutes else self.model
        # Without the optimizer's state, three times as large; its weights are the averaged ones.
        self._released = build_network(config)
        self.average = AverageWeights(config.averaging)
        self.progress = Progress()
        record = json.dumps(asdict(config), indent=1, default=str) + "\n"
        if (folder / "progress.json").is_file():
            before = json.loads((folder / "config.json").read_text())
            if before | {"epochs": config.epochs} != json.loads(record):
                raise SettingsError(
                    f"{folder} holds a training of another configuration; give another --out, "
                    "or the same options (but --epochs) to go on with it"
                )
            self._resume()
        elif config.start:
            if not Path(config.start).is_file():
                raise SettingsError(
                    f"no weights at {config.start} to go on from: train them, or restore the "
                    "package from its commit, as training/README.md says"
                )
            start = keras.models.load_model(config.start, compile=False)
            _copy_layers(start, self.network)
        (folder / "config.json").write_text(record)

    def train_epoch(self, epoch: int, tiles: Tiles, labels: npt.NDArray[Any]) -> dict[str, float]:
        """Train one epoch with a progress bar; return Keras's figures of it.

        By the clock the average is moved once, after the epoch: in between the weights stay on the
        accelerator, and no step waits for the one before.
        """
        by_clock = bool(self.config.minutes)
        has_odds = by_clock or self.config.smoothing
        classes = self.network.output_shape[-1] if has_odds else None
        callbacks = [self.average] if self.config.averaging and not by_clock else []
        batches = Batches(tiles, labels, self.config.batch, classes, is_raw=by_clock)
        history = self.model.fit(
            batches,
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=callbacks,
            verbose=0 if by_clock else "auto" if os.isatty(2) else 2,
        )
        if by_clock and self.config.averaging:
            self.average.steps += len(batches)
            self.average.move(self.network.get_weights(), len(batches))
        return {name: float(values[-1]) for name, values in history.history.items()}

    def predict(self, tiles: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the logits (N, classes) of the averaged weights, or of the present ones."""
        logits = predict_padded(self._average_model(), tiles)
        return logits.mean(axis=1) if logits.ndim == 3 else logits

    def finish_epoch(self, epoch: int, score: float, figures: dict[str, float]) -> bool:
        """Keep the best weights, write checkpoint and log; return whether to stop early."""
        self.progress.epoch = epoch + 1
        if score > self.progress.best:
            self.progress.best, self.progress.best_epoch = score, epoch
            # By another name at first: a training may be cut short while it writes.
            part = self.folder / "part.keras"
            self._average_model().save(part)
            os.replace(part, self.folder / "best.keras")
        if not self.config.minutes:
            self.model.save(self.folder / "checkpoint.keras")
        if self.average.weights:
            arrays = {f"w{index}": weight for index, weight in enumerate(self.average.weights)}
            part = self.folder / "part.npz"
            np.savez(part, steps=self.average.steps, **arrays)
            os.replace(part, self.folder / "average.npz")
        (self.folder / "progress.json").write_text(json.dumps(asdict(self.progress)) + "\n")
        self._log.write(epoch, {"epoch": float(epoch), **figures, "score": score})
        waited = epoch - self.progress.best_epoch
        return bool(self.config.patience) and waited >= self.config.patience

    def _average_model(self) -> keras.Model:
        self._released.set_weights(self.average.weights or self.network.get_weights())
        return self._released

    def _resume(self) -> None:
        stored = json.loads((self.folder / "progress.json").read_text())
        self.progress = Progress(**stored)
        self.progress.dropped = tuple((file, at) for file, at in stored["dropped"])
        # Into the model of this configuration: its schedule may be longer or shorter.
        checkpoint = keras.models.load_model(self.folder / "checkpoint.keras")
        self.model.set_weights(checkpoint.get_weights())
        self.model.optimizer.build(self.model.trainable_variables)
        states = zip(self.model.optimizer.variables, checkpoint.optimizer.variables, strict=True)
        for own, stored_state in states:
            own.assign(stored_state)
        if (self.folder / "average.npz").is_file():
            with np.load(self.folder / "average.npz") as arrays:
                self.average.steps = int(arrays["steps"])
                self.average.weights = [arrays[f"w{i}"] for i in range(len(arrays.files) - 1)]


def predict_padded(
    model: keras.Model, tiles: npt.NDArray[np.float32], batch: int = 512
) -> npt.NDArray[np.float32]:
    """Run a network in batches of one size, the last one filled with paper.

    An accelerator's compiler takes seconds for each new size.

    Parameters
    ----------
    model : keras.Model
    tiles : ndarray of float32, shape (N, 28, 28, 1)
    batch : int

    Returns
    -------
    ndarray of float32, shape (N, ...)
        What the network gives.
    """
    paper = np.zeros((-len(tiles) % batch, *tiles.shape[1:]), np.float32)
    found = model.predict(np.concatenate([tiles, paper]), batch_size=batch, verbose=0)
    return np.asarray(found)[: len(tiles)]


def _copy_layers(start: keras.Model, model: keras.Model) -> None:
    """Take over the weights of `start`, layer by layer from the tiles on, while shapes agree."""
    for before, layer in zip(start.layers, model.layers, strict=False):
        present, wanted = before.get_weights(), layer.get_weights()
        if [w.shape for w in present] != [w.shape for w in wanted]:
            return
        layer.set_weights(present)


def measure_accuracy(logits: npt.NDArray[np.float32], labels: Iterable[int]) -> float:
    """Measure the share of digits named right among the ten digits, rubbish left out.

    Parameters
    ----------
    logits : ndarray of float32, shape (N, 10 or 11)
    labels : iterable of int, N of them

    Returns
    -------
    float

    Examples
    --------
    >>> measure_accuracy(np.eye(11, dtype=np.float32)[[3, 4]], [3, 5])
    0.5
    """
    return float(np.mean(logits[:, :10].argmax(axis=1) == np.asarray(labels)))
