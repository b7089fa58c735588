"""Train a tile network: `python -m training.train digits --data ../shared/data --out runs/digits`.

A training that was broken off goes on from its last epoch when the command is given again. One by
the clock (`minutes` in its configuration) ends when its time is over, and begins anew.
"""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digitscan.errors import DigitscanError
from training.amounts import DEFAULT_DATA
from training.config import CONFIGS, TrainConfig
from training.doubted import load_doubted
from training.judged_digits import find_doubted, load_real, validate
from training.mnist import Mnist, count_labels, load_mnist
from training.pools import PoolMaker, PoolPlan

if TYPE_CHECKING:
    from training.fit import Run


def train(name: str, config: TrainConfig, data: Path, out: Path) -> Path:
    """Train one network, or go on with a training that was broken off.

    Parameters
    ----------
    name : str
        Written in front of the figures.
    config : TrainConfig
    data : Path
        Folder of the data sets.
    out : Path
        Folder of the run.

    Returns
    -------
    Path
        The Keras file with the best averaged weights by validation.
    """
    if config.minutes:
        from training.by_clock import train_by_clock

        return train_by_clock(name, config, data, out)
    from training.fit import Run  # imports Keras, which the process that makes pools does without

    mnist = load_mnist(data, config.seed)
    print("MNIST train", count_labels(mnist.train_labels))
    tiles = config.tiles if config.shares else len(mnist.train_labels)
    run = Run(out, config, max(1, tiles // config.batch))
    fit, held = load_real(data)
    if not config.shares:
        _train_plain(run, mnist)
        return out / "best.keras"
    plan = PoolPlan(
        data, config.seed, config.tiles, config.shares, config.augmentation, load_doubted()
    )
    with PoolMaker(plan) as maker:
        maker.dropped = frozenset(run.progress.dropped)
        for epoch, pool, labels in maker.pools(run.progress.epoch, config.epochs):
            if epoch == run.progress.epoch == 0:
                print("pool", count_labels(labels, 11))
            figures = run.train_epoch(epoch, pool, labels)
            score = validate(run.predict, mnist, held, figures)
            if config.review and epoch + 1 == config.review and fit:
                run.progress.dropped = find_doubted(run.predict, fit)
                maker.dropped = frozenset(run.progress.dropped)
            stop = run.finish_epoch(epoch, score, figures)
            print(name, epoch + 1, *(f"{key} {value:.4f}" for key, value in figures.items()))
            if stop:
                break
    return out / "best.keras"


def _train_plain(run: "Run", mnist: Mnist) -> None:
    """Train on the MNIST digits as they are, in a new order each epoch."""
    for epoch in range(run.progress.epoch, run.config.epochs):
        order = np.random.default_rng([run.config.seed, epoch]).permutation(len(mnist.train_labels))
        figures = run.train_epoch(epoch, mnist.train_tiles[order], mnist.train_labels[order])
        score = validate(run.predict, mnist, None, figures)
        print("baseline", epoch + 1, *(f"{key} {value:.4f}" for key, value in figures.items()))
        if run.finish_epoch(epoch, score, figures):
            break


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one network; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(CONFIGS))
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path, help="folder of the run, by default runs/NAME")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--tiles", type=int, help="tiles in an epoch")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--minutes", type=float, help="of a training by the clock")
    parser.add_argument("--makers", type=int, help="processes that make its tiles")
    parser.add_argument("--teachers", help="Keras file of the networks that teach it")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    names = ("epochs", "tiles", "batch", "seed", "minutes", "makers", "teachers")
    given = {name: getattr(options, name) for name in names}
    config = replace(
        CONFIGS[options.name], **{key: value for key, value in given.items() if value is not None}
    )
    start = time.monotonic()
    try:
        best = train(options.name, config, options.data, options.out or Path("runs") / options.name)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(f"best weights in {best}, {(time.monotonic() - start) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
