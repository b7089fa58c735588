"""`digitscan evaluate`: how good a results file is, by true values."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitscan.cli.truth import (
    FieldsOption,
    OnlyOption,
    ResultsArgument,
    TruthOption,
    parse_selection,
    score_files,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digitscan.evaluation import Confusion, Figures
    from digitscan.truth import Scored

_SHOWN_CONFUSIONS = 12  # a dozen lines hold what is worth mending first


def evaluate(
    results: ResultsArgument,
    truth: TruthOption,
    field: FieldsOption = None,
    only: OnlyOption = None,
    anywhere: Annotated[
        bool,
        typer.Option("--any", help="Whole pages: right is a value that any reading says."),
    ] = False,
    scans: Annotated[
        Path | None,
        typer.Option("--scans", metavar="FOLDER", help="The scans, to cut out what was misread."),
    ] = None,
    sheet: Annotated[
        Path,
        typer.Option("--sheet", metavar="FILE.png", help="Where the misread crops go."),
    ] = Path("misread.png"),
) -> None:
    """Compare RESULTS.csv with true values: exact rate, error against rejects, calibration."""
    from digitscan.evaluation import measure_readings

    scored = score_files(results, truth, parse_selection(field, only, anywhere))
    names = list(dict.fromkeys(item.field for item in scored))
    every = [
        measure_readings(tuple(item for item in scored if item.field == name), name)
        for name in names
    ]
    if len(names) > 1:
        every.append(measure_readings(scored, "all"))
    typer.echo("\n".join(_describe(every, anywhere)))
    if scans is not None:
        _write_misread(scored, scans, sheet)


def _describe(every: "list[Figures]", anywhere: bool) -> "Iterator[str]":
    """Yield the lines of the report; what needs one reading a value is left out with `--any`."""
    head = f"{'field':<14}{'truth':>7}{'exact':>9}{'95 % interval':>17}{'missing':>9}"
    yield head + ("" if anywhere else f"{'accepted':>10}{'wrong':>9}")
    for one in every:
        low, high = one.interval
        line = (
            f"{one.field:<14}{one.count:>7}{_percent(one.right, one.count):>9}"
            f"{f'{100 * low:.1f} to {100 * high:.1f}%':>17}{one.missing:>9}"
        )
        if not anywhere:
            line += f"{_percent(one.accepted, one.count):>10}{_percent(one.wrong, one.accepted):>9}"
        yield line
    if anywhere:
        return
    yield ""
    yield "share that can be accepted with at most so many wrong among the accepted"
    yield f"{'field':<14}" + "".join(f"{f'{100 * error:g} %':>9}" for error, _ in every[0].read_at)
    for one in every:
        yield f"{one.field:<14}" + "".join(f"{100 * share:>8.1f}%" for _, share in one.read_at)
    last = every[-1]
    yield ""
    yield f"calibration of {last.field}: expected error {last.calibration_error:.4f}"
    yield f"{'readings':>9}{'confidence':>12}{'right':>9}"
    for item in last.bins:
        yield f"{item.count:>9}{100 * item.confidence:>11.1f}%{100 * item.accuracy:>8.1f}%"
    yield ""
    yield f"confusions of {last.field}"
    for confusion in last.confusions[:_SHOWN_CONFUSIONS]:
        yield f"{confusion.count:>9}  {_name(confusion)}"
    if not last.confusions:
        yield "     none"


def _name(confusion: "Confusion") -> str:
    if not confusion.read:
        return f"{confusion.true} left out"
    if not confusion.true:
        return f"{confusion.read} invented"
    return f"{confusion.true} read as {confusion.read}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "-"


def _write_misread(scored: "tuple[Scored, ...]", scans: Path, sheet: Path) -> None:
    from digitscan.errors import TruthError
    from digitscan.scans import find_scans
    from digitscan.sheet import draw_sheet, find_misread, load_crops, write_sheet

    wrong = find_misread(scored)
    crops = load_crops(wrong, {scan.name: scan.path for scan in find_scans([scans])})
    if wrong and not crops:
        raise TruthError(
            f"none of the {len(wrong)} misread scans is below {scans}; "
            "give the folder that `digitscan process` was given"
        )
    write_sheet(sheet, draw_sheet(crops))
    typer.echo(f"\n{len(crops)} misread crops are in {sheet}")
