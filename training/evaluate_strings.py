"""Measure a string reader: `python -m training.evaluate_strings --package models/strings-1`.

Prints the share of fields that are read without a mistake, alone, without any grammar: the held
amounts (for choosing between variants), the amounts apart (only measured), and the fields of the
whole cheques cut by their loose boxes, without those whose writing is marked as uncertain.
"""

import argparse
import csv
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitscan.imaging.lines import VIEWS, View, normalize_views
from digitscan.recognition.models import load_package
from digitscan.recognition.strings import StringReader
from digitscan.records import Gray
from training.amounts import DEFAULT_DATA, load_amounts
from training.metrics import accept_at_error, trace_rejects

logger = logging.getLogger(__name__)

CHEQUE_FIELDS = ("amount", "account", "date")


@dataclass(frozen=True, slots=True)
class Field:
    """One crop, where it is from, and the digits that it shows."""

    name: str
    crop: Gray
    digits: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was read of one field: the best text, its probability, and the truth."""

    name: str
    text: str
    probability: float
    digits: str


def load_fields(data: Path, measured_on: str) -> tuple[Field, ...]:
    """Load the crops of one set.

    Parameters
    ----------
    data : Path
    measured_on : str
        `held` or `apart`, the parts of cheque_amounts, or `amount`, `account` or `date`, a field
        of the whole cheques.

    Returns
    -------
    tuple of Field
        Empty, with a warning, where the cheques are not there.

    Raises
    ------
    NoPagesError
        If the amounts are not there.
    """
    if measured_on not in CHEQUE_FIELDS:
        amounts = load_amounts(data, measured_on)
        return tuple(Field(amount.file, amount.image, amount.digits) for amount in amounts)
    truth = data / "cheques" / "truth.csv"
    if not truth.is_file():
        logger.warning("no cheques at %s: nothing measured on them", truth)
        return ()
    with truth.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if measured_on not in row["uncertain"]]
    fields = []
    for row in rows:
        page = cv2.imread(str(truth.parent / row["file"]), cv2.IMREAD_GRAYSCALE)
        left, top, right, bottom = (int(side) for side in row[f"{measured_on}_box"].split())
        crop = np.asarray(page, np.uint8)[max(0, top) : bottom, max(0, left) : right]
        fields.append(Field(f"{row['file']} {measured_on}", crop, row[measured_on]))
    return tuple(fields)


def read_fields(
    reader: StringReader, fields: Sequence[Field], views: Sequence[View] = VIEWS
) -> tuple[Outcome, ...]:
    """Read every crop; the best text of each."""
    lines = [normalize_views(field.crop, views) for field in fields]
    candidates = reader.read(reader.score(lines), 1)
    return tuple(
        Outcome(field.name, best.text, float(np.exp(best.log_likelihood)), field.digits)
        for field, (best, *_) in zip(fields, candidates, strict=True)
    )


def measure_exact(outcomes: Sequence[Outcome]) -> float:
    """Return the share that is read without a mistake."""
    return float(np.mean([outcome.text == outcome.digits for outcome in outcomes]))


def measure_accepted(outcomes: Sequence[Outcome], most_wrong: float = 0.01) -> float:
    """Return the greatest share that can be accepted by probability with so few of it wrong.

    Examples
    --------
    >>> rows = [Outcome("", "1", 0.9, "1"), Outcome("", "2", 0.5, "7"), Outcome("", "3", 0.4, "3")]
    >>> round(measure_accepted(rows), 2)
    0.33
    """
    confidence = np.array([outcome.probability for outcome in outcomes])
    right = np.array([outcome.text == outcome.digits for outcome in outcomes])
    return accept_at_error(trace_rejects(confidence, right), most_wrong)


def main() -> None:
    """Measure a package and print what is exact."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=Path, required=True, help="models/strings-VERSION")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument(
        "--sets", nargs="+", default=["held", "apart", *CHEQUE_FIELDS], help="what to measure on"
    )
    parser.add_argument("--single-view", action="store_true", help="without the moved views")
    parser.add_argument("--mistakes", action="store_true", help="print every wrong reading")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    reader = StringReader(load_package(options.package))
    views = VIEWS[:1] if options.single_view else VIEWS
    for measured_on in options.sets:
        fields = load_fields(options.data, measured_on)
        if not fields:
            continue
        start = time.process_time()
        outcomes = read_fields(reader, fields, views)
        spent_ms = 1000 * (time.process_time() - start) / len(fields)
        print(
            f"{measured_on}: {measure_exact(outcomes):.1%} of {len(outcomes)} exact, "
            f"{measure_accepted(outcomes):.1%} accepted at 1 % wrong, {spent_ms:.1f} ms a field"
        )
        if options.mistakes:
            for row in outcomes:
                if row.text != row.digits:
                    print(f"  {row.name}: {row.digits} read {row.text} at {row.probability:.3f}")


if __name__ == "__main__":
    main()
