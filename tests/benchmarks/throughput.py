"""Pages a second with one worker and with two, and with RapidOCR on the same files.

    python -m tests.benchmarks.throughput [FOLDER] [--repeat N] [--rapidocr PYTHON]

Every image of the folder is read N times as a whole page, by worker processes, and the speed is
taken from the first finished page to the last one, so that the start of processes is left out.
`--rapidocr` names the interpreter of an environment with the packages rapidocr (3.10 brings its
PP-OCRv6 small networks along) and onnxruntime, which then reads each file once, with its defaults,
its start left out too.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from digitscan.batch import Job, make_executor
from digitscan.rows import Row
from digitscan.runs import Run, Watcher, execute
from digitscan.settings import ReadersSettings, Settings
from tests.benchmarks.speed import DEFAULT_FOLDER, SUFFIXES

# Wanted: 1.8 from two workers on two cores, and 20 times RapidOCR.
LEAST_SCALING = 1.8
LEAST_RATIO = 20.0

_RAPIDOCR = """
import sys, time
from rapidocr import RapidOCR
read = RapidOCR()
read(sys.argv[1])
start = time.perf_counter()
for path in sys.argv[1:]:
    read(path)
print(time.perf_counter() - start)
"""


class Stopwatch(Watcher):
    """Take the time of the first and of the last page."""

    def __init__(self) -> None:
        self.pages = 0
        self._first = self._last = 0.0

    def page(self, _rows: Sequence[Row]) -> None:
        """Take notice of one finished page."""
        self._last = time.perf_counter()
        self._first = self._first or self._last
        self.pages += 1

    def speed(self) -> float:
        """Return pages a second, from the first to the last."""
        return (self.pages - 1) / (self._last - self._first)


def measure_speed(scans: Path, out: Path, workers: int, settings: Settings) -> float:
    """Read a folder with so many worker processes, and return pages a second."""
    watch = Stopwatch()
    run = Run((str(scans),), str(out), Job(settings), workers)
    execute(run, watch, lambda run, _: make_executor(workers, run.job, isolate=True))
    return watch.speed()


def measure_rapidocr(python: str, paths: list[Path]) -> float:
    """Read every file with RapidOCR, and return pages a second."""
    words = [python, "-c", _RAPIDOCR, *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return len(paths) / float(done.stdout.split()[-1])


def main() -> int:
    """Print the figures; status 1 where one is below what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT_FOLDER)
    parser.add_argument("--files", type=int, help="only the first so many")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--rapidocr", metavar="PYTHON")
    parser.add_argument("--no-strings", action="store_true", help="without the string reader")
    options = parser.parse_args()
    settings = Settings(readers=ReadersSettings(strings=not options.no_strings))
    paths = sorted(path for path in options.folder.glob("*") if path.suffix.lower() in SUFFIXES)
    paths = paths[: options.files]
    if not paths:
        sys.exit(f"no images in {options.folder}")
    with tempfile.TemporaryDirectory() as folder:
        scans = Path(folder, "in")
        scans.mkdir()
        for turn in range(options.repeat):
            for path in paths:
                shutil.copy(path, scans / f"{turn}-{path.name}")
        one, two = (
            measure_speed(scans, Path(folder, f"{workers}.csv"), workers, settings)
            for workers in (1, 2)
        )
    print(f"pages          {len(paths)} from {options.folder.name}, {options.repeat} times")
    print(f"processors     {os.cpu_count()}")
    print(f"one worker     {one:8.2f} pages/s")
    print(f"two workers    {two:8.2f} pages/s")
    print(f"scaling        {two / one:8.2f}  (wanted {LEAST_SCALING})")
    good = two / one >= LEAST_SCALING
    if options.rapidocr:
        other = measure_rapidocr(options.rapidocr, paths)
        print(f"RapidOCR       {other:8.2f} pages/s")
        print(f"ratio          {two / other:8.1f}  (wanted {LEAST_RATIO:g})")
        good = good and two / other >= LEAST_RATIO
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
