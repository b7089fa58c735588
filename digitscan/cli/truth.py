"""The options that `evaluate` and `calibrate` share: which true values, against what."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from digitscan.truth import Scored, Selection

ResultsArgument = Annotated[
    Path, typer.Argument(metavar="RESULTS.csv", help="What `digitscan process` wrote.")
]
TruthOption = Annotated[
    Path,
    typer.Option(
        "--truth", metavar="TRUTH.csv", help="True values: a column `file`, one for each field."
    ),
]
FieldsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="COLUMN=FIELD",
        help="Compare this column of the truth with that field of the results; may be repeated.",
    ),
]
OnlyOption = Annotated[
    str | None,
    typer.Option("--only", metavar="COLUMN=VALUE", help="Only the truth rows with that value."),
]


def score_files(results: Path, truth: Path, selection: "Selection") -> "tuple[Scored, ...]":
    """Load both files and put every true value beside its reading.

    Raises
    ------
    TruthError
        If a file is not what it should be, or nothing is left to compare.
    """
    from digitscan.errors import TruthError
    from digitscan.truth import load_results, load_truth, match_readings

    scored = match_readings(load_results(results), load_truth(truth), selection)
    if not scored:
        raise TruthError("no true value is left to compare; look at --field, --only and the truth")
    return scored


def parse_selection(fields: list[str] | None, only: str | None, anywhere: bool) -> "Selection":
    """Read the options as a selection; a text without `=` is a usage error."""
    from digitscan.truth import Selection

    pairs = tuple(_split(text, "--field") for text in fields or ())
    return Selection(pairs, None if only is None else _split(only, "--only"), anywhere)


def _split(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left and equals):
        raise typer.BadParameter(
            f"{text!r} is not of the form COLUMN=..., as in digits=amount", param_hint=option
        )
    return left, right
