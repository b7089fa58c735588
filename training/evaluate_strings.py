"""Measure a string reader as it is shipped, and tie the results into one HTML page.

    python -m training.evaluate_strings --package models/strings-3

Each field is read alone, without any rule on what it may say: the held amounts (for choosing
between variants), the amounts apart (only measured), and the fields of the whole cheques cut by
their loose boxes, without those whose writing is marked as uncertain. The page shows pictures of
the data: it belongs under `runs/`, which is not kept, not into the repository.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2

from digitscan.errors import DigitscanError, NoPagesError
from digitscan.imaging.lines import VIEWS, View
from digitscan.recognition.models import ModelPackage, load_package
from digitscan.recognition.strings import StringReader
from training.amounts import DEFAULT_DATA
from training.fields_page import (
    FieldsEvaluation,
    find_misreads,
    table_field_sets,
    write_fields_evaluation,
)
from training.measure_fields import (
    Outcome,
    measure_accepted,
    measure_exact,
    measure_fields,
    read_fields,
)
from training.measured_fields import CHEQUE_FIELDS, TITLES, Field, load_fields
from training.report import render_markdown

# A release measures with these, without the page.
__all__ = (
    "CHEQUE_FIELDS",
    "Outcome",
    "evaluate_reader",
    "load_fields",
    "measure_accepted",
    "measure_exact",
    "read_fields",
)


def evaluate_reader(
    package: ModelPackage,
    reader: StringReader,
    sets: Mapping[str, Sequence[Field]],
    date: str,
    views: Sequence[View] = VIEWS,
) -> FieldsEvaluation:
    """Measure a string reader on every set.

    Parameters
    ----------
    package : ModelPackage
    reader : StringReader
        Runs the package.
    sets : mapping of str to sequence of Field
        By name; a set without fields is left out.
    date : str
        ISO date of the measurement.
    views : sequence of View
        Looks at each field.

    Returns
    -------
    FieldsEvaluation
    """
    measurements, misreads = [], []
    for name, fields in sets.items():
        if not fields:
            continue
        start = time.process_time()
        outcomes = read_fields(reader, fields, views)
        spent_ms = 1000 * (time.process_time() - start) / len(fields)
        measurements.append(measure_fields(name, TITLES[name], outcomes, spent_ms))
        misreads.append(find_misreads(fields, outcomes))
    return FieldsEvaluation(package, tuple(measurements), tuple(misreads), len(views), date)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = _parse(arguments)
    cv2.setNumThreads(1)
    out = options.out or Path("runs") / "evaluate" / options.package.resolve().name
    try:
        package = load_package(options.package)
        sets = {name: load_fields(options.data, name) for name in options.sets}
        if not any(sets.values()):
            raise NoPagesError(f"no field of {', '.join(sets)} in {options.data}")
        evaluation = evaluate_reader(
            package,
            StringReader(package),
            sets,
            datetime.now(UTC).date().isoformat(),
            VIEWS[:1] if options.single_view else VIEWS,
        )
        page = write_fields_evaluation(evaluation, out)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(render_markdown(table_field_sets(evaluation)))
    if options.mistakes:
        for row in (row for rows in evaluation.misreads for row in rows):
            print(f"  {row.origin}: {row.digits} read {row.text} at {row.probability:.3f}")
    print(f"the page is {page}")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate_strings", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--package", type=Path, required=True, help="models/strings-VERSION")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path, help="folder of the report; runs/evaluate/<package>")
    parser.add_argument(
        "--sets",
        nargs="+",
        choices=tuple(TITLES),
        default=list(TITLES),
        help="what to measure on",
    )
    parser.add_argument("--single-view", action="store_true", help="without the moved views")
    parser.add_argument("--mistakes", action="store_true", help="print every wrong reading")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
