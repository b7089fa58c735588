"""A small network taught by large ones: losses, softened odds, and the tiles that are kept.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015; the student sees
each tile exactly as its teachers saw it, for as long as there is time (Beyer and others, "Knowledge
distillation: a good teacher is patient and consistent", CVPR 2022).
"""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from digitscan.recognition.classifier import softmax
from digitscan.records import Floats
from training.mnist import Labels, Tiles


@keras.saving.register_keras_serializable(package="digitscan")
class TowersLoss(keras.losses.Loss):
    """Cross-entropy of each tower of a network of teachers, who learn independently.

    The truth are the labels' odds (N, classes), what is judged logits (N, towers, classes).
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each tile and tower, (N, towers)."""
        return _cross_entropy(y_true[:, None, :], y_pred)


@keras.saving.register_keras_serializable(package="digitscan")
class TaughtLoss(keras.losses.Loss):
    """Cross-entropy with the softened odds of teachers, and a share of that with the labels.

    The truth (N, 2, classes) holds the teachers' odds and the labels', what is judged are logits
    (N, classes).

    Parameters
    ----------
    softness : float
        Temperature at which the teachers' odds were taken. Its square makes up for the gradients,
        which shrink with it.
    label_share : float
        Weight of the labels, 0 to 1.
    """

    def __init__(
        self, softness: float, label_share: float, name: str = "taught", **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.softness, self.label_share = softness, label_share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each tile, (N,)."""
        taught = _cross_entropy(y_true[:, 0], y_pred / self.softness) * self.softness**2
        labelled = _cross_entropy(y_true[:, 1], y_pred)
        return (1 - self.label_share) * taught + self.label_share * labelled

    def get_config(self) -> dict[str, Any]:
        """Return what a stored network makes the loss of."""
        return {
            **super().get_config(),
            "softness": self.softness,
            "label_share": self.label_share,
        }


def soften(logits: Floats, softness: float) -> Floats:
    """Return the mean of the teachers' odds at a temperature.

    Parameters
    ----------
    logits : ndarray of float32, shape (N, teachers, classes)
    softness : float
        1.0 leaves the odds as they are; more brings out what is second and third likeliest.

    Returns
    -------
    ndarray of float32, shape (N, classes)

    Examples
    --------
    >>> sure = np.array([[[9.0, 0.0]], [[0.0, 0.0]]], np.float32)
    >>> np.round(soften(sure, 3.0), 2).tolist()
    [[0.949999988079071, 0.05000000074505806], [0.5, 0.5]]
    """
    return np.asarray(softmax(logits / np.float32(softness)).mean(axis=1), np.float32)


class TileStore:
    """The latest tiles, uint8 (N, 28, 28), with what is learned of each, to draw epochs from.

    Where the network is faster than the processes that make tiles, it sees a tile a few times;
    where it is slower, it does not see all.

    Parameters
    ----------
    room : int
        Tiles that are kept; the oldest give way.

    Examples
    --------
    >>> store = TileStore(2)
    >>> for value in (1, 2, 3):
    ...     store.add(np.full((1, 28, 28), value, np.uint8), np.array([[value]], np.float32))
    >>> tiles, targets = store.draw(100, np.random.default_rng(0))
    >>> np.unique(tiles).tolist(), np.unique(targets).tolist()
    ([2, 3], [2.0, 3.0])
    """

    def __init__(self, room: int) -> None:
        self._room, self._count, self._next = room, 0, 0
        self._tiles: Tiles = np.zeros((0, 28, 28), np.uint8)
        self._targets: Floats = np.zeros(0, np.float32)

    def add(self, tiles: Tiles, targets: Floats) -> None:
        """Keep tiles (N, 28, 28) and targets (N, ...), N at most the room."""
        if not len(self._tiles):
            self._tiles = np.zeros((self._room, *tiles.shape[1:]), np.uint8)
            self._targets = np.zeros((self._room, *targets.shape[1:]), np.float32)
        places = (self._next + np.arange(len(tiles))) % self._room
        self._tiles[places], self._targets[places] = tiles, targets
        self._next = (self._next + len(tiles)) % self._room
        self._count = min(self._room, self._count + len(tiles))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw yet."""
        return self._count == 0

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tiles, Floats]:
        """Draw tiles at random, with their targets; there must be some."""
        chosen: npt.NDArray[np.int64] = rng.integers(self._count, size=count)
        return self._tiles[chosen], self._targets[chosen]


def name_odds(labels: Labels, classes: int) -> Floats:
    """Return the odds of labels, all on one class: float32 (N, classes)."""
    return np.eye(classes, dtype=np.float32)[labels]


def _cross_entropy(odds: Any, logits: Any) -> Any:
    return -ops.sum(odds * ops.log_softmax(logits, axis=-1), axis=-1)
