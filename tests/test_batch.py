"""Batches: order, workers, failures of single pages."""

import os
import platform
import sys
import zlib
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from digitscan.batch import Job, make_executor, read_scans
from digitscan.records import Box, PageResult, Status
from digitscan.results import ResultsFile
from digitscan.scans import find_scans
from digitscan.settings import ConfidenceSettings, ScanSettings, Settings
from digitscan.workers import (
    InlineExecutor,
    WorkerDiedError,
    WorkerPool,
    WorkerTimeoutError,
    keep_memory,
)
from tests.readers import count_page_faults, load_broken, load_darkness, load_doubt, load_moody
from tests.scanfiles import encode, pdf, tiff_g4, write

WHITE = np.full((8, 8), 255, np.uint8)


def shade(level: int) -> bytes:
    return encode(np.full((8, 8), level, np.uint8), "PNG")


def folder_of_many(folder: Path) -> Path:
    """Write 30 images, two multi-page files, an empty one and one that is no image."""
    files = {f"{n:02d}.png": shade(n) for n in range(30)}
    files |= {"05b.tif": tiff_g4([WHITE, WHITE * 0, WHITE]), "29b.tif": tiff_g4([WHITE] * 20)}
    files |= {"07b.png": b"", "08b.png": b"dear sir", "sub/1.png": shade(99)}
    return write(folder, files)


def read_all(folder: Path, job: Job, workers: int, **options: float) -> list[PageResult]:
    scans = find_scans([folder])
    with make_executor(workers, job, **options) as executor:
        return list(read_scans(scans, job, executor, workers))


def summarize(results: list[PageResult]) -> list[tuple[str, int, str, str]]:
    return [(one.ref.name, one.ref.number, str(one.status), one.reason) for one in results]


def test_every_page_has_a_result_in_the_order_of_the_input(tmp_path: Path) -> None:
    results = summarize(read_all(folder_of_many(tmp_path), Job(load=load_darkness), 1))
    assert results[5:13] == [
        ("05.png", 1, "read", ""),
        ("05b.tif", 1, "empty", "blank"),
        ("05b.tif", 2, "read", ""),
        ("05b.tif", 3, "empty", "blank"),
        ("06.png", 1, "read", ""),
        ("07.png", 1, "read", ""),
        ("07b.png", 1, "failed", "unreadable"),
        ("08.png", 1, "read", ""),
    ]
    assert len(results) == 30 + 3 + 20 + 2 + 1
    assert results[-1] == ("sub/1.png", 1, "read", "")


def test_any_number_of_workers_gives_the_same_bytes(tmp_path: Path) -> None:
    folder, job = folder_of_many(tmp_path / "in"), Job(load=load_darkness)
    contents = []
    for workers in (1, 2, 3):
        out = tmp_path / f"{workers}.csv"
        with ResultsFile(out) as file:
            for result in read_all(folder, job, workers):
                file.write(result)
            file.commit()
        contents.append(out.read_bytes())
    assert contents[0] == contents[1] == contents[2]


def test_any_executor_will_do(tmp_path: Path) -> None:
    folder, job = folder_of_many(tmp_path), Job(load=load_darkness)
    with ThreadPoolExecutor(3) as executor:
        results = list(read_scans(find_scans([folder]), job, executor, 3))
    assert results == read_all(folder, job, 1)


def test_files_are_taken_one_by_one_as_results_are_taken(tmp_path: Path) -> None:
    folder, job = folder_of_many(tmp_path), Job(load=load_darkness)
    scans = find_scans([folder])
    left = iter(scans)
    results = read_scans(left, job, InlineExecutor())
    next(results)
    assert len(list(left)) >= len(scans) - 2


def test_a_page_that_kills_its_worker_costs_only_itself(tmp_path: Path) -> None:
    names = ["1.png", "2-crash.png", "3.png", "4-crash.png", "5.png"]
    folder = write(tmp_path, {name: shade(n) for n, name in enumerate(names)})
    write(folder, {"6-crash.tif": tiff_g4([WHITE * 0, WHITE * 0])})
    results = summarize(read_all(folder, Job(load=load_moody), 2))
    assert results == [
        ("1.png", 1, "read", ""),
        ("2-crash.png", 1, "failed", "crashed"),
        ("3.png", 1, "read", ""),
        ("4-crash.png", 1, "failed", "crashed"),
        ("5.png", 1, "read", ""),
        ("6-crash.tif", 1, "failed", "crashed"),
        ("6-crash.tif", 2, "read", ""),
    ]


def test_a_page_whose_worker_was_killed_once_is_read_after_all(tmp_path: Path) -> None:
    folder = write(tmp_path, {"1.png": shade(1), "2-once.png": shade(2), "3.png": shade(3)})
    results = read_all(folder, Job(load=load_moody), 2)
    assert [one.status for one in results] == [Status.READ] * 3


def test_a_page_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    folder = write(tmp_path, {"1.png": shade(1), "2-hang.png": shade(2), "3.png": shade(3)})
    results = read_all(folder, Job(load=load_moody), 1, page_timeout_s=1.0)
    assert [one.reason for one in results] == ["", "timeout", ""]
    assert results[1].message == "took longer than 1 s"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_a_page_that_unpacks_without_end_costs_only_itself(tmp_path: Path) -> None:
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(600)) + packer.flush()
    bomb = pdf([packed], stream=b"/Filter/FlateDecode")
    assert len(bomb) < 4e6
    folder = write(tmp_path, {"1.png": shade(1), "2.pdf": bomb, "3.png": shade(3)})
    job = Job(Settings(scans=ScanSettings(max_megapixels=1)), load=load_darkness)
    results = read_all(folder, job, 1, isolate=True)
    assert [one.reason for one in results] == ["", "crashed", ""]


@pytest.mark.parametrize(
    ("name", "reason"), [("memory.png", "out-of-memory"), ("bug.png", "internal-error")]
)
def test_an_error_in_a_page_is_a_row_of_it(tmp_path: Path, name: str, reason: str) -> None:
    folder = write(tmp_path, {name: shade(1), "z.png": shade(2)})
    results = read_all(folder, Job(load=load_moody), 1)
    assert [(one.status, one.reason) for one in results] == [
        (Status.FAILED, reason),
        (Status.READ, ""),
    ]


def test_models_that_cannot_be_loaded_end_the_run_before_it_starts(tmp_path: Path) -> None:
    folder = write(tmp_path, {"1.png": shade(1)})
    with pytest.raises(RuntimeError, match="no model here"):
        read_all(folder, Job(load=load_broken), 2)


def test_workers_that_cannot_start_end_the_run(tmp_path: Path) -> None:
    scans = find_scans([write(tmp_path, {f"{n}.png": shade(n) for n in range(30)})])
    with (
        WorkerPool(2, partial(os._exit, 3)) as pool,
        pytest.raises(BrokenExecutor, match="no worker process could start"),
    ):
        list(read_scans(scans, Job(load=load_darkness), pool, 2))


def test_readings_below_the_least_confidence_are_rejected(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.png": shade(40), "b.png": shade(200)})
    settings = Settings(confidence=ConfidenceSettings(min_confidence=0.5))
    results = read_all(folder, Job(settings, load=load_doubt), 1)
    assert [one.status for one in results] == [Status.REJECTED, Status.READ]


@pytest.mark.parametrize("dpi", [300, 600, 1200])
def test_boxes_are_in_pixels_of_the_scan_at_any_resolution(tmp_path: Path, dpi: int) -> None:
    page = np.zeros((61, 91), np.uint8)
    folder = write(tmp_path, {"a.jpg": encode(page, "JPEG", dpi=(dpi, dpi))})
    (result,) = read_all(folder, Job(load=load_darkness), 1)
    assert result.readings[0].region.box == Box(0, 0, 91, 61)


def test_overlays_are_written_for_every_page_that_was_decoded(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"sub/a.tif": tiff_g4([WHITE * 0, WHITE]), "b.png": b""})
    job = Job(debug_dir=str(tmp_path / "out"), load=load_darkness)
    read_all(folder, job, 1)
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("out/**/*.jpg"))
    assert found == ["out/sub/a.tif-page1.jpg", "out/sub/a.tif-page2.jpg"]


# The pool itself


def test_a_pool_runs_tasks_and_passes_errors_on() -> None:
    with WorkerPool(2) as pool:
        futures = [pool.submit(pow, n, 2) for n in range(20)]
        broken = pool.submit(int, "x")
        assert [future.result() for future in futures] == [n * n for n in range(20)]
        with pytest.raises(RuntimeError, match="ValueError: invalid literal"):
            broken.result()


def test_a_pool_replaces_a_worker_that_died() -> None:
    with WorkerPool(1) as pool:
        pid = pool.submit(os.getpid).result()
        with pytest.raises(WorkerDiedError, match="exit code 3"):
            pool.submit(os._exit, 3).result()
        assert pool.submit(os.getpid).result() != pid


def test_a_pool_ends_a_task_that_takes_too_long() -> None:
    import time

    with WorkerPool(1, timeout_s=0.5) as pool:
        with pytest.raises(WorkerTimeoutError, match=r"0\.5 s"):
            pool.submit(time.sleep, 600).result()
        assert pool.submit(pow, 2, 3).result() == 8


def test_a_pool_that_is_cancelled_ends_at_once() -> None:
    import time

    pool = WorkerPool(1)
    pool.submit(pow, 2, 3).result()
    futures = [pool.submit(time.sleep, 600) for _ in range(3)]
    pool.shutdown(cancel_futures=True)
    assert all(future.done() for future in futures)
    assert pool.process_ids() == ()
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(pow, 2, 3)


def test_a_task_that_cannot_be_sent_fails_alone() -> None:
    with WorkerPool(1) as pool:
        broken = pool.submit(lambda: 1)
        assert pool.submit(pow, 2, 3).result() == 8
        assert broken.exception() is not None


def test_a_pool_needs_a_worker() -> None:
    with pytest.raises(ValueError, match="at least 1 worker, got 0"):
        WorkerPool(0)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_a_worker_keeps_the_memory_of_a_page_for_the_next() -> None:
    with WorkerPool(1, keep_memory) as pool:
        assert pool.submit(count_page_faults).result() < 100
