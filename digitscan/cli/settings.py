"""`digitscan settings`: print the effective settings as TOML."""

from pathlib import Path
from typing import Annotated

import typer

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE.toml", help="Settings that differ from the defaults."),
]


def show_settings(settings: SettingsOption = None) -> None:
    """Print the effective settings as TOML, ready to be edited."""
    from digitscan.settings import Settings
    from digitscan.settings_file import dump_settings, load_settings

    effective = Settings() if settings is None else load_settings(settings)
    typer.echo(dump_settings(effective), nl=False)
