"""Tie the measurements of one model into a page, pictures, tables and `results.json`."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitscan.recognition.models import ModelPackage
from training.measure import Measurement
from training.measure_fields import FieldMeasurement
from training.metrics import ClassScores, Ints, RubbishScores, accept_at_error
from training.pictures import (
    Mistake,
    draw_confusions,
    draw_mistakes,
    draw_rejects,
    draw_reliability,
)
from training.report import Picture, Section, Table, render_report, write_bytes

RUBBISH_LABEL = "rubbish"

KEEP = 0.99
"""Share of symbols that the threshold against rubbish must keep."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured on one model.

    Attributes
    ----------
    package : ModelPackage
    measurements : tuple of Measurement
        One per set of digits.
    mistakes : tuple of tuple of Mistake
        The worst of each set.
    rubbish : dict of str to dict of str to RubbishScores
        Per set of digits, per kind of rubbish and for "all"; empty for a model without rubbish.
    tiles_per_s : float
    date : str
        ISO date.
    """

    package: ModelPackage
    measurements: tuple[Measurement, ...]
    mistakes: tuple[tuple[Mistake, ...], ...]
    rubbish: dict[str, dict[str, RubbishScores]]
    tiles_per_s: float
    date: str

    @property
    def symbols(self) -> tuple[str, ...]:
        """The labels of the package without rubbish."""
        return list_symbols(self.package)


def list_symbols(package: ModelPackage) -> tuple[str, ...]:
    """List what a package names: its labels without rubbish, which stands last."""
    return tuple(label for label in package.labels if label != RUBBISH_LABEL)


def list_results(evaluation: Evaluation) -> list[dict[str, str | float]]:
    """List every figure as `metadata.json` holds it: metric, value, set, date."""

    def row(metric: str, value: float, name: str) -> dict[str, str | float]:
        return {"metric": metric, "value": value, "set": name, "date": evaluation.date}

    results = []
    for found in evaluation.measurements:
        results += [
            row("tiles", found.count, found.name),
            row("accuracy", round(found.accuracy, 6), found.name),
            row("accuracy_95_low", round(found.interval[0], 6), found.name),
            row("accuracy_95_high", round(found.interval[1], 6), found.name),
            row("called_rubbish", round(found.called_rubbish / found.count, 6), found.name),
            row("ece", round(found.calibration_error, 6), found.name),
            row("accepted_at_0.1_percent_error", _accepted(found, 0.001), found.name),
            row("accepted_at_1_percent_error", _accepted(found, 0.01), found.name),
        ]
    for name, kinds in evaluation.rubbish.items():
        for kind, found_rubbish in kinds.items():
            value = round(found_rubbish.rejected, 6)
            results.append(row(f"rubbish_{kind}_rejected_at_99_percent_kept", value, name))
    results.append(row("tiles_per_second_one_core", round(evaluation.tiles_per_s), "batches of 64"))
    return results


def write_evaluation(evaluation: Evaluation, out: Path) -> Path:
    """Write the page, its pictures and tables, and `results.json`.

    Returns
    -------
    Path
        The page, `out/index.html`.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    sections = [_summarize(evaluation)]
    for found, mistakes in zip(evaluation.measurements, evaluation.mistakes, strict=True):
        pictures = _draw_set(found, mistakes, evaluation.symbols)
        table = table_classes(found.scores, evaluation.symbols)
        sections.append(
            write_set(out, found, _describe(found), table, pictures, evaluation.symbols)
        )
    text = f"measured {evaluation.date} through ONNX Runtime as the reader runs it."
    return write_page(out, evaluation.package, text, sections, list_results(evaluation))


def write_set(
    out: Path,
    found: Measurement | FieldMeasurement,
    text: str,
    table: Table,
    pictures: Mapping[str, Picture],
    symbols: Sequence[str],
) -> Section:
    """Write the pictures and the confusions of one set beside the page; return its section."""
    for name, picture in pictures.items():
        write_bytes(out / f"{found.name}-{name}.png", picture.png)
    confusions = encode_confusions(found.confusions, symbols)
    write_bytes(out / f"{found.name}-confusions.csv", confusions)
    return Section(found.title, text, (table, *pictures.values()))


def write_page(
    out: Path,
    package: ModelPackage,
    text: str,
    sections: Sequence[Section],
    results: Sequence[Mapping[str, str | float]],
) -> Path:
    """Write the page of a package, `text` behind its name and hash, and `results.json`.

    Returns
    -------
    Path
        The page, `out/index.html`.
    """
    about = f"{package.path.name}, {len(package.onnx) / 1e6:.2f} MB, SHA-256 {package.sha256}, "
    page = render_report(f"{package.name} {package.version}", about + text, sections)
    write_bytes(out / "results.json", json.dumps(results, indent=1).encode())
    write_bytes(out / "index.html", page.encode())
    return out / "index.html"


def table_sets(evaluation: Evaluation) -> Table:
    """Set the figures of all sets side by side."""
    rows = tuple(
        (
            found.name,
            str(found.count),
            str(found.count - found.right),
            f"{100 * found.accuracy:.2f} %",
            f"{100 * found.interval[0]:.2f} to {100 * found.interval[1]:.2f} %",
            f"{100 * found.called_rubbish / found.count:.2f} %",
            f"{100 * found.calibration_error:.2f} %",
            f"{100 * _accepted(found, 0.001):.1f} %",
            f"{100 * _accepted(found, 0.01):.1f} %",
        )
        for found in evaluation.measurements
    )
    return Table(
        "Sets",
        (
            "set",
            "tiles",
            "wrong",
            "accuracy",
            "95 % interval",
            "called rubbish",
            "ECE",
            "accepted at 0.1 % error",
            "at 1 %",
        ),
        rows,
    )


def table_rubbish(evaluation: Evaluation) -> Table:
    """Set how much of each kind of rubbish falls below each set's threshold."""
    rows = tuple(
        (
            kind,
            name,
            str(found.rubbish),
            f"{found.threshold:.4f}",
            f"{100 * found.rejected:.2f} %",
        )
        for name, kinds in evaluation.rubbish.items()
        for kind, found in kinds.items()
    )
    return Table(
        f"Rubbish rejected at {100 * KEEP:.0f} % kept, by the probability of the best symbol",
        ("rubbish", "kept of", "tiles", "threshold", "rejected"),
        rows,
    )


def table_classes(scores: ClassScores, symbols: Sequence[str], counted: str = "tiles") -> Table:
    """Set precision, recall and F1 of every symbol beside how often it is true."""
    rows = tuple(
        (
            symbol,
            str(scores.support[place]),
            *(
                "-" if np.isnan(share) else f"{100 * share:.2f} %"
                for share in (scores.precision[place], scores.recall[place], scores.f1[place])
            ),
        )
        for place, symbol in enumerate(symbols)
    )
    return Table("Per symbol", ("symbol", counted, "precision", "recall", "F1"), rows)


def encode_confusions(confusions: Ints, symbols: Sequence[str]) -> bytes:
    """Set a confusion matrix as CSV: a row for each true symbol, a column for each name given."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("true", *symbols))
    for symbol, row in zip(symbols, confusions.tolist(), strict=True):
        writer.writerow((symbol, *row))
    return stream.getvalue().encode()


def _summarize(evaluation: Evaluation) -> Section:
    curves = {found.name: found.curve for found in evaluation.measurements}
    items: list[Table | Picture] = [table_sets(evaluation)]
    if evaluation.rubbish:
        items.append(table_rubbish(evaluation))
    items.append(
        Picture("Error over the share withheld, least certain first", draw_rejects(curves))
    )
    text = (
        "One symbol is named: rubbish is no possible answer here, and the share that the model "
        "itself holds for rubbish stands beside. "
        f"{evaluation.tiles_per_s:,.0f} tiles a second on one core in batches of 64."
    )
    return Section("Summary", text, tuple(items))


def _draw_set(
    found: Measurement, mistakes: Sequence[Mistake], symbols: Sequence[str]
) -> dict[str, Picture]:
    pictures = {
        "confusions": Picture("Confusions", draw_confusions(found.confusions, symbols)),
        "reliability": Picture("Accuracy over stated confidence", draw_reliability(found.bins)),
    }
    if mistakes:
        caption = "Worst mistakes, the most certain first: truth as name, confidence, origin"
        pictures["mistakes"] = Picture(caption, draw_mistakes(mistakes))
    return pictures


def _describe(found: Measurement) -> str:
    low, high = found.interval
    return (
        f"{found.right} of {found.count} right: {100 * found.accuracy:.2f} % "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f} %), "
        f"expected calibration error {100 * found.calibration_error:.2f} %."
    )


def _accepted(found: Measurement, error: float) -> float:
    return round(accept_at_error(found.curve, error), 6)
