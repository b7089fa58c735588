"""The E-13B symbols that their network is measured on; none of them is trained on.

Drawn lines of another seed, worn and scanned like those of the training, and the lines of the
real cheques, as the reader finds and cuts them.
"""

import csv
from pathlib import Path

import cv2
import numpy as np

from digitscan.imaging.micr import find_micr_line
from digitscan.imaging.micr_cells import MicrCell, split_micr_cells
from digitscan.imaging.normalize import normalize_tiles
from digitscan.records import Floats, Gray
from training.e13b import load_default_sources
from training.e13b_data import LABELS, RUBBISH, make_tiles
from training.measure import LabeledTiles

LINES = 240
"""Lines that are drawn: about 3,000 symbols and 2,000 tiles of rubbish."""

SEED = 1004
"""Training draws by 13, its validation by 14, parity by 15."""


def load_symbols(data: Path) -> tuple[list[LabeledTiles], dict[str, Floats]]:
    """Draw lines and cut those of the real cheques.

    Parameters
    ----------
    data : Path
        Folder that holds `mnist/`, `fonts/` and `cheques/`; without cheques the drawn lines serve
        alone.

    Returns
    -------
    sets : list of LabeledTiles
        `e13b-drawn` and, where there are cheques, `e13b-cheques`.
    rubbish : dict of str to ndarray of float32, shape (M, 28, 28, 1)
    """
    tiles, labels = make_tiles(load_default_sources(data), LINES, np.random.default_rng(SEED))
    is_symbol = labels != LABELS.index(RUBBISH)
    count = int(is_symbol.sum())
    drawn = LabeledTiles(
        "e13b-drawn",
        "Drawn lines of a seed of their own",
        tiles[is_symbol],
        labels[is_symbol],
        tuple(f"no. {number}" for number in range(count)),
    )
    real = _cut_cheques(data / "cheques")
    return [drawn, *real], {"drawn": tiles[~is_symbol]}


def label_cells(gray: Gray, truth: str, name: str) -> list[tuple[MicrCell, int, str]]:
    """Cut the line of a page and label its cells by what it says.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    truth : str
        The symbols of the line without blanks.
    name : str
        Of the page.

    Returns
    -------
    list of (MicrCell, int, str)
        Cell, place in `LABELS`, and its origin; empty where no line was found or another number
        of cells was cut than there are symbols: which cell is which is not known then.
    """
    line = find_micr_line(gray)
    cells = split_micr_cells(gray, line) if line is not None else ()
    if len(cells) != len(truth):
        return []
    return [
        (cell, LABELS.index(symbol), f"{name} {place}")
        for place, (cell, symbol) in enumerate(zip(cells, truth, strict=True), start=1)
    ]


def _cut_cheques(folder: Path) -> list[LabeledTiles]:
    table = folder / "truth.csv"
    if not table.is_file():
        return []
    labeled = []
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        page = cv2.imread(str(folder / row["file"]), cv2.IMREAD_GRAYSCALE)
        if page is not None:
            gray = np.asarray(page, np.uint8)
            labeled += label_cells(gray, row["micr"], Path(row["file"]).stem)
    if not labeled:
        return []
    return [
        LabeledTiles(
            "e13b-cheques",
            f"MICR lines of {len(rows)} real cheques, where as many cells as symbols were cut",
            normalize_tiles([cell.ink for cell, _, _ in labeled]),
            np.array([label for _, label, _ in labeled], np.int64),
            tuple(origin for _, _, origin in labeled),
            tuple(np.asarray(255 - cell.ink, np.uint8) for cell, _, _ in labeled),
        )
    ]
