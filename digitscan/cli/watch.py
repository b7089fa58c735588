"""`digitscan watch`: read what arrives in a folder."""

from pathlib import Path
from typing import Annotated

import typer

from digitscan.cli.folders import make_folder
from digitscan.cli.options import MAX_WORKERS, FieldOption, PageTimeoutOption
from digitscan.cli.settings import SettingsOption


def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where scans arrive.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where a CSV a scan goes.")
    ],
    field: FieldOption = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=MAX_WORKERS, metavar="N", help="Processes.")
    ] = 1,
    settings: SettingsOption = None,
    pause: Annotated[
        float, typer.Option("--pause", min=0.1, metavar="S", help="Seconds between two looks.")
    ] = 2.0,
    move_to: Annotated[
        Path | None,
        typer.Option("--move-to", metavar="DIR", help="Move a scan there when it has been read."),
    ] = None,
    page_timeout: PageTimeoutOption = None,
) -> None:
    """Read each scan once that arrives in FOLDER, until interrupted; go on after a restart."""
    from digitscan.batch import Job, make_executor
    from digitscan.cli.console import set_up_logging
    from digitscan.errors import NoPagesError
    from digitscan.names import printable
    from digitscan.settings import Settings
    from digitscan.settings_file import load_settings
    from digitscan.watch import watch_folder

    set_up_logging(verbose=False, quiet=False)
    effective = Settings() if settings is None else load_settings(settings)
    if not folder.is_dir():
        raise NoPagesError(f"{folder} is no folder; name the one in which scans arrive")
    make_folder(out, "--out")
    job = Job(effective, None if field is None else field.value)
    # Nobody is there to start it again, so a page may never take the watch along.
    executor = make_executor(workers, job, page_timeout, isolate=True)
    try:
        for scan, target in watch_folder(folder, out, job, executor, workers, pause, move_to):
            typer.echo(f"{printable(scan.name)} -> {printable(str(target))}", err=True)
    finally:
        executor.shutdown(cancel_futures=True)
