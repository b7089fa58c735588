"""Teach a released digit network a user's own digits, and refuse what has forgotten the others.

    python -m training.finetune my-digits/ --package models/digits-4 --out models/digits-4.1

Every epoch mixes the user's digits with those of the original training, rubbish included. Before
and after, the network is measured as a package on the user's digits held out and on the original
validation; where it reads the old digits worse than the tolerance allows, nothing is released.
"""

import argparse
import logging
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from digitscan.errors import DigitscanError, ModelError
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.models import ModelPackage, load_package
from training.amounts import DEFAULT_DATA
from training.config import CONFIGS, TrainConfig
from training.evaluate import evaluate_package
from training.evaluation_page import KEEP, Evaluation, write_evaluation
from training.measured_sets import load_digit_sets, load_rubbish, load_validation_sets
from training.own_digits import OwnDigits, load_own_digits
from training.packages import read_part, refuse_existing
from training.pools import PoolPlan, count_tiles, load_sources
from training.report import Table, render_markdown
from training.sources import StoredInk, make_tiles

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

OWN, OLD = "own-held", ("mnist-validation", "amounts-held")
"""The user's digits held out; the original validation, of which no digit is trained on."""

TOLERANCE = 0.002
"""The accuracy on the old digits may fall by this much: 11 of the 5,476, about half the width of
the 95 % interval of an accuracy of 99.5 % on them."""

RUBBISH_TOLERANCE = 0.02
"""The share of rubbish rejected may fall by this much."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the user's digits are taught.

    Attributes
    ----------
    epochs, tiles : int
        Epochs, and augmented tiles in each.
    own_share : float
        Share of the tiles that are the user's.
    rate : float
        Greatest learning rate.
    keep : float
        Share of the released weights in the result, the rest is fine-tuned: their average keeps
        nearly all that was known and nearly all that was learned (Wortsman et al., "Robust
        fine-tuning of zero-shot models", CVPR 2022).
    held_share : float
        Share of the user's crops that only measures.
    tolerance : float
        Largest fall of the accuracy on the old digits.
    seed : int
    """

    epochs: int = 6
    tiles: int = 12_000
    own_share: float = 0.2
    rate: float = 1e-4
    # 0.5: 240 crops of a new hand, own digits 91.7 -> 100 %, old ones 99.18 -> 99.12 %;
    # with 0 the same own digits, but old ones 98.94 %.
    keep: float = 0.5
    held_share: float = 0.25
    tolerance: float = TOLERANCE
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.own_share < 1:
            raise ValueError(f"own_share lies between 0 and 1, got {self.own_share}")
        if not 0 <= self.keep < 1:
            raise ValueError(f"keep is from 0 up to 1, got {self.keep}")


def finetune(
    source: Path, package: Path, out: Path, run: Path, data: Path, recipe: Recipe = Recipe()
) -> tuple[Evaluation, Evaluation]:
    """Fine-tune a package on labelled crops and release the result as a new package.

    Parameters
    ----------
    source : Path
        The user's crops, as `own_digits` reads them.
    package : Path
        The package to start from, with its Keras weights.
    out : Path
        The new package, `NAME-VERSION`; must not exist.
    run : Path
        Folder of the run: checkpoints, log, and the reports `before` and `after`.
    data : Path
        Folder of the original data; MNIST at least.
    recipe : Recipe

    Returns
    -------
    before, after : Evaluation

    Raises
    ------
    ModelError
        If the package has no Keras weights or others than it says, or if the result has forgotten
        too much; nothing is released then.
    OutputError
        If the new package exists.
    NoPagesError
        If there are no crops to train on.
    """
    from training.export import export_package  # imports TensorFlow: 10 s before a usage error

    refuse_existing(out)
    start = load_package(package)
    own = load_own_digits(source, recipe.held_share, recipe.seed)
    network = load_weights(start)
    config = _configure(start.metadata["provenance"]["config"], recipe)
    before = _measure(start, own, data, config.seed)
    write_evaluation(before, run / "before")
    train_own(network, own, data, run, config, recipe)
    draft = run / "package" / out.name
    shutil.rmtree(draft, ignore_errors=True)
    try:
        export_package(
            run, draft, data, f"python -m training.finetune CROPS --package {package.name}"
        )
        after = _measure(load_package(draft), own, data, config.seed)
        write_evaluation(after, run / "after")
        complaints = find_losses(before, after, recipe.tolerance)
        if complaints:
            raise ModelError(
                f"not released: {'; '.join(complaints)}. Give more crops, check their labels, or "
                f"fewer epochs; the report is in {run}"
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(draft, out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return before, after


def load_weights(package: ModelPackage) -> "keras.Model":
    """Load the Keras network that a package was exported from, after checking its SHA-256.

    Raises
    ------
    ModelError
        If the package came without, as an installed one does, or the file was changed.
    """
    import keras

    weights = package.metadata.get("weights")
    path = package.path.parent / str(weights["file"]) if weights else None
    if path is None or not path.is_file():
        raise ModelError(
            f"{package.path.parent} has no Keras weights to start from; take the package of a "
            "checkout of digitscan, an installed one leaves them out"
        )
    read_part(path, weights["sha256"])
    return keras.models.load_model(path, compile=False)


def train_own(
    start: "keras.Model",
    own: OwnDigits,
    data: Path,
    folder: Path,
    config: TrainConfig,
    recipe: Recipe,
) -> None:
    """Train on the user's digits among the original ones; a run that was broken off goes on.

    The last weights count, averaged with the released ones: to choose an epoch by the digits held
    out would flatter the report.

    Parameters
    ----------
    start : keras.Model
        The released network.
    own : OwnDigits
    data : Path
    folder : Path
        Gets `best.keras`, from which the package is exported.
    config : TrainConfig
        With the seed of the original split of MNIST, so that its validation stays unseen.
    recipe : Recipe
    """
    from training.fit import Run

    sources = load_sources(data, config.seed)
    count = round(recipe.tiles * recipe.own_share)
    old = recipe.tiles - count
    plan = PoolPlan(data, config.seed, old, config.shares, config.augmentation)
    counts = count_tiles(plan, sources) | {"own": count}
    sources["own"] = StoredInk(own.train_inks, own.train_labels.astype(np.uint8))
    run = Run(folder, config, max(1, sum(counts.values()) // config.batch))
    if run.progress.epoch == 0:
        run.model.set_weights(start.get_weights())
    for epoch in range(run.progress.epoch, config.epochs):
        rng = np.random.default_rng([recipe.seed, epoch])
        tiles, labels = make_tiles(sources, counts, rng, config.augmentation)
        run.finish_epoch(epoch, float(epoch), run.train_epoch(epoch, tiles, labels))
    tuned = run.average.weights or run.model.get_weights()
    run.model.set_weights(blend(start.get_weights(), tuned, recipe.keep))
    run.model.save(folder / "best.keras")


def blend(
    start: Sequence[npt.NDArray[np.float32]], tuned: Sequence[npt.NDArray[np.float32]], keep: float
) -> list[npt.NDArray[np.float32]]:
    """Average two sets of weights of one network, `keep` of the first.

    Examples
    --------
    >>> blend([np.array([0.0, 4.0])], [np.array([1.0, 0.0])], 0.25)[0].tolist()
    [0.75, 1.0]
    """
    return [keep * old + (1 - keep) * new for old, new in zip(start, tuned, strict=True)]


def find_losses(before: Evaluation, after: Evaluation, tolerance: float) -> tuple[str, ...]:
    """Say what the fine-tuned network has lost; empty where it may be released.

    Parameters
    ----------
    before, after : Evaluation
        Of the same sets.
    tolerance : float
        Largest fall of the accuracy on all old digits together.

    Returns
    -------
    tuple of str
    """
    complaints = []
    old, new = _accuracy(before, OLD), _accuracy(after, OLD)
    if new < old - tolerance:
        complaints.append(
            f"accuracy on the old digits fell from {100 * old:.2f} to {100 * new:.2f} %, "
            f"{100 * tolerance:.2f} points are allowed"
        )
    if _accuracy(after, (OWN,)) < _accuracy(before, (OWN,)):
        complaints.append(
            f"accuracy on the own digits held out fell from {100 * _accuracy(before, (OWN,)):.2f} "
            f"to {100 * _accuracy(after, (OWN,)):.2f} %"
        )
    if before.rubbish and after.rubbish:
        kept, left = (found.rubbish[OLD[0]]["all"].rejected for found in (before, after))
        if left < kept - RUBBISH_TOLERANCE:
            complaints.append(
                f"rubbish rejected at {100 * KEEP:.0f} % of digits kept fell from "
                f"{100 * kept:.1f} to {100 * left:.1f} %"
            )
    return tuple(complaints)


def table_change(before: Evaluation, after: Evaluation) -> Table:
    """Set the accuracy on every set before and after."""
    rows = tuple(
        (
            old.name,
            str(old.count),
            f"{100 * old.accuracy:.2f} %",
            f"{100 * new.accuracy:.2f} %",
            f"{100 * new.interval[0]:.2f} to {100 * new.interval[1]:.2f} %",
        )
        for old, new in zip(before.measurements, after.measurements, strict=True)
    )
    return Table("Before and after", ("set", "tiles", "before", "after", "95 % interval"), rows)


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; what is not given is the recipe's.

    Examples
    --------
    >>> options = parse_options(["my-digits", "--package", "a-1", "--out", "a-2"])
    >>> (options.epochs, options.tiles, options.tolerance)
    (6, 12000, 0.002)
    """
    recipe = Recipe()
    parser = argparse.ArgumentParser(prog="python -m training.finetune", description=__doc__)
    parser.add_argument("crops", type=Path, help="folder or CSV file of labelled crops")
    parser.add_argument("--package", type=Path, required=True, help="the package to start from")
    parser.add_argument("--out", type=Path, required=True, help="the new package, NAME-VERSION")
    parser.add_argument("--run", type=Path, help="folder of the run; runs/finetune/NAME-VERSION")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the old data")
    parser.add_argument("--epochs", type=int, default=recipe.epochs)
    parser.add_argument("--tiles", type=int, default=recipe.tiles, help="tiles of an epoch")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=recipe.tolerance,
        help="largest fall of the accuracy on the old digits",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse_options(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    recipe = Recipe(epochs=options.epochs, tiles=options.tiles, tolerance=options.tolerance)
    run = options.run or Path("runs") / "finetune" / options.out.name
    try:
        before, after = finetune(
            options.crops, options.package, options.out, run, options.data, recipe
        )
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(render_markdown(table_change(before, after)))
    print(f"released as {options.out}; the reports are in {run}/before and {run}/after")
    return 0


def _configure(original: Mapping[str, Any], recipe: Recipe) -> TrainConfig:
    """Return the training of the same network on the same split, by the recipe."""
    release = CONFIGS["digits"]
    return replace(
        release,
        widths=tuple(original.get("widths", release.widths)),
        is_pooled=bool(original.get("is_pooled", release.is_pooled)),
        epochs=recipe.epochs,
        tiles=recipe.tiles,
        rate=recipe.rate,
        averaging=0.99,
        review=0,
        seed=int(original["seed"]),
    )


def _measure(package: ModelPackage, own: OwnDigits, data: Path, seed: int) -> Evaluation:
    """Measure on the own digits, the original validation, and MNIST's test, which only reports."""
    test = tuple(tiles for tiles in load_digit_sets(data) if tiles.name == "mnist-test")
    rubbish = load_rubbish(data)
    rubbish.pop("groups-apart", None)
    return evaluate_package(
        package,
        OnnxClassifier(package),
        (own.held, *load_validation_sets(data, seed), *test),
        rubbish,
        datetime.now(UTC).date().isoformat(),
        round_s=0.2,
    )


def _accuracy(evaluation: Evaluation, names: Sequence[str]) -> float:
    """Return the accuracy over all tiles of the named sets that were measured."""
    chosen = [found for found in evaluation.measurements if found.name in names]
    return sum(found.right for found in chosen) / sum(found.count for found in chosen)


if __name__ == "__main__":
    sys.exit(main())
