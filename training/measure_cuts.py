"""How many true boundaries between digits the cuts propose: `python -m training.measure_cuts`.

The boxes of `cheque_amounts` are the truth. A boundary is proposed when no piece holds ink of the
digits on both sides of it; the other figure is how many pieces a digit comes to, for more pieces
propose more boundaries and cost more tiles.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.cuts import Pieces, split_pieces
from digitscan.imaging.isolate import isolate_line
from digitscan.records import Box
from digitscan.settings import Settings
from training.amounts import DEFAULT_DATA, Amount, load_amounts

HELD_SHARE, HELD_PX = 0.15, 6
"""A piece holds ink of a digit where that is more than this share of what it has of the other one,
and more than so many pixels: boxes are drawn by hand and overlap at slanted digits."""


@dataclass(frozen=True, slots=True)
class CutCounts:
    """Boundaries between digits, those of them proposed, pieces and digits of some amounts."""

    boundaries: int
    proposed: int
    pieces: int
    digits: int


def count_cuts(amounts: Sequence[Amount], settings: Settings = Settings()) -> CutCounts:
    """Cut amounts without asking a network, and hold the cuts against the boxes.

    Parameters
    ----------
    amounts : sequence of Amount
    settings : Settings

    Returns
    -------
    CutCounts
    """
    boundaries = proposed = pieces = digits = 0
    for amount in amounts:
        ink = isolate_line(
            estimate_ink(amount.image, settings.ink), settings.ink.threshold, settings.cuts
        )
        cut = split_pieces(ink, settings.ink.threshold, settings.cuts)
        missed = find_missed(cut, amount.boxes)
        boundaries += len(amount.boxes) - 1
        proposed += len(amount.boxes) - 1 - len(missed)
        pieces += len(cut.boxes)
        digits += len(amount.boxes)
    return CutCounts(boundaries, proposed, pieces, digits)


def find_missed(pieces: Pieces, boxes: Sequence[Box]) -> set[int]:
    """Find the boundaries that a piece reaches across: k lies between digit k and k + 1."""
    missed = set()
    for index in range(len(pieces.boxes)):
        rows, columns = np.nonzero(pieces.owner == index + 1)
        slanted = pieces.slant * (rows - pieces.owner.shape[0] / 2)
        columns = np.asarray(columns - pieces.origin - slanted, np.float64)
        held = [_is_inside(columns, rows, box) for box in boxes]
        for left in range(len(boxes) - 1):
            alone = [
                int(np.count_nonzero(held[left] & ~held[left + 1])),
                int(np.count_nonzero(held[left + 1] & ~held[left])),
            ]
            if min(alone) > HELD_PX and min(alone) > HELD_SHARE * max(alone):
                missed.add(left)
    return missed


def _is_inside(
    columns: npt.NDArray[np.float64], rows: npt.NDArray[np.intp], box: Box
) -> npt.NDArray[np.bool_]:
    across = (columns >= box.left) & (columns < box.right)
    return np.asarray(across & (rows >= box.top) & (rows < box.bottom))


def main() -> None:
    """Print the share of boundaries proposed and the pieces a digit, for each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--parts", nargs="+", default=["fit", "held"])
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for part in options.parts:
        counts = count_cuts(load_amounts(options.data, part))
        print(
            f"{part}: {counts.proposed} of {counts.boundaries} boundaries proposed "
            f"({counts.proposed / counts.boundaries:.1%}), "
            f"{counts.pieces / counts.digits:.2f} pieces a digit"
        )


if __name__ == "__main__":
    main()
