"""Runs on a Dask cluster: a real scheduler and two workers on this machine."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitscan.batch import Job
from digitscan.errors import OutputError
from digitscan.runs import Run, Watcher, execute, make_dask_executor
from tests.readers import load_moody
from tests.scanfiles import encode, tiff_g4, write

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Start a scheduler and two workers in processes of their own, and end them."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)  # the workers import the readers of the tests
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as found:
        yield found
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    page = np.zeros((8, 8), np.uint8)
    files = {f"{n:02d}-slow.png": encode(page + n, "PNG") for n in range(20)}
    return write(tmp_path / "in", {**files, "05b.tif": tiff_g4([page] * 4), "06b.png": b""})


def test_a_killed_worker_changes_no_byte(cluster: Any, folder: Path, tmp_path: Path) -> None:
    class Killer(Watcher):
        pages = 0

        def page(self, _rows: object) -> None:
            self.pages += 1
            if self.pages == 4:
                with distributed.Client(cluster.scheduler_address) as client:
                    victim = next(iter(client.run(os.getpid).values()))
                os.kill(victim, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)

    job = Job(load=load_moody)
    local = Run((str(folder),), str(tmp_path / "local.csv"), job, workers=1)
    execute(local)
    remote = Run((str(folder),), str(tmp_path / "remote.csv"), job)
    record = execute(remote, Killer(), make_dask_executor(cluster.scheduler_address))
    assert (tmp_path / "remote.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    assert record.tally.pages == 25


def test_a_scheduler_that_does_not_answer_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitscan.cluster._CONNECT_S", 0.5)
    run = Run((str(folder),), str(tmp_path / "x.csv"), Job(load=load_moody))
    with pytest.raises(OutputError, match="no Dask scheduler answers at tcp:"):
        execute(run, None, make_dask_executor("tcp://127.0.0.1:9"))
    assert not list(tmp_path.glob("x*"))
