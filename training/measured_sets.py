"""The tiles that a digit network is measured on; none of them is trained on.

Digits: the MNIST test set, and real digits cut by their boxes from the amounts held out of
training (`held`, which serves to choose between variants) and from those kept apart (`apart`,
which chooses nothing). Rubbish: wrong groups of pieces that the reader makes of the same amounts,
letters held out, pairs of MNIST test digits, and signs drawn anew.
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
from training.letters import load_letters
from training.measure import LabeledTiles
from training.mnist import Labels, Tiles, load_mnist
from training.real_digits import cut_digits, cut_runs
from training.sources import RUBBISH
from training.strokes import draw_string

logger = logging.getLogger(__name__)

HELD_LETTERS = slice(4, None, 5)
"""Every fifth letter is never trained on."""

SIGNS = "-=*#$+x"
"""Signs that stay apart from digits when scaled to the frame; a comma or a slash becomes a 1."""

MOST = 1000
"""Tiles of each kind of rubbish: enough to know a share of 95 % within 1.4 %, and no kind, such as
the groups of which there are tens of thousands, outweighs the others."""

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
        "held": "Real digits cut by their boxes, amounts held out (they choose between variants)",
        "apart": "Real digits cut by their boxes, amounts kept apart (they choose nothing)",
    }
    for part, title in titles.items():
        amounts = _load_part(data, part)
        if amounts:
            sets.append(label_amounts(f"amounts-{part}", title, amounts))
    return tuple(sets)


def load_rubbish(data: Path, seed: int = 0) -> dict[str, Floats]:
    """Load tiles that are no single digit, by kind.

    Parameters
    ----------
    data : Path
        As for `load_digit_sets`; what is missing is left out with a warning.
    seed : int
        The same seed makes the same pairs and signs.

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
    letters = list(load_letters(data)[HELD_LETTERS])
    if letters:
        kinds["letters"] = letters
    digits = load_mnist(data).test_tiles
    kinds["pairs"] = [join_pair(*digits[rng.integers(len(digits), size=2)]) for _ in range(MOST)]
    kinds["signs"] = [draw_string(SIGNS[at % len(SIGNS)], rng) for at in range(MOST)]
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


def join_pair(left: Ink, right: Ink) -> Ink:
    """Join two framed digits so that they just touch.

    Parameters
    ----------
    left, right : ndarray of uint8, shape (H, W), with some ink

    Returns
    -------
    ndarray of uint8, shape (H, w)

    Examples
    --------
    >>> bar = np.zeros((3, 5), np.uint8)
    >>> bar[:, 2] = 255
    >>> join_pair(bar, bar)[0].tolist()
    [255, 255]
    """
    trimmed = [digit[:, np.flatnonzero(digit.any(axis=0))] for digit in (left, right)]
    return np.concatenate(trimmed, axis=1)


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
