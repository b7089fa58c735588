"""Calibrate the confidence of whole readings and release it as a model package.

    python -m training.calibrate_confidence --package models/confidence-1

reads the held amounts, which no network was trained on, with each set of readers, fits a logistic
regression to what the evidence was worth, and writes the package with its figures: fitted on some
blocks of writers, measured on the others.
"""

import argparse
import dataclasses
import hashlib
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitscan.errors import DigitscanError, OutputError
from digitscan.pipeline import consider_crop, load_reader
from digitscan.recognition.confidence import (
    MEASURES,
    Calibration,
    Evidence,
    Readers,
    Weighing,
    dump_calibration,
    measure_evidence,
)
from digitscan.settings import ReadersSettings, Settings
from training.amounts import BLOCK_FILES, DEFAULT_DATA, load_amounts
from training.logistic import Bools, Logistic, Reals, fit_logistic
from training.metrics import (
    accept_at_error,
    bin_confidences,
    estimate_calibration_error,
    trace_rejects,
)
from training.pictures import draw_reliability

logger = logging.getLogger(__name__)

USED: dict[Readers, tuple[str, ...]] = {
    Readers.LATTICE: ("odds", "quality", "brevity", "clean", "suits"),
    Readers.STRINGS: ("strings_odds", "margin", "brevity"),
    Readers.BOTH: ("odds", "lattice_odds", "strings_odds", "quality", "agree", "brevity", "clean"),
}
"""Measures that each set of readers is judged by: those that it can give at all."""

RIDGES = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Tried by cross-validation; past 30 the weights of some hundred readings all but vanish."""

LABEL_NOISE = 0.02
"""1 to 3 % of the labels of the amounts in part `train` are wrong."""

FOLDS = 6
"""Blocks of 20 neighboring files are left out in turn: some 116 held amounts make six of them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Evidence for one crop and whether its label says that the reading is right."""

    evidence: Evidence
    right: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """A weighing, and how it does on readings that it was not fitted to."""

    weighing: Weighing
    ridge: float
    confidence: Reals
    right: Bools


def collect_samples(
    data: Path, parts: Sequence[str], readers: Readers, settings: Settings = Settings()
) -> tuple[Sample, ...]:
    """Read the amounts of some parts with a set of readers.

    Crops in which no reader saw a digit are left out: they are rejected whatever the confidence.
    """
    switched = ReadersSettings(
        lattice=readers is not Readers.STRINGS,
        strings=readers is not Readers.LATTICE,
        lattice_weight=settings.readers.lattice_weight,
        strings_weight=settings.readers.strings_weight,
    )
    chosen = dataclasses.replace(settings, readers=switched)
    reader = load_reader(chosen)
    samples = []
    for part in parts:
        for amount in load_amounts(data, part):
            considered = consider_crop(amount.image, reader, chosen, "amount")
            if considered.evidence is not None:
                right = considered.reading.text == amount.digits
                samples.append(Sample(considered.evidence, right))
    return tuple(samples)


def fit_weighing(samples: Sequence[Sample], readers: Readers) -> Fit:
    """Fit the weighing of one set of readers; the ridge is chosen by cross-validation.

    Parameters
    ----------
    samples : sequence of Sample
        In file order, so that neighbors share a fold with their writer.
    readers : Readers

    Returns
    -------
    Fit
        `confidence` is what folds say that the fit did not see.
    """
    names = USED[readers]
    measured = [measure_evidence(sample.evidence) for sample in samples]
    values = np.array([[one[name] for name in names] for one in measured], np.float64)
    right = np.array([sample.right for sample in samples])
    tried = {ridge: cross_validate(values, right, ridge) for ridge in RIDGES}
    ridge = min(tried, key=lambda one: estimate_log_loss(tried[one], right))
    whole = fit_logistic(values, right, ridge, LABEL_NOISE)
    return Fit(_name_weighing(readers, whole), ridge, tried[ridge], right)


def cross_validate(values: Reals, right: Bools, ridge: float) -> Reals:
    """Predict every block of neighbors by a fit to the other folds."""
    fold = np.arange(len(values)) // BLOCK_FILES % FOLDS
    predicted = np.zeros(len(values))
    for one in np.unique(fold):
        seen = fold != one
        if not seen.any():
            raise ValueError(f"{len(values)} readings are one block: too few to cross-validate")
        model = fit_logistic(values[seen], right[seen], ridge, LABEL_NOISE)
        predicted[~seen] = model.predict(values[~seen])
    return predicted


def estimate_log_loss(confidence: Reals, right: Bools) -> float:
    """Average the surprise at the labels, given that `LABEL_NOISE` of the right ones are wrong.

    Examples
    --------
    >>> bool(estimate_log_loss(np.array([0.5]), np.array([False])) < np.log(2))
    True
    """
    stated = np.clip((1.0 - LABEL_NOISE) * confidence, 1e-12, 1.0 - 1e-12)
    return float(-np.mean(np.where(right, np.log(stated), np.log1p(-stated))))


def release(package: Path, data: Path, fits: Sequence[Fit], parts: Sequence[str]) -> None:
    """Write the package: calibration, metadata, card and a reliability picture for each set.

    Raises
    ------
    OutputError
        If the package is there already: packages never change.
    """
    if package.exists():
        raise OutputError(f"{package} exists and packages never change; release the next version")
    package.mkdir(parents=True)
    calibration = dump_calibration(Calibration(tuple(fit.weighing for fit in fits)))
    metadata = describe(package.name, calibration, fits, data, parts)
    (package / "calibration.json").write_bytes(calibration)
    text = json.dumps(metadata, indent=2) + "\n"
    (package / "metadata.json").write_text(text, encoding="utf-8")
    for fit in fits:
        picture = draw_reliability(bin_confidences(fit.confidence, fit.right))
        (package / f"reliability_{fit.weighing.readers.value}.png").write_bytes(picture)
    (package / "MODEL_CARD.md").write_text(write_card(metadata), encoding="utf-8")


def describe(
    name: str, calibration: bytes, fits: Sequence[Fit], data: Path, parts: Sequence[str]
) -> dict[str, Any]:
    """Return the package's metadata."""
    stem, _, version = name.rpartition("-")
    date = datetime.now(UTC).date().isoformat()
    truth = (data / "cheque_amounts" / "truth.csv").read_bytes()
    return {
        "name": stem,
        "version": version,
        "file": "calibration.json",
        "sha256": hashlib.sha256(calibration).hexdigest(),
        "bytes": len(calibration),
        "opset": None,
        "ports": {
            "input": {"name": "evidence", "dtype": "float64", "shape": [len(MEASURES)]},
            "output": {"name": "confidence", "dtype": "float64", "shape": []},
        },
        "contract": {"labels": [], "measures": list(MEASURES), "output": "probability"},
        "provenance": {
            "commit": _find_commit(),
            "command": f"python -m training.calibrate_confidence --package {stem}-{version}",
            "config": {
                "measures": {key.value: list(names) for key, names in USED.items()},
                "ridge": {fit.weighing.readers.value: fit.ridge for fit in fits},
                "label_noise": LABEL_NOISE,
                "parts": list(parts),
            },
            "seeds": [],
            "data": {"cheque_amounts/truth.csv": hashlib.sha256(truth).hexdigest()},
            "tools": {"numpy": np.__version__, "opencv-python-headless": cv2.__version__},
            "date": date,
        },
        "results": [
            {"metric": metric, "value": value, "set": where, "date": date}
            for fit in fits
            for metric, value, where in list_figures(fit, parts)
        ],
    }


def list_figures(fit: Fit, parts: Sequence[str]) -> list[tuple[str, float, str]]:
    """Measure a fit on the folds that it did not see: metric, value, set."""
    readers = fit.weighing.readers.value
    where = f"amounts {'+'.join(parts)}, cross-validated, {len(fit.right)} readings, {readers}"
    curve = trace_rejects(fit.confidence, fit.right)
    figures = {
        "exact": float(fit.right.mean()),
        "ece": estimate_calibration_error(bin_confidences(fit.confidence, fit.right)),
        "log_loss": estimate_log_loss(fit.confidence, fit.right),
        "read_at_1_percent_error": accept_at_error(curve, 0.01),
    }
    return [(metric, round(value, 4), where) for metric, value in figures.items()]


def write_card(metadata: dict[str, Any]) -> str:
    """Write the model card in Markdown."""
    rows = "\n".join(
        f"| {row['metric']} | {row['value']} | {row['set']} |" for row in metadata["results"]
    )
    return f"""# {metadata["name"]} {metadata["version"]}

Turns what the readers say about a text into the probability that the whole text is right: one
logistic regression for each set of readers (`lattice`, `strings`, `both`), its weights in
`calibration.json`, its measures in `digitscan/recognition/confidence.py`. No weight is negative:
surer evidence never lowers the confidence.

Fitted to the amounts of the parts {", ".join(metadata["provenance"]["config"]["parts"])} of
`cheque_amounts` (crops: ORAND-CAR-A, ICFHR 2014; boxes: Fzkuji/Labeled_ORAND-CAR-A), which no
network was trained on. {100 * LABEL_NOISE:.0f} % of those labels are taken to be wrong, so that a
wrong label does not pass for a wrong reading. For other writing or other paper, find your own
threshold: `digitscan calibrate`.

| metric | value | set |
|---|---|---|
{rows}

The readings of each block of 20 neighboring files were predicted by a fit to the other blocks;
`reliability_*.png` draws them. Made by `{metadata["provenance"]["command"]}` on
{metadata["provenance"]["date"]}.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the real data")
    parser.add_argument("--package", type=Path, required=True, help="new folder NAME-VERSION")
    parser.add_argument("--parts", nargs="+", default=["held"], help="parts of the amounts")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    try:
        fits = []
        for readers in Readers:
            fits.append(
                fit_weighing(collect_samples(options.data, options.parts, readers), readers)
            )
            for metric, value, where in list_figures(fits[-1], options.parts):
                print(f"{metric:<26}{value:>9.4f}  {where}")
        release(options.package, options.data, fits, options.parts)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _name_weighing(readers: Readers, model: Logistic) -> Weighing:
    # Six digits are far finer than the data, and keep the file readable.
    weights = tuple(round(weight, 6) for weight in model.weights)
    return Weighing(readers, round(model.bias, 6), USED[readers], weights)


def _find_commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
