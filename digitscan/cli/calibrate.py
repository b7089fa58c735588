"""`digitscan calibrate`: a threshold of confidence, proven on the user's own labeled scans."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitscan.cli.settings import SettingsOption
from digitscan.cli.truth import (
    FieldsOption,
    OnlyOption,
    ResultsArgument,
    TruthOption,
    parse_selection,
    score_files,
)

if TYPE_CHECKING:
    from digitscan.calibration import Threshold
    from digitscan.settings import Settings


def calibrate(
    results: ResultsArgument,
    truth: TruthOption,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE.toml", help="Settings for `process --settings`."),
    ],
    target_error: Annotated[
        float,
        typer.Option(
            "--target-error", metavar="E", help="Largest share of wrong readings to accept."
        ),
    ] = 0.01,
    level: Annotated[
        float,
        typer.Option("--level", metavar="P", help="Probability with which that must hold."),
    ] = 0.95,
    field: FieldsOption = None,
    only: OnlyOption = None,
    settings: SettingsOption = None,
) -> None:
    """Find the threshold of confidence that keeps the error of what is accepted below a target.

    RESULTS.csv is what `process` read from scans whose true values are in TRUTH.csv. The scans
    must be ones that nothing was tuned on. Refuses when they are too few to prove anything.
    """
    from digitscan.calibration import choose_threshold
    from digitscan.settings_file import load_settings, write_settings

    for value, option in ((target_error, "--target-error"), (level, "--level")):
        if not 0 < value < 1:
            raise typer.BadParameter(f"{value} is not between 0 and 1", param_hint=option)
    base = None if settings is None else load_settings(settings)
    scored = score_files(results, truth, parse_selection(field, only, anywhere=False))
    found = choose_threshold(scored, target_error, level)
    lines = _describe(found, results, truth)
    comment = "".join(f"# {line}\n" for line in lines)
    write_settings(out, comment + _dump(found, base))
    typer.echo("\n".join(lines))
    typer.echo(f"written to {out}: digitscan process SCANS --settings {out} --out RESULTS.csv")


def _dump(found: "Threshold", base: "Settings | None") -> str:
    """Write the threshold alone, so that defaults stay free to change, or the whole of `base`."""
    from digitscan.settings_file import dump_settings

    if base is None:
        return f"[confidence]\nmin_confidence = {found.min_confidence}\n"
    confidence = replace(base.confidence, min_confidence=found.min_confidence)
    return dump_settings(replace(base, confidence=confidence))


def _describe(found: "Threshold", results: Path, truth: Path) -> list[str]:
    return [
        f"min_confidence {found.min_confidence} from {results.name} and {truth.name}:",
        f"accepts {found.accepted} of {found.total} labeled readings, {found.wrong} of them wrong;",
        f"at most {100 * found.bound:.2f} % are wrong with {100 * found.level:g} % probability",
    ]
