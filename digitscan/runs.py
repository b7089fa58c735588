"""One run of a batch, from the scans to the finished results: journal, resumption, record."""

import dataclasses
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digitscan import __version__
from digitscan.batch import Job, make_executor, read_scans
from digitscan.errors import NoPagesError, OutputError, ScanError
from digitscan.form_files import FormLoader, hash_templates
from digitscan.journal import Journal, journal_path, resume_journal, start_journal
from digitscan.names import printable
from digitscan.recognition.models import find_packages, load_package
from digitscan.records import Status
from digitscan.results import LONG, STDOUT, ResultsFile, check_target
from digitscan.rows import Row, make_rows
from digitscan.runrecord import RunRecord, Tally, hash_file, hash_texts, write_record
from digitscan.scans import ScanFile, find_scans, identify_scan
from digitscan.shards import Shard, take_share
from digitscan.wide_rows import join_rows, list_wide_columns

log = logging.getLogger(__name__)

# A process takes about a second to start, in which one that runs already reads as many pages.
_FILES_WORTH_A_WORKER = 16
# Named one by one in a message; of more, the number is enough to see what happened.
_NAMED_CHANGES = 10

InputStat = tuple[str, int, int]
"""Name of an input file and its bytes and time of change, as `identify_scan` gives them, or -1."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is asked to do.

    Attributes
    ----------
    inputs : tuple of str
        Files, folders and addresses.
    out : str
        Results file, or `-`.
    job : Job
    workers : int or None
        Processes; None for as many as there are processors and work for.
    resume : bool
        Go on where an unfinished run stopped, if there is one.
    shard : Shard or None
    page_timeout_s : float or None
    wide : tuple of str
        Names of the fields where the results have one row a page; empty for one row a reading.
    """

    inputs: tuple[str, ...]
    out: str
    job: Job
    workers: int | None = None
    resume: bool = False
    shard: Shard | None = None
    page_timeout_s: float | None = None
    wide: tuple[str, ...] = ()


def make_dask_executor(scheduler: str) -> "Callable[[Run, bool], Executor]":
    """Return what makes the executor of a run on the Dask cluster of a scheduler."""

    def make(run: Run, _isolate: bool) -> Executor:
        from digitscan.cluster import ClusterExecutor

        return ClusterExecutor(scheduler, run.job)

    return make


def make_inline_executor(run: Run, _isolate: bool) -> Executor:
    """Make the executor that reads in this process, where a profiler sees it."""
    return make_executor(1, run.job)


def make_local_executor(run: Run, isolate: bool) -> Executor:
    """Make the executor of a run on this machine."""
    return make_executor(run.workers or 1, run.job, run.page_timeout_s, isolate)


class Watcher:
    """What wants to know how a run goes on; this one does nothing."""

    def begin(self, files: int) -> None:
        """Take notice of the number of files, before the first page."""

    def page(self, rows: Sequence[Row]) -> None:
        """Take notice of one finished page."""


def execute(
    run: Run,
    watcher: Watcher | None = None,
    make: Callable[[Run, bool], Executor] = make_local_executor,
) -> RunRecord:
    """Read all scans of a run and write its results, its journal meanwhile, its record at last.

    Parameters
    ----------
    run : Run
    watcher : Watcher, optional
    make : callable
        Makes the executor of the run; the second argument is true where pages have to be kept
        apart, because one may have ended a process before or many would be lost with this one.

    Returns
    -------
    RunRecord
        As written beside the results; of rows on standard output there is none on disk.

    Raises
    ------
    NoPagesError
        If there is nothing to read.
    ModelError
        If a model package is missing or damaged.
    TemplateError
        If two columns of wide results would have one name.
    OutputError
        If the results cannot be written, another run is unfinished, or what is to be resumed has
        changed. The journal stays, so the run can go on with `resume`.
    """
    watcher = watcher or Watcher()
    started = datetime.now(UTC)
    clock = time.monotonic()
    columns = list_wide_columns(run.wide) if run.wide else LONG
    everything = find_scans(run.inputs)
    files = everything if run.shard is None else take_share(everything, run.shard)
    if run.out != STDOUT:
        check_target(Path(run.out))
    if run.workers is None:
        few = 1 + len(files) // _FILES_WORTH_A_WORKER
        run = dataclasses.replace(run, workers=min(os.cpu_count() or 1, few))
    stats = _stat_all(everything)
    plan = describe_plan(run.job)
    tally = Tally()
    watcher.begin(len(files))
    with ExitStack() as stack:
        journal = _open_journal(run, plan, stats, stack)
        results = stack.enter_context(ResultsFile(run.out, columns))
        for rows in journal.replay() if journal is not None else ():
            _note(rows, run, tally, results, watcher)
        done = 0 if journal is None else journal.done
        # A process of its own costs a second: in a long run nothing beside what a crash would.
        isolate = (journal is not None and journal.resumed) or len(files) > _FILES_WORTH_A_WORKER
        executor = make(run, isolate)
        stack.callback(executor.shutdown, cancel_futures=True)
        index = done - 1
        at_a_time = getattr(executor, "workers", None) or run.workers or 1
        for result in read_scans(files[done:], run.job, executor, at_a_time):
            index += result.ref.number == 1
            rows = make_rows(result, run.job.field)
            if journal is not None:
                journal.write(index, rows)
            if result.status is Status.FAILED:
                where = f"{rows[0]['file']}#{result.ref.number}"
                log.warning("%s: %s: %s", where, result.reason, printable(result.message))
            _note(rows, run, tally, results, watcher)
        results.commit()
        record = _make_record(run, plan, stats, tally, started, time.monotonic() - clock)
        if run.out != STDOUT:
            write_record(Path(run.out), record)
        if journal is not None:
            journal.remove()
    return record


def describe_plan(job: Job) -> dict[str, Any]:
    """Describe what the results of a job depend on, beside its inputs, as plain JSON values.

    Raises
    ------
    ModelError
        If a model package is damaged.
    TemplateError
        If a template is missing or wrong.
    """
    packages = [load_package(folder) for folder in find_packages()]
    return {
        "settings": dataclasses.asdict(job.settings),
        "models": {f"{package.name}-{package.version}": package.sha256 for package in packages},
        "templates": hash_templates(job.load.paths) if isinstance(job.load, FormLoader) else {},
        "or_whole": isinstance(job.load, FormLoader) and job.load.or_whole,
        "field": job.field,
    }


def _open_journal(
    run: Run, plan: dict[str, Any], stats: list[InputStat], stack: ExitStack
) -> Journal | None:
    if run.out == STDOUT:
        return None
    shard = None if run.shard is None else str(run.shard)
    ours = {"version": __version__, **plan, "shard": shard, "inputs": stats}
    ours = json.loads(json.dumps(ours))  # as it will be read again: lists, not tuples
    path = journal_path(Path(run.out))
    if not run.resume or not path.exists():
        return stack.enter_context(start_journal(path, ours))
    theirs, journal = resume_journal(path)
    stack.enter_context(journal)
    changes = [
        f"{key} was {_shorten(old)}, is {_shorten(new)}"
        for key, old, new in _differences(_without_inputs(theirs), _without_inputs(ours))
    ]
    changes += describe_changes(theirs["inputs"], ours["inputs"])
    if changes:
        raise OutputError(
            f"cannot go on with {printable(str(path))}, since then this has changed: "
            f"{_enumerate(changes)}; put it back, or delete that file to start anew"
        )
    return journal


def describe_changes(before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]]) -> list[str]:
    """Name the inputs that were added, removed or rewritten.

    Examples
    --------
    >>> describe_changes([("a", 1, 1), ("b", 1, 1)], [("b", 1, 2), ("c", 1, 1)])
    ['a was removed', 'c was added', 'b was rewritten']
    """
    old = {item[0]: tuple(item[1:]) for item in before}
    new = {item[0]: tuple(item[1:]) for item in after}
    changes = [f"{name} was removed" for name in old if name not in new]
    changes += [f"{name} was added" for name in new if name not in old]
    changes += [f"{name} was rewritten" for name in old if new.get(name, old[name]) != old[name]]
    return changes


def _differences(old: Any, new: Any, key: str = "") -> list[tuple[str, Any, Any]]:
    """List the keys at which two tables differ, with both values."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [] if old == new else [(key, old, new)]
    found = []
    for name in sorted({*old, *new}):
        inner = f"{key}.{name}" if key else name
        found += _differences(old.get(name), new.get(name), inner)
    return found


def _without_inputs(plan: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plan.items() if name != "inputs"}


def _shorten(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 16 else text[:12] + "..."


def _enumerate(changes: list[str]) -> str:
    named = ", ".join(changes[:_NAMED_CHANGES])
    more = len(changes) - _NAMED_CHANGES
    return f"{named} and {more} more" if more > 0 else named


def _note(
    rows: Sequence[Row], run: Run, tally: Tally, results: ResultsFile, watcher: Watcher
) -> None:
    results.write_rows((join_rows(rows, run.wide),) if run.wide else rows)
    tally.add(rows)
    watcher.page(rows)


def _stat_all(files: Sequence[ScanFile]) -> list[InputStat]:
    stats = []
    for file in files:
        try:
            stats.append((printable(file.name), *identify_scan(file.path)))
        except (OSError, ScanError):  # it has its row, as a scan that cannot be opened
            stats.append((printable(file.name), -1, -1))
    return stats


def _make_record(
    run: Run,
    plan: dict[str, Any],
    stats: list[InputStat],
    tally: Tally,
    started: datetime,
    seconds: float,
) -> RunRecord:
    try:
        now = _stat_all(find_scans(run.inputs))
    except NoPagesError:
        now = []
    changes = describe_changes(stats, now)
    if changes:
        log.warning("inputs changed during the run: %s", _enumerate(changes))
    return RunRecord(
        version=__version__,
        plan=plan,
        # without times of change: a copy on another machine is the same input
        inputs_sha256=hash_texts(f"{name}\0{size}" for name, size, _ in stats),
        shard=None if run.shard is None else str(run.shard),
        tally=tally,
        results_sha256="" if run.out == STDOUT else hash_file(Path(run.out)),
        start=started.isoformat(timespec="seconds"),
        end=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=seconds,
        changed_inputs=tuple(changes),
    )
