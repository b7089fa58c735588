"""Show what a network fails on, in pictures that may be published: `failures.png` of a package.

    python -m training.failures models/digits-4
    python -m training.failures models/strings-3

Model cards show known failures, and pictures of the real data stay out of the repository. So
writing is drawn by this project's own strokes, worn and scanned like that of the training but of a
seed of its own, and what the package gets wrong is shown, a few of each confusion. The shares that
are printed measure these drawings, not real writing.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from digitscan.errors import DigitscanError, ModelError, OutputError
from digitscan.recognition.classifier import Classifier, OnnxClassifier
from digitscan.recognition.models import ModelPackage, load_package
from digitscan.recognition.strings import StringReader
from training.evaluation_page import RUBBISH_LABEL
from training.fields_page import find_misreads
from training.line_pictures import Misread, draw_misreads
from training.measure_fields import align_digits, read_fields
from training.measured_fields import Field
from training.pictures import Mistake, draw_mistakes
from training.report import write_bytes
from training.rubbish import Groups, Marks, Signs
from training.sources import DrawnDigits, Source, make_tiles
from training.string_layout import draw_writer, write_by_hand, write_in_strokes
from training.string_numbers import choose_number, punctuate
from training.string_scans import bend, degrade, lay_on_paper
from training.string_sources import Sources
from training.strokes import draw_digit

PICTURE = "failures.png"
SEED = 2009
"""Training draws by 7 and by 1."""
TILES = {"digits": 4000, "groups": 1500, "signs": 500, "marks": 500}
FIELDS = 300
HANDS = 40
"""Patches of each digit that the made fields are written with."""
SHOWN_TILES = 40
SHOWN_FIELDS = 12
SHOWN_ALIKE = 2
"""Pictures of the same confusion at most: others get their turn."""


Shown = TypeVar("Shown", Mistake, Misread)


def find_wrong_tiles(
    classifier: Classifier, labels: Sequence[str], counts: Mapping[str, int], seed: int = SEED
) -> list[Mistake]:
    """Draw digits and other ink, and collect what is named wrongly, the most certain first.

    Parameters
    ----------
    classifier : Classifier
    labels : sequence of str
        Ten digits and rubbish, in the order of the classifier's columns.
    counts : mapping of str to int
        Tiles of `digits`, `groups` (halves and runs of digits), `signs` and `marks`.
    seed : int

    Returns
    -------
    list of Mistake
        Rubbish as a digit, a digit as another or as rubbish.
    """
    drawn = DrawnDigits()
    sources: dict[str, Source] = {
        "digits": drawn, "groups": Groups(drawn), "signs": Signs(), "marks": Marks(),
    }  # fmt: skip
    tiles, truth = make_tiles(sources, counts, np.random.default_rng(seed))
    floats = (tiles[..., None] / np.float32(255)).astype(np.float32)
    probabilities = classifier.classify(floats)
    named, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(named != truth)
    return [
        Mistake(
            tile=floats[place, :, :, 0],
            crop=None,
            truth=labels[truth[place]],
            named=labels[named[place]],
            confidence=float(sure[place]),
            origin="",
        )
        for place in wrong[np.argsort(-sure[wrong], kind="stable")]
    ]


def make_fields(count: int, seed: int = SEED) -> list[Field]:
    """Write numbers with drawn strokes on made paper, scanned.

    Parameters
    ----------
    count, seed : int

    Returns
    -------
    list of Field
    """
    rng = np.random.default_rng(seed)
    patches = {str(digit): [draw_digit(digit, rng) for _ in range(HANDS)] for digit in range(10)}
    plain = np.full((40, 40), 220, np.uint8)
    sources = Sources(
        hands={"strokes": patches}, prints=(), words=(), marks=(), letters=(), look_alikes=(),
        papers=(plain,), amounts=(),
    )  # fmt: skip
    fields = []
    for number in range(count):
        text = punctuate(choose_number(rng), rng)
        if rng.random() < 0.5:
            line = write_in_strokes(text, rng, draw_writer(rng, is_lakhs=False))
        else:
            line = write_by_hand(text, sources, rng)
        above, before, below, behind = (int(margin) for margin in rng.integers(4, 14, 4))
        pen = np.pad(line.ink, ((above, below), (before, behind)))
        gray = lay_on_paper(pen, np.zeros_like(pen), sources, rng)
        crop = degrade(bend(gray, rng), rng)
        fields.append(Field(f"no. {number}", crop, line.text.digits))
    return fields


def choose_varied(
    found: Sequence[Shown], kinds: Sequence[Hashable], most: int, alike: int = SHOWN_ALIKE
) -> list[Shown]:
    """Take the first ones, but no more than a few of a kind.

    Examples
    --------
    >>> choose_varied("abcdef", [1, 1, 1, 2, 2, 3], most=4)
    ['a', 'b', 'd', 'e']
    """
    seen: Counter[Hashable] = Counter()
    chosen = []
    for item, kind in zip(found, kinds, strict=True):
        seen[kind] += 1
        if seen[kind] <= alike:
            chosen.append(item)
    return chosen[:most]


def draw_failures(package: ModelPackage) -> tuple[bytes, str]:
    """Draw what a package fails on.

    Parameters
    ----------
    package : ModelPackage
        Of a digit network with rubbish, or of a string reader.

    Returns
    -------
    png : bytes
    summary : str
        How much of the drawings was wrong.

    Raises
    ------
    ModelError
        If the package is of another kind, or fails on nothing that was drawn.
    """
    if package.labels == (*"0123456789", RUBBISH_LABEL):
        wrong = find_wrong_tiles(OnnxClassifier(package), package.labels, TILES)
        _check_any(package, len(wrong))
        kinds = [(mistake.truth, mistake.named) for mistake in wrong]
        png = draw_mistakes(choose_varied(wrong, kinds, SHOWN_TILES))
        return png, f"{len(wrong)} of {sum(TILES.values())} drawn tiles wrong"
    fields = make_fields(FIELDS)
    misreads = find_misreads(fields, read_fields(StringReader(package), fields))
    _check_any(package, len(misreads))
    edits = [
        tuple(pair for pair in align_digits(row.digits, row.text) if pair[0] != pair[1])
        for row in misreads
    ]
    png = draw_misreads(choose_varied(misreads, edits, SHOWN_FIELDS))
    return png, f"{len(misreads)} of {len(fields)} drawn fields misread"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m training.failures", description=__doc__.splitlines()[0]
    )
    parser.add_argument("package", type=Path, help="folder of the model package")
    options = parser.parse_args(arguments)
    path = options.package / PICTURE
    try:
        package = load_package(options.package)
        if path.exists():
            raise OutputError(f"{path} is there already and a package never changes")
        png, summary = draw_failures(package)
        write_bytes(path, png)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(f"{summary}; {path} shows some of them")
    return 0


def _check_any(package: ModelPackage, wrong: int) -> None:
    if not wrong:
        raise ModelError(f"{package.name}-{package.version} fails on nothing that was drawn")


if __name__ == "__main__":
    sys.exit(main())
