"""Train and release the word screen: `python -m training.words train`, then `release`.

A small network that tells lines with a number from lines of words, before the string reader, 52
times as costly, looks at them. It learns on the made lines of the string reader, half of them
without a number.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import keras
import numpy as np

from digitscan.errors import DigitscanError, ModelError
from digitscan.imaging.lines import LINE_PX
from digitscan.recognition.words import LABELS
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA, load_amounts
from training.run_log import RunLog
from training.string_data import Batch, BatchPool, make_batches, make_line
from training.string_fields import Crop, make_crop, make_numberless, take_ink
from training.string_network import convolve
from training.string_scans import scan
from training.string_signs import Rng
from training.string_sources import Sources, load_sources
from training.words_release import CONFIG, WEIGHTS, release

WARM_UP = 100
NUMBERLESS = 0.5
"""Share of the lines without a number: of what a page offers they are half."""
MEASURED = 2000
"""Made lines that a release is measured on."""
ALONE = 0.7
"""Share of the lines that are ink alone on white: on a page they are cut out of what is around."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a training is: steps, peak of the learning rate, seed, uses of a batch."""

    steps: int
    rate: float
    seed: int
    reuse: float


def build_words() -> keras.Model:
    """Build the network: lines (N, 40, W, 1) to logits (N, 2), a number or words.

    Half the resolution is enough to tell writing of digits from that of letters. Whether any part
    of a line is a number is what the maximum over the columns says.

    Returns
    -------
    keras.Model
        Width is free, a multiple of eight; 34 thousand multiply-adds a column of a line, 105
        thousand weights.
    """
    lines = keras.Input((LINE_PX, None, 1), name="lines")
    x = keras.layers.AveragePooling2D(2)(lines)
    x = convolve(x, 16, (5, 5), (2, 2))
    x = convolve(x, 32, (3, 3))
    x = keras.layers.MaxPooling2D(2)(x)
    x = convolve(x, 64, (3, 3))
    x = convolve(x, 96, (5, 1), padding="valid")
    x = convolve(x, 96, (1, 5))
    x = keras.layers.GlobalMaxPooling2D()(x)
    x = keras.layers.Dense(32, activation="relu")(x)
    return keras.Model(lines, keras.layers.Dense(len(LABELS))(x), name="words")


def plan_rate(
    rate: float, steps: int, warm_up: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Plan the learning rate: up to `rate` in `warm_up` steps, then half a cosine down."""
    return keras.optimizers.schedules.CosineDecay(
        rate * 0.02, max(1, steps - warm_up), alpha=0.005, warmup_target=rate, warmup_steps=warm_up
    )


def make_line_crop(sources: Sources, rng: Rng) -> Crop:
    """Make a crop as the page offers it: with a number or without, mostly ink alone."""
    if rng.random() < NUMBERLESS:
        gray, text, _ = make_numberless(sources, rng)
        gray = scan(gray, rng)
    else:
        gray, text, _ = make_crop(sources, rng)
    # Nobody tells the word screen what is ink alone.
    return Crop(take_ink(gray) if rng.random() < ALONE else gray, text)


def train(out: Path, data: Path, choices: Choices, limit: int | None = None) -> None:
    """Train to the end; the folder gets weights, configuration and log.

    Parameters
    ----------
    out : Path
    data : Path
        Folder with `mnist`, `letters` and `cheque_amounts`.
    choices : Choices
    limit : int, optional
        Real crops to use, for a trial.

    Raises
    ------
    NoPagesError
        If a data set is missing.
    """
    keras.utils.set_random_seed(choices.seed)
    cv2.setNumThreads(1)
    amounts = load_amounts(data, "fit")[:limit]
    sources = load_sources(data, amounts, np.random.default_rng(choices.seed))
    network = build_words()
    schedule = plan_rate(choices.rate, choices.steps, WARM_UP)
    network.compile(
        keras.optimizers.AdamW(schedule, weight_decay=0.01, clipnorm=5.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    pool = BatchPool(
        make_batches(sources, choices.seed, make_line_crop), 400, choices.reuse, choices.seed
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG).write_text(json.dumps(asdict(choices), indent=2) + "\n", encoding="utf-8")
    log = RunLog(out)
    start = time.monotonic()
    losses: list[float] = []
    for step in range(1, choices.steps + 1):
        batch = pool.take(step)
        losses.append(float(network.train_on_batch(batch.ink, _name(batch))))
        if step % 250 == 0 or step == choices.steps:
            network.save_weights(out / WEIGHTS)
            loss = round(float(np.mean(losses)), 4)
            row = {"step": step, "seconds": round(time.monotonic() - start), "loss": loss}
            losses.clear()
            log.write(step, row)
            print(" ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    pool.close()


def _name(batch: Batch) -> np.ndarray:
    """Return the label of each line of a batch: 0 with a number, 1 without."""
    return np.asarray(batch.lengths == 0, np.int32)


def make_measured(data: Path, seed: int, limit: int | None = None) -> list[tuple[Floats, bool]]:
    """Make the lines that a release is measured on; True where a number stands in one."""
    rng = np.random.default_rng(seed)
    sources = load_sources(data, load_amounts(data, "held")[:limit], rng)
    made = [make_line(sources, rng, make_line_crop) for _ in range(limit or MEASURED)]
    return [(line, bool(text.characters)) for line, text in made]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and train or release; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--limit", type=int, default=None, help="lines and crops, for a trial")
    steps = parser.add_subparsers(dest="step", required=True)
    training = steps.add_parser("train", help="train to the end")
    training.add_argument("run", type=Path, help="folder for weights and log")
    training.add_argument("--steps", type=int, default=60000)
    training.add_argument("--rate", type=float, default=4e-3, help="peak learning rate")
    training.add_argument("--seed", type=int, default=6)
    training.add_argument("--reuse", type=float, default=4.0, help="uses of a batch, on average")
    releasing = steps.add_parser("release", help="make a package of a training")
    releasing.add_argument("run", type=Path)
    releasing.add_argument("out", type=Path, help="models/NAME-VERSION, new")
    options = parser.parse_args(arguments)
    try:
        if options.step == "train":
            choices = Choices(options.steps, options.rate, options.seed, options.reuse)
            train(options.run, options.data, choices, options.limit)
        else:
            if not (options.run / WEIGHTS).is_file():
                raise ModelError(
                    f"{options.run} has no {WEIGHTS}: run python -m training.words train"
                )
            network = build_words()
            network.load_weights(options.run / WEIGHTS)
            made = make_measured(options.data, seed=2009, limit=options.limit)
            metadata = release(network, options.run, options.out, options.data, made)
            for result in metadata["results"]:
                print(f"{result['metric']} {result['value']} on {result['set']}")
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
