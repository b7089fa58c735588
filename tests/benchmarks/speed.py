"""How long reading a whole page takes, as a multiple of decoding it.

    python -m tests.benchmarks.speed [FOLDER] [--rounds N]

One thread, one process, every image of the folder. In every round each file is first decoded by
`cv2.imdecode`, in color, as the file stores it, and then read as `digitscan process` does in one
worker: opened, decoded, all its numbers read. What the machine does besides hits both alike. The
last line is the ratio of the medians.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_FOLDER = REPOSITORY.parent / "shared" / "data" / "cheques"
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


def main() -> None:
    """Print the medians of decoding and reading, and their ratio."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT_FOLDER)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        sys.exit(f"no images in {arguments.folder}")
    decoding, reading = measure(paths, arguments.rounds)
    print(f"pages             {len(paths)} from {arguments.folder.name}, {arguments.rounds} rounds")
    print(f"decode, median    {1000 * statistics.median(decoding):8.1f} ms")
    print(f"read, median      {1000 * statistics.median(reading):8.1f} ms")
    print(f"decode, all       {sum(decoding):8.2f} s")
    print(f"read, all         {sum(reading):8.2f} s")
    print(f"ratio of totals   {sum(reading) / sum(decoding):8.2f}")
    print(f"ratio of medians  {statistics.median(reading) / statistics.median(decoding):8.2f}")


def measure(paths: list[Path], rounds: int) -> tuple[list[float], list[float]]:
    """Decode and read every file in turn.

    Parameters
    ----------
    paths : list of Path
    rounds : int

    Returns
    -------
    decoding, reading : list of float
        Seconds for each file: its best round.
    """
    import cv2
    import numpy as np

    from digitscan import read_scan
    from digitscan.workers import keep_memory

    keep_memory()
    cv2.setNumThreads(1)
    read_scan(paths[0])  # loads the networks, which a batch does once
    decoding = [float("inf")] * len(paths)
    reading = [float("inf")] * len(paths)
    for _ in range(rounds):
        for number, path in enumerate(paths):
            data = np.frombuffer(path.read_bytes(), np.uint8)
            start = time.perf_counter()
            cv2.imdecode(data, cv2.IMREAD_COLOR)
            decoded = time.perf_counter()
            read_scan(path)
            done = time.perf_counter()
            decoding[number] = min(decoding[number], decoded - start)
            reading[number] = min(reading[number], done - decoded)
    return decoding, reading


if __name__ == "__main__":
    main()
