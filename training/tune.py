"""Search the settings of the `digits` training with Optuna.

    python -m training.tune --trials 12 --out runs/tune
    python -m training.tune --trials 20 --out runs/tune     (goes on to 20)

Each trial is a short training from scratch, judged as training judges itself: by the mean of the
accuracy on MNIST validation digits and on the amounts held out. Everything tried stands in
`study.db`; `trials.csv`, `trials.md` and `trials.png` are written anew after each trial.
"""

import argparse
import csv
import io
import logging
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import optuna

from digitscan.errors import DigitscanError
from training.amounts import DEFAULT_DATA
from training.augment import Augmentation
from training.config import CONFIGS, TrainConfig
from training.measure import LabeledTiles
from training.measured_sets import load_validation_sets
from training.pictures import draw_trials
from training.pools import PoolPlan, make_pool
from training.report import Table, render_markdown, write_bytes

if TYPE_CHECKING:
    import keras

WIDTHS = ((32, 48, 64), (24, 48, 64), (32, 40, 72), (24, 40, 80), (40, 48, 56))
"""Filters at 24 x 24, 10 x 10 and 5 x 5 that are tried: 5.1 to 6.6 million multiply-adds."""

MOST_MULTIPLY_ADDS = 7_500_000
"""Trials of slower networks are given up before they train: above it, 10,000 tiles a second on one
core are out of reach."""

STUDY = "digits"


@dataclass(frozen=True, slots=True)
class Budget:
    """What one trial may spend: epochs and tiles in each."""

    epochs: int = 3
    tiles: int = 16_000


def suggest_config(trial: optuna.trial.BaseTrial, budget: Budget, seed: int) -> TrainConfig:
    """Draw the settings of one trial around those of the release.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial
        An `optuna.trial.FixedTrial` gives the configuration of known settings.
    budget : Budget
    seed : int
        Of the weights and the tiles: the same in all trials, so that they differ by their
        settings alone.

    Returns
    -------
    TrainConfig

    Examples
    --------
    >>> known = {"rate": 2e-3, "decay": 0.02, "smoothing": 0.03, "augmentation": 1.0, "widths": 0}
    >>> config = suggest_config(optuna.trial.FixedTrial(known), Budget(2, 100), seed=7)
    >>> config.rate, config.widths, config.epochs
    (0.002, (32, 48, 64), 2)
    """
    return replace(
        CONFIGS["digits"],
        epochs=budget.epochs,
        tiles=budget.tiles,
        seed=seed,
        review=0,
        rate=trial.suggest_float("rate", 5e-4, 8e-3, log=True),
        decay=trial.suggest_float("decay", 1e-3, 0.2, log=True),
        smoothing=trial.suggest_float("smoothing", 0.0, 0.1),
        augmentation=scale_augmentation(trial.suggest_float("augmentation", 0.3, 1.6)),
        widths=WIDTHS[trial.suggest_int("widths", 0, len(WIDTHS) - 1)],
    )


def scale_augmentation(factor: float) -> Augmentation:
    """Make every warp and every fault of the release's augmentation stronger or weaker.

    `clip` stays: it is no fault, but what the reader does with ink.

    Parameters
    ----------
    factor : float
        1.0 is the release's.

    Returns
    -------
    Augmentation

    Examples
    --------
    >>> weak = scale_augmentation(0.5)
    >>> weak.blur / Augmentation().blur, weak.clip == Augmentation().clip
    (0.5, True)
    """
    release = asdict(Augmentation())
    return Augmentation(
        **{name: value * (1 if name == "clip" else factor) for name, value in release.items()}
    )


def open_study(storage: Path) -> optuna.Study:
    """Open the study in a SQLite file, new or as it was left.

    Trials that were running when the search was broken off are marked as failed.

    Parameters
    ----------
    storage : Path
        The SQLite file; its folder is made.

    Returns
    -------
    optuna.Study
        Maximizes.
    """
    storage.parent.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=f"sqlite:///{storage.resolve().as_posix()}",
        study_name=STUDY,
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
    )
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def search(
    study: optuna.Study, judge: Callable[[optuna.Trial], float], trials: int, seed: int
) -> Iterator[int]:
    """Try settings until the study holds so many trials, with those of earlier searches.

    Every trial's draw depends on the seed, its number and the trials before it: a search that was
    broken off and goes on tries what it would have tried in one go.

    Parameters
    ----------
    study : optuna.Study
    judge : callable
        Takes a trial, returns what is maximized, or raises `optuna.TrialPruned`.
    trials : int
    seed : int

    Yields
    ------
    int
        The number of each trial done. The first five draws are random, the later ones by the tree
        of Parzen estimators (Bergstra et al., "Algorithms for hyper-parameter optimization", 2011).
    """
    while (number := len(study.trials)) < trials:
        study.sampler = optuna.samplers.TPESampler(seed=seed + number, n_startup_trials=5)
        study.optimize(judge, n_trials=1)
        yield number


def train_trial(
    trial: optuna.Trial,
    config: TrainConfig,
    data: Path,
    sets: Sequence[LabeledTiles],
    folder: Path,
) -> float:
    """Train one trial and judge it after every epoch.

    Parameters
    ----------
    trial : optuna.Trial
        Told the accuracies as user attributes.
    config : TrainConfig
    data : Path
    sets : sequence of LabeledTiles
        Digits that nothing is trained on; all weigh alike.
    folder : Path
        Of the run.

    Returns
    -------
    float
        The mean accuracy of the best epoch.

    Raises
    ------
    optuna.TrialPruned
        If the network is too slow or falls behind the median of the trials before.
    """
    from training.fit import Run, measure_accuracy

    run = Run(folder, config, max(1, config.tiles // config.batch))
    cost = count_multiply_adds(run.model)
    trial.set_user_attr("multiply_adds", cost)
    if cost > MOST_MULTIPLY_ADDS:
        raise optuna.TrialPruned
    plan = PoolPlan(data, config.seed, config.tiles, config.shares, config.augmentation)
    for epoch in range(config.epochs):
        figures = run.train_epoch(epoch, *make_pool(plan, epoch))
        accuracies = {
            found.name: measure_accuracy(run.predict(found.tiles), found.truth.tolist())
            for found in sets
        }
        score = float(np.mean(list(accuracies.values())))
        if score > run.progress.best:
            for name, accuracy in accuracies.items():
                trial.set_user_attr(name, accuracy)
        run.finish_epoch(epoch, score, figures | accuracies)
        trial.report(score, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return run.progress.best


def count_multiply_adds(model: "keras.Model") -> int:
    """Count the multiplications of convolutions and dense layers for one tile.

    Parameters
    ----------
    model : keras.Model
        Built, with an input of fixed height and width.

    Returns
    -------
    int
    """
    total = 0
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            places = math.prod(layer.output.shape[1:-1])
            total += math.prod(kernel.shape) * places
    return total


def table_trials(study: optuna.Study) -> Table:
    """Set all trials in the order tried, the best one marked with a star."""
    best = study.best_trial.number if _has_value(study) else -1
    names = list(dict.fromkeys(name for trial in study.trials for name in trial.params))
    notes = list(dict.fromkeys(name for trial in study.trials for name in trial.user_attrs))
    rows = tuple(
        (
            f"{trial.number}{'*' if trial.number == best else ''}",
            trial.state.name.lower(),
            "-" if trial.value is None else f"{trial.value:.5f}",
            *(_show(trial.params.get(name)) for name in names),
            *(_show(trial.user_attrs.get(name)) for name in notes),
            "-" if trial.duration is None else f"{trial.duration.total_seconds():.0f}",
        )
        for trial in study.trials
    )
    return Table("Trials", ("trial", "state", "score", *names, *notes, "seconds"), rows)


def write_trials(study: optuna.Study, out: Path) -> None:
    """Write the table as CSV and Markdown and the picture.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    table = table_trials(study)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows((table.columns, *table.rows))
    write_bytes(out / "trials.csv", stream.getvalue().encode())
    write_bytes(out / "trials.md", (render_markdown(table) + "\n").encode())
    values = [math.nan if trial.value is None else trial.value for trial in study.trials]
    names = list(dict.fromkeys(name for trial in study.trials for name in trial.params))
    settings = {
        name: np.array([trial.params.get(name, math.nan) for trial in study.trials], float)
        for name in names
    }
    picture = draw_trials(np.array(values, float), settings, "mean accuracy, held out")
    write_bytes(out / "trials.png", picture)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.tune", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the data")
    parser.add_argument("--out", type=Path, default=Path("runs/tune"), help="folder of the study")
    parser.add_argument("--trials", type=int, default=12, help="trials in all, those done included")
    parser.add_argument("--epochs", type=int, default=Budget().epochs, help="epochs of a trial")
    parser.add_argument("--tiles", type=int, default=Budget().tiles, help="tiles of an epoch")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    budget = Budget(options.epochs, options.tiles)
    try:
        study = open_study(options.out / "study.db")
        sets = load_validation_sets(options.data, options.seed)

        def judge(trial: optuna.Trial) -> float:
            config = suggest_config(trial, budget, options.seed)
            folder = options.out / f"trial-{trial.number}"
            return train_trial(trial, config, options.data, sets, folder)

        for _ in search(study, judge, options.trials, options.seed):
            write_trials(study, options.out)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(render_markdown(table_trials(study)))
    return 0


def _has_value(study: optuna.Study) -> bool:
    return any(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials)


def _show(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4g}"


if __name__ == "__main__":
    sys.exit(main())
