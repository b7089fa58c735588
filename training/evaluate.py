"""Measure a package that names tiles as it is shipped, and tie the results into one HTML page.

    python -m training.evaluate models/digits-4
    python -m training.evaluate models/e13b-1

The network is run by the reader's own classifier, from the package's ONNX file. The page shows
pictures of the data: it belongs under `runs/`, which is not kept, not into the repository.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from digitscan.errors import DigitscanError, ModelError
from digitscan.imaging.normalize import FRAME_PX
from digitscan.recognition.classifier import Classifier, OnnxClassifier
from digitscan.recognition.models import ModelPackage, load_package
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA
from training.e13b_glyphs import SYMBOLS
from training.evaluation_page import (
    KEEP,
    Evaluation,
    list_symbols,
    table_rubbish,
    table_sets,
    write_evaluation,
)
from training.measure import (
    LabeledTiles,
    Measurement,
    best_symbols,
    estimate_speed,
    find_mistakes,
    measure_symbols,
)
from training.measured_lines import load_symbols
from training.measured_sets import load_digit_sets, load_rubbish
from training.metrics import RubbishScores, reject_rubbish
from training.report import render_markdown

TILE_SHAPE = (FRAME_PX, FRAME_PX, 1)


def evaluate_package(
    package: ModelPackage,
    classifier: Classifier,
    sets: Sequence[LabeledTiles],
    rubbish: Mapping[str, Floats],
    date: str,
    round_s: float = 1.0,
) -> Evaluation:
    """Measure a model on every set.

    Parameters
    ----------
    package : ModelPackage
        Its labels are symbols, then rubbish where it has that.
    classifier : Classifier
        Runs the package.
    sets : sequence of LabeledTiles
        At least one; the first also serves to time the classifier.
    rubbish : mapping of str to ndarray of float32, shape (M, 28, 28, 1)
        Tiles that are no symbol, by kind.
    date : str
        ISO date of the measurement.
    round_s : float
        Seconds a round of timing lasts.

    Returns
    -------
    Evaluation

    Raises
    ------
    ModelError
        If the labels stand in another order, or the classifier gives other columns.
    """
    symbols = list_symbols(package)
    if not symbols or package.labels[: len(symbols)] != symbols:
        raise ModelError(
            f"{package.name}-{package.version} names {', '.join(package.labels)}: rubbish, where "
            "there is any, stands last"
        )
    scores = {tiles.name: classifier.classify(tiles.tiles) for tiles in sets}
    if any(found.shape[1:] != (len(package.labels),) for found in scores.values()):
        raise ModelError(f"{package.name}-{package.version} gives other columns than its labels")
    measurements = tuple(measure_symbols(tiles, scores[tiles.name], len(symbols)) for tiles in sets)
    return Evaluation(
        package=package,
        measurements=measurements,
        mistakes=tuple(tuple(find_mistakes(tiles, scores[tiles.name], symbols)) for tiles in sets),
        rubbish=_measure_rubbish(classifier, measurements, rubbish, len(symbols))
        if len(package.labels) > len(symbols)
        else {},
        tiles_per_s=estimate_speed(classifier, sets[0].tiles, round_s=round_s),
        date=date,
    )


def load_sets(
    package: ModelPackage, data: Path
) -> tuple[Sequence[LabeledTiles], Mapping[str, Floats]]:
    """Load what a package is measured on, by what it names: digits, or the symbols of E-13B.

    Raises
    ------
    ModelError
        If it names something else, as the string reader does.
    """
    symbols = list_symbols(package)
    if package.input.shape[1:] == TILE_SHAPE and symbols == tuple("0123456789"):
        return load_digit_sets(data), load_rubbish(data)
    if package.input.shape[1:] == TILE_SHAPE and symbols == tuple(SYMBOLS):
        return load_symbols(data)
    raise ModelError(
        f"{package.name}-{package.version} does not name tiles of digits or E-13B symbols; the "
        "string reader is measured by python -m training.evaluate_strings"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("package", type=Path, help="folder of the model package")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the data")
    parser.add_argument("--out", type=Path, help="folder of the report; runs/evaluate/<package>")
    options = parser.parse_args(arguments)
    out = options.out or Path("runs") / "evaluate" / options.package.resolve().name
    try:
        package = load_package(options.package)
        sets, rubbish = load_sets(package, options.data)
        date = datetime.now(UTC).date().isoformat()
        evaluation = evaluate_package(package, OnnxClassifier(package), sets, rubbish, date)
        page = write_evaluation(evaluation, out)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(render_markdown(table_sets(evaluation)))
    if evaluation.rubbish:
        print(render_markdown(table_rubbish(evaluation)))
    print(f"{evaluation.tiles_per_s:,.0f} tiles a second on one core; the page is {page}")
    return 0


def _measure_rubbish(
    classifier: Classifier,
    measurements: Sequence[Measurement],
    rubbish: Mapping[str, Floats],
    symbols: int,
) -> dict[str, dict[str, RubbishScores]]:
    """Hold each set's own threshold against each kind of rubbish and all of it together."""
    scores = {
        kind: best_symbols(classifier.classify(tiles), symbols)[0]
        for kind, tiles in rubbish.items()
        if len(tiles)
    }
    if not scores:
        return {}
    scores["all"] = np.concatenate(list(scores.values()))
    return {
        found.name: {
            kind: reject_rubbish(found.confidence, values, KEEP) for kind, values in scores.items()
        }
        for found in measurements
    }


if __name__ == "__main__":
    sys.exit(main())
