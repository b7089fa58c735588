"""The options of `process`, some of which `watch` shares: their names, bounds and help."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from digitscan.fields import FieldKind

MAX_WORKERS = 256
"""More processes than any one machine has processors for."""


class Engine(StrEnum):
    """Where the pages of a run are read."""

    LOCAL = "local"
    DASK = "dask"


ScansArgument = Annotated[
    list[str],
    typer.Argument(metavar="SCANS...", help="Image and PDF files or folders, or their addresses."),
]
ResultsOption = Annotated[
    str,
    typer.Option(
        "--out", "-o", metavar="FILE", help="Results: .csv, .jsonl or .parquet; - for stdout."
    ),
]
FieldOption = Annotated[
    FieldKind | None,
    typer.Option("--field", help="Every image is the crop of one field of this kind."),
]
TemplatesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--template",
        metavar="PATH",
        help="Template of a form, or a folder of them; can be given several times.",
    ),
]
OrWholeOption = Annotated[
    bool,
    typer.Option("--or-whole-page", help="Read pages of no template as a whole; with --template."),
]
WideOption = Annotated[
    bool, typer.Option("--wide", help="One row a page, one column a field; with --template.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=MAX_WORKERS,
        metavar="N",
        help="Processes; left out, as many as there are processors and work for.",
    ),
]
MinConfidenceOption = Annotated[
    float | None,
    typer.Option(
        "--min-confidence", min=0.0, max=1.0, metavar="P", help="Reject readings below P."
    ),
]
DebugDirOption = Annotated[
    Path | None,
    typer.Option("--debug-dir", metavar="DIR", help="Draw every page with what was read."),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on where an unfinished run stopped.")
]
ShardOption = Annotated[
    str | None,
    typer.Option("--shard", metavar="I/N", help="Read every N-th file from the I-th on."),
]
PageTimeoutOption = Annotated[
    float | None,
    typer.Option("--page-timeout", min=0.1, metavar="S", help="Give a page up after S seconds."),
]
EngineOption = Annotated[
    Engine, typer.Option("--engine", help="Where pages are read: here, or on a Dask cluster.")
]
SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Scheduler of the Dask cluster."),
]
ProfileOption = Annotated[
    bool, typer.Option("--profile", help="Read in this process, and say where time goes.")
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress bar and no closing table.")
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say more on stderr, with tracebacks.")
]
