"""Folders that a command writes into: made before any work, or refused."""

import os
from pathlib import Path

from digitscan.errors import OutputError
from digitscan.names import printable


def make_folder(folder: Path, option: str) -> None:
    """Make the folder of an option, or say why nothing can be written there.

    Raises
    ------
    OutputError
        If it cannot be made or is not writable.
    """
    shown = printable(str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"folder {shown} cannot be made: {error.strerror}; choose another {option}"
        ) from None
    if not os.access(folder, os.W_OK):
        raise OutputError(f"folder {shown} is not writable; choose another {option}")
