"""How many unreadable digits the rules of a form restore.

    python -m tests.benchmarks.blots [FOLDER] [--template PATH]

Takes filled forms whose true values are known. On every page, each digit of each comb that a rule
ties is made unreadable in turn, the others staying as they are: by a blot, a scribble, or a stroke
through it. Each copy is read by template. The table says, a line for each way, how many of those
fields say what was true before, how many of them are accepted, and how many are accepted wrong.
"""

import argparse
import csv
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.fitted_form import fit_form
from digitscan.form_files import load_forms
from digitscan.forms.template import Comb
from digitscan.pipeline import load_reader, read_page
from digitscan.records import Gray, Page, PageRef
from digitscan.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY.parent / "shared" / "data" / "tally_forms"
EXAMPLES = REPOSITORY / "examples" / "templates"
INK = 30

Points = npt.NDArray[np.float64]
Damage = Callable[[Gray, Points], Gray]
"""A page and the corners of a box on it, (4, 2), to the page with the box's digit spoiled."""


def _place(corners: Points, places: list[tuple[float, float]]) -> npt.NDArray[np.int32]:
    """Return where points given in shares of a box lie on the page."""
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    points = [corners[0] + x * across + y * down for x, y in places]
    return np.round(np.array(points)).astype(np.int32)


def blot(page: Gray, corners: Points) -> Gray:
    """Spill ink over the middle of a box."""
    spoiled = page.copy()
    outline = [(0.2, 0.3), (0.5, 0.16), (0.8, 0.3), (0.84, 0.7), (0.5, 0.86), (0.18, 0.7)]
    cv2.fillConvexPoly(spoiled, _place(corners, outline), (INK,), cv2.LINE_AA)
    return spoiled


def scribble(page: Gray, corners: Points) -> Gray:
    """Write a zigzag over a box."""
    spoiled = page.copy()
    zigzag = [(0.15, 0.25), (0.8, 0.2), (0.2, 0.45), (0.85, 0.5), (0.2, 0.7), (0.8, 0.8)]
    width = max(1, round(float(np.linalg.norm(corners[1] - corners[0])) / 16))
    cv2.polylines(spoiled, [_place(corners, zigzag)], False, (INK,), width, cv2.LINE_AA)
    return spoiled


def strike(page: Gray, corners: Points) -> Gray:
    """Draw two strokes across a box."""
    spoiled = page.copy()
    width = max(1, round(float(np.linalg.norm(corners[1] - corners[0])) / 14))
    for ends in ([(0.1, 0.35), (0.9, 0.55)], [(0.1, 0.6), (0.9, 0.4)]):
        cv2.polylines(spoiled, [_place(corners, ends)], False, (INK,), width, cv2.LINE_AA)
    return spoiled


WAYS: dict[str, Damage] = {"blot": blot, "scribble": scribble, "strike": strike}


def _locate(combs: tuple[Comb, ...], to_page: npt.NDArray[np.float64]) -> list[Points]:
    """Return the corners of the boxes of some combs on a page."""
    boxes = []
    for comb in combs:
        edges = np.linspace(comb.zone.left, comb.zone.right, comb.cells + 1)
        for left, right in pairwise(edges):
            top, bottom = comb.zone.top, comb.zone.bottom
            corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]])
            boxes.append(np.asarray(cv2.perspectiveTransform(corners, to_page)[0], np.float64))
    return boxes


def main() -> None:
    """Spoil every digit in every way and print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    parser.add_argument("--template", type=Path, default=EXAMPLES)
    parser.add_argument("--list", action="store_true", help="name every field not restored")
    arguments = parser.parse_args()
    if not (arguments.folder / "truth.csv").is_file():
        sys.exit(f"no truth.csv in {arguments.folder}")
    cv2.setNumThreads(1)
    forms, reader = load_forms([arguments.template]), load_reader()
    least = Settings().confidence.min_confidence

    def spoil(damage: Damage) -> Iterator[tuple[str, str, str, bool]]:
        """Yield for each spoiled digit where it is, what is true, what is read, if accepted."""
        with (arguments.folder / "truth.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            gray = cv2.imread(str(arguments.folder / row["file"]), cv2.IMREAD_GRAYSCALE)
            page = np.asarray(gray, np.uint8)
            fit = fit_form(page, forms)
            if fit is None:
                continue
            template = fit.form.template
            tied = {name for rule in template.rules for name in rule.fields}
            for field in template.fields:
                true = row.get(field.name, "").strip()
                if field.name not in tied or len(true) != field.cells:
                    continue
                boxes = _locate(field.combs, fit.registration.to_page)
                for cell in [k for k, character in enumerate(true) if character.isdigit()]:
                    spoiled = Page(PageRef("", 1, ""), damage(page, boxes[cell]), None)
                    result = read_page(spoiled, reader, forms=forms)
                    one = next(r for r in result.readings if r.region.field == field.name)
                    accepted = one.rejection is None and one.confidence >= least
                    where = f"{row['file']} {field.name} box {cell + 1}"
                    yield where, true.strip("x_"), one.text, accepted

    print(f"{'':<12}{'digits':>8}{'restored':>10}{'accepted':>10}{'wrong':>8}")
    for name, damage in WAYS.items():
        found = list(spoil(damage))
        right = sum(true == text for _, true, text, _ in found)
        accepted = sum(accepted for *_, accepted in found)
        wrong = sum(accepted and true != text for _, true, text, accepted in found)
        print(f"{name:<12}{len(found):>8}{right:>10}{accepted:>10}{wrong:>8}", flush=True)
        for where, true, text, accepted in found if arguments.list else ():
            if true != text:
                print(f"    {where}: {true} read as {text or '-'}{' accepted' * accepted}")


if __name__ == "__main__":
    main()
