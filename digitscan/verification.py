"""Check results against the record of their run and, with the scans at hand, against the scans."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from digitscan import __version__
from digitscan.batch import Job, ReadPage, load_page_reader, make_executor, read_scans
from digitscan.errors import OutputError, SettingsError
from digitscan.form_files import FormLoader
from digitscan.names import printable
from digitscan.results import read_rows
from digitscan.rows import Row, make_rows
from digitscan.runrecord import RunRecord, Tally, hash_file, read_record
from digitscan.runs import describe_plan
from digitscan.scans import find_scans
from digitscan.settings import Settings
from digitscan.settings_file import parse_settings

LoadReader = Callable[[Settings], ReadPage]

# Failures that depend on the hour and the machine: reading again may well go better.
_PASSING_REASONS = frozenset(("crashed", "timeout", "out-of-memory"))


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked: rows of the results, and files that were read again."""

    record: RunRecord
    files_read_again: int


def verify_results(
    results: Path,
    scans: Sequence[str] = (),
    sample: int = 20,
    load: LoadReader = load_page_reader,
) -> Verification:
    """Check a results file against its record, and a sample of its files against the scans.

    Parameters
    ----------
    results : Path
        Results file with its run record beside it.
    scans : sequence of str
        The inputs of the run, as they were given to it; empty to look at the results alone.
    sample : int
        Files to read again. The same results give the same sample.
    load : callable
        Loads what reads a page, as in `Job`: a `FormLoader` where the run had templates.

    Raises
    ------
    OutputError
        If the results differ from their record or from what the scans say, or the version, models
        or templates that made them are not those at hand.
    """
    shown = printable(str(results))
    record = read_record(results)
    if hash_file(results) != record.results_sha256:
        raise OutputError(f"{shown} was changed after its run: its SHA-256 is not the recorded one")
    tally = Tally()
    for _, rows in groupby(read_rows(results), key=lambda row: (row["file"], row["page"])):
        tally.add(tuple(rows))
    if tally != record.tally:
        raise OutputError(f"{shown} and its record count differently; restore both from a copy")
    if not scans:
        return Verification(record, 0)
    job = _rebuild_job(record, load)
    chosen = _choose_files(results, record, sample)
    found = {printable(scan.name): scan for scan in find_scans(scans)}
    gone = sorted(name for name in chosen if name not in found)
    if gone:
        raise OutputError(f"{gone[0]} stands in {shown} and is not among the scans; restore it")
    names = sorted(chosen)
    with make_executor(1, job) as executor:
        again = read_scans([found[name] for name in names], job, executor)
        fresh = [row for result in again for row in make_rows(result, job.field)]
    recorded = [row for name in names for row in chosen[name]]
    _compare(recorded, fresh, shown)
    return Verification(record, len(names))


def _rebuild_job(record: RunRecord, load: LoadReader) -> Job:
    """Make the job of the recorded run again, or say why it cannot be the same."""
    if record.version != __version__:
        raise OutputError(
            f"the results were made by digitscan {record.version}, this is {__version__}; "
            "install that version to read the scans again"
        )
    try:
        settings = parse_settings(_without_none(dict(record.plan["settings"])), "the run record")
    except SettingsError as error:
        raise OutputError(f"the run record cannot be followed: {error}") from None
    if isinstance(load, FormLoader):
        load = dataclasses.replace(load, or_whole=record.plan["or_whole"])
    job = Job(settings, record.plan["field"], load=load)
    plan = describe_plan(job)
    if plan["templates"] != record.plan["templates"]:
        raise OutputError(
            "the results were made with other templates than those given with --template; "
            f"expected {_enumerate(record.plan['templates']) or 'none'}, unchanged"
        )
    if plan["models"] != record.plan["models"]:
        raise OutputError(
            "the results were made with other models than those installed; "
            "compare `digitscan models` with the run record"
        )
    return job


def _enumerate(templates: Mapping[str, str]) -> str:
    return ", ".join(map(printable, sorted(templates)))


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def _choose_files(results: Path, record: RunRecord, sample: int) -> dict[str, tuple[Row, ...]]:
    """Choose files by a hash of their name and of the results: spread evenly, and repeatable."""
    ranked: dict[str, tuple[str, tuple[Row, ...]]] = {}
    for name, rows in _files(results):
        if any(row["reason"] in _PASSING_REASONS for row in rows):
            continue
        rank = hashlib.sha256(f"{record.results_sha256} {name}".encode()).hexdigest()
        ranked[name] = (rank, rows)
        if len(ranked) > sample:
            del ranked[max(ranked, key=lambda key: ranked[key][0])]
    return {name: rows for name, (_, rows) in ranked.items()}


def _files(results: Path) -> Iterator[tuple[str, tuple[Row, ...]]]:
    for name, rows in groupby(read_rows(results), key=lambda row: row["file"]):
        yield str(name), tuple(rows)


def _compare(recorded: Sequence[Row], fresh: Sequence[Row], shown: str) -> None:
    for old, new in zip(recorded, fresh, strict=False):
        if old != new:
            column = next(name for name in old if old[name] != new[name])
            raise OutputError(
                f"{old['file']} page {old['page']}: {column} is {old[column]!r} in {shown}, "
                f"read again it is {new[column]!r}"
            )
    if len(recorded) != len(fresh):
        raise OutputError(
            f"{shown} holds {len(recorded)} rows of the sample, read again {len(fresh)}"
        )
