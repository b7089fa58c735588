"""The command line: flags, console and exit code; everything else is done below.

The commands import what they need when they run, so that `--help` answers at once.
"""

import logging
import sys

import typer

from digitscan import __version__
from digitscan.cli import (
    calibrate,
    evaluate,
    merge,
    models,
    process,
    settings,
    template,
    verify,
    watch,
)
from digitscan.errors import DigitscanError, ExitCode
from digitscan.stderr import silence_libraries

app = typer.Typer(
    name="digitscan",
    help="Read handwritten and printed numbers from scanned pages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich takes a third of the time that --help may take
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("process")(process.process)
app.command("watch")(watch.watch)
app.command("merge")(merge.merge)
app.command("verify")(verify.verify)
app.command("evaluate")(evaluate.evaluate)
app.command("calibrate")(calibrate.calibrate)
app.command("settings")(settings.show_settings)
app.add_typer(template.app, name="template")
app.command("models")(models.list_models)

log = logging.getLogger(__name__)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    silence_libraries()
    sys.exit(run())


def run() -> int:
    """Run the command line and return its exit code; errors become a line on stderr."""
    try:
        app()
    except SystemExit as end:  # typer ends the process, after an interrupt too
        if end.code == ExitCode.INTERRUPTED:
            sys.stderr.write("interrupted; a run goes on with --resume\n")
        return end.code if isinstance(end.code, int) else ExitCode.INTERNAL
    except DigitscanError as error:
        _report(str(error), error)
        return error.exit_code
    except Exception as error:
        _report(f"internal error: {type(error).__name__}: {error}; run with -v to see where", error)
        return ExitCode.INTERNAL
    return ExitCode.OK


def _report(message: str, error: Exception) -> None:
    sys.stderr.write(f"digitscan: {message}\n")
    log.debug("traceback", exc_info=error)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"digitscan {__version__}")
        raise typer.Exit


@app.callback()
def _shared(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Take the options that stand before the command."""
