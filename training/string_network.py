"""The string reader's network: convolutions only, CTC over columns."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
from keras import ops

from digitscan.errors import ModelError
from digitscan.imaging.lines import LINE_PX
from digitscan.recognition.ctc import BLANK, LABELS
from training.random_warp import LINE_WARP, RandomWarp

AVERAGED = "average.weights.h5"
"""In the folder of a training: the averaged weights of its last round."""
FILTERS = (32, 64, 112, 176, 256)
"""Filters of a convolution, stage by stage: two thirds of those of strings-6, half its work."""
_NEVER = -30.0
"""Log-probability of what cannot be, finite so that its gradient is a number."""


def build_network() -> keras.Model:
    """Build the network: lines (N, 40, W, 1) to logits (N, W / 2, 13).

    Height goes 40, 20, 10, 5 and is then read as a whole; width is halved twice. A 5 x 5
    convolution comes first and everything else is 3 x 3 at an eighth of the pixels or less:
    on a CPU plain convolutions are quicker than separable ones of as many operations.

    Returns
    -------
    keras.Model
        Width is free, a multiple of four; 1.8 million weights. It was cut from a network of 3.4
        million, with which a whole cheque takes a tenth more time, and trained on for as long
        again it reads more than that one did.
    """
    first, second, third, fourth, last = FILTERS
    lines = keras.Input((LINE_PX, None, 1), name="lines")
    x = convolve(lines, first, (5, 5), (2, 2))
    x = convolve(x, second, (3, 3))
    x = keras.layers.MaxPooling2D((2, 1))(x)
    x = convolve(x, third, (3, 3), (1, 2))
    x = keras.layers.Add()([x, convolve(x, third, (3, 3))])
    x = keras.layers.MaxPooling2D((2, 1))(x)
    x = convolve(x, fourth, (3, 3))
    x = keras.layers.Add()([x, convolve(x, fourth, (3, 3))])
    x = keras.layers.Add()([x, convolve(x, fourth, (3, 3))])
    x = convolve(x, last, (5, 1), padding="valid")
    x = keras.layers.Add()([x, convolve(x, last, (1, 5))])
    x = keras.layers.Dropout(0.15)(x)
    x = keras.layers.Add()([x, convolve(x, last, (1, 5))])
    x = keras.layers.Dropout(0.15)(x)
    # Two labels a column: a narrow digit of a joined row is two columns wide, and CTC needs a
    # blank between equal digits. With one label a column such digits were dropped.
    logits = keras.layers.Conv2D(2 * len(LABELS), (1, 3), padding="same", dtype="float32")(x)
    logits = keras.layers.Reshape((-1, len(LABELS)), dtype="float32", name="logits")(logits)
    return keras.Model(lines, logits, name="strings")


def ctc_loss(logits: Any, labels: Any, lengths: Any, signed: Any) -> Any:
    """Return the mean CTC loss of a batch.

    Of a line whose digits alone are known, a sign is as good as a blank wherever one may stand.

    Parameters
    ----------
    logits : float32 tensor (N, T, 13)
    labels : int32 tensor (N, L)
        The labels of each line, filled up with anything.
    lengths : int32 tensor (N,)
        Labels of each line, at most L.
    signed : bool tensor (N,)
        True where the labels name signs too.

    Returns
    -------
    float32 tensor ()
    """
    odds = ops.log_softmax(ops.cast(logits, "float32"))
    nothing = ops.logsumexp(odds[:, :, BLANK:], axis=2, keepdims=True)
    never = ops.full_like(odds[:, :, BLANK + 1 :], _NEVER)
    digits_alone = ops.concatenate([odds[:, :, :BLANK], nothing, never], axis=2)
    odds = ops.where(signed[:, None, None], odds, digits_alone)
    # TensorFlow's CTC on a CPU refuses a line without labels: such a line is lent one, and its
    # loss is replaced by what CTC says of nothing, blanks all along.
    lent = ops.maximum(lengths, 1)
    times = ops.full_like(lengths, ops.shape(odds)[1])
    losses = ops.ctc_loss(labels, odds, lent, times, mask_index=BLANK)
    blanks = -ops.sum(odds[:, :, BLANK], axis=1)
    return ops.mean(ops.where(ops.equal(lengths, 0), blanks, losses))


def load_averaged(run: Path) -> keras.Model:
    """Load the network of a training, with its averaged weights.

    Raises
    ------
    ModelError
        If the run has none.
    """
    if not (run / AVERAGED).is_file():
        raise ModelError(f"{run} has no {AVERAGED}: run python -m training.train_strings first")
    network = build_network()
    network.load_weights(run / AVERAGED)
    return network


class Lessons(keras.Model):
    """What trains a network of lines, with any backend of Keras.

    Parameters
    ----------
    network : keras.Model
        Of `build_network`.
    seed : int
        Of the warps.
    """

    def __init__(self, network: keras.Model, seed: int) -> None:
        super().__init__()
        self.network, self.warp = network, RandomWarp(seed, LINE_WARP)

    def call(self, lines: Any, training: bool = False) -> Any:
        """Return the logits of lines uint8 (N, 40, W, 1).

        The first and the last row say whether a line is ink alone, and are not warped.
        """
        first, last = (ops.cast(row, "float32") / 255.0 for row in (lines[:, :1], lines[:, -1:]))
        inner = self.warp(lines, training=training)[:, 1:-1]
        seen = ops.concatenate([first, inner, last], axis=1)
        return self.network(seen, training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Mapping[str, Any] | None = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss of what `string_data.Batch` says; Keras names the arguments."""
        del x, sample_weight, training
        shown = y or {}
        return ctc_loss(y_pred, shown["labels"], shown["lengths"], shown["signed"])


def convolve(
    x: keras.KerasTensor,
    filters: int,
    size: tuple[int, int],
    strides: tuple[int, int] = (1, 1),
    padding: str = "same",
) -> keras.KerasTensor:
    """Convolve, normalize and rectify; export folds the normalization away."""
    x = keras.layers.Conv2D(filters, size, strides, padding=padding, use_bias=False)(x)
    return keras.layers.ReLU()(Normalization(momentum=0.98)(x))


class Normalization(keras.layers.BatchNormalization):
    """Keras's batch normalization, and on PyTorch that of PyTorch, which is one operation there.

    Keras does it in ten, all in float32: with bfloat16 on two cores with AMX that took most of a
    training's time.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize (N, H, W, C) over all but C; Keras names the arguments."""
        if keras.backend.backend() != "torch":
            return super().call(inputs, training=training, mask=mask)
        from torch.nn.functional import batch_norm

        normalized = batch_norm(
            inputs.permute(0, 3, 1, 2),
            self.moving_mean.value,
            self.moving_variance.value,
            self.gamma.value,
            self.beta.value,
            bool(training),
            1.0 - self.momentum,
            self.epsilon,
        )
        return normalized.permute(0, 2, 3, 1)
