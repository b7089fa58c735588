"""Turn, slant, stretch, shift and bend tiles or lines where they are learned, anew each time.

A card learns tiles ten times faster than processor cores make them. Warped so, a stored tile is
another one each time (the augmentation of An, Lee, Park, Yang and So, "An ensemble of simple
convolutional neural network models for MNIST digit recognition", 2020, and the elastic bends of
Simard, Steinkraus and Platt, "Best practices for convolutional neural networks", 2003).
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops


@dataclass(frozen=True, slots=True)
class Warp:
    """How far pictures are warped; all but the last three are half widths of uniform ranges.

    Attributes
    ----------
    turn_deg, slant : float
        About the middle; columns to the right per row up.
    wide, high : float
        Logarithms of what width and height are stretched by.
    down_px, right_px : float
    bend_px : float
        Greatest standard deviation of the knots of a bend, `knot_px` apart.
    knot_px : float
    pen : float
        Share of the pictures whose strokes are made up to a pixel thicker, or thinner.
    as_it_is : float
        Share of the pictures that are left alone, as the reader will hand them over.
    """

    turn_deg: float
    slant: float
    wide: float
    high: float
    down_px: float
    right_px: float
    bend_px: float
    knot_px: float
    pen: float
    as_it_is: float


TILE_WARP = Warp(
    turn_deg=15.0,
    slant=0.22,
    wide=0.15,
    high=0.15,
    down_px=1.8,
    right_px=1.8,
    bend_px=0.8,
    knot_px=5.0,
    pen=0.3,
    as_it_is=0.05,
)
"""With turns of 12 degrees, no bends and 15 of 100 tiles as they are the teachers were best after a
minute, and learned the 55,000 digits of MNIST by heart from then on."""
LINE_WARP = Warp(
    turn_deg=0.0,
    slant=0.12,
    wide=0.03,
    high=0.08,
    down_px=1.5,
    right_px=2.0,
    bend_px=1.4,
    knot_px=10.0,
    pen=0.3,
    as_it_is=0.15,
)
"""The view has moved and leaned a line already: what is new is that its digits bend."""


class RandomWarp(keras.layers.Layer):
    """Pictures uint8 (N, H, W, 1) to floats, 0.0 paper to 1.0 ink; warped in training.

    Parameters
    ----------
    seed : int
        The same seed gives the same warps in the same order.
    warp : Warp

    Examples
    --------
    >>> tiles = np.zeros((2, 28, 28, 1), np.uint8)
    >>> tiles[:, 4:24, 12:16] = 255
    >>> warp = RandomWarp(1, TILE_WARP)
    >>> bool(np.array_equal(np.asarray(warp(tiles)) * 255, tiles))
    True
    >>> bool(np.array_equal(np.asarray(warp(tiles, training=True)) * 255, tiles))
    False
    """

    def __init__(self, seed: int, warp: Warp, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self._draws = keras.random.SeedGenerator(seed)
        self._warp = warp

    def call(self, pictures: Any, training: bool | None = None) -> Any:
        """Return the pictures as the network takes them."""
        ink = ops.cast(pictures, "float32") / 255.0
        if not training:
            return ink
        count, height, width = ops.shape(ink)[:3]
        drawn = keras.random.uniform((count, 10), -1.0, 1.0, seed=self._draws)
        # 1 or 0: nothing of the warp is left where the last number lies low.
        is_warped = ops.cast(drawn[:, 9:] > 2 * self._warp.as_it_is - 1, "float32")
        drawn = drawn * is_warped
        rows, columns = self._place(drawn, height, width)
        return self._change_pen(sample(ink, rows, columns), drawn[:, 7], drawn[:, 8])

    def _place(self, drawn: Any, height: int, width: int) -> tuple[Any, Any]:
        """Return rows and columns (N, H, W) from where each pixel takes its ink."""
        warp = self._warp
        angle = np.deg2rad(warp.turn_deg) * drawn[:, 0]
        slant = warp.slant * drawn[:, 1]
        wide, high = ops.exp(warp.wide * drawn[:, 2]), ops.exp(warp.high * drawn[:, 3])
        cos, sin = ops.cos(angle), ops.sin(angle)
        across = [each[:, None, None] for each in (cos / wide, (slant * cos - sin) / high)]
        along = [each[:, None, None] for each in (sin / wide, (slant * sin + cos) / high)]
        middle = [ops.cast(side - 1, "float32") / 2 for side in (height, width)]
        y = ops.reshape(ops.arange(height, dtype="float32") - middle[0], (1, height, 1))
        x = ops.reshape(ops.arange(width, dtype="float32") - middle[1], (1, 1, width))
        right = warp.right_px * drawn[:, 4, None, None]
        down = warp.down_px * drawn[:, 5, None, None]
        reach = warp.bend_px * ops.abs(drawn[:, 6, None, None, None])
        sides = [(side, _count_knots(side, warp.knot_px)) for side in (height, width)]
        knots = [count for _, count in sides]
        bend = keras.random.normal((ops.shape(drawn)[0], *knots, 2), seed=self._draws) * reach
        # `ops.image.resize` takes no size that TensorFlow knows late, as of lines.
        bend = ops.einsum("hk,nkwc->nhwc", _spread_knots(*sides[0]), bend)
        bend = ops.einsum("wk,nhkc->nhwc", _spread_knots(*sides[1]), bend)
        columns = across[0] * x + across[1] * y + right + middle[1] + bend[..., 0]
        rows = along[0] * x + along[1] * y + down + middle[0] + bend[..., 1]
        return rows, columns

    def _change_pen(self, ink: Any, amount: Any, chance: Any) -> Any:
        """Make strokes thicker where the amount is above 0, thinner where it is below."""
        share = ops.cast(chance > 1 - 2 * self._warp.pen, "float32") * amount
        share = share[:, None, None, None]
        grown = ops.max_pool(ink, 3, 1, "same", "channels_last")
        shrunk = -ops.max_pool(-ink, 2, 1, "same", "channels_last")
        more, less = ops.maximum(share, 0.0), ops.maximum(-share, 0.0)
        return ink + 0.6 * (more * (grown - ink) + less * (shrunk - ink))


def _count_knots(side: Any, knot_px: float) -> Any:
    """Return how many knots a side has: of a width that varies TensorFlow knows it late."""
    if isinstance(side, int):
        return max(3, round(side / knot_px))
    return ops.maximum(3, ops.cast(ops.cast(side, "float32") / knot_px, "int32"))


def _spread_knots(side: Any, count: Any) -> Any:
    """Return how much each knot counts for each pixel of a side, in proportion to its nearness.

    Returns
    -------
    float32 tensor (side, count)
        From the first pixel's middle to the last one's; each row sums to 1.
    """
    share = ops.arange(side, dtype="float32") / ops.cast(side - 1, "float32")
    places = share * ops.cast(count - 1, "float32")
    return ops.maximum(0.0, 1.0 - ops.abs(places[:, None] - ops.arange(count, dtype="float32")))


def sample(ink: Any, rows: Any, columns: Any) -> Any:
    """Take the ink from other places, between pixels in proportion; beyond the edge is paper.

    Parameters
    ----------
    ink : float32 tensor (N, H, W, 1)
    rows, columns : float32 tensor (N, H, W)

    Returns
    -------
    float32 tensor (N, H, W, 1)
    """
    count, height, width = ops.shape(ink)[:3]
    flat = ops.reshape(ink, (count, height * width))
    high, wide = (ops.cast(side, "float32") for side in (height, width))
    top, left = ops.floor(rows), ops.floor(columns)
    found = 0.0
    for down in (0.0, 1.0):
        for right in (0.0, 1.0):
            row, column = top + down, left + right
            weight = (1.0 - ops.abs(rows - row)) * (1.0 - ops.abs(columns - column))
            is_inside = (row >= 0) & (row < high) & (column >= 0) & (column < wide)
            # Before the first and behind the last pixel any will do: it counts nothing.
            inner_row = ops.maximum(0.0, ops.minimum(row, high - 1))
            inner_column = ops.maximum(0.0, ops.minimum(column, wide - 1))
            place = ops.cast(inner_row * wide + inner_column, "int32")
            place = ops.reshape(place, (count, height * width))
            taken = ops.reshape(ops.take_along_axis(flat, place, axis=1), (count, height, width))
            found = found + taken * weight * ops.cast(is_inside, "float32")
    return found[..., None]
