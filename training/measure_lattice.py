"""How many amounts the lattice alone reads: `python -m training.measure_lattice`.

Beside each crop some variants of it are read, turned, scaled, sheared and blurred a little: they
tell more of two settings apart than the few hundred crops, of which most are read either way.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from digitscan.cropped_field import make_line
from digitscan.fields import FieldKind
from digitscan.line_lattices import search_lattices
from digitscan.recognition.classifier import Classifier, OnnxClassifier
from digitscan.recognition.models import load_package
from digitscan.records import Gray
from digitscan.settings import Settings
from training.amounts import DEFAULT_DATA, load_amounts
from training.weighing import vary_crop

SEED = 5


def count_read(
    images: Sequence[Gray],
    texts: Sequence[str],
    digits: Classifier,
    settings: Settings = Settings(),
) -> int:
    """Count the crops whose best path through the lattice says what is written.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (H, W) each
    texts : sequence of str
        What is written on each.
    digits : Classifier
    settings : Settings

    Returns
    -------
    int
    """
    lines = tuple(make_line(image, settings, FieldKind.AMOUNT) for image in images)
    found = (
        next((path.text for path in cut.paths if path.text), "")
        for cut in search_lattices(lines, digits, settings)
    )
    return sum(text == truth for text, truth in zip(found, texts, strict=True))


def main() -> None:
    """Print how many crops of each part are read, and how many of their variants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--parts", nargs="+", default=["fit", "held"])
    parser.add_argument("--variants", type=int, default=2, help="of each crop")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    digits = OnnxClassifier(load_package("digits"))
    for part in options.parts:
        dice = np.random.default_rng(SEED)
        amounts = load_amounts(options.data, part)
        texts = [amount.digits for amount in amounts]
        plain = count_read([amount.image for amount in amounts], texts, digits)
        varied = sum(
            count_read([vary_crop(amount.image, dice) for amount in amounts], texts, digits)
            for _ in range(options.variants)
        )
        print(
            f"{part}: {plain} of {len(texts)} amounts, "
            f"{varied} of {options.variants * len(texts)} variants"
        )


if __name__ == "__main__":
    main()
