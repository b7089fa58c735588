"""Find real digits whose label is doubted by networks that never saw them:

`python -m training.judge_labels` writes `runs/doubted.csv`.

Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", 2021:
the amounts are divided, and the digits of each part judged by a network that learned on the others.
A network that has seen a digit a hundred times knows its label by heart, be it wrong or not:
digits-9 gives none of the 2,205 labels less than 0.02, and strings-10 reads all 480 amounts as
they are labeled.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from digitscan.errors import DigitscanError
from training.amounts import DEFAULT_DATA, Amount, load_amounts
from training.config import CONFIGS, TrainConfig
from training.doubted import DEFAULT_LIST, DoubtedDigits, write_doubted
from training.judged_digits import find_doubted
from training.pools import PoolMaker, PoolPlan

FOLDS = 4
"""Parts into which the amounts are divided."""


def divide(amounts: Sequence[Amount], folds: int = FOLDS) -> list[tuple[Amount, ...]]:
    """Divide amounts: every so many-th of them, so that each writer is among the others too."""
    return [tuple(amounts[first::folds]) for first in range(folds)]


def judge(data: Path, out: Path, config: TrainConfig) -> DoubtedDigits:
    """Train a network for each part on the others, and let it judge that part.

    Parameters
    ----------
    data : Path
        Folder of the data sets.
    out : Path
        Folder of the trainings, one below it for each part.
    config : TrainConfig

    Returns
    -------
    frozenset of (str, int)

    Raises
    ------
    NoPagesError
        If the amounts are not there.
    """
    from training.fit import Run  # imports Keras, which the process that makes pools does without

    found: set[tuple[str, int]] = set()
    for fold, judged in enumerate(divide(load_amounts(data, "fit"))):
        plan = PoolPlan(data, config.seed, config.tiles, config.shares, config.augmentation)
        run = Run(out / f"fold-{fold}", config, max(1, config.tiles // config.batch))
        with PoolMaker(plan) as maker:
            maker.dropped = frozenset(
                (amount.file, place) for amount in judged for place in range(len(amount.digits))
            )
            for epoch, tiles, labels in maker.pools(run.progress.epoch, config.epochs):
                figures = run.train_epoch(epoch, tiles, labels)
                run.finish_epoch(epoch, float(epoch), figures)
        found.update(find_doubted(run.predict, judged))
    return frozenset(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge all digits that are trained on, and write the list; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path, default=DEFAULT_LIST)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--tiles", type=int, help="tiles in an epoch")
    options = parser.parse_args(arguments)
    given = {name: getattr(options, name) for name in ("epochs", "tiles")}
    config = replace(
        CONFIGS["doubting"], **{key: value for key, value in given.items() if value is not None}
    )
    try:
        found = judge(options.data, options.out.parent / "doubting", config)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    write_doubted(found, options.out)
    print(f"{len(found)} doubted digits in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
