"""Measure a digit model package as it is shipped, and tie the results into one HTML page.

    python -m training.evaluate models/digits-1 --out runs/evaluate/digits-1

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
from digitscan.recognition.classifier import Classifier, OnnxClassifier
from digitscan.recognition.models import ModelPackage, load_package
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA
from training.evaluation_page import (
    DIGIT_NAMES,
    KEEP,
    Evaluation,
    table_rubbish,
    table_sets,
    write_evaluation,
)
from training.measure import (
    DIGITS,
    LabeledTiles,
    Measurement,
    best_digits,
    estimate_speed,
    find_mistakes,
    measure_digits,
)
from training.metrics import RubbishScores, reject_rubbish
from training.report import render_markdown


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
        Its labels start with the ten digits.
    classifier : Classifier
        Runs the package.
    sets : sequence of LabeledTiles
        At least one; the first also serves to time the classifier.
    rubbish : mapping of str to ndarray of float32, shape (M, 28, 28, 1)
        Tiles that are no single digit, by kind.
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
        If the package does not name digits.
    """
    if package.labels[:DIGITS] != DIGIT_NAMES:
        raise ModelError(
            f"{package.name}-{package.version} names {', '.join(package.labels)}: only models "
            "whose labels start with the ten digits are measured here"
        )
    scores = {tiles.name: classifier.classify(tiles.tiles) for tiles in sets}
    measurements = tuple(measure_digits(tiles, scores[tiles.name]) for tiles in sets)
    return Evaluation(
        package=package,
        measurements=measurements,
        mistakes=tuple(tuple(find_mistakes(tiles, scores[tiles.name])) for tiles in sets),
        rubbish=_measure_rubbish(classifier, measurements, rubbish)
        if len(package.labels) > DIGITS
        else {},
        tiles_per_s=estimate_speed(classifier, sets[0].tiles, round_s=round_s),
        date=date,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    from training.measured_sets import load_digit_sets, load_rubbish

    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("package", type=Path, help="folder of the model package")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the data")
    parser.add_argument("--out", type=Path, help="folder of the report; runs/evaluate/<package>")
    options = parser.parse_args(arguments)
    out = options.out or Path("runs") / "evaluate" / options.package.resolve().name
    try:
        package = load_package(options.package)
        evaluation = evaluate_package(
            package,
            OnnxClassifier(package),
            load_digit_sets(options.data),
            load_rubbish(options.data),
            datetime.now(UTC).date().isoformat(),
        )
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
    classifier: Classifier, measurements: Sequence[Measurement], rubbish: Mapping[str, Floats]
) -> dict[str, dict[str, RubbishScores]]:
    """Hold each set's own threshold against each kind of rubbish and all of it together."""
    scores = {
        kind: best_digits(classifier.classify(tiles))[0]
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
