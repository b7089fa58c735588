"""Turn, slant, stretch and shift tiles on the accelerator, anew whenever they are learned.

A card learns tiles ten times faster than processor cores make them. Warped so, a stored tile is
another one each time (the augmentation of An, Lee, Park, Yang and So, "An ensemble of simple
convolutional neural network models for MNIST digit recognition", 2020, with less of each).
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from digitscan.imaging.normalize import FRAME_PX

TURN_DEG = 12.0
SLANT = 0.18
STRETCH = 0.12
SHIFT_PX = 1.6
"""Half widths of the uniform ranges. 1.6 of 28 pixels: the reader's own frame centers each tile."""
AS_IT_IS = 0.15
"""Share of the tiles that are left alone, as the reader will hand them over."""
_MIDDLE = (FRAME_PX - 1) / 2


class RandomWarp(keras.layers.Layer):
    """Tiles uint8 (N, 28, 28) to floats (N, 28, 28, 1), 0.0 paper to 1.0 ink; warped in training.

    Parameters
    ----------
    seed : int
        The same seed gives the same warps in the same order.

    Examples
    --------
    >>> tiles = np.zeros((2, 28, 28), np.uint8)
    >>> tiles[:, 4:24, 12:16] = 255
    >>> warp = RandomWarp(1)
    >>> bool(np.array_equal(np.asarray(warp(tiles))[..., 0] * 255, tiles))
    True
    >>> bool(np.array_equal(np.asarray(warp(tiles, training=True))[..., 0] * 255, tiles))
    False
    """

    def __init__(self, seed: int, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, tiles: Any, training: bool | None = None) -> Any:
        """Return the tiles as the network takes them."""
        ink = ops.expand_dims(ops.cast(tiles, "float32"), -1) / 255.0
        if not training:
            return ink
        return ops.image.affine_transform(ink, self._draw(ops.shape(tiles)[0]))

    def _draw(self, count: Any) -> Any:
        """Return for each tile the eight numbers of the warp from where it goes to what it was."""
        drawn = keras.random.uniform((count, 7), -1.0, 1.0, seed=self._draws)
        # 1 or 0: nothing of the warp is left where the last number lies low.
        is_warped = ops.cast(drawn[:, 6:] > 2 * AS_IT_IS - 1, "float32")
        drawn = drawn * is_warped
        angle = np.deg2rad(TURN_DEG) * drawn[:, 0]
        slant = SLANT * drawn[:, 1]
        wide, high = ops.exp(STRETCH * drawn[:, 2]), ops.exp(STRETCH * drawn[:, 3])
        cos, sin = ops.cos(angle), ops.sin(angle)
        matrix = (cos / wide, (slant * cos - sin) / high, sin / wide, (slant * sin + cos) / high)
        left = SHIFT_PX * drawn[:, 4] + _MIDDLE - _MIDDLE * (matrix[0] + matrix[1])
        top = SHIFT_PX * drawn[:, 5] + _MIDDLE - _MIDDLE * (matrix[2] + matrix[3])
        none = ops.zeros_like(left)
        return ops.stack([*matrix[:2], left, *matrix[2:], top, none, none], axis=1)
