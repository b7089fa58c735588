"""Train the string reader: `python -m training.train_strings --out FOLDER`.

Every `--save-every` steps the folder gets a checkpoint to resume from, the averaged weights and a
row in its log with the exact rate on the held amounts. Run it again to go on where it stopped.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf

from digitscan.errors import DigitscanError
from digitscan.imaging.lines import LINE_PX, normalize_line
from digitscan.recognition.ctc import BLANK
from digitscan.recognition.line_batches import bucket_width
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA, Amount, load_amounts
from training.run_log import RunLog
from training.string_data import Batch, BatchPool, make_batches, pack
from training.string_network import build_network, ctc_loss, plan_rate
from training.string_signs import Text
from training.string_sources import load_sources
from training.warm_start import start_from_package

WARM_UP = 300
"""Steps until the learning rate is at its peak."""
AVERAGE = 0.998
"""Momentum of the averaged weights: they look back about 500 steps."""


class Trainer:
    """Network, optimizer, averaged weights and step counter of one run.

    Parameters
    ----------
    steps : int
        Length of the cosine schedule.
    rate : float
        Peak learning rate of AdamW.
    """

    def __init__(self, steps: int, rate: float) -> None:
        self.network = build_network()
        schedule = plan_rate(rate, steps, WARM_UP)
        self.optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.01, clipnorm=5.0)
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(self.network.trainable_variables)
        self.average = [tf.Variable(w, trainable=False) for w in self.network.weights]
        self.step = tf.Variable(0, dtype=tf.int64)
        self.checkpoint = tf.train.Checkpoint(
            network=self.network, optimizer=self.optimizer, average=self.average, step=self.step
        )

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, LINE_PX, None, 1], tf.float32),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([None], tf.bool),
        ]
    )  # type: ignore[untyped-decorator]
    def learn(
        self, lines: tf.Tensor, labels: tf.Tensor, lengths: tf.Tensor, signed: tf.Tensor
    ) -> tf.Tensor:
        """Take one step and return the loss."""
        with tf.GradientTape() as tape:
            loss = ctc_loss(self.network(lines, training=True), labels, lengths, signed)
        weights = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.step.assign_add(1)
        # Young averages follow faster, or they would remember the random start for long.
        done = tf.cast(self.step, tf.float32)
        momentum = tf.minimum(AVERAGE, (1.0 + done) / (10.0 + done))
        for mean, weight in zip(self.average, self.network.weights, strict=True):
            mean.assign(mean * momentum + weight * (1.0 - momentum))
        return loss

    def start_from(self, start: Path, lines: Floats) -> None:
        """Take the weights of an earlier training, or of a released package with these lines."""
        if start.is_dir():
            start_from_package(self.network, start, lines)
        else:
            self.network.load_weights(start, skip_mismatch=True)
        for mean, weight in zip(self.average, self.network.weights, strict=True):
            mean.assign(weight)

    def averaged(self) -> keras.Model:
        """Return a network with the averaged weights."""
        network = build_network()
        for variable, mean in zip(network.weights, self.average, strict=True):
            variable.assign(mean)
        return network


def measure_exact(network: keras.Model, amounts: tuple[Amount, ...]) -> float:
    """Return the share of amounts that are read without a mistake."""
    lines = [normalize_line(amount.image) for amount in amounts]
    right = 0
    for width in sorted({bucket_width(line.shape[1]) for line in lines}):
        chosen = [k for k, line in enumerate(lines) if bucket_width(line.shape[1]) == width]
        batch = pack([(lines[k], Text("")) for k in chosen], width)
        best = np.argmax(network(batch.lines, training=False).numpy(), axis=-1)
        right += sum(
            collapse(row) == amounts[k].digits for row, k in zip(best, chosen, strict=True)
        )
    return right / len(amounts)


def collapse(path: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    """Drop repeats, then all that is no digit, from the labels of the columns.

    Examples
    --------
    >>> collapse(np.array([1, 1, 10, 1, 10, 0]))
    '110'
    """
    kept = [label for k, label in enumerate(path) if k == 0 or label != path[k - 1]]
    return "".join(str(label) for label in kept if label < BLANK)


def train(options: argparse.Namespace) -> None:
    """Train to the end, or on from the last checkpoint."""
    keras.utils.set_random_seed(options.seed)
    cv2.setNumThreads(1)
    amounts = load_amounts(options.data, "fit")[: options.limit]
    held = load_amounts(options.data, "held")[: options.limit]
    sources = load_sources(options.data, amounts, np.random.default_rng(options.seed))
    options.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(options.steps, options.rate)
    manager = tf.train.CheckpointManager(trainer.checkpoint, str(options.out / "resume"), 1)
    if manager.latest_checkpoint:
        trainer.checkpoint.restore(manager.latest_checkpoint).assert_existing_objects_matched()
    elif options.start:
        trainer.start_from(options.start, next(make_batches(sources, options.seed)).lines)
    first = int(trainer.step)
    batches = make_batches(sources, options.seed * 1_000_003 + first)
    pool = BatchPool(batches, size=400, reuse=options.reuse, seed=first)
    _write_config(options)
    log = RunLog(options.out)
    losses: list[float] = []
    start = time.monotonic()
    bar = keras.utils.Progbar(options.steps, verbose=int(os.isatty(1)))
    for step in range(first + 1, options.steps + 1):
        batch = pool.take(step - first)
        losses.append(float(trainer.learn(*_tensors(batch))))
        bar.update(step, [("loss", losses[-1])])
        if step % options.save_every == 0 or step == options.steps:
            manager.save(step)
            network = trainer.averaged()
            network.save_weights(options.out / "average.weights.h5")
            row = {
                "step": step,
                "seconds": round(time.monotonic() - start),
                "loss": round(float(np.mean(losses)), 4),
                "batches_made": pool.made,
                "held_exact": round(measure_exact(network, held), 4),
            }
            log.write(step, row)
            print(" ".join(f"{key} {value}" for key, value in row.items()), flush=True)
            losses = []
    pool.close()


def _tensors(batch: Batch) -> tuple[tf.Tensor, ...]:
    arrays = batch.lines, batch.labels, batch.lengths, batch.signed
    return tuple(tf.constant(array) for array in arrays)


def _write_config(options: argparse.Namespace) -> None:
    config = {key: str(value) for key, value in vars(options).items()}
    (options.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and train; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--start", type=Path, help="weights.h5 or released package to start from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reuse", type=float, default=2.0, help="uses of a batch, on average")
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="compute in bfloat16: 0.10 instead of 0.16 s a step on a processor with AVX512_BF16",
    )
    parser.add_argument("--save-every", type=int, default=250)
    parser.add_argument("--limit", type=int, default=None, help="real crops to use, for a trial")
    options = parser.parse_args(arguments)
    if options.bfloat16:
        # Weights, normalizations and the loss stay float32; what is exported is float32 as ever.
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        train(options)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
