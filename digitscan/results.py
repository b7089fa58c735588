"""Write rows as CSV, JSON Lines or Parquet, whole or not at all, and read them again."""

import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

from digitscan.errors import OutputError
from digitscan.names import printable
from digitscan.records import PageResult
from digitscan.rows import COLUMNS, Row, escape_cell, make_rows, unescape_cell

if TYPE_CHECKING:
    from pandas import DataFrame

STDOUT = "-"
SUFFIXES = (".csv", ".jsonl", ".parquet")

_WHOLE = ("page", "left", "top", "right", "bottom")
# Parquet is written in groups of rows of this size: 10,000 waiting rows took 60 MB
_PARQUET_ROWS = 2_000


Columns = Mapping[str, type]
"""Names of columns in their order, each with its type: str, int, or float for a probability."""
LONG: Columns = {name: int if name in _WHOLE else str for name in COLUMNS} | {"confidence": float}
"""One row a reading."""


class RowWriter(Protocol):
    """What takes rows one after the other and is closed once."""

    def write(self, row: Row) -> None:
        """Write one row."""

    def close(self) -> None:
        """Write what is still held back."""


class CsvWriter:
    """Rows as RFC 4180: comma, CR LF, quotes where needed."""

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        self._file = file
        self._columns = columns
        self._line = io.StringIO(newline="")
        self._csv = csv.writer(self._line, lineterminator="\r\n")
        self._write_cells(tuple(columns))

    def write(self, row: Row) -> None:
        """Write one row, its text cells escaped."""
        self._write_cells([_csv_cell(row[name]) for name in self._columns])

    def close(self) -> None:
        """Hold nothing back."""

    def _write_cells(self, cells: Sequence[str]) -> None:
        self._csv.writerow(cells)
        self._file.write(self._line.getvalue().encode("utf-8"))
        self._line.seek(0)
        self._line.truncate()


class JsonLinesWriter:
    """Rows as JSON objects, one a line, with null where a CSV has an empty number."""

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        self._file = file
        self._columns = columns

    def write(self, row: Row) -> None:
        """Write one row."""
        cells = {name: row[name] for name in self._columns}
        line = json.dumps(cells, ensure_ascii=False, separators=(",", ":"))
        self._file.write(line.encode("utf-8") + b"\n")

    def close(self) -> None:
        """Hold nothing back."""


class ParquetWriter:
    """Rows as Parquet, in groups, with numbers as numbers and everything else as text."""

    def __init__(self, file: IO[bytes], columns: Columns) -> None:
        parquet = _import_parquet()
        import pyarrow

        kinds = {str: pyarrow.string(), int: pyarrow.int32(), float: pyarrow.float64()}
        self._schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
        self._make_table = pyarrow.Table.from_pylist
        self._writer = parquet.ParquetWriter(file, self._schema)
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


def _csv_cell(value: str | int | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):  # a probability
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
    columns : mapping of str to type

    Raises
    ------
    OutputError
        If the suffix is unknown, the folder does not exist or nothing can be written there.
    """

    def __init__(self, out: str | os.PathLike[str], columns: Columns = LONG) -> None:
        self._target = None if os.fspath(out) == STDOUT else Path(out)
        self._temporary: Path | None = None
        if self._target is None:
            self._file: IO[bytes] = sys.stdout.buffer
            with self._explained():
                self._writer: RowWriter = CsvWriter(self._file, columns)
            return
        check_target(self._target)
        # One name, not a random one: what a killed run left behind is written over by the next.
        self._temporary = self._target.with_name(f".{self._target.name}.part")
        with self._explained():
            self._file = self._temporary.open("wb")
        try:
            self._writer = _WRITERS[self._target.suffix.lower()](self._file, columns)
        except BaseException:
            self._discard()
            raise

    def write(self, result: PageResult, field: str | None = None) -> None:
        """Write the rows of one page."""
        self.write_rows(make_rows(result, field))

    def write_rows(self, rows: Iterable[Row]) -> None:
        """Write rows as they are."""
        with self._explained():
            for row in rows:
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


def read_rows(path: str | os.PathLike[str]) -> Iterator[Row]:
    """Read a results file again, row by row, as it was written.

    Parameters
    ----------
    path : str or path
        A .csv, .jsonl or .parquet file of digitscan.

    Yields
    ------
    Row
        File names without the quote that keeps a spreadsheet from running them.

    Raises
    ------
    OutputError
        If the file cannot be read or is no results file.
    """
    target = Path(path)
    shown = printable(str(target))
    readers = {".csv": _read_csv, ".jsonl": _read_json_lines, ".parquet": _read_parquet}
    if target.suffix.lower() not in readers:
        raise OutputError(f"{shown} is no results file; expected one of {', '.join(SUFFIXES)}")
    try:
        yield from readers[target.suffix.lower()](target)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{shown} is no results file that can be read: {error}; make it again"
        ) from None


def read_frame(path: str | os.PathLike[str]) -> "DataFrame":
    """Read a results file as a table of pandas, its columns of the types that they have.

    `pandas.read_csv` would make 7 of the text 007, and a missing value of the text NA.

    Parameters
    ----------
    path : str or path
        A .csv, .jsonl or .parquet file of digitscan.

    Returns
    -------
    pandas.DataFrame
        A row a reading, in the order of the file. Whole numbers are Int64 and missing where a row
        has none, `confidence` is float64, everything else str.

    Raises
    ------
    OutputError
        If the file cannot be read or is no results file.
    """
    import pandas  # half a second: only where a table is wanted

    kinds = {int: "Int64", float: "float64", str: "str"}
    frame = pandas.DataFrame(list(read_rows(path)), columns=list(COLUMNS))
    return frame.astype({name: kinds[kind] for name, kind in LONG.items()})


def _read_csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.reader(file, strict=True)
        if tuple(next(table, ())) != COLUMNS:
            raise ValueError("its columns are not those of a run without --wide")
        for cells in table:
            row = dict(zip(COLUMNS, map(unescape_cell, cells), strict=True))
            yield {name: _from_text(name, text) for name, text in row.items()}


def _from_text(name: str, text: str) -> str | int | float | None:
    if name in _WHOLE:
        return int(text) if text else None
    if name == "confidence":
        return float(text) if text else None
    return text


def _read_json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield {name: row[name] for name in COLUMNS}


def _read_parquet(path: Path) -> Iterator[Row]:
    parquet = _import_parquet()
    for batch in parquet.ParquetFile(path).iter_batches():
        yield from batch.to_pylist()


def _import_parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise OutputError(
            "Parquet needs a package that is not installed; "
            "install digitscan[parquet] or use .csv or .jsonl"
        ) from None
    return pyarrow.parquet
