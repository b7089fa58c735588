"""Which numbers of whole pages are nearly right and yet accepted, however the pages are distorted.

    python -m tests.benchmarks.near_misses FOLDER [--every N] [--only WORD]

Every N-th page of a folder with a truth.csv is read as a whole, as it is and distorted as
`tests.benchmarks.distortions` does. A line says how many true values some reading gives, how many
readings are accepted, and which of them differ from a true value of their page by one or two
digits that were added, left out or changed: a wrong number that looks right.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import cv2

from digitscan.pipeline import load_reader, read_page
from digitscan.records import Page, PageRef
from digitscan.settings import Settings
from tests.benchmarks.distortions import DISTORTIONS, load_pages, load_truth

NEAR = 2
"""Digits added, left out or changed."""


def count_edits(one: str, other: str) -> int:
    """Count the digits to add, leave out or change to make one text the other (Levenshtein).

    Examples
    --------
    >>> count_edits("911010049001545", "91101004900545")
    1
    """
    row = list(range(len(other) + 1))
    for place, sign in enumerate(one, start=1):
        before, row[0] = row[0], place
        for k, wanted in enumerate(other, start=1):
            before, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, before + (sign != wanted))
    return row[-1]


def describe(
    name: str, found: Mapping[str, list[tuple[str, bool]]], truth: Mapping[str, set[str]]
) -> str:
    """Make the line of one distortion, and one for each near miss."""
    values = [(file, value) for file, known in truth.items() for value in known]
    right = sum(any(text == value for text, _ in found.get(file, [])) for file, value in values)
    accepted = [(file, text) for file, rows in found.items() for text, is_read in rows if is_read]
    near = [
        f"  {file}: {text} for {value}"
        for file, text in accepted
        for value in sorted(truth.get(file, set()))
        if text not in truth[file] and count_edits(text, value) <= NEAR
    ]
    share = 100 * right / max(1, len(values))
    line = f"{name:<26}{right:>6} of {len(values)} found ({share:5.1f} %)"
    return "\n".join([f"{line}{len(accepted):>6} accepted, {len(near)} near misses", *near])


def main() -> None:
    """Read the pages in every way and print what nearly is a true value."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="", help="a word in the name of the lines to print")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = Settings()
    truth: dict[str, set[str]] = {}
    reader = load_reader(settings)
    for (file, name), value in load_truth(arguments.folder).items():
        if not name.endswith("_box"):
            truth.setdefault(file, set()).add(value)
    pages = load_pages(arguments.folder, arguments.every)
    truth = {file: known for file, known in truth.items() if file in pages}
    for name, distort in DISTORTIONS.items():
        if arguments.only not in name:
            continue
        found = {}
        for file, gray in pages.items():
            page = Page(PageRef(file, 1, file), distort(gray))
            readings = read_page(page, reader, settings).readings
            found[file] = [
                (
                    one.text,
                    one.rejection is None and one.confidence >= settings.confidence.min_confidence,
                )
                for one in readings
            ]
        print(describe(name, found, truth), flush=True)


if __name__ == "__main__":
    main()
