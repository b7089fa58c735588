"""Train the string reader: `python -m training.train_strings --out FOLDER`.

Every `--save-every` steps the folder gets a checkpoint to resume from, the averaged weights and a
row in its log with the exact rate on the held amounts. Run it again to go on where it stopped.

Any backend of Keras trains. On a graphics card: `KERAS_BACKEND=jax`, `--bfloat16`, and
`--processes` that make the lines, since a card learns faster than one core makes them.
"""

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np

from digitscan.errors import DigitscanError
from digitscan.imaging.lines import LINE_PX, normalize_line
from digitscan.recognition.ctc import BLANK
from digitscan.recognition.line_batches import WIDTHS
from digitscan.recognition.strings import STRIDE
from training.amounts import DEFAULT_DATA, Amount, load_amounts
from training.doubted import load_doubted
from training.pace import Clock, plan_share
from training.run_log import RunLog
from training.string_data import BATCH_PX, FEW_WIDTHS, MAX_WIDTH, BatchPool, pack
from training.string_feed import Feed, feed_batches
from training.string_network import AVERAGED, Lessons, build_network
from training.string_signs import Text
from training.warm_start import start_from_package

WARM_UP = 0.02
"""Share of the training until the learning rate is at its peak."""
LEAST_RATE = 0.005
"""Share of the peak that the learning rate ends at."""
AVERAGE = 0.998
"""Momentum of the averaged weights: they look back about 500 steps."""
CHECKPOINT = "checkpoint.weights.h5"
"""What a training that was broken off goes on from: weights, optimizer and averages."""


class Pace(keras.callbacks.Callback):
    """Sets the learning rate of each round, by steps or by the clock, and ends the training.

    Parameters
    ----------
    rate : float
        Peak learning rate.
    rounds : int
        Of the whole training.
    minutes : float
        End after so much time, with the rate by the clock where it runs faster than the rounds;
        0 for no such end.
    """

    def __init__(self, rate: float, rounds: int, minutes: float) -> None:
        super().__init__()
        self._rate, self._rounds = rate, rounds
        start = time.monotonic()
        self._clock = Clock(start, start + 60.0 * minutes) if minutes else None

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Set the rate; Keras names the arguments."""
        del logs
        done = max((epoch + 0.5) / self._rounds, self._ask_clock())
        share = plan_share(done, WARM_UP, LEAST_RATE)
        self.model.optimizer.learning_rate = self._rate * share

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """End where the time is up."""
        del epoch, logs
        self.model.stop_training = self._ask_clock() >= 1.0

    def _ask_clock(self) -> float:
        return 0.0 if self._clock is None else self._clock.share()


class Review(keras.callbacks.Callback):
    """At the end of a round, with averaged weights: save the network, measure it, write the log.

    Parameters
    ----------
    out : Path
    held : tuple of Amount
    save_every : int
        Steps in a round.
    pool : BatchPool
    """

    def __init__(
        self, out: Path, held: tuple[Amount, ...], save_every: int, pool: BatchPool
    ) -> None:
        super().__init__()
        self._out, self._held, self._save_every, self._pool = out, held, save_every, pool
        self._log = RunLog(out)
        self._start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Save, measure and report; Keras names the arguments."""
        network = self.model.network
        network.save_weights(self._out / AVERAGED)
        row = {
            "step": (epoch + 1) * self._save_every,
            "seconds": round(time.monotonic() - self._start),
            "loss": round((logs or {})["loss"], 4),
            "batches_made": self._pool.made,
            "held_exact": round(measure_exact(network, self._held), 4),
        }
        self._log.write(int(row["step"]), row)
        print(" ".join(f"{key} {value}" for key, value in row.items()), flush=True)


class Checkpoint(keras.callbacks.Callback):
    """Saves a training at the end of a round, before the averaged weights are looked at."""

    def __init__(self, out: Path) -> None:
        super().__init__()
        self._out = out

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write weights and optimizer, then the round; Keras names the arguments."""
        del logs
        # Written beside and moved: a training that is killed here still has its last round.
        fresh = self._out / f"new-{CHECKPOINT}"
        self.model.save_weights(fresh)
        fresh.replace(self._out / CHECKPOINT)
        (self._out / "round.json").write_text(json.dumps(epoch + 1) + "\n")


def measure_exact(network: keras.Model, amounts: tuple[Amount, ...]) -> float:
    """Return the share of amounts that are read without a mistake."""
    lines = [normalize_line(amount.image) for amount in amounts]
    batch = pack([(line[:, :MAX_WIDTH], Text("")) for line in lines], MAX_WIDTH)
    logits = network.predict(batch.ink, batch_size=len(lines), verbose=0)
    right = 0
    for line, row, amount in zip(lines, logits, amounts, strict=True):
        # Where a line is filled up the network may say anything: the reader cuts there too.
        own = row[: -(-line.shape[1] // STRIDE)]
        right += collapse(np.argmax(own, axis=-1)) == amount.digits
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


def build_lessons(options: argparse.Namespace) -> Lessons:
    """Build the network and its optimizer."""
    lessons = Lessons(build_network(), options.seed)
    optimizer = keras.optimizers.AdamW(
        options.rate, weight_decay=0.01, clipnorm=5.0, use_ema=True, ema_momentum=AVERAGE
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    lessons.compile(optimizer)
    lessons(np.zeros((1, LINE_PX, 64, 1), np.uint8))
    optimizer.build(lessons.trainable_variables)
    return lessons


def feed_lessons(pool: BatchPool) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Hand out batches for ever, the first two of different widths.

    Keras asks for that where a side of the batches varies: it learns so from the first two.
    """
    batches = (pool.take(step) for step in itertools.count(1))
    first = next(batches)
    other = next(batch for batch in batches if batch.lines.shape[2] != first.lines.shape[2])
    for batch in itertools.chain((first, other), batches):
        yield (
            batch.lines,
            {"labels": batch.labels, "lengths": batch.lengths, "signed": batch.signed},
        )


def train(options: argparse.Namespace) -> None:
    """Train to the end, or on from the last checkpoint."""
    keras.utils.set_random_seed(options.seed)
    cv2.setNumThreads(1)
    held = load_amounts(options.data, "held")[: options.limit]
    feed = Feed(
        data=options.data,
        limit=options.limit,
        seed=options.seed,
        columns=options.columns,
        widths=FEW_WIDTHS if options.few_widths else WIDTHS,
        doubted=load_doubted(),
    )
    options.out.mkdir(parents=True, exist_ok=True)
    lessons = build_lessons(options)
    first_round = _resume(lessons, options.out)
    first = first_round * options.save_every
    batches = feed_batches(feed, options.processes, first)
    if options.start and not first_round:
        _start_from(lessons.network, options.start, next(batches).ink)
    pool = BatchPool(batches, size=400, reuse=options.reuse, seed=first)
    _write_config(options)
    rounds = -(-options.steps // options.save_every)
    lessons.fit(
        feed_lessons(pool),
        steps_per_epoch=options.save_every,
        initial_epoch=first_round,
        epochs=rounds,
        callbacks=[
            Pace(options.rate, rounds, options.minutes),
            Checkpoint(options.out),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            Review(options.out, held, options.save_every, pool),
        ],
        verbose=int(os.isatty(1)),
    )
    pool.close()


def _resume(lessons: Lessons, out: Path) -> int:
    """Load the last checkpoint, where there is one; return the rounds that are done."""
    if not (out / "round.json").is_file():
        return 0
    lessons.load_weights(out / CHECKPOINT)
    return int(json.loads((out / "round.json").read_text()))


def _start_from(network: keras.Model, start: Path, lines: Any) -> None:
    """Take the weights of an earlier training, or of a released package with these lines."""
    if start.is_dir():
        start_from_package(network, start, [lines])
    else:
        network.load_weights(start, skip_mismatch=True)


def _write_config(options: argparse.Namespace) -> None:
    config = {key: str(value) for key, value in vars(options).items()}
    config["backend"] = keras.backend.backend()
    (options.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and train; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--minutes", type=float, default=0.0, help="end by the clock, if sooner")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--start", type=Path, help="weights.h5 or released package to start from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reuse", type=float, default=2.0, help="uses of a batch, on average")
    parser.add_argument("--columns", type=int, default=BATCH_PX, help="frame columns in a batch")
    parser.add_argument("--processes", type=int, default=0, help="that make lines; 0: a thread")
    parser.add_argument(
        "--few-widths", action="store_true", help="compile for 4 instead of 28 widths of line"
    )
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="compute in bfloat16: quicker on a graphics card or a processor with AVX512_BF16",
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
