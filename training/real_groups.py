"""Real tiles of the lattice: groups of pieces of real amounts, named by their true digit boxes.

A group that holds the ink of one digit, nearly all of it and little else, is that digit. A group
that holds half a digit, or parts of two, is rubbish: just what the lattice must tell apart.
Groups in between are left out.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.cuts import Pieces, split_pieces
from digitscan.imaging.groups import cut_groups, plan_groups
from digitscan.imaging.isolate import isolate_line
from digitscan.imaging.normalize import normalize_tiles
from digitscan.records import Floats
from digitscan.settings import Settings
from training.amounts import Amount

WHOLE = 0.88
"""A group is a digit when it holds this share of the digit's ink..."""
PURE = 0.88
"""...and this share of its own ink is that digit's. Boxes are loose by a pixel or two, and a
digit's tail may reach into its neighbor's box, so neither can be 1."""
PART = 0.6
"""A group is rubbish when it holds less than this of every digit in it, or..."""
MIXED = 0.7
"""...when less than this share of its ink is one digit's."""
RUBBISH = 10


@dataclass(frozen=True, slots=True)
class GroupTiles:
    """Labelled tiles: tiles float32 (N, 28, 28, 1), labels int64 (N,), 10 is rubbish."""

    tiles: Floats
    labels: npt.NDArray[np.int64]


def cut_group_tiles(
    amounts: tuple[Amount, ...], settings: Settings = Settings(), with_signs: bool = True
) -> GroupTiles:
    """Cut amounts as the reader does and label every group of their lattices.

    Parameters
    ----------
    amounts : tuple of Amount
    settings : Settings
    with_signs : bool
        False leaves out groups without ink of a digit: a comma as long as a digit is high is a 1 to
        whoever sees it alone.

    Returns
    -------
    GroupTiles
    """
    tiles: list[Floats] = []
    labels: list[int] = []
    for amount in amounts:
        threshold = settings.ink.threshold
        ink = isolate_line(estimate_ink(amount.image, settings.ink), threshold, settings.cuts)
        pieces = split_pieces(ink, threshold, settings.cuts)
        groups = plan_groups(pieces, settings.cuts)
        counts, spans = _count_ink(pieces, amount), groups.spans[groups.worth]
        named = _name_groups(counts, spans, amount.digits)
        keep = named >= 0
        if not with_signs:
            keep &= [counts[first:last, :-1].any() for first, last in spans]
        if keep.any():
            tiles.append(normalize_tiles(cut_groups(pieces, groups))[keep])
            labels.extend(named[keep].tolist())
    if not tiles:
        return GroupTiles(np.zeros((0, 28, 28, 1), np.float32), np.zeros(0, np.int64))
    return GroupTiles(np.concatenate(tiles), np.array(labels, np.int64))


def _count_ink(pieces: Pieces, amount: Amount) -> npt.NDArray[np.float64]:
    """Return the ink pixels of each piece in each digit's box, shape (pieces, digits + 1).

    The last column counts the ink in no box. Ink in several boxes counts for the nearest one.
    """
    rows, columns = np.nonzero(pieces.owner)
    owner = pieces.owner[rows, columns] - 1
    x = columns - pieces.origin - pieces.slant * (rows - pieces.owner.shape[0] / 2)
    distance = np.full((len(amount.boxes) + 1, rows.size), 1e6)
    distance[-1] = 1e5
    for index, box in enumerate(amount.boxes):
        inside = (x >= box.left - 1) & (x < box.right + 1)
        inside &= (rows >= box.top - 1) & (rows < box.bottom + 1)
        # Slanted neighbors overlap in their boxes: compare upright distances from the middle.
        lean = pieces.slant * ((box.top + box.bottom) / 2 - rows)
        distance[index, inside] = np.abs(x - lean - (box.left + box.right) / 2)[inside]
    nearest = np.argmin(distance, axis=0)
    counts = np.zeros((len(pieces.boxes), len(amount.boxes) + 1))
    np.add.at(counts, (owner, nearest), 1)
    return counts


def _name_groups(
    counts: npt.NDArray[np.float64], spans: npt.NDArray[np.int32], digits: str
) -> npt.NDArray[np.int64]:
    """Return the label of each group: 0 to 9, 10 for rubbish, -1 to leave it out."""
    labels = np.full(len(spans), -1, np.int64)
    all_ink = counts.sum(axis=0)[:-1]
    for index, (first, last) in enumerate(spans):
        own = counts[first:last].sum(axis=0)
        best = int(np.argmax(own[:-1]))
        pure = own[best] / max(own.sum(), 1)
        whole = own[best] / max(all_ink[best], 1)
        if whole >= WHOLE and pure >= PURE:
            labels[index] = int(digits[best])
        elif whole < PART or pure < MIXED:
            labels[index] = RUBBISH
    return labels
