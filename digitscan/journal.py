"""The journal of a run: what is finished is on disk, and stays there whatever happens.

Beside `results.csv` lies `results.csv.journal` while a run is under way. Its first line holds the
plan of the run, every further line the rows of one page, in the order of the results. Each line
starts with its checksum, so that a line torn by a crash is known and left out. A run that is
resumed takes these rows over and goes on with the file that was not finished.
"""

import contextlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self

from digitscan.errors import OutputError
from digitscan.names import printable
from digitscan.rows import COLUMNS, Row

# Every line is handed to the system at once, so a killed run loses nothing. A power cut may cost
# what the system has not written: this many seconds of reading, which are then done again.
_SYNC_S = 5.0


def journal_path(out: Path) -> Path:
    """Return where the journal of a results file lies.

    Examples
    --------
    >>> journal_path(Path("results.csv")).name
    'results.csv.journal'
    """
    return out.with_name(out.name + ".journal")


class Journal:
    """Rows of finished pages, in the order of the results.

    Made by `start_journal` or `resume_journal`. A lock on the file keeps two runs from writing
    the same results.

    Attributes
    ----------
    done : int
        Number of input files that were finished when the journal was opened.
    resumed : bool
        True where an earlier run has written it.
    """

    def __init__(self, path: Path, file: IO[bytes], done: int, end: int, resumed: bool) -> None:
        self.path = path
        self.done = done
        self.resumed = resumed
        self._file = file
        self._end = end
        self._written = resumed
        self._synced = time.monotonic()

    def replay(self) -> Iterator[tuple[Row, ...]]:
        """Yield the rows of every page that was finished before, in their order."""
        self._file.seek(0)
        self._file.readline()
        while self._file.tell() < self._end:
            record = _parse(self._file.readline())
            assert record is not None  # it was checked when the journal was opened
            yield tuple(dict(zip(COLUMNS, cells, strict=True)) for cells in record["rows"])
        self._file.seek(self._end)

    def write(self, index: int, rows: Sequence[Row]) -> None:
        """Record one finished page of the input file at `index`.

        Raises
        ------
        OutputError
            If the disk is full or gone; what was recorded before stays valid.
        """
        record = {"index": index, "rows": [[row[name] for name in COLUMNS] for row in rows]}
        with explain_full_disk(self.path):
            self._file.write(_format(record))
            self._file.flush()
            if time.monotonic() - self._synced > _SYNC_S:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        self._written = True

    def remove(self) -> None:
        """End a run that is complete: its results are in place."""
        self._close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A run that ended before its first page leaves nothing that is worth a question.
        if not self._file.closed and not self._written:
            self.remove()
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # the disk may be full; what counts was flushed
            self._file.close()


def start_journal(path: Path, plan: dict[str, Any]) -> Journal:
    """Make the journal of a new run.

    Raises
    ------
    OutputError
        If an unfinished run has left one, or it cannot be written.
    """
    with explain_full_disk(path):
        try:
            file = path.open("x+b")
        except FileExistsError:
            raise OutputError(
                f"an earlier run did not finish: {printable(str(path))} is there; "
                "go on with --resume, or delete that file to start anew"
            ) from None
        _lock(file, path)
        file.write(_format(plan))
        file.flush()
        os.fsync(file.fileno())
        return Journal(path, file, 0, file.tell(), resumed=False)


def resume_journal(path: Path) -> tuple[dict[str, Any], Journal]:
    """Open the journal of an unfinished run and cut off what was not finished.

    Returns
    -------
    tuple
        The plan of that run and its journal.

    Raises
    ------
    OutputError
        If it is no journal, or the run that writes it goes on.
    """
    with explain_full_disk(path):
        file = path.open("r+b")
        _lock(file, path)
        plan = _parse(file.readline())
        if plan is None:
            file.close()
            raise OutputError(
                f"{printable(str(path))} is no journal or its first line is damaged; "
                "delete it to start anew"
            )
        done, end = _find_end(file)
        file.seek(end)
        file.truncate()
        return plan, Journal(path, file, done, end, resumed=True)


def _find_end(file: IO[bytes]) -> tuple[int, int]:
    """Return how many input files are finished for certain, and where their records end.

    The last file of the journal may have had more pages, so it is read again.
    """
    start = file.tell()
    done, end = 0, start
    last: int | None = None
    while True:
        at = file.tell()
        record = _parse(file.readline())
        if record is None:
            return done, end
        if record["index"] != last:
            last = record["index"]
            done, end = record["index"], at


def _format(record: dict[str, Any]) -> bytes:
    body = json.dumps(record, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _parse(line: bytes) -> Any:
    """Return the record of a line, None where the line is torn or missing."""
    if len(line) < 10 or not line.endswith(b"\n") or line[8:9] != b" ":
        return None
    body = line[9:-1]
    if line[:8] != b"%08x" % zlib.crc32(body):
        return None
    return json.loads(body)


@contextlib.contextmanager
def explain_full_disk(path: Path) -> Iterator[None]:
    """Turn an error of the disk into one that says the next step."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{printable(str(path))} cannot be written: {error.strerror}; "
            "free space or mount the folder again, then go on with --resume"
        ) from None


def _lock(file: IO[bytes], path: Path) -> None:
    """Lock the journal; the system lets go of it when the process ends, however it ends."""
    try:
        if os.name == "nt":
            import msvcrt

            # Far behind any content: Windows would keep others, and ourselves, from what is locked
            file.seek(1 << 40)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise OutputError(
            f"another run is writing {printable(str(path))}; wait for it or choose another --out"
        ) from None
    except OSError:  # some network file systems have no locks
        return
