"""A picture of what the network is trained on: two rows of augmented tiles for each source.

python -m training.sheet --data ../shared/data --out runs/tiles.png
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.amounts import DEFAULT_DATA
from training.pools import load_sources
from training.sources import Source, make_tiles

COLUMNS = 40
ROWS = 2
_MARGIN_PX = 130


def draw_sheet(sources: Mapping[str, Source], seed: int) -> npt.NDArray[np.uint8]:
    """Draw augmented tiles of each source, by label from left to right, the name beside them.

    Parameters
    ----------
    sources : mapping of str to Source
    seed : int

    Returns
    -------
    ndarray of uint8, shape (56 * sources, 130 + 1120)
        Black ink on white.
    """
    rng = np.random.default_rng(seed)
    strips = []
    for name in sources:
        tiles, labels = make_tiles(sources, {name: ROWS * COLUMNS}, rng)
        ordered = tiles[np.argsort(labels, kind="stable")]
        rows = [np.hstack(list(ordered[at::ROWS])) for at in range(ROWS)]
        title = np.zeros((ROWS * tiles.shape[1], _MARGIN_PX), np.uint8)
        place = (4, title.shape[0] // 2)
        cv2.putText(title, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1, cv2.LINE_AA)
        strips.append(np.hstack([title, np.vstack(rows)]))
    return np.asarray(255 - np.vstack(strips), np.uint8)


def main() -> None:
    """Write the sheet; it holds real handwriting where the data does: do not publish it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path, default=Path("runs/tiles.png"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sheet = draw_sheet(load_sources(options.data, options.seed), options.seed)
    cv2.imwrite(str(options.out), sheet)
    print(f"{options.out}: {sheet.shape[1]} x {sheet.shape[0]} px")


if __name__ == "__main__":
    main()
