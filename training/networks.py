"""The networks that name one tile: `baseline` to compare, `digits` and `screen` to release.

`teachers` are large ones, of which `digits` learns; they are not released.
"""

import keras
from keras import layers

from digitscan.imaging.normalize import FRAME_PX

INPUT_NAME = "tiles"
"""Name of the input port of every exported tile network."""


def build_baseline() -> keras.Model:
    """Build the plain network that every other is compared with.

    Three convolutions of 32, 64 and 64 filters 3 x 3 with ReLU, 2 x 2 max pooling after the first
    two, a dense layer of 64, ten logits: 93,322 weights.

    Returns
    -------
    keras.Model
        Tiles (N, 28, 28, 1) float32, 1.0 ink on 0.0 paper, to logits (N, 10).
    """
    return keras.Sequential(
        [
            keras.Input((FRAME_PX, FRAME_PX, 1), name=INPUT_NAME),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ],
        name="baseline",
    )


def build_digits(
    dropout: float = 0.25,
    widths: tuple[int, int, int] = (32, 48, 64),
    hidden: int = 160,
    is_pooled: bool = True,
    blocks: int = 3,
) -> keras.Model:
    """Build the small network of the release.

    Convolutions with batch normalization, which export folds away, and ReLU. Pooling and strides
    come early, and the depth lies at 5 x 5, where it costs little: of the same speed as six
    convolutions at 28, 14 and 7 pixels it has half as many layers again. 5.6 million multiply-adds
    a tile.

    Parameters
    ----------
    dropout : float
        Share of the last features dropped in training.
    widths : tuple of int
        Filters of the layers at 24 x 24, 10 x 10 and 5 x 5.
    hidden : int
        Units between the last features and the logits.
    is_pooled : bool
        True for 2 x 2 max pooling after the first convolution, False where that strides over every
        second pixel instead: a third of the time in 8 bits is spent there, and after three epochs
        of 80,000 tiles both had 99.1 % of the MNIST validation digits.
    blocks : int
        Residual convolutions at 5 x 5.

    Returns
    -------
    keras.Model
        Tiles (N, 28, 28, 1) float32, 1.0 ink on 0.0 paper, to logits (N, 11): 0 to 9, rubbish.
    """
    tiles = keras.Input((FRAME_PX, FRAME_PX, 1), name=INPUT_NAME)
    first, second, third = widths
    # Nothing is lost at the edges: the frame leaves four pixels free on each side.
    x = _convolve(tiles, first, strides=1 if is_pooled else 2, size=5, padding="valid")
    if is_pooled:
        x = layers.MaxPooling2D()(x)
    x = _convolve(x, second, padding="valid")
    x = _convolve(x, third, strides=2)
    for _ in range(blocks):
        x = layers.Add()([x, _convolve(x, third)])
    x = layers.Dropout(dropout / 2)(layers.Flatten()(x))
    return keras.Model(tiles, _name(x, hidden, dropout), name="digits")


def build_screen(
    dropout: float = 0.1, widths: tuple[int, int, int] = (16, 16, 32), hidden: int = 32
) -> keras.Model:
    """Build the network that looks at everything on a page first.

    A twelfth of the work of `build_digits`: nothing is convolved at full size, and 5 x 5 at the
    first stride sees what that leaves out. 0.5 million multiply-adds a tile.

    Parameters
    ----------
    dropout : float
        Share of the last features dropped in training.
    widths : tuple of int
        Filters of the layer at 14 x 14 and of the two at 7 x 7.
    hidden : int
        Units between the last features and the logits.

    Returns
    -------
    keras.Model
        Tiles (N, 28, 28, 1) float32, 1.0 ink on 0.0 paper, to logits (N, 11): 0 to 9, rubbish.
    """
    tiles = keras.Input((FRAME_PX, FRAME_PX, 1), name=INPUT_NAME)
    first, second, third = widths
    x = _convolve(tiles, first, strides=2, size=5)
    x = _convolve(x, second, strides=2)
    x = _convolve(x, third)
    return keras.Model(tiles, _name(layers.Flatten()(x), hidden, dropout), name="screen")


def build_teachers(
    widths_3: tuple[int, ...] = (32, 48, 64, 80, 96, 112, 128, 144, 160, 176),
    widths_5: tuple[int, ...] = (32, 64, 96, 128, 160),
) -> keras.Model:
    """Build two large networks side by side, who teach the small one.

    An, Lee, Park, Yang and So, "An ensemble of simple convolutional neural network models for MNIST
    digit recognition", 2020: convolutions without pooling or edges, of 3 x 3 in one tower and of
    5 x 5 in the other, each wider than the one before. 310 million multiply-adds a tile, in
    bfloat16, the last layer in float32.

    Parameters
    ----------
    widths_3, widths_5 : tuple of int
        Filters of the layers of 3 x 3, and of those of 5 x 5.

    Returns
    -------
    keras.Model
        Tiles (N, 28, 28, 1) float32, 1.0 ink on 0.0 paper, to logits (N, 2, 11).
    """
    tiles = keras.Input((FRAME_PX, FRAME_PX, 1), name=INPUT_NAME)
    towers = [_build_tower(tiles, widths_3, 3), _build_tower(tiles, widths_5, 5)]
    return keras.Model(tiles, layers.Concatenate(axis=1)(towers), name="teachers")


def _build_tower(tiles: keras.KerasTensor, widths: tuple[int, ...], size: int) -> keras.KerasTensor:
    policy, x = "mixed_bfloat16", tiles
    for filters in widths:
        x = layers.Conv2D(filters, size, use_bias=False, dtype=policy)(x)
        x = layers.BatchNormalization(momentum=0.98, dtype=policy)(x)
        x = layers.ReLU(dtype=policy)(x)
    x = layers.Dense(11, dtype="float32")(layers.Flatten(dtype=policy)(x))
    return layers.Reshape((1, 11))(x)


def _name(x: keras.KerasTensor, hidden: int, dropout: float) -> keras.KerasTensor:
    """Return the logits of eleven labels from flat features, by one hidden layer."""
    x = layers.Dense(hidden, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    # Made in this order, or a seed would give other weights.
    x = layers.Dropout(dropout)(x)
    return layers.Dense(11)(x)


def _convolve(
    x: keras.KerasTensor, filters: int, strides: int = 1, size: int = 3, padding: str = "same"
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False)(x)
    # 0.9: an average over about ten batches follows the weights through a short training.
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x)
