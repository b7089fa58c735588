"""The tiles that a digit network is measured on; none of them is trained on.

Digits: the MNIST test set, and real digits cut by their boxes from the amounts held out of
training (`held`, which serves to choose between variants) and from those kept apart (`apart`,
which chooses nothing). Rubbish: wrong groups of pieces that the reader makes of the same amounts,
letters held out, halves and groups of MNIST test digits, signs and marks drawn anew.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from digitscan.errors import NoPagesError
from digitscan.imaging.normalize import normalize_tiles
from digitscan.records import Box, Floats, Gray
from training.amounts import Amount, load_amounts
from training.augment import Ink
from training.letters import load_letters, split_letters
from training.measure import LabeledTiles
from training.mnist import Labels, Tiles, load_mnist
from training.real_digits import cut_digits, cut_runs
from training.rubbish import Groups, Marks, Signs
from training.sources import RUBBISH, MnistDigits, Source

logger = logging.getLogger(__name__)

MOST = 1000
"""Tiles of each kind of rubbish: enough to know a share of 95 % within 1.4 %, and no kind, such as
the groups of which there are tens of thousands, outweighs the others."""

HELD_TITLE = "Real digits cut by their boxes, amounts held out (they choose between variants)"

_CONTEXT_PX = 6
"""Paper around a digit on the sheet of mistakes, so that its neighbors are seen."""


def load_digit_sets(data: Path) -> tuple[LabeledTiles, ...]:
    """Load the MNIST test digits and, where the amounts are at hand, the real digits.

    Parameters
    ----------
    data : Path
        Folder that holds `mnist/` and `cheque_amounts/`. Without the amounts a warning says what
        is missing and how to get it.

    Returns
    -------
    tuple of LabeledTiles
        `mnist-test`, then `amounts-held` and `amounts-apart`.
    """
    mnist = load_mnist(data)
    sets = [label_mnist("mnist-test", "MNIST test digits", mnist.test_tiles, mnist.test_labels)]
    titles = {
        "held": HELD_TITLE,
        "apart": "Real digits cut by their boxes, amounts kept apart (they choose nothing)",
    }
    for part, title in titles.items():
        amounts = _load_part(data, part)
        if amounts:
            sets.append(label_amounts(f"amounts-{part}", title, amounts))
    return tuple(sets)


def load_validation_sets(data: Path, seed: int) -> tuple[LabeledTiles, ...]:
    """Load the digits by which settings are chosen: MNIST validation and the amounts held out.

    Parameters
    ----------
    data : Path
        As for `load_digit_sets`.
    seed : int
        Of the split of MNIST: that of the training which is judged.

    Returns
    -------
    tuple of LabeledTiles
        `mnist-validation` and, where the amounts are at hand, `amounts-held`.
    """
    mnist = load_mnist(data, seed)
    sets = [
        label_mnist(
            "mnist-validation",
            "MNIST validation digits",
            mnist.validation_tiles,
            mnist.validation_labels,
        )
    ]
    amounts = _load_part(data, "held")
    if amounts:
        sets.append(label_amounts("amounts-held", HELD_TITLE, amounts))
    return tuple(sets)


def load_rubbish(data: Path, seed: int = 0) -> dict[str, Floats]:
    """Load tiles that are no single digit, by kind.

    Parameters
    ----------
    data : Path
        As for `load_digit_sets`; what is missing is left out with a warning.
    seed : int
        The same seed makes the same tiles.

    Returns
    -------
    dict of str to ndarray of float32, shape (M, 28, 28, 1)
    """
    rng = np.random.default_rng(seed)
    kinds: dict[str, list[Ink]] = {}
    for part in ("held", "apart"):
        amounts = _load_part(data, part)
        if amounts:
            inks, labels = cut_runs(amounts)
            wrong = rng.permutation(np.flatnonzero(labels == RUBBISH))[:MOST]
            kinds[f"groups-{part}"] = [inks[place] for place in wrong]
    _, letters = split_letters(load_letters(data))
    if letters:
        kinds["letters"] = list(letters)
    mnist = load_mnist(data)
    sources: dict[str, Source] = {
        "mnist-groups": Groups(MnistDigits(mnist.test_tiles, mnist.test_labels)),
        "signs": Signs(),
        "marks": Marks(),
    }
    for kind, source in sources.items():
        kinds[kind] = [source.draw(rng).ink for _ in range(MOST)]
    return {kind: normalize_tiles(inks) for kind, inks in kinds.items()}


def label_mnist(
    name: str,
    title: str,
    tiles: Tiles,
    labels: Labels,
) -> LabeledTiles:
    """Give MNIST digits, uint8 (N, 28, 28), the form that is measured; they are framed already."""
    return LabeledTiles(
        name,
        title,
        (tiles[..., None] / np.float32(255)).astype(np.float32),
        labels.astype(np.int64),
        tuple(f"no. {number}" for number in range(len(labels))),
    )


def label_amounts(name: str, title: str, amounts: Sequence[Amount]) -> LabeledTiles:
    """Cut the digits of amounts by their boxes into the form that is measured."""
    inks, labels = cut_digits(amounts)
    places = [
        (amount, at, box) for amount in amounts for at, box in enumerate(amount.boxes, start=1)
    ]
    return LabeledTiles(
        name,
        title,
        normalize_tiles(inks),
        labels.astype(np.int64),
        tuple(f"{Path(amount.file).stem} {at}" for amount, at, _ in places),
        tuple(_cut_crop(amount.image, box) for amount, _, box in places),
    )


def _cut_crop(image: Gray, box: Box) -> Gray:
    top, left = max(0, box.top - _CONTEXT_PX), max(0, box.left - _CONTEXT_PX)
    return image[top : box.bottom + _CONTEXT_PX, left : box.right + _CONTEXT_PX]


def _load_part(data: Path, part: str) -> tuple[Amount, ...]:
    """Load amounts, or none with a warning where the data is absent."""
    try:
        return load_amounts(data, part)
    except NoPagesError as error:
        logger.warning("measured without real digits: %s", error)
        return ()
