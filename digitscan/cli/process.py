"""`digitscan process`: read scans and write a results file."""

import dataclasses
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitscan.cli.settings import SettingsOption
from digitscan.errors import ExitCode, OutputError, SettingsError
from digitscan.fields import FieldKind
from digitscan.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from digitscan.form_files import FormLoader
    from digitscan.runs import Run
    from digitscan.settings import Settings

MAX_WORKERS = 256
"""More processes than any one machine has processors for."""


class Engine(StrEnum):
    """Where the pages of a run are read."""

    LOCAL = "local"
    DASK = "dask"


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
    template: Annotated[
        list[Path] | None,
        typer.Option(
            "--template",
            metavar="PATH",
            help="Template of a form, or a folder of them; can be given several times.",
        ),
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
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an unfinished run stopped.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Read every N-th file from the I-th on."),
    ] = None,
    page_timeout: Annotated[
        float | None,
        typer.Option(
            "--page-timeout", min=0.1, metavar="S", help="Give a page up after S seconds."
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option("--engine", help="Where pages are read: here, or on a Dask cluster.")
    ] = Engine.LOCAL,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Scheduler of the Dask cluster."),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Read in this process, and say where time goes.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress bar and no closing table.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more on stderr, with tracebacks.")
    ] = False,
) -> None:
    """Read every number on the SCANS and write one row a reading."""
    from digitscan.batch import Job
    from digitscan.cli.console import make_watcher, set_up_logging, show_totals
    from digitscan.runs import Run, execute
    from digitscan.shards import parse_shard

    set_up_logging(verbose, quiet)
    effective = _effective_settings(settings, min_confidence)
    if debug_dir is not None:
        _check_folder(debug_dir)
    name = None if field is None else field.value
    job = Job(effective, name, None if debug_dir is None else str(debug_dir))
    if template:
        job = dataclasses.replace(job, load=_load_templates(template, field))
    run = Run(
        inputs=tuple(map(str, scans)),
        out=out,
        job=job,
        workers=workers,
        resume=resume,
        shard=None if shard is None else parse_shard(shard),
        page_timeout_s=page_timeout,
    )
    make = _choose_engine(engine, scheduler, page_timeout)
    if profile:
        from digitscan.cli.profile import run_profiled

        record = run_profiled(lambda: execute(dataclasses.replace(run, workers=1)))
    else:
        with make_watcher(quiet) as watcher:
            record = execute(run, watcher, make)
    if not quiet:
        show_totals(record)
    if record.tally.statuses["failed"]:
        raise typer.Exit(ExitCode.SOME_PAGES_FAILED)


def _load_templates(paths: list[Path], field: FieldKind | None) -> "FormLoader":
    from digitscan.form_files import FormLoader

    if field is not None:
        raise SettingsError("--field reads crops and --template whole pages; give one of them")
    return FormLoader(tuple(map(str, paths)))


def _choose_engine(
    engine: Engine, scheduler: str | None, page_timeout: float | None
) -> "Callable[[Run, bool], Executor]":
    from digitscan.runs import make_dask_executor, make_local_executor

    if engine is Engine.LOCAL:
        if scheduler is not None:
            raise SettingsError("--scheduler is for --engine dask; name both or none")
        return make_local_executor
    if scheduler is None:
        raise SettingsError("--engine dask needs --scheduler ADDRESS, tcp://host:8786 for example")
    if page_timeout is not None:
        raise SettingsError("--page-timeout ends processes of this machine; leave it out with dask")
    return make_dask_executor(scheduler)


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
