"""Kill runs at random moments, resume them, and compare the results byte for byte.

    python -m tests.benchmarks.kills [--runs 20] [--seed 1] [--files 100] [--decode-only]

Every run reads the same copies of the samples with two workers. At moments that are drawn by the
seed, `kill -9` hits the whole run or one of its workers; a killed run is started again with
`--resume` until it ends. Linux only: it finds the workers in /proc. Ends with status 1 if the
SHA-256 of any results differs from that of an undisturbed run. With the networks, 100 files take
about a minute a run on two free cores.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from digitscan.batch import Job
from digitscan.runrecord import hash_file
from digitscan.runs import Run, execute
from tests.readers import load_darkness

REPOSITORY = Path(__file__).resolve().parents[2]


def make_scans(folder: Path, files: int) -> None:
    """Copy the sample scans until there are so many files."""
    originals = sorted(path for path in (REPOSITORY / "samples" / "scans").iterdir())
    for number in range(files):
        original = originals[number % len(originals)]
        shutil.copy(original, folder / f"{number:05d}{original.suffix}")


def start(scans: Path, out: Path, decode_only: bool) -> "subprocess.Popen[bytes]":
    """Start a run in a process of its own, going on where an earlier one stopped."""
    words = [sys.executable, "-m", "tests.benchmarks.kills", "--child", str(scans), str(out)]
    return subprocess.Popen(words + ["--decode-only"] * decode_only, cwd=REPOSITORY)


def run_child(scans: str, out: str, decode_only: bool) -> None:
    """Be such a run."""
    job = Job(load=load_darkness) if decode_only else Job()
    execute(Run((scans,), out, job, workers=2, resume=True))


def find_workers(pid: int) -> list[int]:
    """Return the worker processes of a run: children that wait for tasks, not the bookkeeper."""
    children = (
        child
        for listed in Path(f"/proc/{pid}/task").glob("*/children")
        for child in listed.read_text().split()
    )
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def disturb(scans: Path, out: Path, decode_only: bool, pace_s: float, chance: random.Random) -> str:
    """Run to the end in spite of kills, and say how many there were of each kind.

    A page whose worker dies three times is held to be the cause. So that kills in a row do not hit
    one page, a worker is let live while its successor would still be at its first page.
    """
    runs = workers = 0
    spared_until = 0.0
    while True:
        with start(scans, out, decode_only) as running:
            while running.poll() is None:
                time.sleep(chance.uniform(0, pace_s))
                try:
                    victims = find_workers(running.pid)
                    if victims and chance.random() < 0.5:
                        if time.monotonic() < spared_until:
                            continue
                        os.kill(chance.choice(victims), signal.SIGKILL)
                        spared_until = time.monotonic() + pace_s / 2
                        workers += 1
                    elif running.poll() is None and runs < 6:
                        running.kill()
                        runs += 1
                except (FileNotFoundError, ProcessLookupError):
                    continue
        if running.returncode == 0:
            return f"{runs} runs and {workers} workers killed"
        if running.returncode != -signal.SIGKILL:
            sys.exit(f"a run ended with status {running.returncode}")


def main() -> int:
    """Run the check and print a line a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--decode-only", action="store_true", help="without the networks")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(*options.child, options.decode_only)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        scans = Path(folder, "in")
        scans.mkdir()
        make_scans(scans, options.files)
        undisturbed = Path(folder, "undisturbed.csv")
        begin = time.monotonic()
        with start(scans, undisturbed, options.decode_only) as running:
            assert running.wait() == 0
        pace_s = (time.monotonic() - begin) / 3
        expected = hash_file(undisturbed)
        print(f"undisturbed  {expected}  {3 * pace_s:.1f} s", flush=True)
        different = 0
        for number in range(1, options.runs + 1):
            chance = random.Random(f"{options.seed} {number}")
            out = Path(folder, f"{number}.csv")
            said = disturb(scans, out, options.decode_only, pace_s, chance)
            found = hash_file(out)
            different += found != expected
            print(f"run {number:3}      {found}  {said}", flush=True)
    print(f"{options.runs - different} of {options.runs} equal")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
