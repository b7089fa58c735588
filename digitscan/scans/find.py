"""Find scan files below the given paths, in an order that does not depend on the disk."""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from digitscan.errors import NoPagesError
from digitscan.names import printable
from digitscan.scans.remote import describe_address, is_address, list_address, show_address

log = logging.getLogger(__name__)

SUFFIXES = frozenset(
    (".bmp", ".dib", ".jfif", ".jpe", ".jpeg", ".jpg", ".pdf", ".png", ".tif", ".tiff", ".webp")
)
"""Suffixes taken from a folder, in lower case. A file that is named itself may have any."""


@dataclass(frozen=True, slots=True)
class ScanFile:
    """A file to read: path or address as it can be opened, `name` as the results name it."""

    path: str
    name: str


def find_scans(inputs: Sequence[str | os.PathLike[str]]) -> tuple[ScanFile, ...]:
    """Find all scan files below files and folders.

    A single folder names its files relative to itself, a single file by its own name. Of several
    inputs the same name may come twice (`a/1.png`, `b/1.png`), so there every name starts with the
    input as it was given. A folder is walked through depth first, its entries by code point.
    Hidden files (`.DS_Store`, `._1.png`) and files of other suffixes are left out; links to
    folders are not followed, so a link cannot make a circle. Addresses (`https://`, `s3://`) are
    treated alike, and shown without password and signature.

    Parameters
    ----------
    inputs : sequence of paths or addresses
        Files and folders, read in this order; a file that is met twice is taken once.

    Returns
    -------
    tuple of ScanFile

    Raises
    ------
    NoPagesError
        If an input does not exist or nothing below the inputs is a scan.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.png", "a.TIF", "notes.txt"):
    ...         _ = Path(folder, name).write_bytes(b"")
    ...     [scan.name for scan in find_scans([folder])]
    ['a.TIF', 'b.png']
    """
    found: dict[str, ScanFile] = {}
    skipped = 0
    paths = [os.fspath(given) for given in inputs]
    for path in paths:
        for scan in _find_below(path, named=len(paths) > 1):
            if scan.path == path or _is_scan(scan):
                same = scan.path if is_address(path) else os.path.realpath(scan.path)
                found.setdefault(same, scan)
            else:
                skipped += 1
    if skipped:
        log.info(
            "%d files left out: their suffix is none of %s", skipped, " ".join(sorted(SUFFIXES))
        )
    if not found:
        shown = ", ".join(
            show_address(path) if is_address(path) else printable(path) for path in paths
        )
        raise NoPagesError(
            f"no scans in {shown}; looked for {' '.join(sorted(SUFFIXES))} in all folders below"
        )
    return tuple(found.values())


def identify_scan(path: str) -> tuple[int, int]:
    """Return what tells a file from one written anew: its bytes and its time of change.

    Parameters
    ----------
    path : str
        Path or address.

    Returns
    -------
    size, changed : int
        Nanoseconds; of an address a number that changes with what the server says of the file.

    Raises
    ------
    OSError
        If a path is not there.
    UnreadableScanError
        If an address is not there.
    """
    if is_address(path):
        return describe_address(path)
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns


def _find_below(path: str, named: bool) -> Iterator[ScanFile]:
    """Yield the file at a path or address, or those below it; `named` puts it before their names.

    Raises
    ------
    NoPagesError
        If there is nothing.
    """
    if is_address(path):
        shown = show_address(path).rstrip("/")
        for address, inner in list_address(path, SUFFIXES):
            short = inner or os.path.basename(shown)
            name = f"{shown}/{inner}".rstrip("/") if named else short
            yield ScanFile(address, name)
        return
    if not os.path.lexists(path):
        raise NoPagesError(f"{printable(path)} does not exist; check the path")
    prefix = Path(path).as_posix() if named else ""
    if os.path.isdir(path):
        yield from _walk(path, prefix)
    else:
        yield ScanFile(path, prefix or os.path.basename(path))


def _is_scan(scan: ScanFile) -> bool:
    return os.path.splitext(scan.name)[1].lower() in SUFFIXES or os.path.isdir(scan.path)


def _walk(folder: str, prefix: str) -> Iterator[ScanFile]:
    """Yield the files below a folder, and a folder that cannot be listed, so that it gets a row."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        log.warning("%s cannot be listed: %s", printable(folder), error.strerror)
        yield ScanFile(folder, prefix or os.path.basename(folder))
        return
    for entry in listed:
        if entry.name.startswith("."):
            continue
        name = f"{prefix}/{entry.name}" if prefix else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, name)
        elif not entry.is_dir():
            yield ScanFile(entry.path, name)
