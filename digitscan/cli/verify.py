"""`digitscan verify`: check results against the record of their run."""

from pathlib import Path
from typing import Annotated

import typer

from digitscan.cli.options import TemplatesOption


def verify(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A results file.")],
    scans: Annotated[
        list[str] | None,
        typer.Option("--scans", metavar="PATH", help="Read a sample of these scans again."),
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=1, metavar="N", help="Files to read again.")
    ] = 20,
    template: TemplatesOption = None,
) -> None:
    """Check RESULTS against the record of their run, and against the scans."""
    from digitscan.batch import load_page_reader
    from digitscan.form_files import FormLoader
    from digitscan.verification import LoadReader, verify_results

    load: LoadReader = FormLoader(tuple(map(str, template))) if template else load_page_reader
    checked = verify_results(results, tuple(scans or ()), sample, load)
    tally = checked.record.tally
    typer.echo(
        f"{tally.rows} rows of {tally.pages} pages as recorded, "
        f"{checked.files_read_again} files read again and equal",
        err=True,
    )
