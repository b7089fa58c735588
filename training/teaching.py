"""What a network learns by the clock: warped tiles, and what larger networks say of them.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015; the pupil sees each
tile exactly as its teachers see it, for as long as there is time (Beyer and others, "Knowledge
distillation: a good teacher is patient and consistent", CVPR 2022).
"""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from training.mnist import Labels, Tiles
from training.random_warp import TILE_WARP, RandomWarp


class TileLessons(keras.Model):
    """A network in training: tiles are warped, then it names them, and its teachers do.

    Called with tiles uint8 (N, 28, 28) it gives the network's logits; with teachers (N, 1 + towers,
    classes), the network's first.

    Parameters
    ----------
    network : keras.Model
        Tiles (N, 28, 28, 1) to logits.
    seed : int
        Of the warps.
    teachers : keras.Model, optional
        Tiles to logits (N, towers, classes); they learn nothing.
    """

    def __init__(
        self, network: keras.Model, seed: int, teachers: keras.Model | None = None
    ) -> None:
        super().__init__()
        self.warp = RandomWarp(seed, TILE_WARP)
        self.network, self.teachers = network, teachers
        if teachers is not None:
            teachers.trainable = False

    def call(self, tiles: Any, training: bool | None = None) -> Any:
        """Return the logits."""
        seen = self.warp(tiles[..., None], training=training)
        logits = self.network(seen, training=training)
        if self.teachers is None:
            return logits
        told = ops.stop_gradient(self.teachers(seen, training=False))
        return ops.concatenate([ops.cast(logits[:, None], told.dtype), told], axis=1)


class TowersLoss(keras.losses.Loss):
    """Cross-entropy of each tower of a network of teachers, who learn independently.

    The truth are the labels' odds (N, classes), what is judged logits (N, towers, classes).
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each tile and tower, (N, towers)."""
        return _cross_entropy(y_true[:, None, :], y_pred)


class TaughtLoss(keras.losses.Loss):
    """Cross-entropy with the softened odds of teachers, and a share of that with the labels.

    The truth are the labels' odds (N, classes), what is judged are logits (N, 1 + towers, classes):
    the pupil's, then its teachers'.

    Parameters
    ----------
    softness : float
        Temperature at which the odds are taken: more brings out what is second and third likeliest.
        Its square makes up for the gradients, which shrink with it.
    label_share : float
        Weight of the labels, 0 to 1.
    """

    def __init__(self, softness: float, label_share: float) -> None:
        super().__init__(name="taught")
        self.softness, self.label_share = softness, label_share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each tile, (N,)."""
        own = y_pred[:, 0]
        told = ops.mean(ops.softmax(y_pred[:, 1:] / self.softness), axis=1)
        taught = _cross_entropy(told, own / self.softness) * self.softness**2
        return (1 - self.label_share) * taught + self.label_share * _cross_entropy(y_true, own)


class TileStore:
    """The latest tiles, uint8 (N, 28, 28), with their labels (N,), to draw epochs from.

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
    ...     store.add(np.full((1, 28, 28), value, np.uint8), np.array([value], np.uint8))
    >>> tiles, labels = store.draw(100, np.random.default_rng(0))
    >>> np.unique(tiles).tolist(), np.unique(labels).tolist()
    ([2, 3], [2, 3])
    """

    def __init__(self, room: int) -> None:
        self._room, self._count, self._next = room, 0, 0
        self._tiles: Tiles = np.zeros((room, 28, 28), np.uint8)
        self._labels: Labels = np.zeros(room, np.uint8)

    def add(self, tiles: Tiles, labels: Labels) -> None:
        """Keep tiles (N, 28, 28) and labels (N,), N at most the room."""
        places = (self._next + np.arange(len(tiles))) % self._room
        self._tiles[places], self._labels[places] = tiles, labels
        self._next = (self._next + len(tiles)) % self._room
        self._count = min(self._room, self._count + len(tiles))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw yet."""
        return self._count == 0

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tiles, Labels]:
        """Draw tiles at random, with their labels; there must be some."""
        chosen: npt.NDArray[np.int64] = rng.integers(self._count, size=count)
        return self._tiles[chosen], self._labels[chosen]


def _cross_entropy(odds: Any, logits: Any) -> Any:
    return -ops.sum(odds * ops.log_softmax(logits, axis=-1), axis=-1)
