"""Write page results as rows: CSV, JSON Lines or Parquet, whole or not at all.

The columns and their order are a contract with other programs; they are listed in the README and
held by a test.
"""

import contextlib
import csv
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from digitscan.errors import OutputError
from digitscan.names import printable
from digitscan.records import PageResult, Reading, Status

COLUMNS = (
    "file",
    "page",
    "field",
    "text",
    "value",
    "confidence",
    "status",
    "reason",
    "left",
    "top",
    "right",
    "bottom",
    "alternatives",
)
MAX_ALTERNATIVES = 3
STDOUT = "-"

Row = Mapping[str, str | int | float | None]

_WHOLE = ("page", "left", "top", "right", "bottom")
# Cells that a spreadsheet would run. A quote before them marks text; a name that already starts
# with such a quote gets one more, so that nothing is ambiguous.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
# Parquet is written in groups of rows of this size: some MB of memory, good compression
_PARQUET_ROWS = 20_000


def make_rows(result: PageResult, field: str | None = None) -> tuple[Row, ...]:
    """Turn one page result into rows: one a reading, and one where there is none.

    Parameters
    ----------
    result : PageResult
    field : str or None
        Name of the field that a crop shows; it stands in a row without a reading.

    Examples
    --------
    >>> from digitscan.records import PageRef
    >>> row, = make_rows(PageResult(PageRef("/in/a.png", 1, "a.png"), Status.EMPTY, reason="blank"))
    >>> row["file"], row["status"], row["reason"], row["confidence"]
    ('a.png', 'empty', 'blank', None)
    """
    name = printable(result.ref.name)
    if result.readings:
        return tuple(_reading_row(name, result.ref.number, item) for item in result.readings)
    blank: Row = {
        **dict.fromkeys(COLUMNS),
        "file": name,
        "page": result.ref.number,
        "field": field or "",
        "text": "",
        "value": "",
        "status": str(result.status),
        "reason": result.reason,
        "alternatives": "",
    }
    return (blank,)


def _reading_row(name: str, page: int, reading: Reading) -> Row:
    box = reading.region.box
    alternatives = reading.alternatives[:MAX_ALTERNATIVES]
    return {
        "file": name,
        "page": page,
        "field": reading.region.field or "",
        "text": reading.text,
        "value": reading.value,
        "confidence": round(reading.confidence, 4),
        "status": str(Status.READ if reading.rejection is None else Status.REJECTED),
        "reason": str(reading.rejection or ""),
        "left": box.left,
        "top": box.top,
        "right": box.right,
        "bottom": box.bottom,
        "alternatives": " ".join(f"{item.text}:{item.confidence:.4f}" for item in alternatives),
    }


def escape_cell(text: str) -> str:
    """Keep a spreadsheet from running a cell as a formula.

    Examples
    --------
    >>> escape_cell("=1+1.png"), escape_cell("scan.png"), escape_cell("-12.50")
    ("'=1+1.png", 'scan.png', '-12.50')
    """
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def unescape_cell(text: str) -> str:
    """Undo `escape_cell`.

    Examples
    --------
    >>> unescape_cell("'=1+1.png"), unescape_cell("'tis.png")
    ('=1+1.png', "'tis.png")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


class RowWriter(Protocol):
    """What takes rows one after the other and is closed once."""

    def write(self, row: Row) -> None:
        """Write one row."""

    def close(self) -> None:
        """Write what is still held back."""


class CsvWriter:
    """Rows as RFC 4180: comma, CR LF, quotes where needed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._line = io.StringIO(newline="")
        self._csv = csv.writer(self._line, lineterminator="\r\n")
        self._write_cells(COLUMNS)

    def write(self, row: Row) -> None:
        """Write one row, its text cells escaped."""
        self._write_cells([_csv_cell(name, row[name]) for name in COLUMNS])

    def close(self) -> None:
        """Hold nothing back."""

    def _write_cells(self, cells: Sequence[str]) -> None:
        self._csv.writerow(cells)
        self._file.write(self._line.getvalue().encode("utf-8"))
        self._line.seek(0)
        self._line.truncate()


class JsonLinesWriter:
    """Rows as JSON objects, one a line, with null where a CSV has an empty number."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, row: Row) -> None:
        """Write one row."""
        line = json.dumps(dict(row), ensure_ascii=False, separators=(",", ":"))
        self._file.write(line.encode("utf-8") + b"\n")

    def close(self) -> None:
        """Hold nothing back."""


class ParquetWriter:
    """Rows as Parquet, in groups, with numbers as numbers and everything else as text."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise OutputError(
                "Parquet needs a package that is not installed; "
                "install digitscan[parquet] or write .csv or .jsonl"
            ) from None
        kinds = {name: pyarrow.string() for name in COLUMNS}
        kinds |= {name: pyarrow.int32() for name in _WHOLE}
        kinds["confidence"] = pyarrow.float64()
        self._schema = pyarrow.schema(list(kinds.items()))
        self._make_table = pyarrow.Table.from_pylist
        self._writer = pyarrow.parquet.ParquetWriter(file, self._schema)
        self._rows: list[dict[str, Any]] = []

    def write(self, row: Row) -> None:
        """Hold a row back until its group is full."""
        self._rows.append(dict(row))
        if len(self._rows) == _PARQUET_ROWS:
            self._flush()

    def close(self) -> None:
        """Write the last group and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._make_table(self._rows, schema=self._schema))
            self._rows = []


_WRITERS: dict[str, type[CsvWriter] | type[JsonLinesWriter] | type[ParquetWriter]] = {
    ".csv": CsvWriter,
    ".jsonl": JsonLinesWriter,
    ".parquet": ParquetWriter,
}


def _csv_cell(name: str, value: str | int | float | None) -> str:
    if value is None:
        return ""
    if name == "confidence":
        return f"{value:.4f}"
    return escape_cell(value) if isinstance(value, str) else str(value)


class ResultsFile:
    """A results file that is there whole, or not at all.

    Rows go to a temporary file in the target folder; `commit` gives it its name. Left without
    commit, by an error or an interrupt, the temporary file is removed and an older file of the
    name stays as it was.

    Parameters
    ----------
    out : str or path
        Target; its suffix (.csv, .jsonl, .parquet) chooses the format. `-` writes CSV to stdout.

    Raises
    ------
    OutputError
        If the suffix is unknown, the folder does not exist or nothing can be written there.
    """

    def __init__(self, out: str | os.PathLike[str]) -> None:
        self._target = None if os.fspath(out) == STDOUT else Path(out)
        self._temporary: Path | None = None
        if self._target is None:
            self._file: IO[bytes] = sys.stdout.buffer
            with self._explained():
                self._writer: RowWriter = CsvWriter(self._file)
            return
        check_target(self._target)
        with self._explained():
            handle, name = tempfile.mkstemp(
                prefix=f".{self._target.name}.", suffix=".part", dir=self._target.parent
            )
        self._temporary = Path(name)
        self._file = os.fdopen(handle, "wb")
        try:
            self._writer = _WRITERS[self._target.suffix.lower()](self._file)
        except BaseException:
            self._discard()
            raise

    def write(self, result: PageResult, field: str | None = None) -> None:
        """Write the rows of one page."""
        with self._explained():
            for row in make_rows(result, field):
                self._writer.write(row)

    def commit(self) -> None:
        """Finish the file and give it its name."""
        with self._explained():
            self._writer.close()
            self._file.flush()
            if self._target is None or self._temporary is None:
                return
            os.fsync(self._file.fileno())
            self._file.close()
            _share(self._temporary)
            os.replace(self._temporary, self._target)
            self._temporary = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._discard()

    def _discard(self) -> None:
        if self._temporary is not None:
            with contextlib.suppress(OSError, ValueError):
                self._file.close()
            self._temporary.unlink(missing_ok=True)
            self._temporary = None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            shown = printable(str(self._target or "standard output"))
            raise OutputError(
                f"{shown} cannot be written: {error.strerror}; "
                "free space or choose another --out, then run again"
            ) from None


def check_target(target: Path) -> None:
    """Check before any work that results could be written to `target`.

    Raises
    ------
    OutputError
        If its suffix is unknown, it is a folder, or its folder does not exist or is not writable.
    """
    if target.suffix.lower() not in _WRITERS:
        raise OutputError(
            f"{printable(str(target))} has the suffix {target.suffix or 'of no format'!r}, "
            f"expected one of {', '.join(_WRITERS)}, or - for standard output"
        )
    if target.is_dir():
        raise OutputError(f"{printable(str(target))} is a folder; name a file in it")
    folder = printable(str(target.parent))
    if not target.parent.is_dir():
        raise OutputError(f"folder {folder} does not exist; make it or choose another --out")
    if not os.access(target.parent, os.W_OK):
        raise OutputError(f"folder {folder} is not writable; choose another --out")


def _share(path: Path) -> None:
    """Give a temporary file the rights of a usual new file: mkstemp makes it private."""
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        path.chmod(0o666 & ~mask)
