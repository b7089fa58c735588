"""`digitscan evaluate` and `digitscan calibrate`, from files to files."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import ExitCode
from digitscan.records import Box
from digitscan.settings_file import load_settings
from digitscan.sheet import Misread, draw_sheet, find_misread, load_crops
from digitscan.truth import ResultRow, Scored
from tests.conftest import Cli

HEADER = "file,page,field,text,value,confidence,status,reason,left,top,right,bottom,alternatives"


def _write(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def few(tmp_path: Path) -> tuple[Path, Path]:
    results = [
        HEADER,
        "a.png,1,amount,170,170,0.9900,read,,0,0,30,20,",
        "b.png,1,amount,110,110,0.9500,read,,0,0,30,20,",
        "c.png,1,amount,305,305,0.2000,rejected,low-confidence,0,0,30,20,",
        "a.png,1,date,15032016,2016-03-15,0.7000,read,,0,0,30,20,",
    ]
    truth = ["file,amount,date", "a.png,170,15032016", "b.png,170,", "c.png,305,", "d.png,7,"]
    return _write(tmp_path / "results.csv", results), _write(tmp_path / "truth.csv", truth)


def test_evaluate_prints_every_figure(
    cli: Cli, few: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results, truth = few
    assert cli("evaluate", results, "--truth", truth) == ExitCode.OK
    told = capsys.readouterr().out.splitlines()
    words = [line.split() for line in told]
    assert words[1] == ["amount", "4", "50.0%", "6.8", "to", "93.2%", "1", "50.0%", "50.0%"]
    assert words[2] == ["date", "1", "100.0%", "2.5", "to", "100.0%", "0", "100.0%", "0.0%"]
    assert words[3][:3] == ["all", "5", "60.0%"]
    assert ["field", "0.1", "%", "0.5", "%", "1", "%", "5", "%"] in words
    assert ["amount", "25.0%", "25.0%", "25.0%", "25.0%"] in words
    assert any(line.startswith("calibration of all: expected error 0.") for line in told)
    assert ["1", "7", "read", "as", "1"] in words


def test_evaluate_takes_one_field_and_some_rows(
    cli: Cli, few: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results, truth = few
    options = ("--field", "amount=amount", "--only", "file=a.png")
    assert cli("evaluate", results, "--truth", truth, *options) == ExitCode.OK
    told = capsys.readouterr().out
    assert told.splitlines()[1].split()[:3] == ["amount", "1", "100.0%"]
    assert "date" not in told
    assert "none" in told  # no confusion


def test_evaluate_finds_values_anywhere_on_a_page(
    cli: Cli, few: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results, truth = few
    assert cli("evaluate", results, "--truth", truth, "--field", "date=", "--any") == ExitCode.OK
    told = capsys.readouterr().out.splitlines()
    assert told[1].split()[:2] == ["1", "100.0%"]
    assert len(told) == 2


def test_evaluate_draws_the_misread_crops(
    cli: Cli, few: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, truth = few
    scans = tmp_path / "scans"
    scans.mkdir()
    page = np.full((40, 60), 255, np.uint8)
    page[5:15, 5:25] = 0
    cv2.imwrite(str(scans / "b.png"), page)
    sheet = tmp_path / "wrong.png"
    options = ("--scans", scans, "--sheet", sheet)
    assert cli("evaluate", results, "--truth", truth, *options) == ExitCode.OK
    assert "1 misread crops are in" in capsys.readouterr().out
    drawn = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    assert np.count_nonzero(drawn < 64) > 500


def test_evaluate_says_when_the_scans_are_elsewhere(
    cli: Cli, few: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, truth = few
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "z.png"), np.zeros((9, 9), np.uint8))
    code = cli("evaluate", results, "--truth", truth, "--scans", other)
    assert code == ExitCode.USAGE
    assert "none of the 1 misread scans" in capsys.readouterr().err
    code = cli("evaluate", results, "--truth", truth, "--scans", tmp_path / "absent")
    assert code == ExitCode.NO_PAGES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--field", "amount"), "COLUMN="),
        (("--only", "=apart"), "COLUMN="),
        (("--field", "total=total"), "no column"),
        (("--only", "file=z.png"), "no true value is left"),
    ],
)
def test_wrong_options_end_with_usage(
    cli: Cli,
    few: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, str],
    message: str,
) -> None:
    results, truth = few
    assert cli("evaluate", results, "--truth", truth, *options) == ExitCode.USAGE
    assert message in capsys.readouterr().err


def _many(folder: Path, count: int, wrong: int) -> tuple[Path, Path]:
    """Write readings of falling confidence, the last ones wrong."""
    results, truth = [HEADER], ["file,amount"]
    for place in range(count):
        text = 7 if place < count - wrong else 1
        results.append(f"{place}.png,1,amount,{text},{text},{0.9999 - place / 1e4:.4f},read,,,,,,")
        truth.append(f"{place}.png,7")
    return _write(folder / "results.csv", results), _write(folder / "truth.csv", truth)


def test_calibrate_writes_settings_that_process_takes(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, truth = _many(tmp_path, 400, wrong=50)
    out = tmp_path / "bank.toml"
    assert cli("calibrate", results, "--truth", truth, "--out", out) == ExitCode.OK
    settings = load_settings(out)
    assert settings.confidence.min_confidence == pytest.approx(0.9999 - 349 / 1e4)
    told = capsys.readouterr().out
    assert "accepts 350 of 400 labeled readings, 0 of them wrong" in told
    assert "at most 0.85 % are wrong with 95 % probability" in told
    assert "accepts 350" in out.read_text(encoding="utf-8")
    assert cli("settings", "--settings", out) == ExitCode.OK
    assert "min_confidence = 0.965" in capsys.readouterr().out


def test_calibrate_keeps_the_settings_that_it_is_given(cli: Cli, tmp_path: Path) -> None:
    results, truth = _many(tmp_path, 400, wrong=50)
    base = _write(tmp_path / "base.toml", ["[scans]", "pdf_dpi = 200"])
    out = tmp_path / "bank.toml"
    options = ("--settings", base, "--target-error", "0.05", "--level", "0.99")
    assert cli("calibrate", results, "--truth", truth, "-o", out, *options) == ExitCode.OK
    settings = load_settings(out)
    assert settings.scans.pdf_dpi == 200
    assert settings.confidence.min_confidence < 0.9999 - 349 / 1e4


def test_calibrate_refuses_too_few_and_writes_nothing(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, truth = _many(tmp_path, 200, wrong=0)
    out = tmp_path / "bank.toml"
    assert cli("calibrate", results, "--truth", truth, "--out", out) == ExitCode.USAGE
    assert "label 99 more" in capsys.readouterr().err
    assert not out.exists()


def test_calibrate_says_when_it_cannot_write(cli: Cli, tmp_path: Path) -> None:
    results, truth = _many(tmp_path, 400, wrong=0)
    out = tmp_path / "absent" / "bank.toml"
    assert cli("calibrate", results, "--truth", truth, "--out", out) == ExitCode.OUTPUT


@pytest.mark.parametrize(("option", "value"), [("--target-error", "0"), ("--level", "1")])
def test_calibrate_refuses_shares_that_are_none(
    cli: Cli, tmp_path: Path, option: str, value: str
) -> None:
    results, truth = _many(tmp_path, 10, wrong=0)
    code = cli("calibrate", results, "--truth", truth, "--out", tmp_path / "x.toml", option, value)
    assert code == ExitCode.USAGE


def _wrong(name: str, confidence: float, box: Box | None = None) -> Scored:
    row = ResultRow(name, 1, "amount", "1", confidence, "read", True, box)
    return Scored(name, "amount", "7", row, False)


def test_the_surest_mistakes_come_first_and_missing_rows_do_not_count() -> None:
    missing = Scored("c.png", "amount", "7", None, False)
    right = Scored("d.png", "amount", "1", _wrong("d.png", 0.99).row, True)
    found = find_misread([_wrong("a.png", 0.2), missing, _wrong("b.png", 0.9), right])
    assert [item.file for item in found] == ["b.png", "a.png"]


def test_crops_of_damaged_scans_are_left_out(tmp_path: Path) -> None:
    page = np.full((50, 80), 200, np.uint8)
    cv2.imwrite(str(tmp_path / "good.png"), page)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    scans = {name: str(tmp_path / name) for name in ("good.png", "bad.png")}
    wrong = [
        _wrong("bad.png", 0.9),
        _wrong("good.png", 0.8, Box(10, 10, 30, 30)),
        _wrong("absent.png", 0.7),
        _wrong("good.png", 0.6),
        _wrong("good.png", 0.5, Box(500, 500, 600, 600)),
    ]
    found = load_crops(wrong, scans)
    assert [item.crop.shape for item in found] == [(26, 26), (50, 80), (50, 80)]
    assert found[0].caption == "7 read 1 0.80"


@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_a_sheet_has_a_row_for_every_four_crops(count: int) -> None:
    crop = np.zeros((1, 5), np.uint8)
    sheet = draw_sheet([Misread(crop, "7 read 1")] * count)
    assert sheet.shape == (10 + 102 * max(1, -(-count // 4)), 4 * 310 + 10)
    assert bool(np.any(sheet < 255)) is (count > 0)
