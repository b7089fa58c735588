"""Runs: journal and resumption, shards, records; nothing lost, nothing twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from digitscan.batch import Job
from digitscan.errors import OutputError, SettingsError
from digitscan.journal import journal_path
from digitscan.rows import Row
from digitscan.runrecord import hash_file, read_record, record_path
from digitscan.runs import Run, Watcher, execute
from digitscan.settings import ScanSettings, Settings
from digitscan.shards import Shard, merge_shards, parse_shard
from tests.readers import load_darkness, load_moody
from tests.scanfiles import encode, tiff_g4, write

WHITE = np.full((8, 8), 255, np.uint8)
JOB = Job(load=load_darkness)


def shade(level: int) -> bytes:
    return encode(np.full((8, 8), level, np.uint8), "PNG")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {f"{n:02d}.png": shade(n) for n in range(12)}
    files |= {"03b.tif": tiff_g4([WHITE, WHITE * 0, WHITE, WHITE]), "05b.png": b""}
    return write(tmp_path / "in", files)


class StopAfter(Watcher):
    """Break off a run after some pages, as Ctrl-C would."""

    def __init__(self, pages: int) -> None:
        self.left = pages

    def page(self, _rows: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def run(folder: Path, out: Path, watcher: Watcher | None = None, **options: object) -> bytes:
    execute(Run((str(folder),), str(out), **{"job": JOB, "workers": 1, **options}), watcher)  # type: ignore[arg-type]
    return out.read_bytes()


def undisturbed(folder: Path, tmp_path: Path) -> bytes:
    return run(folder, tmp_path / "undisturbed.csv")


# Journal


@pytest.mark.parametrize("pages", [1, 4, 5, 6, 8, 17])
def test_a_run_broken_off_anywhere_and_resumed_writes_the_same(
    folder: Path, tmp_path: Path, pages: int
) -> None:
    out = tmp_path / "x.csv"
    with pytest.raises(KeyboardInterrupt):
        run(folder, out, StopAfter(pages))
    assert not out.exists()
    assert run(folder, out, resume=True, workers=1) == undisturbed(folder, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("x*")) == ["x.csv", "x.run.json"]


def test_a_run_broken_off_twice_goes_on_twice(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    for pages in (4, 9):
        with pytest.raises(KeyboardInterrupt):
            run(folder, out, StopAfter(pages), resume=True)
    assert run(folder, out, resume=True) == undisturbed(folder, tmp_path)


def test_finished_pages_are_not_read_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    with pytest.raises(KeyboardInterrupt):
        run(folder, out, StopAfter(10))
    expected = undisturbed(folder, tmp_path)
    stats = {path: path.stat() for path in folder.iterdir()}
    for name in ("00.png", "01.png"):  # were they opened again, they would have other rows
        path = folder / name
        path.write_bytes(bytes(stats[path].st_size))
        os.utime(path, ns=(stats[path].st_atime_ns, stats[path].st_mtime_ns))
    assert run(folder, out, resume=True) == expected


@pytest.mark.parametrize("torn", [1, 5, 40])
def test_a_torn_last_line_is_left_out(folder: Path, tmp_path: Path, torn: int) -> None:
    out = tmp_path / "x.csv"
    with pytest.raises(KeyboardInterrupt):
        run(folder, out, StopAfter(8))
    journal = journal_path(out)
    journal.write_bytes(journal.read_bytes()[:-torn])
    assert run(folder, out, resume=True) == undisturbed(folder, tmp_path)


def test_a_damaged_line_ends_what_is_believed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    with pytest.raises(KeyboardInterrupt):
        run(folder, out, StopAfter(8))
    lines = journal_path(out).read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b"read", b"reed")
    journal_path(out).write_bytes(b"".join(lines))
    assert run(folder, out, resume=True) == undisturbed(folder, tmp_path)


def test_an_unfinished_run_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    with pytest.raises(KeyboardInterrupt):
        run(folder, out, StopAfter(3))
    with pytest.raises(OutputError, match=r"x\.csv\.journal is there; go on with --resume"):
        run(folder, out)


def test_resume_without_a_journal_starts(folder: Path, tmp_path: Path) -> None:
    assert run(folder, tmp_path / "x.csv", resume=True) == undisturbed(folder, tmp_path)


def test_a_journal_without_a_page_is_no_question(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        run(folder, tmp_path / "x.csv", job=Job(load=_fail))
    assert not journal_path(tmp_path / "x.csv").exists()


def _fail(_settings: Settings) -> None:  # type: ignore[misc]
    raise RuntimeError("no model here")


def test_what_is_no_journal_is_refused(folder: Path, tmp_path: Path) -> None:
    journal_path(tmp_path / "x.csv").write_text("my diary\n")
    with pytest.raises(OutputError, match="is no journal"):
        run(folder, tmp_path / "x.csv", resume=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param("rewrite", "04.png was rewritten", id="rewritten"),
        pytest.param("remove", "04.png was removed", id="removed"),
        pytest.param("add", "04c.png was added", id="added"),
        pytest.param("settings", "settings.scans.pdf_dpi was 300, is 200", id="settings"),
        pytest.param("field", "field was None, is amount", id="field"),
        pytest.param("shard", "shard was None, is 1/2", id="shard"),
    ],
)
def test_a_run_that_would_mix_two_is_refused_and_says_what_changed(
    folder: Path, tmp_path: Path, change: str, words: str
) -> None:
    out = tmp_path / "x.csv"
    with pytest.raises(KeyboardInterrupt):
        run(folder, out, StopAfter(3))
    options: dict[str, object] = {}
    if change == "rewrite":
        (folder / "04.png").write_bytes(shade(4) + b"x")
    elif change == "remove":
        (folder / "04.png").unlink()
    elif change == "add":
        write(folder, {"04c.png": shade(4)})
    elif change == "settings":
        changed = Settings(scans=ScanSettings(pdf_dpi=200))
        options["job"] = Job(changed, load=load_darkness)
    elif change == "field":
        options["job"] = Job(field="amount", load=load_darkness)
    else:
        options["shard"] = Shard(1, 2)
    with pytest.raises(OutputError, match=words):
        run(folder, out, resume=True, **options)
    assert journal_path(out).exists()


def test_two_runs_do_not_write_one_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"

    class Second(Watcher):
        said = ""

        def page(self, _rows: object) -> None:
            try:
                run(folder, out, resume=True)
            except OutputError as error:
                self.said = str(error)

    watcher = Second()
    run(folder, out, watcher)
    assert "another run is writing" in watcher.said


def test_a_page_that_ended_an_inline_run_is_a_row_when_resumed(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.png": shade(1), "2-crash.png": shade(2), "3.png": shade(3)})
    out = tmp_path / "x.csv"
    code = (
        "import sys\nfrom digitscan.batch import Job\nfrom digitscan.runs import Run, execute\n"
        "from tests.readers import load_moody\n"
        "execute(Run((sys.argv[1],), sys.argv[2], Job(load=load_moody), workers=1))\n"
    )
    words = [sys.executable, "-c", code, str(folder), str(out)]
    root = Path(__file__).resolve().parents[1]
    assert subprocess.run(words, cwd=root, check=False).returncode not in (0, 1)
    assert journal_path(out).exists()
    text = run(folder, out, job=Job(load=load_moody), resume=True).decode()
    rows = [line.split(",") for line in text.splitlines()[1:]]
    assert [(row[0], row[6], row[7]) for row in rows] == [
        ("1.png", "read", ""),
        ("2-crash.png", "failed", "crashed"),
        ("3.png", "read", ""),
    ]


def test_a_page_cannot_end_a_long_run_of_one_worker(tmp_path: Path) -> None:
    files = {f"{n:02d}.png": shade(n) for n in range(20)}
    folder = write(tmp_path / "in", {**files, "10-crash.png": shade(2)})
    text = run(folder, tmp_path / "x.csv", job=Job(load=load_moody), workers=1).decode()
    assert text.count(",failed,crashed,") == 1
    assert text.count(",read,") == 20


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_full_disk_leaves_a_journal_to_go_on_with(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    code = (
        "import resource, signal, sys\nfrom digitscan.batch import Job\n"
        "from digitscan.errors import OutputError\n"
        "from digitscan.runs import Run, execute\nfrom tests.readers import load_darkness\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "run = Run((sys.argv[1],), sys.argv[2], Job(load=load_darkness), workers=1)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "try: execute(run)\nexcept OutputError as error: print(error)\n"
    )
    plan_bytes = 0
    with pytest.raises(KeyboardInterrupt):
        run(folder, out, StopAfter(1))
    plan_bytes = len(journal_path(out).read_bytes().splitlines()[0])
    journal_path(out).unlink()
    words = [sys.executable, "-c", code, str(folder), str(out), str(plan_bytes + 500)]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(words, cwd=root, check=True, capture_output=True, text=True)
    assert "x.csv.journal cannot be written" in done.stdout
    assert "go on with --resume" in done.stdout
    assert not out.exists()
    assert run(folder, out, resume=True) == undisturbed(folder, tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal of POSIX")
def test_a_killed_run_and_its_killed_workers_lose_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {f"{n:02d}-slow.png": shade(n) for n in range(30)})
    out = tmp_path / "x.csv"
    code = (
        "import sys\nfrom digitscan.batch import Job\nfrom digitscan.runs import Run, execute\n"
        "from tests.readers import load_moody\n"
        "if __name__ == '__main__':\n"
        "    job = Job(load=load_moody)\n"
        "    execute(Run((sys.argv[1],), sys.argv[2], job, workers=2))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    root = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, str(script), str(folder), str(out)], env=environment
    ) as running:
        journal = journal_path(out)
        while running.poll() is None:
            time.sleep(0.02)
            if journal.exists() and journal.read_bytes().count(b"\n") > 5:
                running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert not out.exists()
    job = Job(load=load_moody)
    assert run(folder, out, job=job, resume=True) == run(folder, tmp_path / "y.csv", job=job)


# Record


def test_the_record_tells_what_the_results_depend_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    run(folder, out, job=Job(field="amount", load=load_darkness))
    content = json.loads(record_path(out).read_text())
    assert content["results_sha256"] == hash_file(out)
    assert content["settings"]["scans"]["pdf_dpi"] == 300
    assert content["field"] == "amount"
    assert content["counts"] == {
        "files": 14,
        "pages": 17,
        "rows": 17,
        "status": {"empty": 3, "failed": 1, "read": 13},
        "reason": {"empty blank": 3, "failed unreadable": 1},
    }
    assert content["control_totals"] == {"amount": str(sum(range(12)))}
    assert content["changed_inputs"] == []
    assert read_record(out).tally.pages == 17


def test_an_input_that_changes_during_the_run_is_named(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Meddler(Watcher):
        def begin(self, _files: int) -> None:
            write(folder, {"99.png": shade(9)})
            (folder / "00.png").write_bytes(shade(0) + b"x")
            (folder / "01.png").unlink()

    out = tmp_path / "x.csv"

    class AfterStart(Meddler):
        def begin(self, _files: int) -> None:
            return

        def page(self, _rows: object) -> None:
            if not (folder / "99.png").exists():
                super().begin(0)

    run(folder, out, AfterStart())
    expected = ("01.png was removed", "99.png was added", "00.png was rewritten")
    assert read_record(out).changed_inputs == expected
    assert "inputs changed during the run: 01.png was removed" in caplog.text


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 9}'])
def test_what_is_no_record_is_refused(tmp_path: Path, content: str) -> None:
    record_path(tmp_path / "x.csv").write_text(content)
    with pytest.raises(OutputError, match="is no run record"):
        read_record(tmp_path / "x.csv")


# Shards


@pytest.mark.parametrize("count", [1, 2, 3, 20])
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_shards_merge_to_what_one_run_writes(
    folder: Path, tmp_path: Path, count: int, suffix: str
) -> None:
    whole = run(folder, tmp_path / f"whole.{suffix}")
    parts = []
    for number in range(1, count + 1):
        parts.append(tmp_path / f"part{number}.{suffix}")
        run(folder, parts[-1], shard=Shard(number, count))
    record = merge_shards(parts[::-1], tmp_path / f"merged.{suffix}")
    assert (tmp_path / f"merged.{suffix}").read_bytes() == whole
    assert record.results_sha256 == read_record(tmp_path / f"whole.{suffix}").results_sha256
    assert record.tally == read_record(tmp_path / f"whole.{suffix}").tally


@pytest.fixture
def parts(folder: Path, tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"part{number}.csv" for number in (1, 2, 3)]
    for number, path in enumerate(paths, 1):
        run(folder, path, shard=Shard(number, 3))
    return paths


def test_a_missing_shard_is_named(parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="shards 2 of 3 are missing"):
        merge_shards([parts[0], parts[2]], tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()


def test_a_shard_twice_is_named(parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="are both shard 1/3"):
        merge_shards([*parts, parts[0]], tmp_path / "x.csv")


def test_a_shard_that_was_edited_is_refused(parts: list[Path], tmp_path: Path) -> None:
    parts[1].write_bytes(parts[1].read_bytes().replace(b"read", b"reed"))
    with pytest.raises(OutputError, match=r"part2\.csv was changed after its run"):
        merge_shards(parts, tmp_path / "x.csv")


def test_shards_of_other_settings_do_not_mix(
    folder: Path, parts: list[Path], tmp_path: Path
) -> None:
    job = Job(Settings(scans=ScanSettings(pdf_dpi=200)), load=load_darkness)
    run(folder, parts[1], shard=Shard(2, 3), job=job)
    with pytest.raises(OutputError, match=r"part2\.csv was made with other settings"):
        merge_shards(parts, tmp_path / "x.csv")


def test_a_whole_run_is_no_shard(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "x.csv")
    with pytest.raises(OutputError, match="is no shard but a whole run"):
        merge_shards([tmp_path / "x.csv"], tmp_path / "y.csv")


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is none; expected i/n"):
        parse_shard(text)


def test_watchers_see_every_row(folder: Path, tmp_path: Path) -> None:
    seen: list[Row] = []

    class Collector(Watcher):
        def page(self, _rows: object) -> None:
            seen.extend(_rows)  # type: ignore[arg-type]

    run(folder, tmp_path / "x.csv", Collector())
    assert len(seen) == 17
