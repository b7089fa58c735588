"""Figures on readings: by hand on few, by their laws on many, and against the public score tool."""

import csv
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitscan.bounds import clopper_pearson
from digitscan.evaluation import (
    Confusion,
    accept_at_error,
    align_texts,
    bin_readings,
    count_confusions,
    estimate_calibration_error,
    measure_readings,
)
from digitscan.truth import ResultRow, Scored, Selection, load_results, load_truth, match_readings

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _score(true: str, read: str | None, confidence: float = 0.5, status: str = "read") -> Scored:
    if read is None:
        return Scored("x.png", "amount", true, None, False)
    row = ResultRow("x.png", 1, "amount", read, confidence, status, True, None)
    return Scored("x.png", "amount", true, row, read == true)


def test_figures_of_five_readings() -> None:
    scored = (
        _score("170", "170", 0.99),
        _score("170", "110", 0.95),
        _score("22", "22", 0.95),
        _score("305", "305", 0.30, "rejected"),
        _score("7", None),
    )
    found = measure_readings(scored, "amount")
    assert (found.count, found.right, found.missing) == (5, 3, 1)
    assert (found.accepted, found.wrong) == (3, 1)
    assert found.interval == clopper_pearson(3, 5)
    # 0.99 alone is clean; with the two at 0.95 one of three is wrong.
    assert dict(found.read_at) == {0.001: 0.2, 0.005: 0.2, 0.01: 0.2, 0.05: 0.2}
    assert found.confusions == (Confusion("7", "1", 1),)
    assert [item.count for item in found.bins] == [1, 3]
    assert found.calibration_error == pytest.approx((0.7 + 3 * abs(2.89 / 3 - 2 / 3)) / 4)


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(ValueError, match="no true value"):
        measure_readings((), "amount")


def test_only_missing_readings() -> None:
    found = measure_readings((_score("7", None),), "amount")
    assert (found.right, found.missing, found.bins) == (0, 1, ())
    assert np.isnan(found.calibration_error)


@pytest.mark.parametrize(
    ("true", "read", "steps"),
    [
        ("", "", ()),
        ("12", "12", ()),
        ("12", "", (("1", ""), ("2", ""))),
        ("1000", "10000", (("", "0"),)),
        ("2250", "2550", (("2", "5"),)),
        ("35000", "3500", (("0", ""),)),
        ("17", "1177", (("", "1"), ("", "7"))),
    ],
)
def test_alignments(true: str, read: str, steps: tuple[tuple[str, str], ...]) -> None:
    assert align_texts(true, read) == steps


digits = st.text("012", max_size=7)


@given(digits, digits)
def test_the_steps_of_an_alignment_account_for_every_digit(true: str, read: str) -> None:
    steps = align_texts(true, read)
    lost = [old for old, _ in steps if old]
    won = [new for _, new in steps if new]
    assert len(true) - len(lost) == len(read) - len(won)
    assert sorted(true + "".join(won)) == sorted(read + "".join(lost))
    assert len(steps) <= max(len(true), len(read))
    assert len(steps) >= abs(len(true) - len(read))
    assert len(steps) == len(align_texts(read, true))


def test_confusions_are_counted_over_readings() -> None:
    found = count_confusions([("77", "11"), ("7", "1"), ("5", "5"), ("1", "12")])
    assert found == (Confusion("7", "1", 3), Confusion("", "2", 1))


readings = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), st.booleans()))


@given(readings, st.sampled_from([0.0, 0.01, 0.3, 1.0]))
def test_a_share_accepted_at_an_error_keeps_that_error(
    pairs: list[tuple[float, bool]], error: float
) -> None:
    sure = np.array([confidence for confidence, _ in pairs])
    right = np.array([good for _, good in pairs], np.bool_)
    share = accept_at_error(sure, right, error)
    options = [0.0]
    for threshold in {0.0, 0.2, 0.5, 0.9, 1.0}:
        taken = right[sure >= threshold]
        if taken.size and np.count_nonzero(~taken) <= error * taken.size:
            options.append(taken.size / right.size)
    assert share == pytest.approx(max(options))


@given(readings)
def test_bins_hold_every_reading_and_the_error_is_a_share(pairs: list[tuple[float, bool]]) -> None:
    sure = np.array([confidence for confidence, _ in pairs])
    right = np.array([good for _, good in pairs], np.bool_)
    bins = bin_readings(sure, right)
    assert sum(item.count for item in bins) == len(pairs)
    assert [item.confidence for item in bins] == sorted(item.confidence for item in bins)
    if pairs:
        assert 0 <= estimate_calibration_error(bins) <= 1


def _invent_results(path: Path, truth: list[dict[str, str]], column: str, field: str) -> None:
    """Write results that are right, misread, left out or withheld, more often right when sure."""
    dice = random.Random(4)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "page", "field", "text", "confidence", "status"])
        for row in truth:
            confidence = round(dice.random() ** 0.3, 2)
            text = row[column]
            if dice.random() > confidence + 0.03:
                text = text[:-1] + dice.choice("0123456789")
            status = "read" if confidence > 0.4 else "rejected"
            if dice.random() > 0.05:
                name = row["file"].replace(".jpg", ".png")
                writer.writerow(["scans/" + name, 1, field, text, f"{confidence:.4f}", status])
                writer.writerow(["scans/" + name, 1, "other", "1", "0.5000", "read"])


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("data", "column", "field", "only"),
    [
        pytest.param("cheque_amounts", "digits", "amount", ("part", "apart"), id="amounts-apart"),
        pytest.param("cheque_amounts", "digits", "amount", None, id="amounts-all"),
        pytest.param("cheques", "date", "date", None, id="dates-with-uncertain"),
        pytest.param("cheques", "micr", "micr", None, id="micr"),
    ],
)
def test_the_figures_are_those_of_the_public_score_tool(
    tmp_path: Path, data: str, column: str, field: str, only: tuple[str, str] | None
) -> None:
    tool, truth_path = SHARED / "tools" / "score.py", SHARED / "data" / data / "truth.csv"
    if not (tool.is_file() and truth_path.is_file()):
        pytest.skip(f"{tool} or {truth_path} is not there")
    truth = load_truth(truth_path)
    path = tmp_path / "results.csv"
    _invent_results(path, [dict(row) for row in truth], column, field)
    command = [
        sys.executable,
        str(tool),
        str(path),
        str(truth_path),
        "--field",
        f"{column}={field}",
    ]
    command += ["--only", "=".join(only)] if only else []
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = measure_readings(
        match_readings(load_results(path), truth, Selection(((column, field),), only)), field
    )
    ours = (
        f"{field:<14}{found.count:>6}{100 * found.right / found.count:>8.1f}%"
        f"{100 * found.accepted / found.count:>9.1f}%{100 * found.wrong / found.accepted:>7.1f}%"
        f"{100 * dict(found.read_at)[0.01]:>8.1f}%{found.missing:>9}"
    )
    assert told.splitlines()[1] == ours
    told = subprocess.run([*command, "--any"], capture_output=True, text=True, check=True).stdout
    selection = Selection(((column, field),), only, anywhere=True)
    found = measure_readings(match_readings(load_results(path), truth, selection), field)
    line = re.split(r"\s+", told.splitlines()[1])
    assert line[:3] == [field, str(found.count), f"{100 * found.right / found.count:.1f}%"]
    assert line[-1] == str(found.missing)
