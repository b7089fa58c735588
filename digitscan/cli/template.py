"""`digitscan template`: make the draft of a template, and look at how pages fit one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitscan.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digitscan.forms.template import Field
    from digitscan.template_check import PageFit

app = typer.Typer(help="Make and check templates of forms.", no_args_is_help=True)


@app.command("new")
def new(
    scan: Annotated[
        Path, typer.Argument(metavar="SCAN", help="A blank form, or a clean filled one.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE.toml", help="The template to be written.")
    ],
    page: Annotated[int, typer.Option("--page", min=1, metavar="N", help="Page of the scan.")] = 1,
) -> None:
    """Find the boxes of a form and write the draft of its template, to be edited."""
    from digitscan.cli.console import set_up_logging
    from digitscan.errors import NoPagesError
    from digitscan.names import printable
    from digitscan.template_draft import write_draft

    set_up_logging(verbose=False, quiet=False)
    if not scan.is_file():
        raise NoPagesError(f"{printable(str(scan))} is no file; name the scan of one form")
    draft = write_draft(scan, page, out)
    fields = draft.template.fields
    typer.echo(f"{printable(str(draft.file))}: {len(fields)} fields: {_count_types(fields)}")
    typer.echo(f"{printable(str(draft.reference))}: the reference, which belongs beside it")
    typer.echo(f"{printable(str(draft.picture))}: where the fields are; name them, delete the rest")


@app.command("check")
def check(
    template: Annotated[Path, typer.Argument(metavar="TEMPLATE", help="A template, FILE.toml.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the pictures go.")],
    scans: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SCANS]...", help="Filled forms: image and PDF files, or folders."),
    ] = None,
) -> None:
    """Draw the zones of a template on its reference and on SCANS, and say how well each fits."""
    from digitscan.cli.console import set_up_logging
    from digitscan.names import printable
    from digitscan.template_check import check_pages, draw_reference

    set_up_logging(verbose=False, quiet=False)
    form, picture = draw_reference(template, out)
    own = form.template
    typer.echo(f"{own.name}: {len(own.fields)} fields, {len(own.rules)} rules")
    typer.echo(f"{printable(str(picture))}: the zones on the reference")
    failed = False
    for fit in check_pages(form, tuple(map(str, scans)), out) if scans else ():
        typer.echo(_describe(fit))
        failed = failed or bool(fit.fault)
    if failed:
        raise typer.Exit(ExitCode.SOME_PAGES_FAILED)


def _describe(fit: "PageFit") -> str:
    from digitscan.names import printable

    where = f"{printable(fit.name)}#{fit.page}"
    if fit.fault:
        return f"{where}: failed: {printable(fit.fault)}"
    return (
        f"{where}: does not fit" if fit.score is None else f"{where}: fits, score {fit.score:.2f}"
    )


def _count_types(fields: "Sequence[Field]") -> str:
    types = [str(field.type) for field in fields]
    return ", ".join(f"{types.count(name)} {name}" for name in dict.fromkeys(types))
