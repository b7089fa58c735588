"""The fields that a string reader is measured on; none of them is trained on.

Real amounts: those held out of training (`held`, which serve to choose between variants) and those
kept apart (`apart`, which choose nothing). Whole cheques: their fields, cut by loose boxes.
"""

import csv
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitscan.records import Gray
from training.amounts import load_amounts

logger = logging.getLogger(__name__)

CHEQUE_FIELDS = ("amount", "account", "date")

TITLES = {
    "held": "Amounts held out (they choose between variants)",
    "apart": "Amounts kept apart (they choose nothing)",
    "amount": "Amounts of whole cheques, cut by their loose boxes",
    "account": "Account numbers of whole cheques, cut by their loose boxes",
    "date": "Dates of whole cheques, cut by their loose boxes",
}
"""What a reader of the page is told of each set, by its name."""


@dataclass(frozen=True, slots=True)
class Field:
    """One crop, where it is from, and the digits that it shows."""

    name: str
    crop: Gray
    digits: str


def load_fields(data: Path, measured_on: str) -> tuple[Field, ...]:
    """Load the crops of one set.

    Parameters
    ----------
    data : Path
    measured_on : str
        `held` or `apart`, the parts of cheque_amounts, or `amount`, `account` or `date`, a field
        of the whole cheques, without those whose writing is marked as uncertain.

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
