"""What a run shows on stderr: log lines, a progress bar, the closing table."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from digitscan.runs import Watcher

if TYPE_CHECKING:
    from digitscan.rows import Row
    from digitscan.runrecord import RunRecord


class _StderrHandler(logging.Handler):
    """Write to what stderr is now: a progress bar takes its place and keeps lines above itself."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


def set_up_logging(verbose: bool, quiet: bool) -> None:
    """Send log records to stderr: warnings, with `verbose` everything, with `quiet` errors."""
    handler = _StderrHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    root = logging.getLogger("digitscan")
    root.handlers = [handler]
    level = logging.ERROR if quiet else logging.WARNING
    root.setLevel(logging.DEBUG if verbose else level)


@contextmanager
def make_watcher(quiet: bool) -> Iterator[Watcher]:
    """Show a bar with pages a second and time left, where stderr is a terminal and not `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield Watcher()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files, {task.fields[speed]:.1f} pages/s, left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)


class _Bar(Watcher):
    """Move a bar of rich forward: by files, whose number is known, and count pages for the speed.

    Parameters
    ----------
    bar : rich.progress.Progress
    """

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._pages = 0

    def begin(self, files: int) -> None:
        """Show the bar at its start."""
        self._task = self._bar.add_task("reading", total=files, speed=0.0)

    def page(self, rows: "Sequence[Row]") -> None:
        """Count one page, and a file with its first."""
        self._pages += 1
        elapsed = self._bar.tasks[0].elapsed or 0.0
        speed = self._pages / elapsed if elapsed else 0.0
        self._bar.update(self._task, advance=int(rows[0]["page"] == 1), speed=speed)


def show_totals(record: "RunRecord") -> None:
    """Print the closing table to stderr."""
    from rich.console import Console
    from rich.table import Table

    tally = record.tally
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_row("files", f"{tally.files:,}")
    table.add_row("pages", f"{tally.pages:,}")
    table.add_row("numbers read", f"{tally.statuses['read']:,}")
    table.add_row("numbers rejected", f"{tally.statuses['rejected']:,}")
    # Pages where nothing stands, and empty fields of templates.
    table.add_row("nothing written", f"{tally.statuses['empty']:,}")
    table.add_row("failed pages", f"{tally.statuses['failed']:,}")
    for reason, count in sorted(tally.reasons.items()):
        if reason.startswith("failed "):
            table.add_row(f"  {reason.removeprefix('failed ')}", f"{count:,}")
    table.add_row("seconds", f"{record.seconds:.1f}")
    speed = tally.pages / record.seconds if record.seconds else 0.0
    table.add_row("pages a second", f"{speed:.1f}")
    Console(stderr=True).print(table)
