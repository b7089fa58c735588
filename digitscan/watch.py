"""Watch a folder: read each file once it is complete, write its results, and remember it.

Every scan gets a results file of its own, `in/a.tif` becomes `out/a.tif.csv`. The ledger of the
output folder says which files, of which size and time of change, have their results; a watch that
is started again goes on from it. Looking at sizes and times works on every file system, shared
ones included, where notifications do not.
"""

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO

from digitscan.batch import Job, read_scans
from digitscan.errors import NoPagesError, OutputError
from digitscan.journal import explain_full_disk
from digitscan.names import inner_path, printable
from digitscan.results import ResultsFile
from digitscan.scans import ScanFile, find_scans

log = logging.getLogger(__name__)

LEDGER = "watch.ledger"
# A copy over a slow line may pause for longer than one look; two looks without a change are enough.
_CALM_LOOKS = 2

Identity = tuple[int, int]
"""Bytes and time of change in nanoseconds: a file that is written anew is another one."""


@dataclass(slots=True)
class _Seen:
    identity: Identity
    calm: int = 0


@dataclass(slots=True)
class FolderWatch:
    """Find the files of a folder that have arrived completely.

    A file is complete when size and time of change were the same at three looks in a row. One that
    is renamed into place is as well: it only waits for two further looks.
    """

    folder: Path
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def look(self, done: dict[str, Identity]) -> tuple[tuple[ScanFile, Identity], ...]:
        """Look once, and return what is complete and not done."""
        ready = []
        present: dict[str, _Seen] = {}
        for scan in self._list():
            try:
                found = os.stat(scan.path)
            except OSError:  # gone again
                continue
            identity = (found.st_size, found.st_mtime_ns)
            if done.get(printable(scan.name)) == identity:
                continue
            seen = self._seen.get(scan.path)
            calm = seen.calm + 1 if seen is not None and seen.identity == identity else 0
            present[scan.path] = _Seen(identity, calm)
            if calm >= _CALM_LOOKS:
                ready.append((scan, identity))
        self._seen = present
        return tuple(ready)

    def _list(self) -> tuple[ScanFile, ...]:
        try:
            return find_scans([self.folder])
        except NoPagesError:
            if not self.folder.is_dir():
                log.warning("%s is not there; looking again", printable(str(self.folder)))
            return ()


class Ledger:
    """What has been read, one JSON line a file; a line torn by a crash is left out.

    Parameters
    ----------
    out : Path
        Folder of the results.

    Raises
    ------
    OutputError
        If it cannot be written.
    """

    def __init__(self, out: Path) -> None:
        self.done: dict[str, Identity] = {}
        path = out / LEDGER
        with explain_full_disk(path):
            self._file: IO[bytes] = path.open("a+b")
            self._file.seek(0)
            for line in self._file:
                try:
                    name, size, changed = json.loads(line)
                except ValueError:
                    continue
                # The entry is written just before the results get their name.
                if result_path(out, name).exists():
                    self.done[name] = (size, changed)
            self._path = path

    def add(self, name: str, identity: Identity) -> None:
        """Write down one file."""
        with explain_full_disk(self._path):
            self._file.write(b"\n" + json.dumps([name, *identity]).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        self.done[name] = identity

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def result_path(out: Path, name: str) -> Path:
    """Return where the results of a scan go.

    Examples
    --------
    >>> result_path(Path("out"), "a/b.tif").as_posix()
    'out/a/b.tif.csv'
    """
    return out / inner_path(name + ".csv")


def watch_folder(
    folder: Path,
    out: Path,
    job: Job,
    executor: Executor,
    workers: int = 1,
    pause_s: float = 2.0,
    move_to: Path | None = None,
    wait: Callable[[float], bool] | None = None,
) -> Iterator[tuple[ScanFile, Path]]:
    """Read what arrives in a folder until told to stop.

    Parameters
    ----------
    folder, out : Path
        Where scans arrive, and where their results and the ledger go.
    job : Job
    executor : Executor
    workers : int
    pause_s : float
        Between two looks at the folder.
    move_to : Path, optional
        Where a scan is moved when its results are in place; left out, scans stay.
    wait : callable, optional
        Waits between two looks and returns False to stop; by default it sleeps and goes on.

    Yields
    ------
    tuple of ScanFile and Path
        Each scan that was read, and its results.

    Raises
    ------
    OutputError
        If results cannot be written, or scans cannot be moved.
    """
    watch, ledger = FolderWatch(folder), Ledger(out)
    try:
        while True:
            ready = watch.look(ledger.done)
            scans = [scan for scan, _ in ready]
            identities = {scan.path: identity for scan, identity in ready}
            results = read_scans(scans, job, executor, workers)
            for path, pages in groupby(results, key=lambda result: result.ref.scan):
                scan = next(one for one in scans if one.path == path)
                target = result_path(out, printable(scan.name))
                with explain_full_disk(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                with ResultsFile(target) as file:
                    for page in pages:
                        file.write(page, job.field)
                    if _identify(path) != identities[path]:
                        continue  # it changed while it was read, so it had not been complete
                    ledger.add(printable(scan.name), identities[path])
                    file.commit()
                if move_to is not None:
                    _move(scan, move_to)
                yield scan, target
            if not (_sleep if wait is None else wait)(pause_s):
                return
    finally:
        ledger.close()


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _identify(path: str) -> Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _move(scan: ScanFile, folder: Path) -> None:
    target = folder / inner_path(scan.name)
    if target.exists():
        raise OutputError(
            f"{printable(str(target))} is there already; empty that folder, the scan stays"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(scan.path, target)
    except OSError as error:
        raise OutputError(
            f"{printable(scan.path)} cannot be moved to {printable(str(folder))}: {error.strerror}"
        ) from None
