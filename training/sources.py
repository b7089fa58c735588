"""Where the digit network's tiles come from: one small class a source, one table of shares.

A source draws the ink of one example and its label; `make_tiles` sends it through
`training.augment`. A new kind of digit or rubbish is one more class with `draw` and one more
entry in the shares of the configuration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from training.augment import Augmentation, Ink, augment_ink
from training.mnist import Labels, Tiles
from training.strokes import draw_digit

RUBBISH = 10
"""Label of ink that is no single digit."""
LABELS = (*"0123456789", "rubbish")
"""The network's labels, in the order of its outputs."""


@dataclass(frozen=True, slots=True)
class Example:
    """One piece of ink.

    Attributes
    ----------
    ink : ndarray of uint8, shape (h, w)
        Ink strength, 0 paper to 255 full ink, any size.
    label : int
        0 to 9, or `RUBBISH`.
    framed : bool
        True where the ink is a 28 x 28 tile of MNIST.
    is_plain: bool
        True where that tile is taken as it is.
    """

    ink: Ink
    label: int
    framed: bool = False
    is_plain: bool = False


class Source(Protocol):
    """Draws examples without end."""

    def draw(self, rng: np.random.Generator) -> Example:
        """Return one example, the same for the same state of `rng`."""
        ...


@dataclass(frozen=True, slots=True)
class MnistDigits:
    """The training digits of MNIST, tiles (N, 28, 28) uint8 and labels (N,).

    `is_plain` is True where they are taken as they are, to be warped later.
    """

    tiles: Tiles
    labels: Labels
    is_plain: bool = False

    def draw(self, rng: np.random.Generator) -> Example:
        """Return one digit as MNIST frames it."""
        index = int(rng.integers(len(self.labels)))
        return Example(self.tiles[index], int(self.labels[index]), True, self.is_plain)


@dataclass(frozen=True, slots=True)
class DrawnDigits:
    """Digits drawn as pen strokes in the styles of many countries."""

    def draw(self, rng: np.random.Generator) -> Example:
        """Return one drawn digit."""
        label = int(rng.integers(10))
        return Example(draw_digit(label, rng), label)


@dataclass(frozen=True, slots=True)
class StoredInk:
    """Ink that was prepared once: real digits, glyphs of fonts, letters, cuts of the reader."""

    inks: Sequence[Ink]
    labels: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        if len(self.inks) != len(self.labels):
            raise ValueError(f"{len(self.inks)} inks and {len(self.labels)} labels differ")
        if not len(self.inks):
            raise ValueError("a source of stored ink holds at least one example")

    def draw(self, rng: np.random.Generator) -> Example:
        """Return one of the examples."""
        index = int(rng.integers(len(self.inks)))
        return Example(self.inks[index], int(self.labels[index]))


def make_tiles(
    sources: Mapping[str, Source],
    counts: Mapping[str, int],
    rng: np.random.Generator,
    settings: Augmentation = Augmentation(),
) -> tuple[Tiles, Labels]:
    """Draw augmented tiles from several sources and shuffle them.

    Parameters
    ----------
    sources : mapping of str to Source
    counts : mapping of str to int
        Tiles of each source; every name must be among the sources.
    rng : numpy.random.Generator
    settings : Augmentation

    Returns
    -------
    tiles : ndarray of uint8, shape (N, 28, 28)
        0 paper to 255 full ink.
    labels : ndarray of uint8, shape (N,)

    Raises
    ------
    ValueError
        If a count names no source.
    """
    unknown = sorted(set(counts) - set(sources))
    if unknown:
        raise ValueError(f"no source {', '.join(unknown)}; there are {', '.join(sorted(sources))}")
    total = sum(counts.values())
    order = rng.permutation(total)
    tiles = np.zeros((total, 28, 28), np.uint8)
    labels = np.zeros(total, np.uint8)
    at = 0
    for name, count in counts.items():
        source = sources[name]
        for _ in range(count):
            example = source.draw(rng)
            place = order[at]
            tiles[place] = _augment(example, source, rng, settings)
            labels[place] = example.label
            at += 1
    return tiles, labels


def _augment(
    example: Example, source: Source, rng: np.random.Generator, settings: Augmentation
) -> Ink:
    if example.is_plain:
        return example.ink
    # Rubbish gets no cut-off neighbor: it may be one, and any more ink could make it a digit.
    beside = example.label != RUBBISH and rng.random() < settings.neighbor
    neighbor = source.draw(rng).ink if beside else None
    return augment_ink(example.ink, rng, settings, neighbor=neighbor, framed=example.framed)
