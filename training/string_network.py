"""The string reader's network: convolutions only, CTC over columns."""

import keras
import tensorflow as tf

from digitscan.imaging.lines import LINE_PX
from digitscan.recognition.ctc import BLANK, LABELS

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
        Width is free, a multiple of four; 0.86 million weights.
    """
    lines = keras.Input((LINE_PX, None, 1), name="lines")
    x = convolve(lines, 24, (5, 5), (2, 2))
    x = convolve(x, 48, (3, 3))
    x = keras.layers.MaxPooling2D((2, 1))(x)
    x = convolve(x, 80, (3, 3), (1, 2))
    x = keras.layers.Add()([x, convolve(x, 80, (3, 3))])
    x = keras.layers.MaxPooling2D((2, 1))(x)
    x = convolve(x, 128, (3, 3))
    x = keras.layers.Add()([x, convolve(x, 128, (3, 3))])
    x = keras.layers.Add()([x, convolve(x, 128, (3, 3))])
    x = convolve(x, 160, (5, 1), padding="valid")
    x = keras.layers.Add()([x, convolve(x, 160, (1, 5))])
    x = keras.layers.Dropout(0.15)(x)
    x = keras.layers.Add()([x, convolve(x, 160, (1, 5))])
    x = keras.layers.Dropout(0.15)(x)
    # Two labels a column: a narrow digit of a joined row is two columns wide, and CTC needs a
    # blank between equal digits. With one label a column such digits were dropped.
    logits = keras.layers.Conv2D(2 * len(LABELS), (1, 3), padding="same", dtype="float32")(x)
    logits = keras.layers.Reshape((-1, len(LABELS)), dtype="float32", name="logits")(logits)
    return keras.Model(lines, logits, name="strings")


def ctc_loss(
    logits: tf.Tensor, labels: tf.Tensor, lengths: tf.Tensor, signed: tf.Tensor
) -> tf.Tensor:
    """Return the mean CTC loss of a batch.

    Of a line whose digits alone are known, a sign is as good as a blank wherever one may stand.

    Parameters
    ----------
    logits : float32 tensor (N, T, 13)
    labels : int32 tensor (sum of lengths,)
        The labels of all lines, one line after the other.
    lengths : int32 tensor (N,)
    signed : bool tensor (N,)
        True where the labels name signs too.
    """
    odds = tf.nn.log_softmax(logits)
    nothing = tf.reduce_logsumexp(odds[:, :, BLANK:], axis=2, keepdims=True)
    never = tf.fill(tf.shape(odds[:, :, BLANK + 1 :]), _NEVER)
    digits_alone = tf.concat([odds[:, :, :BLANK], nothing, never], axis=2)
    odds = tf.where(signed[:, tf.newaxis, tf.newaxis], odds, digits_alone)
    # TensorFlow's CTC on a CPU refuses a line without labels: such a line is lent a digit, and
    # its loss is replaced by what CTC says of nothing, blanks all along.
    empty = tf.equal(lengths, 0)
    lent = tf.maximum(lengths, 1)
    flat = tf.RaggedTensor.from_row_lengths(labels, lengths).to_tensor(shape=[None, None])
    flat = tf.pad(flat, [[0, 0], [0, 1]])
    rows = tf.repeat(tf.range(tf.shape(lengths)[0]), lent)
    places = tf.stack([rows, tf.ragged.range(lent).flat_values], 1)
    sparse = tf.SparseTensor(
        tf.cast(places, tf.int64),
        tf.gather_nd(flat, places),
        tf.cast(tf.shape(flat), tf.int64),
    )
    times = tf.fill(tf.shape(lengths), tf.shape(odds)[1])
    losses = tf.nn.ctc_loss(sparse, odds, None, times, logits_time_major=False, blank_index=BLANK)
    blanks = -tf.reduce_sum(odds[:, :, BLANK], axis=1)
    return tf.reduce_mean(tf.where(empty, blanks, losses))


def plan_rate(
    rate: float, steps: int, warm_up: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Plan the learning rate: up to `rate` in `warm_up` steps, then half a cosine down."""
    return keras.optimizers.schedules.CosineDecay(
        rate * 0.02, max(1, steps - warm_up), alpha=0.005, warmup_target=rate, warmup_steps=warm_up
    )


def convolve(
    x: keras.KerasTensor,
    filters: int,
    size: tuple[int, int],
    strides: tuple[int, int] = (1, 1),
    padding: str = "same",
) -> keras.KerasTensor:
    """Convolve, normalize and rectify; export folds the normalization away."""
    x = keras.layers.Conv2D(filters, size, strides, padding=padding, use_bias=False)(x)
    x = keras.layers.BatchNormalization(momentum=0.98, dtype="float32")(x)
    return keras.layers.ReLU()(x)
