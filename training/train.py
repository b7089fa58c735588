"""Train a tile network: `python -m training.train digits --data ../shared/data --out runs/digits`.

A training that was broken off goes on from its last epoch when the command is given again.
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
import numpy.typing as npt

from digitscan.errors import DigitscanError, NoPagesError
from digitscan.imaging.normalize import normalize_tiles
from training.amounts import DEFAULT_DATA, Amount, load_amounts
from training.config import CONFIGS, TrainConfig
from training.mnist import Mnist, count_labels, load_mnist
from training.pools import PoolMaker, PoolPlan
from training.real_digits import cut_digits

if TYPE_CHECKING:
    from training.fit import Run

logger = logging.getLogger(__name__)

_DOUBT = 0.02
"""A real digit whose label gets less than this from the network at review is left out. One to
three labels in a hundred are wrong; a network in its first epochs has not learned them by heart."""


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
    from training.fit import Run  # imports Keras, which the process that makes pools does without

    mnist = load_mnist(data, config.seed)
    print("MNIST train", count_labels(mnist.train_labels))
    tiles = config.tiles if config.shares else len(mnist.train_labels)
    run = Run(out, config, max(1, tiles // config.batch))
    fit, held = _load_real(data)
    if not config.shares:
        _train_plain(run, mnist)
        return out / "best.keras"
    plan = PoolPlan(data, config.seed, config.tiles, config.shares, config.augmentation)
    with PoolMaker(plan) as maker:
        maker.dropped = frozenset(run.progress.dropped)
        for epoch, pool, labels in maker.pools(run.progress.epoch, config.epochs):
            if epoch == run.progress.epoch == 0:
                print("pool", count_labels(labels, 11))
            figures = run.train_epoch(epoch, pool, labels)
            score = _validate(run, mnist, held, figures)
            if config.review and epoch + 1 == config.review and fit:
                run.progress.dropped = find_doubted(run, fit)
                maker.dropped = frozenset(run.progress.dropped)
            stop = run.finish_epoch(epoch, score, figures)
            print(name, epoch + 1, *(f"{key} {value:.4f}" for key, value in figures.items()))
            if stop:
                break
    return out / "best.keras"


def find_doubted(run: "Run", amounts: tuple[Amount, ...]) -> tuple[tuple[str, int], ...]:
    """Find real digits whose label the network contradicts.

    Parameters
    ----------
    run : Run
    amounts : tuple of Amount

    Returns
    -------
    tuple of (str, int)
        File and index of each doubted digit.
    """
    inks, labels = cut_digits(amounts)
    logits = run.predict(normalize_tiles(inks)).astype(np.float64)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    own = odds[np.arange(len(labels)), labels] / odds.sum(axis=1)
    names = [(item.file, at) for item in amounts for at in range(len(item.digits))]
    doubted = tuple(name for name, share in zip(names, own, strict=True) if share < _DOUBT)
    print(f"left out {len(doubted)} of {len(names)} real digits, contradicted by the network")
    return doubted


def _train_plain(run: "Run", mnist: Mnist) -> None:
    """Train on the MNIST digits as they are, in a new order each epoch."""
    for epoch in range(run.progress.epoch, run.config.epochs):
        order = np.random.default_rng([run.config.seed, epoch]).permutation(len(mnist.train_labels))
        figures = run.train_epoch(epoch, mnist.train_tiles[order], mnist.train_labels[order])
        score = _validate(run, mnist, None, figures)
        print("baseline", epoch + 1, *(f"{key} {value:.4f}" for key, value in figures.items()))
        if run.finish_epoch(epoch, score, figures):
            break


def _validate(
    run: "Run",
    mnist: Mnist,
    held: tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]] | None,
    figures: dict[str, float],
) -> float:
    """Add the validation's figures; return the score that chooses the weights.

    The mean of MNIST and real writing, each on digits that no weight is trained on.
    """
    from training.fit import measure_accuracy, to_floats

    logits = run.predict(to_floats(mnist.validation_tiles))
    figures["mnist"] = measure_accuracy(logits, mnist.validation_labels)
    if held is None:
        return figures["mnist"]
    figures["held"] = measure_accuracy(run.predict(held[0]), held[1])
    return (figures["mnist"] + figures["held"]) / 2


def _load_real(
    data: Path,
) -> tuple[tuple[Amount, ...], tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]] | None]:
    try:
        inks, labels = cut_digits(load_amounts(data, "held"))
        return load_amounts(data, "fit"), (normalize_tiles(inks), labels)
    except NoPagesError as error:
        logger.warning("%s", error)
        return (), None


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one network; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(CONFIGS))
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path, help="folder of the run, by default runs/NAME")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--tiles", type=int, help="tiles in an epoch")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    given = {name: getattr(options, name) for name in ("epochs", "tiles", "seed")}
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
