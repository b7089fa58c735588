"""One row a page: every field in its own columns, whatever else happened to the page."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.batch import Job, ReadPage
from digitscan.cli import run as run_cli
from digitscan.errors import ExitCode, OutputError, TemplateError
from digitscan.records import Box, Page, PageRef, PageResult, Reading, Region, Rejection, Status
from digitscan.results import ResultsFile, read_rows
from digitscan.rows import make_rows
from digitscan.runs import Run, execute
from digitscan.settings import Settings
from digitscan.wide_rows import join_rows, list_wide_columns

FIELDS = ("date", "total")
REF = PageRef("/in/a.png", 1, "a.png")
DATE = Reading(Region(Box(1, 2, 3, 4), "date"), "01022016", "2016-02-01", 0.98)
TOTAL = Reading(Region(Box(1, 2, 3, 4), "total"), "007", "007", 0.5)


def reject(reading: Reading, rejection: Rejection, note: str = "") -> Reading:
    return Reading(
        reading.region, reading.text, reading.value, reading.confidence, (), rejection, note
    )


def join(*readings: Reading, status: Status = Status.READ, reason: str = "") -> dict[str, object]:
    return dict(join_rows(make_rows(PageResult(REF, status, readings, reason=reason)), FIELDS))


def test_fields_stand_side_by_side() -> None:
    assert join(TOTAL, DATE) == {
        "file": "a.png",
        "page": 1,
        "status": "read",
        "reason": "",
        "date": "2016-02-01",
        "date_confidence": 0.98,
        "date_status": "read",
        "total": "007",
        "total_confidence": 0.5,
        "total_status": "read",
    }
    assert list(join(TOTAL, DATE)) == list(list_wide_columns(FIELDS))


@pytest.mark.parametrize(
    ("readings", "status"),
    [
        pytest.param((DATE, TOTAL), "read", id="all-read"),
        pytest.param((DATE, reject(TOTAL, Rejection.EMPTY)), "read", id="one-empty"),
        pytest.param((DATE, reject(TOTAL, Rejection.RULE, "sum")), "rejected", id="one-rejected"),
        pytest.param(
            (reject(DATE, Rejection.EMPTY), reject(TOTAL, Rejection.EMPTY)), "empty", id="all-empty"
        ),
    ],
)
def test_the_page_says_whether_somebody_has_to_look(
    readings: tuple[Reading, ...], status: str
) -> None:
    row = join(*readings)
    assert (row["status"], row["reason"]) == (status, "")


def test_a_page_without_readings_has_its_reason_and_empty_fields() -> None:
    row = join(status=Status.FAILED, reason="unreadable")
    assert (row["status"], row["reason"]) == ("failed", "unreadable")
    assert (row["total"], row["total_confidence"], row["total_status"]) == ("", None, "")
    row = join(status=Status.REJECTED, reason="no-template")
    assert (row["status"], row["reason"]) == ("rejected", "no-template")


def test_a_withheld_text_without_value_is_shown_beside_its_status() -> None:
    odd = Reading(DATE.region, "99999999", "", 0.1, (), Rejection.GRAMMAR)
    row = join(odd, TOTAL)
    assert (row["date"], row["date_status"]) == ("99999999", "rejected")


@pytest.mark.parametrize("fields", [("page",), ("total", "total_status")])
def test_columns_of_one_name_are_refused(fields: tuple[str, ...]) -> None:
    with pytest.raises(TemplateError, match="rename the field"):
        list_wide_columns(fields)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_wide_rows_are_written_in_every_format(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"x{suffix}"
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    with ResultsFile(out, list_wide_columns(FIELDS)) as results:
        results.write_rows([join(DATE, TOTAL), join(status=Status.FAILED, reason="timeout")])
        results.commit()
    if suffix == ".csv":
        head, first, second = out.read_text(encoding="utf-8").splitlines()
        assert head.startswith("file,page,status,reason,date,date_confidence,date_status,total,")
        assert first == "a.png,1,read,,2016-02-01,0.9800,read,007,0.5000,read"
        assert second == "a.png,1,failed,timeout,,,,,,"
    elif suffix == ".jsonl":
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert rows[0] == join(DATE, TOTAL) and rows[1]["total_confidence"] is None
    else:
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(out).to_pylist()
        assert rows[0] == join(DATE, TOTAL) and rows[1]["total_confidence"] is None


def load_fake(_settings: Settings) -> ReadPage:
    def read(page: Page, _field: str | None) -> PageResult:
        return PageResult(page.ref, Status.READ, (DATE, TOTAL))

    return read


def test_a_run_writes_one_row_a_page_and_counts_readings(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((40, 50), 255, np.uint8))
    out = tmp_path / "x.csv"
    settings = Settings()
    record = execute(
        Run((str(tmp_path),), str(out), Job(settings, load=load_fake), workers=1, wide=FIELDS)
    )
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["a.png", "b.png"]
    # Below the least confidence: withheld here as in the long results.
    assert (rows[0]["total"], rows[0]["total_status"], rows[0]["status"]) == (
        "007",
        "rejected",
        "rejected",
    )
    assert (record.tally.pages, record.tally.rows) == (2, 4)
    with pytest.raises(OutputError, match="without --wide"):
        list(read_rows(out))


Cli = Callable[..., int]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param([], "--wide needs the fields of a --template", id="no-template"),
        pytest.param(["--template", "t.toml", "--shard", "1/2"], "leave out --wide", id="shard"),
        pytest.param(
            ["--template", "t.toml", "--or-whole-page"], "have no columns", id="whole-page"
        ),
    ],
)
def test_wide_is_refused_where_it_cannot_be(
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = ["digitscan", "process", "in", "--out", "x.csv", "--wide", *words]
    monkeypatch.setattr(sys, "argv", line)
    assert run_cli() == ExitCode.USAGE
    assert said in capsys.readouterr().err
