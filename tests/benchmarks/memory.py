"""How much memory a long run takes, and whether it stays flat.

    python -m tests.benchmarks.memory [--pages 10000] [--warm 500] [--workers 2] [--decode-only]

Reads so many A4 pages of 300 dpi, made of the samples, and looks at the memory of the run and of
its workers after the first pages and after the last. Linux only: it reads /proc. Ends with status 1
if the sum grows by more than 5 %, or a worker ever holds more than 350 MB.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from digitscan.batch import Job
from digitscan.rows import Row
from digitscan.runs import Run, Watcher, execute
from digitscan.settings import ReadersSettings, Settings
from tests.benchmarks.kills import find_workers
from tests.readers import load_darkness

SCANS = Path(__file__).resolve().parents[2] / "samples" / "scans"
A4_PX = (3508, 2480)  # 297 x 210 mm at 300 dpi
MOST_GROWTH = 0.05
MOST_WORKER_MB = 350.0
# One page is many files: distinct ones enough that nothing is always of one size.
DISTINCT_PAGES = 8


def make_pages(folder: Path, count: int) -> None:
    """Write A4 pages of sample forms and cheques, the later ones as links to the first."""
    cheques = [cv2.imread(str(SCANS / f"cheque-{number}.jpg"), 0) for number in (1, 2)]
    form = cv2.imread(str(SCANS / "form-1.png"), 0)
    form = cv2.resize(form, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)
    distinct = []
    for number in range(min(count, DISTINCT_PAGES)):
        page = np.full(A4_PX, 255, np.uint8)
        if number % 2:
            page[40 * number : 40 * number + form.shape[0], 200 : 200 + form.shape[1]] = form
        else:
            for place, cheque in enumerate(cheques):
                large = cv2.resize(cheque, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
                top, left = 100 + 1600 * place, 10 * number
                page[top : top + large.shape[0], left : left + large.shape[1]] = large
        distinct.append(folder / f"{number:06d}.jpg")
        cv2.imwrite(str(distinct[-1]), page)
    for number in range(len(distinct), count):
        path = folder / f"{number:06d}.jpg"
        try:
            os.link(distinct[number % len(distinct)], path)
        except OSError:  # a file system without links, or with too many of them
            shutil.copy(distinct[number % len(distinct)], path)


def measure_mb(pid: int, what: str) -> float:
    """Return the resident memory of a process, `VmRSS`, or its peak, `VmHWM`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


class MemoryWatcher(Watcher):
    """Look at the memory of the run after its first pages, every now and then, and at its end."""

    def __init__(self, warm: int, pages: int) -> None:
        self._warm, self._count = warm, pages
        self._seen = 0
        self._start = time.monotonic()
        self.sums: dict[int, float] = {}
        self.peaks: dict[int, float] = {}

    def page(self, _rows: Sequence[Row]) -> None:
        """Count a page, and measure where it is time to."""
        self._seen += 1
        if self._seen in (self._warm, self._count) or self._seen % max(1, self._count // 20) == 0:
            self._measure()

    def _measure(self) -> None:
        own = measure_mb(os.getpid(), "VmRSS")
        workers = {pid: measure_mb(pid, "VmRSS") for pid in find_workers(os.getpid())}
        self.peaks |= {pid: measure_mb(pid, "VmHWM") for pid in workers}
        self.sums[self._seen] = own + sum(workers.values())
        each = ", ".join(f"{size:.0f}" for size in workers.values())
        speed = self._seen / (time.monotonic() - self._start)
        print(
            f"{self._seen:7} pages  run {own:5.0f} MB, workers {each} MB, "
            f"together {self.sums[self._seen]:6.1f} MB, {speed:.1f} pages/s",
            flush=True,
        )


def main() -> int:
    """Run the check and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--warm", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--decode-only", action="store_true", help="without the networks")
    parser.add_argument("--no-strings", action="store_true", help="without the string reader")
    options = parser.parse_args()
    settings = Settings(readers=ReadersSettings(strings=not options.no_strings))
    job = Job(settings, load=load_darkness) if options.decode_only else Job(settings)
    watcher = MemoryWatcher(options.warm, options.pages)
    with tempfile.TemporaryDirectory() as folder:
        scans = Path(folder, "in")
        scans.mkdir()
        make_pages(scans, options.pages)
        execute(Run((str(scans),), str(Path(folder, "x.csv")), job, options.workers), watcher)
    growth = watcher.sums[options.pages] / watcher.sums[options.warm] - 1
    peak = max(watcher.peaks.values(), default=measure_mb(os.getpid(), "VmHWM"))
    print(f"growth from page {options.warm} to {options.pages}: {100 * growth:+.1f} %, limit 5 %")
    print(f"peak of a worker: {peak:.0f} MB, limit {MOST_WORKER_MB:.0f} MB")
    print(f"peak of the run itself: {measure_mb(os.getpid(), 'VmHWM'):.0f} MB")
    return int(growth > MOST_GROWTH or peak > MOST_WORKER_MB)


if __name__ == "__main__":
    sys.exit(main())
