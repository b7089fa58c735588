"""Real handwritten amounts: crops of cheques with their digits and the box of each digit.

The 780 crops (ORAND-CAR-A of the ICFHR 2014 digit string competition, digit boxes by
Fzkuji/Labeled_ORAND-CAR-A) are read from a folder given by the user and never copied. Part
`train` is cut once into `fit` (networks train on it) and `held` (calibration and the choice
between variants); part `apart` trains and chooses nothing and is only measured.
"""

import csv
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from digitscan.errors import NoPagesError
from digitscan.records import Box, Gray

logger = logging.getLogger(__name__)

DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Where the data lies unless `--data` says otherwise: `../shared/data` of the repository."""

PARTS = ("fit", "held", "train", "apart")
"""The names that `load_amounts` takes; `train` is `fit` and `held` together."""

BLOCK_FILES = 20
"""Files in a block: neighbors in file order often share a writer, so they stay together."""

HELD_EVERY = 5
"""Every fifth block is held out of training."""

CORRECTED = {
    "000232.jpg": "49575",
    "000285.jpg": "89800",
    "000340.jpg": "7393",
    "000365.jpg": "13817",
    "000414.jpg": "30800",
    "000429.jpg": "10362",
    "000525.jpg": "22107",
    "000624.jpg": "10800",
    "000672.jpg": "32712",
}
"""Labels of part `train` that say another digit than the crop shows beyond doubt: of 59 digits to
which networks that never saw them gave less than 0.3 (`training.judge_labels`), looked at on
2026-11-27. Part `apart` is taken as it is."""


@dataclass(frozen=True, slots=True)
class Amount:
    """One crop of an amount.

    Attributes
    ----------
    file : str
        Name of the crop's file.
    image : ndarray of uint8, shape (H, W)
        Gray, 0 black to 255 white; read-only.
    digits : str
        What is written, left to right.
    boxes : tuple of Box
        One box a digit, in pixels of the crop, clipped to it.
    """

    file: str
    image: Gray
    digits: str
    boxes: tuple[Box, ...]

    def __post_init__(self) -> None:
        if len(self.digits) != len(self.boxes):
            raise ValueError(
                f"{self.file}: {len(self.digits)} digits and {len(self.boxes)} boxes differ"
            )


def load_amounts(data: Path | str = DEFAULT_DATA, part: str = "fit") -> tuple[Amount, ...]:
    """Load the crops of one part, in file order.

    Parameters
    ----------
    data : Path or str
        Folder that holds `cheque_amounts/truth.csv` and its crops.
    part : str
        `fit`, `held`, `train` (both together) or `apart`.

    Returns
    -------
    tuple of Amount

    Raises
    ------
    NoPagesError
        If the crops are not there; the message says how to get them.
    ValueError
        If `part` is none of the four, or a row of the table is unsound.
    """
    if part not in PARTS:
        raise ValueError(f"part is one of {', '.join(PARTS)}, got {part!r}")
    folder = Path(data) / "cheque_amounts"
    rows = _read_truth(folder)
    wanted = sorted(file for file, row in rows.items() if row["part"] == _part_of(part))
    if part in ("fit", "held"):
        fit, held = split_blocks(wanted)
        wanted = list(fit if part == "fit" else held)
    return tuple(_load_amount(folder / file, rows[file]) for file in wanted)


def split_blocks(
    files: list[str], block: int = BLOCK_FILES, every: int = HELD_EVERY
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide files into fit and held by blocks of neighbors, so that writers are not shared.

    Parameters
    ----------
    files : list of str
        File names; sorted before they are cut into blocks.
    block : int
        Files in a block.
    every : int
        The last of every so many blocks is held.

    Returns
    -------
    tuple of tuple of str
        The files to fit and the files held.

    Examples
    --------
    >>> split_blocks(list("abcdefgh"), block=2, every=3)
    (('a', 'b', 'c', 'd', 'g', 'h'), ('e', 'f'))
    """
    ordered = sorted(files)
    is_held = [index // block % every == every - 1 for index in range(len(ordered))]
    return (
        tuple(file for file, held in zip(ordered, is_held, strict=True) if not held),
        tuple(file for file, held in zip(ordered, is_held, strict=True) if held),
    )


def _part_of(part: str) -> str:
    return "apart" if part == "apart" else "train"


def _read_truth(folder: Path) -> dict[str, dict[str, str]]:
    truth = folder / "truth.csv"
    if not truth.is_file():
        raise NoPagesError(
            f"no amounts at {truth}: give the folder that holds cheque_amounts/ with --data; the "
            "crops are ORAND-CAR-A (ask the ICFHR 2014 HDSRC organizers), the digit boxes "
            "github.com/Fzkuji/Labeled_ORAND-CAR-A, the table's columns file, digits, boxes, part"
        )
    with truth.open(newline="", encoding="utf-8") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def _load_amount(path: Path, row: dict[str, str]) -> Amount:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise NoPagesError(f"{path} is named in truth.csv and is no image; fetch the crops again")
    image.flags.writeable = False
    height, width = image.shape
    boxes = tuple(_parse_boxes(row["boxes"], width, height))
    digits = row["digits"] if row["part"] == "apart" else CORRECTED.get(path.name, row["digits"])
    return Amount(path.name, image, digits, boxes)


def _parse_boxes(text: str, width: int, height: int) -> Iterator[Box]:
    for item in text.split():
        x, y, w, h = (int(value) for value in item.split(","))
        yield Box(max(0, x), max(0, y), min(width, x + w), min(height, y + h))
