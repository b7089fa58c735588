"""Watching: complete files only, each once, across restarts."""

import csv
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from digitscan.batch import Job
from digitscan.errors import OutputError
from digitscan.watch import LEDGER, watch_folder
from digitscan.workers import InlineExecutor
from tests.readers import load_darkness
from tests.scanfiles import encode, tiff_g4

JOB = Job(load=load_darkness)


def shade(level: int) -> bytes:
    return encode(np.full((8, 8), level, np.uint8), "PNG")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    return tmp_path / "in"


def watch(folder: Path, *between: Callable[[], object], move_to: Path | None = None) -> list[str]:
    """Look at a folder, doing one thing between two looks, then four times more."""
    steps = [*between, *[lambda: None] * 4]

    def wait(_pause_s: float) -> bool:
        if not steps:
            return False
        steps.pop(0)()
        return True

    out = folder.parent / "out"
    found = watch_folder(folder, out, JOB, InlineExecutor(), move_to=move_to, wait=wait)
    return [scan.name for scan, _ in found]


def texts(folder: Path, name: str) -> list[str]:
    with (folder.parent / "out" / name).open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def test_a_file_is_read_once(folder: Path) -> None:
    (folder / "a.png").write_bytes(shade(7))
    (folder / "b.tif").write_bytes(tiff_g4([np.zeros((8, 8), np.uint8)] * 2))
    assert watch(folder, *[lambda: None] * 5) == ["a.png", "b.tif"]
    assert texts(folder, "a.png.csv") == ["007"]
    assert texts(folder, "b.tif.csv") == ["000", "000"]


def test_a_file_that_grows_is_waited_for(folder: Path) -> None:
    data = shade(7)
    path = folder / "a.png"
    grow = [lambda end=end: path.write_bytes(data[:end]) for end in (10, 30, 50, len(data))]
    assert watch(folder, *grow) == ["a.png"]
    assert texts(folder, "a.png.csv") == ["007"]


def test_a_restart_reads_nothing_again(folder: Path) -> None:
    (folder / "a.png").write_bytes(shade(7))
    assert watch(folder) == ["a.png"]
    (folder / "b.png").write_bytes(shade(8))
    assert watch(folder) == ["b.png"]
    assert watch(folder) == []


def test_a_file_written_anew_is_another_one(folder: Path) -> None:
    path = folder / "a.png"
    path.write_bytes(shade(7))
    assert watch(folder) == ["a.png"]
    path.write_bytes(shade(200) + b"longer")
    assert watch(folder) == ["a.png"]
    assert texts(folder, "a.png.csv") == ["200"]


def test_an_entry_without_results_does_not_count(folder: Path) -> None:
    (folder / "a.png").write_bytes(shade(7))
    watch(folder)
    (folder.parent / "out" / "a.png.csv").unlink()  # as if killed between the two
    assert watch(folder) == ["a.png"]


@pytest.mark.parametrize("torn", [1, 4, 12])
def test_a_torn_ledger_line_is_left_out(folder: Path, torn: int) -> None:
    (folder / "a.png").write_bytes(shade(7))
    watch(folder)
    (folder / "b.png").write_bytes(shade(8))
    watch(folder)
    ledger = folder.parent / "out" / LEDGER
    ledger.write_bytes(ledger.read_bytes()[:-torn])
    (folder / "c.png").write_bytes(shade(9))
    assert set(watch(folder)) - {"b.png"} == {"c.png"}
    assert watch(folder) == []


def test_a_bad_file_has_its_row_and_is_not_read_again(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"")
    assert watch(folder) == ["a.png"]
    with (folder.parent / "out" / "a.png.csv").open(newline="") as file:
        assert [row["reason"] for row in csv.DictReader(file)] == ["unreadable"]
    assert watch(folder) == []


def test_scans_stay_unless_told_to_move(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a.png").write_bytes(shade(7))
    done = folder.parent / "done"
    assert watch(folder, move_to=done) == ["sub/a.png"]
    assert (done / "sub" / "a.png").read_bytes() == shade(7)
    assert not (folder / "sub" / "a.png").exists()
    (folder / "sub" / "a.png").write_bytes(shade(8) + b"another of that name")
    with pytest.raises(OutputError, match="is there already"):
        watch(folder, move_to=done)


def test_a_folder_that_goes_away_is_waited_for(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def come_back() -> None:
        os.rename(away, folder)

    (folder / "a.png").write_bytes(shade(7))
    away = folder.with_name("away")
    os.rename(folder, away)
    assert watch(folder, lambda: None, come_back) == ["a.png"]
    assert "is not there; looking again" in caplog.text
