"""What a run shows on stderr: log lines, a progress bar, the closing table."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitscan.batch import Totals
    from digitscan.records import PageResult


def set_up_logging(verbose: bool, quiet: bool) -> None:
    """Send log records to stderr: warnings, with `verbose` everything, with `quiet` errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("digitscan")
    root.handlers = [handler]
    level = logging.ERROR if quiet else logging.WARNING
    root.setLevel(logging.DEBUG if verbose else level)


@contextmanager
def show_progress(files: int, quiet: bool) -> Iterator["Progress"]:
    """Show a bar with pages a second and time left, where stderr is a terminal and not `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files, {task.fields[speed]:.1f} pages/s, left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield LiveProgress(bar, files)


class Progress:
    """Take notice of every page, and say nothing."""

    def advance(self, result: "PageResult") -> None:
        """Count one page."""


class LiveProgress(Progress):
    """Move a bar of rich forward: by files, which are known, and by pages for the speed."""

    def __init__(self, bar: "object", files: int) -> None:
        from rich.progress import Progress as Bar

        assert isinstance(bar, Bar)
        self._bar = bar
        self._task = bar.add_task("reading", total=files, speed=0.0)
        self._pages = 0

    def advance(self, result: "PageResult") -> None:
        """Count one page, and a file with its first."""
        self._pages += 1
        elapsed = self._bar.tasks[0].elapsed or 0.0
        speed = self._pages / elapsed if elapsed else 0.0
        self._bar.update(self._task, advance=int(result.ref.number == 1), speed=speed)


def show_totals(totals: "Totals", seconds: float, reasons: Iterable[tuple[str, int]]) -> None:
    """Print the closing table to stderr."""
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    counts = (
        ("files", totals.files),
        ("pages", totals.pages),
        ("numbers read", totals.read),
        ("numbers rejected", totals.rejected),
        ("empty pages", totals.empty),
        ("failed pages", totals.failed),
    )
    for name, count in counts:
        table.add_row(name, f"{count:,}")
    for reason, count in reasons:
        table.add_row(f"  {reason}", f"{count:,}")
    speed = totals.pages / seconds if seconds else 0.0
    table.add_row("seconds", f"{seconds:.1f}")
    table.add_row("pages a second", f"{speed:.1f}")
    Console(stderr=True).print(table)
