"""Verification: results against their record, and against the scans."""

import json
from pathlib import Path

import numpy as np
import pytest

from digitscan.batch import Job
from digitscan.errors import OutputError
from digitscan.runrecord import hash_file, record_path
from digitscan.runs import Run, execute
from digitscan.verification import verify_results
from tests.readers import load_darkness, load_moody
from tests.scanfiles import encode, tiff_g4, write


def shade(level: int) -> bytes:
    return encode(np.full((8, 8), level, np.uint8), "PNG")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    files = {f"{n:02d}.png": shade(n) for n in range(12)}
    files |= {"=03b.tif": tiff_g4([np.zeros((8, 8), np.uint8)] * 3), "05b.png": b""}
    out = tmp_path / "x.csv"
    execute(Run((str(write(tmp_path / "in", files)),), str(out), Job(load=load_darkness), 1))
    return out


def verify(results: Path, sample: int = 20) -> int:
    scans = [str(results.parent / "in")]
    return verify_results(results, scans, sample, load_darkness).files_read_again


def test_what_was_written_is_verified(results: Path) -> None:
    assert verify_results(results).record.tally.rows == 16
    assert verify(results, 5) == 5
    assert verify(results, 100) == 14


def test_a_changed_byte_is_seen(results: Path) -> None:
    results.write_bytes(results.read_bytes().replace(b"007", b"001"))
    with pytest.raises(OutputError, match="was changed after its run"):
        verify_results(results)


def test_a_record_that_counts_otherwise_is_seen(results: Path) -> None:
    record = json.loads(record_path(results).read_text())
    record["counts"]["rows"] += 1
    record_path(results).write_text(json.dumps(record))
    with pytest.raises(OutputError, match="count differently"):
        verify_results(results)


def test_a_forged_row_with_a_forged_record_is_seen_in_the_scans(results: Path) -> None:
    forged = results.read_bytes().replace(b",007,", b",001,")
    results.write_bytes(forged)
    record = json.loads(record_path(results).read_text())
    record["results_sha256"] = hash_file(results)
    record_path(results).write_text(json.dumps(record))
    with pytest.raises(OutputError, match=r"07\.png page 1: text is '001' in .*, read again"):
        verify(results)


def test_a_scan_that_is_gone_is_named(results: Path) -> None:
    (results.parent / "in" / "04.png").unlink()
    with pytest.raises(OutputError, match=r"04\.png stands in .* and is not among the scans"):
        verify(results)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("version", "0.0.0", "were made by digitscan 0.0.0"),
        ("models", {"digits-9": "00"}, "made with other models"),
        ("templates", {"ballot": "00"}, "made with other templates .*; expected ballot, unchanged"),
        ("settings", {"scans": {"colour": 1}}, "the run record cannot be followed"),
    ],
)
def test_what_made_the_results_has_to_be_at_hand(
    results: Path, key: str, value: object, words: str
) -> None:
    record = json.loads(record_path(results).read_text())
    record_path(results).write_text(json.dumps({**record, key: value}))
    with pytest.raises(OutputError, match=words):
        verify(results)


def test_failures_of_the_hour_are_not_read_again(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.png": shade(1), "2-memory.png": shade(2)})
    out = tmp_path / "x.csv"
    execute(Run((str(folder),), str(out), Job(load=load_moody), 1))
    checked = verify_results(out, [str(folder)], 20, load_darkness)
    assert checked.files_read_again == 1
