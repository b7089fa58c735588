"""Load a results file and the true values that people wrote down, and put the two side by side."""

import csv
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from digitscan.errors import TruthError
from digitscan.names import printable
from digitscan.records import Box, Rejection, Status
from digitscan.rows import unescape_cell

NOT_FIELDS = frozenset({"file", "uncertain", "note", "boxes", "part"})
"""Columns of a truth file that hold no value of a field; nor do those that end in `_box`."""

_MICR = "micr"
_NEEDED = ("file", "field", "text", "confidence", "status")
# A results file of a million rows is some 100 MB; a truth file is smaller.
_MOST_BYTES = 4_000_000_000


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of a results file.

    `box` is None where the row names none; `acceptable` is False where no confidence would have
    been enough, as when no digit was seen.
    """

    file: str
    page: int
    field: str
    text: str
    confidence: float
    status: str
    acceptable: bool
    box: Box | None


@dataclass(frozen=True, slots=True)
class Scored:
    """A true value beside what was read.

    Attributes
    ----------
    file : str
        As the truth names it.
    field : str
        As the results name it.
    true : str
        Digits only (and A to D of a MICR line).
    row : ResultRow or None
        The reading; None where the results hold no row.
    right : bool
    """

    file: str
    field: str
    true: str
    row: ResultRow | None
    right: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Which true values count, and against which readings.

    Attributes
    ----------
    fields : tuple of (str, str)
        Truth column and field of the results; empty: every column that is a field, by its name.
    only : tuple of (str, str) or None
        Truth rows whose column has this value; None takes all.
    anywhere : bool
        Without a template: a value is right when any reading of its file says it.
    """

    fields: tuple[tuple[str, str], ...] = ()
    only: tuple[str, str] | None = None
    anywhere: bool = False


def load_results(path: str | os.PathLike[str]) -> tuple[ResultRow, ...]:
    """Load the rows of a results CSV.

    Raises
    ------
    TruthError
        If the file cannot be read, is no CSV, lacks a column, or holds what is no number where a
        number stands.
    """
    table = _load_table(path, _NEEDED)
    try:
        return tuple(_make_row(row) for row in table)
    except (TypeError, ValueError) as error:
        raise TruthError(
            f"{_show(path)} is no results file of digitscan: {error}; "
            "give the CSV that `digitscan process` wrote"
        ) from None


def load_truth(path: str | os.PathLike[str]) -> tuple[Mapping[str, str], ...]:
    """Load the rows of a truth CSV: a column `file` and one for each field.

    A column `uncertain` may name fields whose writing is ambiguous: they do not count.

    Raises
    ------
    TruthError
        If the file cannot be read, is no CSV, has no column `file` or no row.
    """
    table = _load_table(path, ("file",))
    if not table:
        raise TruthError(f"{_show(path)} holds no row; write one for every scan")
    return tuple(table)


def match_readings(
    results: Iterable[ResultRow], truth: tuple[Mapping[str, str], ...], selection: Selection
) -> tuple[Scored, ...]:
    """Put every true value beside its reading.

    Files are compared by name without folder and suffix, or with their folders where two files of
    the truth have one name. Of several readings of one field the first counts.

    Parameters
    ----------
    results : iterable of ResultRow
    truth : tuple of mapping
    selection : Selection

    Returns
    -------
    tuple of Scored
        By field, then in the order of the truth.

    Raises
    ------
    TruthError
        If the selection names a column that the truth lacks.
    """
    fields = selection.fields or tuple((name, name) for name in list_fields(truth))
    wanted = [column for column, _ in fields] + ([selection.only[0]] if selection.only else [])
    for column in wanted:
        if column not in truth[0]:
            raise TruthError(f"the truth has no column {column!r}, only {', '.join(truth[0])}")
    whole = len({_make_key(row["file"], False) for row in truth}) < len(truth)
    by_file: dict[str, list[ResultRow]] = {}
    for row in results:
        by_file.setdefault(_make_key(row.file, whole), []).append(row)
    chosen = [
        row for row in truth if not selection.only or row[selection.only[0]] == selection.only[1]
    ]
    scored = []
    for column, field in fields:
        for line in chosen:
            true = clean_text(line[column], field)
            if true and column not in re.split(r"\W+", line.get("uncertain") or ""):
                mine = by_file.get(_make_key(line["file"], whole), [])
                scored.append(_score(line["file"], field, true, mine, selection.anywhere))
    return tuple(scored)


def list_fields(truth: tuple[Mapping[str, str], ...]) -> tuple[str, ...]:
    """List the columns of a truth that hold values of fields."""
    return tuple(name for name in truth[0] if name not in NOT_FIELDS and not name.endswith("_box"))


def clean_text(text: str, field: str) -> str:
    """Keep what is compared: digits, and the symbols A to D of a MICR line.

    Examples
    --------
    >>> clean_text("1,234.00", "amount"), clean_text("C083654C 50", "micr")
    ('123400', 'C083654C50')
    """
    return re.sub(r"[^0-9ABCD]" if field == _MICR else r"[^0-9]", "", text)


def _score(file: str, field: str, true: str, rows: list[ResultRow], anywhere: bool) -> Scored:
    if anywhere:
        hits = [row for row in rows if clean_text(row.text, field) == true]
        return Scored(file, field, true, next(iter(hits or rows), None), bool(hits))
    mine = [row for row in rows if row.field == field]
    if not mine:
        return Scored(file, field, true, None, False)
    return Scored(file, field, true, mine[0], clean_text(mine[0].text, field) == true)


def _make_row(row: Mapping[str, str]) -> ResultRow:
    sides = [row.get(side) or "" for side in ("left", "top", "right", "bottom")]
    status = row["status"]
    low = row.get("reason") == Rejection.LOW_CONFIDENCE
    confidence = float(row["confidence"] or 0)
    if not 0.0 <= confidence <= 1.0:
        raise ValueError(f"the confidence {row['confidence']!r} is no probability")
    return ResultRow(
        file=unescape_cell(row["file"]),
        page=int(row.get("page") or 1),
        field=row["field"],
        text=row["text"],
        confidence=confidence,
        status=status,
        acceptable=status == Status.READ or (status == Status.REJECTED and low),
        box=Box(*(int(side) for side in sides)) if all(sides) else None,
    )


def _make_key(name: str, whole: bool) -> str:
    return os.path.splitext(name if whole else os.path.basename(name))[0]


def _load_table(path: str | os.PathLike[str], needed: Iterable[str]) -> list[dict[str, str]]:
    """Load a CSV whose first row names its columns; cells that a row leaves out are empty."""
    try:
        if Path(path).stat().st_size > _MOST_BYTES:
            raise TruthError(f"{_show(path)} is over {_MOST_BYTES} bytes; split it")
        # utf-8-sig: spreadsheets start a CSV with a byte order mark.
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            names = reader.fieldnames or []
            table = [{name: row[name] for name in names} for row in reader]
    except OSError as error:
        raise TruthError(
            f"{_show(path)} cannot be read: {error.strerror}; check the path"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TruthError(
            f"{_show(path)} is no CSV in UTF-8: {error}; save it as comma-separated UTF-8"
        ) from None
    lacking = [name for name in needed if name not in names]
    if lacking:
        raise TruthError(
            f"{_show(path)} lacks the column(s) {', '.join(lacking)}; its columns are "
            f"{', '.join(names) or 'none'}"
        )
    return table


def _show(path: str | os.PathLike[str]) -> str:
    return printable(os.fspath(path))
