"""Tie the measurements of a string reader into a page, pictures, tables and `results.json`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from digitscan.imaging.lines import normalize_line
from digitscan.recognition.models import ModelPackage
from training.evaluation_page import table_classes, write_page, write_set
from training.line_pictures import Misread, draw_misreads
from training.measure_fields import NONE, SYMBOLS, FieldMeasurement, Outcome
from training.measured_fields import Field
from training.metrics import accept_at_error
from training.pictures import draw_confusions, draw_rejects, draw_reliability
from training.report import Picture, Section, Table

MOST = 60
"""Fields on a sheet: more than are wrong of any set so far."""


@dataclass(frozen=True, slots=True)
class FieldsEvaluation:
    """All that was measured on one string reader.

    Attributes
    ----------
    package : ModelPackage
    measurements : tuple of FieldMeasurement
        One per set.
    misreads : tuple of tuple of Misread
        What was read wrongly of each set.
    views : int
        Looks at each field.
    date : str
        ISO date.
    """

    package: ModelPackage
    measurements: tuple[FieldMeasurement, ...]
    misreads: tuple[tuple[Misread, ...], ...]
    views: int
    date: str


def find_misreads(fields: Sequence[Field], outcomes: Sequence[Outcome]) -> tuple[Misread, ...]:
    """Collect the fields that were read wrongly, the most certain first."""
    wrong = [
        Misread(
            field.crop,
            normalize_line(field.crop),
            outcome.digits,
            outcome.text,
            outcome.probability,
            outcome.name,
        )
        for field, outcome in zip(fields, outcomes, strict=True)
        if outcome.text != outcome.digits
    ]
    return tuple(sorted(wrong, key=lambda misread: -misread.probability))


def list_field_results(evaluation: FieldsEvaluation) -> list[dict[str, str | float]]:
    """List every figure as `metadata.json` holds it: metric, value, set, date."""
    return [
        {"metric": metric, "value": value, "set": found.name, "date": evaluation.date}
        for found in evaluation.measurements
        for metric, value in (
            ("fields", found.count),
            ("exact", round(found.exact, 6)),
            ("exact_95_low", round(found.interval[0], 6)),
            ("exact_95_high", round(found.interval[1], 6)),
            ("digit_edits_per_digit", round(found.edits / max(1, found.digits), 6)),
            ("ece", round(found.calibration_error, 6)),
            ("accepted_at_0.1_percent_error", _accepted(found, 0.001)),
            ("accepted_at_1_percent_error", _accepted(found, 0.01)),
            ("processor_ms_a_field", round(found.spent_ms, 2)),
        )
    ]


def write_fields_evaluation(evaluation: FieldsEvaluation, out: Path) -> Path:
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
    for found, misreads in zip(evaluation.measurements, evaluation.misreads, strict=True):
        pictures = _draw_set(found, misreads)
        table = table_classes(found.scores, SYMBOLS[:NONE], "digits")
        sections.append(write_set(out, found, _describe(found), table, pictures, SYMBOLS))
    text = (
        f"measured {evaluation.date} through ONNX Runtime as the reader runs it, alone, without "
        f"any rule on what a field may say; mean of views: {evaluation.views}."
    )
    return write_page(out, evaluation.package, text, sections, list_field_results(evaluation))


def table_field_sets(evaluation: FieldsEvaluation) -> Table:
    """Set the figures of all sets side by side."""
    rows = tuple(
        (
            found.name,
            str(found.count),
            str(found.count - found.right),
            f"{100 * found.exact:.1f} %",
            f"{100 * found.interval[0]:.1f} to {100 * found.interval[1]:.1f} %",
            f"{found.edits} of {found.digits}",
            f"{100 * found.calibration_error:.1f} %",
            f"{100 * _accepted(found, 0.001):.1f} %",
            f"{100 * _accepted(found, 0.01):.1f} %",
            f"{found.spent_ms:.1f}",
        )
        for found in evaluation.measurements
    )
    columns = (
        "set",
        "fields",
        "wrong",
        "exact",
        "95 % interval",
        "digits edited",
        "ECE",
        "accepted at 0.1 % error",
        "at 1 %",
        "ms a field",
    )
    return Table("Sets", columns, rows)


def _summarize(evaluation: FieldsEvaluation) -> Section:
    curves = {found.name: found.curve for found in evaluation.measurements}
    text = (
        "A field is right when every digit is; digits edited were lost, made up or taken for "
        "another. Milliseconds are processor time, on one thread."
    )
    rejects = Picture(
        "Error over the share withheld, least certain first",
        draw_rejects(curves, "fields", most_withheld=100.0),
    )
    return Section("Summary", text, (table_field_sets(evaluation), rejects))


def _draw_set(found: FieldMeasurement, misreads: Sequence[Misread]) -> dict[str, Picture]:
    pictures = {
        "confusions": Picture(
            "Confusions of single digits: the row none was made up, the column none was lost",
            draw_confusions(found.confusions, SYMBOLS),
        ),
        "reliability": Picture(
            "Accuracy of whole fields over stated probability",
            draw_reliability(found.bins, "fields"),
        ),
    }
    if misreads:
        caption = (
            "Misread fields, the most certain first: truth as reading, probability, origin; "
            "below each what the network saw"
        )
        pictures["misread"] = Picture(caption, draw_misreads(misreads[:MOST]))
    return pictures


def _describe(found: FieldMeasurement) -> str:
    low, high = found.interval
    return (
        f"{found.right} of {found.count} exact: {100 * found.exact:.1f} % "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %), "
        f"expected calibration error {100 * found.calibration_error:.1f} %."
    )


def _accepted(found: FieldMeasurement, error: float) -> float:
    return round(accept_at_error(found.curve, error), 6)
