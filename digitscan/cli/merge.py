"""`digitscan merge`: join the results of all shards of a batch."""

from pathlib import Path
from typing import Annotated

import typer


def merge(
    parts: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Results of every --shard i/n.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="The joined results file.")
    ],
) -> None:
    """Join the results of all shards to what one run would have written."""
    from digitscan.shards import merge_shards

    record = merge_shards(parts, out)
    typer.echo(
        f"{record.tally.files} files, {record.tally.rows} rows, sha256 {record.results_sha256}",
        err=True,
    )
