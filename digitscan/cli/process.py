"""`digitscan process`: read scans and write a results file."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from digitscan.cli import options
from digitscan.cli.folders import make_folder
from digitscan.cli.settings import SettingsOption
from digitscan.errors import ExitCode, SettingsError
from digitscan.fields import FieldKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from digitscan.batch import Job
    from digitscan.form_files import FormLoader
    from digitscan.runrecord import RunRecord
    from digitscan.runs import Run
    from digitscan.settings import Settings


def process(
    scans: options.ScansArgument,
    out: options.ResultsOption,
    field: options.FieldOption = None,
    template: options.TemplatesOption = None,
    or_whole_page: options.OrWholeOption = False,
    wide: options.WideOption = False,
    workers: options.WorkersOption = None,
    settings: SettingsOption = None,
    min_confidence: options.MinConfidenceOption = None,
    debug_dir: options.DebugDirOption = None,
    resume: options.ResumeOption = False,
    shard: options.ShardOption = None,
    page_timeout: options.PageTimeoutOption = None,
    engine: options.EngineOption = options.Engine.LOCAL,
    scheduler: options.SchedulerOption = None,
    profile: options.ProfileOption = False,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
) -> None:
    """Read every number on the SCANS and write one row a reading."""
    from digitscan.cli.console import set_up_logging, show_totals
    from digitscan.runs import Run
    from digitscan.shards import parse_shard
    from digitscan.workers import keep_memory

    set_up_logging(verbose, quiet)
    keep_memory()  # a single worker reads in this process, which ends with the run
    effective = _effective_settings(settings, min_confidence)
    if debug_dir is not None:
        make_folder(debug_dir, "--debug-dir")
    run = Run(
        inputs=tuple(scans),
        out=out,
        job=_make_job(effective, field, _make_loader(template, field, or_whole_page), debug_dir),
        workers=workers,
        resume=resume,
        shard=None if shard is None else parse_shard(shard),
        page_timeout_s=page_timeout,
        wide=_list_columns(template, shard, or_whole_page) if wide else (),
    )
    make = _choose_engine(engine, scheduler, page_timeout)
    record = _execute_profiled(run, engine) if profile else _execute_watched(run, make, quiet)
    if not quiet:
        show_totals(record)
    if record.tally.statuses["failed"]:
        raise typer.Exit(ExitCode.SOME_PAGES_FAILED)


def _make_job(
    settings: "Settings",
    field: FieldKind | None,
    load: "FormLoader | None",
    debug_dir: Path | None,
) -> "Job":
    from digitscan.batch import Job

    name = None if field is None else field.value
    job = Job(settings, name, None if debug_dir is None else str(debug_dir))
    return job if load is None else dataclasses.replace(job, load=load)


def _make_loader(
    templates: list[Path] | None, field: FieldKind | None, or_whole: bool
) -> "FormLoader | None":
    """Return what loads the templates; None where there are none."""
    from digitscan.form_files import FormLoader

    if not templates:
        if or_whole:
            raise SettingsError("--or-whole-page is for pages of no --template; leave it out")
        return None
    if field is not None:
        raise SettingsError("--field reads crops and --template whole pages; give one of them")
    return FormLoader(tuple(map(str, templates)), or_whole)


def _list_columns(
    templates: list[Path] | None, shard: str | None, or_whole: bool
) -> tuple[str, ...]:
    """Return the fields that have columns of their own in wide results."""
    from digitscan.form_files import list_fields

    if not templates:
        raise SettingsError("--wide needs the fields of a --template; name one, or leave it out")
    if shard is not None:
        raise SettingsError("shards are merged from one row a reading; leave out --wide")
    if or_whole:
        raise SettingsError("numbers on a whole page have no columns; leave out --wide")
    return list_fields(templates)


def _execute_watched(
    run: "Run", make: "Callable[[Run, bool], Executor]", quiet: bool
) -> "RunRecord":
    from digitscan.cli.console import make_watcher
    from digitscan.runs import execute

    with make_watcher(quiet) as watcher:
        return execute(run, watcher, make)


def _execute_profiled(run: "Run", engine: options.Engine) -> "RunRecord":
    from digitscan.batch import prepare_process
    from digitscan.cli.profile import run_profiled
    from digitscan.runs import execute, make_inline_executor

    if engine is not options.Engine.LOCAL or run.page_timeout_s is not None:
        raise SettingsError(
            "--profile reads in this process; leave out --engine dask and --page-timeout"
        )
    prepare_process(run.job)  # else the pages would carry the start
    return run_profiled(lambda: execute(run, make=make_inline_executor))


def _choose_engine(
    engine: options.Engine, scheduler: str | None, page_timeout: float | None
) -> "Callable[[Run, bool], Executor]":
    from digitscan.runs import make_dask_executor, make_local_executor

    if engine is options.Engine.LOCAL:
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
