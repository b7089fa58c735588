"""`digitscan process`: read scans and write a results file."""

import dataclasses
import logging
import os
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitscan.cli.settings import SettingsOption
from digitscan.errors import ExitCode, OutputError
from digitscan.fields import FieldKind
from digitscan.names import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from digitscan.batch import Job, Totals
    from digitscan.results import ResultsFile
    from digitscan.scans import ScanFile
    from digitscan.settings import Settings

log = logging.getLogger(__name__)

MAX_WORKERS = 256
"""More processes than any one machine has processors for."""

# A process takes about a second to start, in which one that runs already reads as many pages.
_FILES_WORTH_A_WORKER = 16


def process(
    scans: Annotated[
        list[Path], typer.Argument(metavar="SCANS...", help="Image and PDF files, or folders.")
    ],
    out: Annotated[
        str,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Results: .csv, .jsonl or .parquet; - for stdout."
        ),
    ],
    field: Annotated[
        FieldKind | None,
        typer.Option("--field", help="Every image is the crop of one field of this kind."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            max=MAX_WORKERS,
            metavar="N",
            help="Processes; left out, as many as there are processors and work for.",
        ),
    ] = None,
    settings: SettingsOption = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            "--min-confidence", min=0.0, max=1.0, metavar="P", help="Reject readings below P."
        ),
    ] = None,
    debug_dir: Annotated[
        Path | None,
        typer.Option("--debug-dir", metavar="DIR", help="Draw every page with what was read."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress bar and no closing table.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more on stderr, with tracebacks.")
    ] = False,
) -> None:
    """Read every number on the SCANS and write one row a reading."""
    from digitscan.batch import Job, load_page_reader, make_executor
    from digitscan.cli.console import set_up_logging, show_totals
    from digitscan.results import ResultsFile
    from digitscan.scans import find_scans

    set_up_logging(verbose, quiet)
    start = time.monotonic()
    effective = _effective_settings(settings, min_confidence)
    found = find_scans(scans)
    processes = workers or min(os.cpu_count() or 1, 1 + len(found) // _FILES_WORTH_A_WORKER)
    if debug_dir is not None:
        _check_folder(debug_dir)
    name = None if field is None else field.value
    job = Job(effective, name, None if debug_dir is None else str(debug_dir))
    with ExitStack() as stack:
        results = stack.enter_context(ResultsFile(out))
        if processes > 1:
            load_page_reader(effective)  # a broken model is found before any process starts
        executor = make_executor(processes, job)
        stack.callback(executor.shutdown, cancel_futures=True)
        totals, reasons = _read_all(found, job, executor, processes, results, quiet)
        results.commit()
    if not quiet:
        show_totals(totals, time.monotonic() - start, sorted(reasons.items()))
    if totals.failed:
        raise typer.Exit(ExitCode.SOME_PAGES_FAILED)


def _read_all(
    found: "Sequence[ScanFile]",
    job: "Job",
    executor: "Executor",
    processes: int,
    results: "ResultsFile",
    quiet: bool,
) -> "tuple[Totals, Counter[str]]":
    """Read every scan, write every row, and count."""
    from digitscan.batch import Totals, read_scans
    from digitscan.cli.console import show_progress
    from digitscan.records import Status

    totals = Totals()
    reasons: Counter[str] = Counter()
    with show_progress(len(found), quiet) as progress:
        for result in read_scans(found, job, executor, processes):
            results.write(result, job.field)
            totals.add(result)
            progress.advance(result)
            if result.status is Status.FAILED:
                reasons[result.reason] += 1
                where = f"{printable(result.ref.name)}#{result.ref.number}"
                log.warning("%s: %s: %s", where, result.reason, printable(result.message))
    return totals, reasons


def _effective_settings(path: Path | None, min_confidence: float | None) -> "Settings":
    from digitscan.settings import Settings
    from digitscan.settings_file import load_settings

    settings = Settings() if path is None else load_settings(path)
    if min_confidence is None:
        return settings
    confidence = dataclasses.replace(settings.confidence, min_confidence=min_confidence)
    return dataclasses.replace(settings, confidence=confidence)


def _check_folder(folder: Path) -> None:
    """Make the folder for drawings before the first page, or say why it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"folder {printable(str(folder))} cannot be made: {error.strerror}; "
            "choose another --debug-dir"
        ) from None
    if not os.access(folder, os.W_OK):
        raise OutputError(
            f"folder {printable(str(folder))} is not writable; choose another --debug-dir"
        )
