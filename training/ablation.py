"""What each step of reading is worth: drop it, measure again.

    python -m training.ablation --part held

reads the cropped amounts with everything on, then once for every step with that step left out. The
confidence package is the installed one throughout, so the exact rate is what compares.
"""

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import cv2

from digitscan.cropped_field import make_line
from digitscan.fields import FieldKind
from digitscan.imaging.lines import PLAIN, VIEWS, Place, View, locate_writing
from digitscan.pipeline import load_reader
from digitscan.reader import read_lines
from digitscan.records import Gray
from digitscan.settings import Settings
from training.amounts import DEFAULT_DATA, Amount, load_amounts

Change = Callable[[Settings], Settings]
Step = tuple[str, Change, Callable[[], AbstractContextManager[object]]]
"""Name, how the settings change without the step, and what is patched where no setting does."""


def _same(settings: Settings) -> Settings:
    return settings


def _leave_upright(ink: Gray) -> Place:
    return replace(locate_writing(ink), slant=0.0)


def _without(room: str, **values: float | bool) -> Change:
    """Return a change of some settings of one room."""
    return lambda settings: replace(settings, **{room: replace(getattr(settings, room), **values)})


STEPS: tuple[Step, ...] = (
    ("everything on", _same, nullcontext),
    ("no string reader", _without("readers", strings=False), nullcontext),
    ("no lattice", _without("readers", lattice=False), nullcontext),
    ("no cuts through ink", _without("cuts", spacing=1.0, narrow=5.0), nullcontext),
    ("no geometry in the lattice", _without("lattice", size_weight=0.0), nullcontext),
    ("no cost of digits like commas", _without("lattice", comma_cost=0.0), nullcontext),
    (
        "separators not weighed",
        _same,
        lambda: patch("digitscan.recognition.grouping.ODD_SHARE", 1.0),
    ),
    (
        "slant left in for the string reader",
        _same,
        lambda: patch("digitscan.imaging.lines.locate_writing", _leave_upright),
    ),
)


def measure_steps(amounts: tuple[Amount, ...]) -> list[tuple[str, int]]:
    """Read amounts without each step in turn.

    Parameters
    ----------
    amounts : tuple of Amount

    Returns
    -------
    list of (str, int)
        What was left out, and how many amounts are exact without it.
    """
    found = []
    for name, change, patched in STEPS:
        with patched():
            found.append((name, _count_right(amounts, change(Settings()), VIEWS)))
    return [*found, ("one view of the string reader", _count_right(amounts, Settings(), (PLAIN,)))]


def _count_right(amounts: tuple[Amount, ...], settings: Settings, views: tuple[View, ...]) -> int:
    reader = load_reader(settings)
    lines = tuple(make_line(amount.image, settings, FieldKind.AMOUNT) for amount in amounts)
    read = read_lines(lines, reader, settings, views)
    return sum(one.reading.text == own.digits for one, own in zip(read, amounts, strict=True))


def main() -> None:
    """Print a table: what is left out, and the exact rate without it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--part", default="held", help="part of the amounts")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    amounts = load_amounts(options.data, options.part)
    print(f"| {options.part}, {len(amounts)} amounts | exact |\n|---|---|")
    for name, right in measure_steps(amounts):
        print(f"| {name} | {right / len(amounts):.1%} |")


if __name__ == "__main__":
    main()
