"""Real digits whose label is doubted, as `training.judge_labels` lists them."""

import csv
from collections.abc import Sequence
from pathlib import Path

from training.amounts import Amount

DEFAULT_LIST = Path("runs/doubted.csv")
"""Where `training.judge_labels` writes the list, and the trainings read it."""

DoubtedDigits = frozenset[tuple[str, int]]
"""File and place of each doubted digit."""


def load_doubted(path: Path = DEFAULT_LIST) -> DoubtedDigits:
    """Read the list; nothing is doubted where there is none.

    Parameters
    ----------
    path : Path

    Returns
    -------
    frozenset of (str, int)
    """
    if not path.is_file():
        return frozenset()
    with path.open(newline="", encoding="utf-8") as stream:
        return frozenset((row["file"], int(row["place"])) for row in csv.DictReader(stream))


def write_doubted(doubted: DoubtedDigits, path: Path) -> None:
    """Write the list, into a folder that is made where absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(("file", "place"))
        table.writerows(sorted(doubted))


def leave_out(amounts: Sequence[Amount], doubted: DoubtedDigits) -> tuple[Amount, ...]:
    """Return the amounts of which no digit is doubted."""
    files = {file for file, _ in doubted}
    return tuple(amount for amount in amounts if amount.file not in files)
