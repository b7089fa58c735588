"""What a training of digits is judged by: digits it never sees, and labels it comes to doubt."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from digitscan.errors import NoPagesError
from digitscan.imaging.normalize import normalize_tiles
from digitscan.records import Floats
from training.amounts import Amount, load_amounts
from training.mnist import Mnist
from training.real_digits import cut_digits

logger = logging.getLogger(__name__)

Predict = Callable[[Floats], Floats]
"""Tiles (N, 28, 28, 1) to logits (N, classes)."""
RealDigits = tuple[Floats, npt.NDArray[np.uint8]]
"""Tiles (N, 28, 28, 1) and labels (N,)."""

_DOUBT = 0.02
"""A real digit whose label gets less than this from the network at review is left out. One to
three labels in a hundred are wrong; a network in its first epochs has not learned them by heart."""


def load_real(data: Path) -> tuple[tuple[Amount, ...], RealDigits | None]:
    """Load the amounts that are trained on, and the digits of those held out of training.

    Parameters
    ----------
    data : Path

    Returns
    -------
    fit : tuple of Amount
    held : RealDigits or None
        None, and no amounts, with a warning where the data is absent.
    """
    try:
        inks, labels = cut_digits(load_amounts(data, "held"))
        return load_amounts(data, "fit"), (normalize_tiles(inks), labels)
    except NoPagesError as error:
        logger.warning("%s", error)
        return (), None


def validate(
    predict: Predict, mnist: Mnist, held: RealDigits | None, figures: dict[str, float]
) -> float:
    """Add the validation's figures; return the score that chooses the weights.

    The mean of MNIST and real writing, each on digits that no weight is trained on.

    Parameters
    ----------
    predict : callable
    mnist : Mnist
    held : RealDigits or None
    figures : dict of str to float
        Gets `mnist` and `held`.

    Returns
    -------
    float
    """
    from training.fit import measure_accuracy, to_floats  # imports Keras

    logits = predict(to_floats(mnist.validation_tiles))
    figures["mnist"] = measure_accuracy(logits, mnist.validation_labels)
    if held is None:
        return figures["mnist"]
    figures["held"] = measure_accuracy(predict(held[0]), held[1])
    return (figures["mnist"] + figures["held"]) / 2


def find_doubted(predict: Predict, amounts: tuple[Amount, ...]) -> tuple[tuple[str, int], ...]:
    """Find real digits whose label the network contradicts.

    Parameters
    ----------
    predict : callable
    amounts : tuple of Amount

    Returns
    -------
    tuple of (str, int)
        File and index of each doubted digit.
    """
    inks, labels = cut_digits(amounts)
    logits = predict(normalize_tiles(inks)).astype(np.float64)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    own = odds[np.arange(len(labels)), labels] / odds.sum(axis=1)
    names = [(item.file, at) for item in amounts for at in range(len(item.digits))]
    doubted = tuple(name for name, share in zip(names, own, strict=True) if share < _DOUBT)
    print(f"left out {len(doubted)} of {len(names)} real digits, contradicted by the network")
    return doubted
