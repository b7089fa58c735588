"""The results file: a contract with other programs."""

import csv
import errno
import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitscan.errors import OutputError
from digitscan.records import (
    Box,
    Candidate,
    PageRef,
    PageResult,
    Reading,
    Region,
    Rejection,
    Status,
)
from digitscan.results import ResultsFile, read_frame, read_rows
from digitscan.rows import COLUMNS, escape_cell, make_rows, unescape_cell


def reading(text: str = "007", **changes: object) -> Reading:
    values = {
        "region": Region(Box(1, 2, 30, 40), "amount"),
        "text": text,
        "value": f"{text}.00",
        "confidence": 0.98765,
        "alternatives": tuple(Candidate(f"{text}{n}", 0.1 / n) for n in range(1, 6)),
        **changes,
    }
    return Reading(**values)  # type: ignore[arg-type]


def page(name: str, *readings: Reading, number: int = 1) -> PageResult:
    return PageResult(PageRef(f"/in/{name}", number, name), Status.READ, readings)


FAILED = PageResult(PageRef("/in/b.png", 1, "b.png"), Status.FAILED, reason="unreadable")
EMPTY = PageResult(PageRef("/in/c.tif", 3, "c.tif"), Status.EMPTY)


def write(path: Path, *results: PageResult, field: str | None = None) -> Path:
    with ResultsFile(path) as file:
        for result in results:
            file.write(result, field)
        file.commit()
    return path


def test_the_columns_are_the_contract() -> None:
    assert ",".join(COLUMNS) == (
        "file,page,field,text,value,confidence,status,reason,left,top,right,bottom,alternatives"
    )


def test_csv_byte_for_byte(tmp_path: Path) -> None:
    rejected = reading("12", rejection=Rejection.LOW_CONFIDENCE, alternatives=())
    path = write(tmp_path / "x.csv", page("a,b.png", reading(), rejected), FAILED, EMPTY)
    assert path.read_bytes().decode() == (
        "file,page,field,text,value,confidence,status,reason,left,top,right,bottom,alternatives\r\n"
        '"a,b.png",1,amount,007,007.00,0.9877,read,,1,2,30,40,'
        "0071:0.1000 0072:0.0500 0073:0.0333\r\n"
        '"a,b.png",1,amount,12,12.00,0.9877,rejected,low-confidence,1,2,30,40,\r\n'
        "b.png,1,,,,,failed,unreadable,,,,,\r\n"
        "c.tif,3,,,,,empty,,,,,,\r\n"
    )


def test_the_reason_says_what_decided_or_why_nothing_was_read() -> None:
    decided = reading(note="check-digit")
    withheld = reading(note="check-digit", rejection=Rejection.LOW_CONFIDENCE)
    reasons = [row["reason"] for row in make_rows(page("a.png", decided, withheld))]
    assert reasons == ["check-digit", "low-confidence"]


def test_a_page_without_reading_has_one_row_with_the_field_of_the_crop() -> None:
    (row,) = make_rows(EMPTY, "date")
    assert (row["file"], row["page"], row["field"], row["status"]) == ("c.tif", 3, "date", "empty")


def test_json_lines_hold_numbers_and_null(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", page("a.png", reading()), FAILED)
    first, second = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    assert tuple(first) == COLUMNS
    assert (first["text"], first["confidence"], first["left"]) == ("007", 0.9877, 1)
    assert (second["status"], second["confidence"], second["left"]) == ("failed", None, None)


def test_parquet_keeps_types(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(write(tmp_path / "x.parquet", page("a.png", reading()), FAILED))
    assert tuple(table.column_names) == COLUMNS
    first, second = table.to_pylist()
    assert (first["text"], first["page"], first["confidence"]) == ("007", 1, 0.9877)
    assert (second["status"], second["left"]) == ("failed", None)


def test_parquet_without_its_package_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OutputError, match=r"install digitscan\[parquet\]"):
        ResultsFile(tmp_path / "x.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["=1+1.png", "+a.png", "-a.png", "@a.png", "\ta.png", "\ra.png"])
def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "x.csv", page(name, reading()))
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["file"] == "'" + name
    assert unescape_cell(row["file"]) == name


@given(st.text())
def test_escaping_is_undone(text: str) -> None:
    escaped = escape_cell(text)
    assert unescape_cell(escaped) == text
    assert not escaped.startswith(("=", "@", "\t", "\r"))


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs",)), min_size=1),
            st.text("0123456789", max_size=12),
        ),
        max_size=5,
    )
)
def test_a_csv_written_and_read_again_is_equal(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "x.csv"
    write(path, *(page(name, reading(text)) for name, text in cells))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(unescape_cell(row["file"]), row["text"]) for row in rows] == cells


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_name_that_is_not_utf8_stays_readable(tmp_path: Path, suffix: str) -> None:
    name = os.fsdecode(b"caf\xe9.png") if os.name == "posix" else "caf\udce9.png"
    content = write(tmp_path / f"x.{suffix}", page(name, reading())).read_text("utf-8")
    assert r"caf\xe9.png" in content.replace(r"\\", "\\")


def test_an_error_leaves_the_older_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("older")
    with pytest.raises(KeyboardInterrupt), ResultsFile(path) as file:
        file.write(page("a.png", reading()))
        raise KeyboardInterrupt
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_what_was_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    results = (page("=a.png", reading()), FAILED, EMPTY)
    path = write(tmp_path / f"x.{suffix}", *results)
    assert list(read_rows(path)) == [row for result in results for row in make_rows(result)]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_table_keeps_the_types_of_its_columns(tmp_path: Path, suffix: str) -> None:
    results = (page("=a.png", reading(text="007")), FAILED)
    frame = read_frame(write(tmp_path / f"x.{suffix}", *results))
    assert tuple(frame.columns) == COLUMNS
    assert frame["text"].tolist() == ["007", ""]
    assert frame["file"][0] == "=a.png"
    assert frame["page"].dtype == "Int64"
    assert frame["left"].isna().tolist() == [False, True]
    assert frame["confidence"].dtype == "float64"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"a,b\r\n1,2\r\n"),
        ("x.csv", b",".join(column.encode() for column in COLUMNS) + b"\r\n1,2\r\n"),
        ("x.jsonl", b"{}\n"),
        ("x.jsonl", b"\xff\n"),
        ("x.parquet", b"PAR1"),
        ("x.txt", b""),
    ],
)
def test_what_is_no_results_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OutputError, match="is no results file"):
        list(read_rows(tmp_path / name))


@pytest.mark.skipif(os.name != "posix", reason="file rights of POSIX")
def test_the_file_has_the_rights_of_a_usual_one(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.write_text("")
    assert write(tmp_path / "x.csv").stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("x.xlsx", r"expected one of \.csv, \.jsonl, \.parquet", id="suffix"),
        pytest.param("x", "expected one of", id="no-suffix"),
        pytest.param("missing/x.csv", "does not exist; make it", id="no-folder"),
        pytest.param("folder.csv", "is a folder", id="folder"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused_first(
    tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputError, match=words):
        ResultsFile(tmp_path / name)


class FullDisk(io.RawIOBase):
    """A file on a disk without room."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=FullDisk()))
    with pytest.raises(OutputError, match="No space left on device; free space"):
        ResultsFile("-")
