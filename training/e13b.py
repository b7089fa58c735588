"""Train the E-13B network, measure it on real cheques, release it as a package.

python -m training.e13b train --out runs/e13b
python -m training.e13b release runs/e13b models/e13b-1
python -m training.e13b evaluate --data ../shared/data
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.errors import DigitscanError, NoPagesError
from digitscan.imaging.micr import find_micr_line
from digitscan.imaging.micr_cells import split_micr_cells
from digitscan.imaging.normalize import normalize_tiles
from digitscan.recognition.classifier import Classifier, OnnxClassifier
from digitscan.recognition.micr import read_micr
from digitscan.recognition.models import load_package
from digitscan.records import Floats, Gray
from training.amounts import DEFAULT_DATA
from training.e13b_data import LABELS, Sources, load_sources, make_tiles
from training.mnist import load_mnist

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

WEIGHTS = "e13b.keras"
FACTS = "training.json"
OCR_FONTS = ("OCRA.ttf", "OCRB.otf")
"""Of the Debian packages fonts-ocr-a and fonts-ocr-b: the likeliest to stand where E-13B does."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that shapes the network.

    `lines` drawn lines give about 20 tiles each; `held_lines` more of another seed measure and
    calibrate.
    """

    lines: int = 4500
    held_lines: int = 450
    epochs: int = 8
    batch: int = 128
    rate: float = 2e-3
    decay: float = 1e-4
    smoothing: float = 0.02
    seed: int = 13


def build_network(seed: int) -> keras.Model:
    """Build the network: three convolutions, 15 logits, 29,000 parameters.

    Parameters
    ----------
    seed : int

    Returns
    -------
    keras.Model
        From float32 (N, 28, 28, 1) to logits (N, 15) in the order of `LABELS`.
    """
    import keras

    keras.utils.set_random_seed(seed)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="tiles"),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(24, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(64, activation="relu"),
            layers.Dense(len(LABELS), name="logits"),
        ]
    )


def train(sources: Sources, recipe: Recipe, out: Path, verbose: int = 1) -> dict[str, float]:
    """Train the network and write it with the facts of its training.

    Parameters
    ----------
    sources : Sources
    recipe : Recipe
    out : Path
        Folder; gets `e13b.keras`, `training.json` and `log.csv`.
    verbose : int
        Progress as Keras shows it.

    Returns
    -------
    dict
        `held_accuracy`, `held_symbols_right`, `held_rubbish_rejected`, `temperature`.
    """
    import keras

    out.mkdir(parents=True, exist_ok=True)
    tiles, labels = make_tiles(sources, recipe.lines, np.random.default_rng(recipe.seed))
    held, truth = make_tiles(sources, recipe.held_lines, np.random.default_rng(recipe.seed + 1))
    logger.info("%d tiles to train on, %d held", len(tiles), len(held))
    network = build_network(recipe.seed)
    steps = recipe.epochs * -(-len(tiles) // recipe.batch)
    network.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(recipe.rate, steps),
            weight_decay=recipe.decay,
        ),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.smoothing
        ),
        metrics=["accuracy"],
    )
    network.fit(
        tiles,
        keras.utils.to_categorical(labels, len(LABELS)),
        batch_size=recipe.batch,
        epochs=recipe.epochs,
        verbose=verbose,
        callbacks=[keras.callbacks.CSVLogger(str(out / "log.csv"))],
    )
    network.save(out / WEIGHTS)
    logits = np.asarray(network.predict(held, batch_size=512, verbose=0), np.float32)
    facts = measure_held(logits, truth)
    (out / FACTS).write_text(
        json.dumps({"recipe": asdict(recipe), "sources": sources.names, "results": facts}, indent=2)
        + "\n",
        encoding="utf-8",
    )
    return facts


def measure_held(logits: Floats, truth: npt.NDArray[np.int64]) -> dict[str, float]:
    """Measure the network on held tiles and fit its temperature there.

    Parameters
    ----------
    logits : ndarray of float32, shape (N, 15)
    truth : ndarray of int64, shape (N,)

    Returns
    -------
    dict
        Shares from 0 to 1, and the temperature that minimizes the mean negative log likelihood.

    Examples
    --------
    >>> facts = measure_held(np.eye(15, dtype=np.float32) * 20, np.arange(15))
    >>> facts["held_accuracy"], facts["held_rubbish_rejected"]
    (1.0, 1.0)
    """
    rubbish = len(LABELS) - 1
    right = logits.argmax(axis=1) == truth
    temperatures = np.geomspace(0.2, 3.0, 57)
    losses = []
    for temperature in temperatures:
        scaled = logits / temperature
        top = scaled.max(axis=1)
        total = np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top
        losses.append(float((total - scaled[np.arange(len(truth)), truth]).mean()))
    return {
        "held_accuracy": float(right.mean()),
        "held_symbols_right": float(right[truth != rubbish].mean()),
        "held_rubbish_rejected": float(right[truth == rubbish].mean()),
        "temperature": round(float(temperatures[int(np.argmin(losses))]), 4),
    }


@dataclass(frozen=True, slots=True)
class LineResult:
    """What was read of one cheque's line, and what it says."""

    file: str
    truth: str
    text: str
    confidence: float


def read_cheques(data: Path, classifier: Classifier) -> list[LineResult]:
    """Read the line of every cheque in `data/cheques`.

    Parameters
    ----------
    data : Path
        Holds `cheques/truth.csv` with columns `file` and `micr`.
    classifier : Classifier

    Returns
    -------
    list of LineResult
        `text` is empty where no line was found.

    Raises
    ------
    NoPagesError
        If there are no cheques at `data`.
    """
    table = data / "cheques" / "truth.csv"
    if not table.is_file():
        raise NoPagesError(f"no {table}; give the folder of the real data with --data")
    results = []
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            page = cv2.imread(str(table.parent / row["file"]), cv2.IMREAD_GRAYSCALE)
            if page is None:
                raise NoPagesError(f"cannot read {table.parent / row['file']}")
            text, confidence = read_page_line(np.asarray(page, np.uint8), classifier)
            results.append(LineResult(row["file"], row["micr"], text, confidence))
    return results


def read_page_line(gray: Gray, classifier: Classifier) -> tuple[str, float]:
    """Return the text and confidence of a page's line, ("", 0.0) where there is none.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    classifier : Classifier

    Returns
    -------
    tuple of str and float
    """
    line = find_micr_line(gray)
    if line is None:
        return "", 0.0
    cells = split_micr_cells(gray, line)
    tiles = normalize_tiles([cell.ink for cell in cells])
    reading = read_micr(classifier.classify(tiles), [cell.box for cell in cells])
    return ("", 0.0) if reading is None else (reading.text, reading.confidence)


def count_right(truth: str, text: str) -> int:
    """Return how many symbols of `truth` stand in `text` in order (longest common subsequence).

    Examples
    --------
    >>> count_right("C083654C", "C08354C"), count_right("31", "")
    (7, 0)
    """
    row = [0] * (len(text) + 1)
    for symbol in truth:
        before = row[:]
        for index, other in enumerate(text, start=1):
            skipped = max(before[index], row[index - 1])
            row[index] = before[index - 1] + 1 if symbol == other else skipped
    return row[-1]


def load_default_sources(data: Path) -> Sources:
    """Gather the glyphs that this machine has: see `Sources.names` for which they were.

    Parameters
    ----------
    data : Path
        Holds `fonts/GnuMICR.ttf` and `mnist/`; without the font the drawn glyphs serve alone.
    """
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = [folder / name for name in ("DejaVuSans.ttf", "DejaVuSansMono.ttf", "DejaVuSerif.ttf")]
    for name in OCR_FONTS:
        found = sorted(Path("/usr/share/fonts").rglob(name))
        fonts.extend(found[:1])
    return load_sources(data / "fonts" / "GnuMICR.ttf", fonts, load_mnist(data).train_tiles)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.e13b", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("train", help="draw the tiles and train")
    fit.add_argument("--out", type=Path, default=Path("runs/e13b"))
    fit.add_argument("--data", type=Path, default=DEFAULT_DATA)
    fit.add_argument("--lines", type=int, default=Recipe().lines)
    fit.add_argument("--epochs", type=int, default=Recipe().epochs)
    release = commands.add_parser("release", help="export to a model package")
    release.add_argument("run", type=Path)
    release.add_argument("package", type=Path)
    release.add_argument("--data", type=Path, default=DEFAULT_DATA)
    measure = commands.add_parser("evaluate", help="read the lines of the real cheques")
    measure.add_argument("--data", type=Path, default=DEFAULT_DATA)
    measure.add_argument("--model", default="e13b")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step; returns the exit code."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    try:
        if options.command == "train":
            recipe = Recipe(lines=options.lines, epochs=options.epochs)
            facts = train(load_default_sources(options.data), recipe, options.out)
            sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        elif options.command == "release":
            from training.e13b_release import release

            release(options.run, options.package, options.data)
        else:
            package = load_package(options.model)
            _print_lines(read_cheques(options.data, OnnxClassifier(package)))
    except DigitscanError as error:
        logger.error("%s", error)
        return int(error.exit_code)
    return 0


def _print_lines(results: Sequence[LineResult]) -> None:
    symbols = sum(len(result.truth) for result in results)
    right = sum(count_right(result.truth, result.text) for result in results)
    exact = sum(result.text == result.truth for result in results)
    for result in results:
        if result.text != result.truth:
            sys.stdout.write(f"{result.file}: {result.truth} read as {result.text or 'nothing'}\n")
    least = min((result.confidence for result in results), default=0.0)
    sys.stdout.write(
        f"symbols right {right} of {symbols} ({right / max(1, symbols):.2%}), "
        f"lines exact {exact} of {len(results)}, least confidence {least:.4f}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
