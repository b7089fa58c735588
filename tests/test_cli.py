"""The command line: every option, every exit code, what goes where."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import digitscan
from digitscan.errors import ExitCode
from digitscan.settings import Settings
from digitscan.settings_file import dump_settings
from tests.conftest import Cli, needs_model
from tests.scanfiles import encode, pattern, tiff_g4, write

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
WHITE = np.full((60, 90), 255, np.uint8)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    return write(
        tmp_path / "in", {"a.png": encode(pattern(), "PNG"), "b/white.png": encode(WHITE, "PNG")}
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def python(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=False, **options
    )  # type: ignore[call-overload, no-any-return]


# Exit codes by name


@needs_model
def test_exit_ok(cli: Cli, scans: Path, tmp_path: Path) -> None:
    assert cli("process", scans, "--out", tmp_path / "x.csv") == ExitCode.OK
    assert {row["file"] for row in rows(tmp_path / "x.csv")} == {"a.png", "b/white.png"}


def test_exit_internal(
    cli: Cli,
    scans: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "digitscan.runs", None)  # a damaged installation
    assert cli("process", scans, "--out", tmp_path / "x.csv") == ExitCode.INTERNAL
    assert "run with -v" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["nonsense"], id="no-such-command"),
        pytest.param(["process", "in", "--out", "x.csv", "--nonsense"], id="no-such-option"),
        pytest.param(["process", "in"], id="no-out"),
        pytest.param(["process", "in", "--out", "x.csv", "--field", "name"], id="no-such-field"),
        pytest.param(["process", "in", "--out", "x.csv", "--workers", "0"], id="no-workers"),
        pytest.param(["process", "in", "--out", "x.csv", "--min-confidence", "2"], id="confidence"),
        pytest.param(["process", "in", "--out", "x.csv", "--settings", "no.toml"], id="settings"),
    ],
)
def test_exit_usage(cli: Cli, words: list[str]) -> None:
    assert cli(*words) == ExitCode.USAGE


def test_exit_no_pages(cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert cli("process", tmp_path / "empty", "--out", tmp_path / "x.csv") == ExitCode.NO_PAGES
    assert "looked for .bmp" in capsys.readouterr().err


def test_exit_model(scans: Path, tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from digitscan.recognition import models\n"
        "models.MODEL_ROOTS = (pathlib.Path(sys.argv.pop(1)),) * 2\n"
        "from digitscan.cli import main\n"
        "main()\n"
    )
    done = python("-c", code, tmp_path, "process", scans, "--out", tmp_path / "x.csv")
    assert done.returncode == ExitCode.MODEL, done.stderr
    assert not (tmp_path / "x.csv").exists()


def test_exit_output(
    cli: Cli, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("process", scans, "--out", tmp_path / "no" / "x.csv") == ExitCode.OUTPUT
    assert "does not exist; make it or choose another --out" in capsys.readouterr().err


@needs_model
def test_exit_some_pages_failed(
    cli: Cli, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(scans, {"bad.png": b""})
    assert cli("process", scans, "--out", tmp_path / "x.csv") == ExitCode.SOME_PAGES_FAILED
    failed = [row for row in rows(tmp_path / "x.csv") if row["status"] == "failed"]
    assert [(row["file"], row["page"], row["reason"]) for row in failed] == [
        ("bad.png", "1", "unreadable")
    ]
    assert (
        "bad.png#1: unreadable: bad.png is empty; copy or scan it again" in capsys.readouterr().err
    )


@pytest.mark.skipif(os.name != "posix", reason="sends a signal of POSIX")
@needs_model
def test_exit_interrupted(tmp_path: Path) -> None:
    page = encode(np.full((1500, 2000), 255, np.uint8), "PNG")
    folder = write(tmp_path / "in", {f"{n}.png": page for n in range(400)})
    out = tmp_path / "out"
    out.mkdir()
    words = ["-m", "digitscan", "process", folder, "--out", out / "x.csv", "--workers", "2"]
    with subprocess.Popen([sys.executable, *map(str, words)], stderr=subprocess.PIPE) as running:
        while not list(out.iterdir()) and running.poll() is None:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    # Caught within an exec, as of a dataclass being imported, the signal itself ends Python; a
    # shell calls both 130.
    assert running.returncode in (ExitCode.INTERRUPTED, -signal.SIGINT), said.decode()
    assert said.decode().endswith("interrupted; a run goes on with --resume\n")
    assert not (out / "x.csv").exists()


# Options


def test_version() -> None:
    done = python("-m", "digitscan", "--version")
    assert (done.returncode, done.stdout) == (0, f"digitscan {digitscan.__version__}\n")


def test_help_needs_no_heavy_import() -> None:
    code = (
        "import sys\n"
        "from digitscan.cli import run\n"
        "sys.argv = ['digitscan', 'process', '--help']\n"
        "assert run() == 0\n"
        "heavy = {'cv2', 'numpy', 'onnxruntime', 'pypdfium2', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    for option in ("--out", "--field", "--workers", "--settings", "--min-confidence"):
        assert option in done.stdout
    for option in ("--debug-dir", "--quiet", "--verbose"):
        assert option in done.stdout


def test_settings_prints_what_it_would_read(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("settings") == ExitCode.OK
    assert capsys.readouterr().out == dump_settings(Settings())
    (tmp_path / "mine.toml").write_text("[scans]\npdf_dpi = 200\n")
    assert cli("settings", "--settings", tmp_path / "mine.toml") == ExitCode.OK
    assert "pdf_dpi = 200\n" in capsys.readouterr().out


def test_settings_names_the_nearest_key(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.toml").write_text("[scans]\npdf_dip = 200\n")
    assert cli("settings", "--settings", tmp_path / "mine.toml") == ExitCode.USAGE
    assert "mine.toml: unknown key scans.pdf_dip; did you mean" in capsys.readouterr().err


@needs_model
def test_models_shows_hashes(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("models") == ExitCode.OK
    out = capsys.readouterr().out
    assert "digits" in out
    assert "sha256" in out


@needs_model
def test_stdout_carries_rows_and_nothing_else(
    cli: Cli, scans: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert cli("process", scans, "--out", "-", "--field", "amount") == ExitCode.OK
    out, err = capfdbinary.readouterr()
    table = list(csv.DictReader(out.decode().splitlines()))
    assert [(row["file"], row["field"]) for row in table] == [
        ("a.png", "amount"),
        ("b/white.png", "amount"),
    ]
    assert b"pages a second" in err


@needs_model
def test_quiet_says_nothing(
    cli: Cli, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("process", scans, "--out", tmp_path / "x.csv", "--quiet") == ExitCode.OK
    assert capsys.readouterr() == ("", "")


@needs_model
def test_workers_do_not_change_a_byte(cli: Cli, scans: Path, tmp_path: Path) -> None:
    write(scans, {"g4.tif": tiff_g4([pattern()] * 3)})
    for workers in (1, 2):
        out = tmp_path / f"{workers}.csv"
        assert cli("process", scans, "--out", out, "--workers", workers, "-q") == ExitCode.OK
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@needs_model
def test_shards_are_merged_and_verified(
    cli: Cli, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [tmp_path / "1.csv", tmp_path / "2.csv"]
    for number, part in enumerate(parts, 1):
        assert cli("process", scans, "--out", part, "--shard", f"{number}/2", "-q") == ExitCode.OK
    assert cli("merge", *parts, "--out", tmp_path / "x.csv") == ExitCode.OK
    assert cli("verify", tmp_path / "x.csv", "--scans", scans, "--sample", 1) == ExitCode.OK
    assert "1 files read again and equal" in capsys.readouterr().err
    (tmp_path / "x.csv").write_text("changed")
    assert cli("verify", tmp_path / "x.csv") == ExitCode.OUTPUT
    assert cli("merge", parts[0], "--out", tmp_path / "y.csv") == ExitCode.OUTPUT
    assert "shards 2 of 2 are missing" in capsys.readouterr().err


@needs_model
def test_forms_are_verified_by_their_template(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fast.toml").write_text("[readers]\nstrings = false\n")
    form, template = SAMPLES / "scans" / "form-1.png", SAMPLES / "templates" / "form.toml"
    out = tmp_path / "x.csv"
    words = ("process", form, "--out", out, "--template", template, "-q")
    assert cli(*words, "--settings", tmp_path / "fast.toml") == ExitCode.OK
    assert cli("verify", out, "--scans", form, "--template", template) == ExitCode.OK
    assert "1 files read again and equal" in capsys.readouterr().err
    assert cli("verify", out, "--scans", form) == ExitCode.OUTPUT
    assert "made with other templates" in capsys.readouterr().err


@needs_model
def test_an_unfinished_run_is_named(
    cli: Cli, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.csv"
    (tmp_path / "x.csv.journal").write_bytes(b"")
    assert cli("process", scans, "--out", out) == ExitCode.OUTPUT
    assert "go on with --resume, or delete that file" in capsys.readouterr().err
    assert cli("process", scans, "--out", out, "--resume") == ExitCode.OUTPUT
    assert "is no journal" in capsys.readouterr().err


@needs_model
def test_page_timeout_makes_a_row(cli: Cli, scans: Path, tmp_path: Path) -> None:
    words = ("process", scans, "--out", tmp_path / "x.csv", "--page-timeout", "60", "-q")
    assert cli(*words) == ExitCode.OK


@needs_model
def test_profile_names_stages_on_stderr(
    cli: Cli, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("process", scans, "--out", tmp_path / "x.csv", "--profile", "-q") == ExitCode.OK
    table = capsys.readouterr().err
    assert "ms a page" in table
    assert "pipeline:read_page" in table


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--engine", "dask"], "needs --scheduler ADDRESS"),
        (["--scheduler", "tcp://x:1"], "is for --engine dask"),
        (["--engine", "dask", "--scheduler", "tcp://x:1", "--page-timeout", "9"], "leave it out"),
        (["--profile", "--page-timeout", "9"], "leave out --engine dask and --page-timeout"),
    ],
)
def test_options_that_do_not_go_together(
    cli: Cli, scans: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("process", scans, "--out", "x.csv", *words) == ExitCode.USAGE
    assert said in capsys.readouterr().err


@needs_model
def test_debug_dir_gets_a_drawing_of_every_page(cli: Cli, scans: Path, tmp_path: Path) -> None:
    words = ("process", scans, "--out", tmp_path / "x.csv", "--debug-dir", tmp_path / "debug")
    assert cli(*words) == ExitCode.OK
    drawn = sorted(path.name for path in (tmp_path / "debug").rglob("*.jpg"))
    assert drawn == ["a.png-page1.jpg", "white.png-page1.jpg"]


def test_debug_dir_that_cannot_be_made_is_refused_first(
    cli: Cli, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    words = ("process", scans, "--out", tmp_path / "x.csv", "--debug-dir", tmp_path / "file")
    assert cli(*words) == ExitCode.OUTPUT
    assert "choose another --debug-dir" in capsys.readouterr().err


@needs_model
def test_min_confidence_of_one_rejects_all(cli: Cli, scans: Path, tmp_path: Path) -> None:
    words = ("process", scans, "--out", tmp_path / "x.csv", "--min-confidence", "1")
    assert cli(*words) == ExitCode.OK
    assert all(row["status"] != "read" for row in rows(tmp_path / "x.csv"))


def test_tracebacks_come_with_verbose_only(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli("process", tmp_path, "--out", tmp_path / "x.csv")
    assert "Traceback" not in capsys.readouterr().err
    cli("process", tmp_path, "--out", tmp_path / "x.csv", "-v")
    assert "Traceback" in capsys.readouterr().err


@needs_model
@pytest.mark.skipif(os.name != "posix", reason="sends a signal of POSIX")
def test_watch_reads_what_arrives_until_interrupted(scans: Path, tmp_path: Path) -> None:
    words = ["-m", "digitscan", "watch", scans, "--out", tmp_path / "out", "--pause", "0.1"]
    with subprocess.Popen([sys.executable, *map(str, words)], stderr=subprocess.PIPE) as running:
        while not (tmp_path / "out/b/white.png.csv").exists() and running.poll() is None:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == ExitCode.INTERRUPTED
    assert rows(tmp_path / "out/b/white.png.csv")[0]["file"] == "b/white.png"


def test_watch_wants_a_folder(cli: Cli, tmp_path: Path) -> None:
    assert cli("watch", tmp_path / "no", "--out", tmp_path / "out") == ExitCode.NO_PAGES
