"""Read thousands of damaged files: no crash, no hang, each accounted for.

    python -m tests.benchmarks.damage [--files 2000] [--seed 1] [--workers 2] [--decode-only]

Takes the samples, damages copies of them in ways that are drawn by the seed (bytes flipped, cut,
grown, repeated, headers forged), reads them in one run and prints what became of every kind.
Ends with status 1 if a file has no row or a page ended its worker.
"""

import argparse
import csv
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from digitscan.batch import Job
from digitscan.runs import Run, execute
from digitscan.scans import find_scans
from digitscan.settings import ScanSettings, Settings
from tests import scanfiles
from tests.readers import load_darkness

REPOSITORY = Path(__file__).resolve().parents[2]
DAMAGES = ("flip", "flip-header", "cut", "grow", "repeat", "zero", "forge-numbers")
# A page may take this long before it counts as a hang, on a machine that has other work too.
PAGE_TIMEOUT_S = 60.0


def damage(data: bytes, kind: str, chance: random.Random) -> bytes:
    """Return a damaged copy of a file."""
    out = bytearray(data)
    size = len(out)
    if kind == "flip":
        for _ in range(chance.randint(1, 1 + size // 200)):
            out[chance.randrange(size)] = chance.randrange(256)
    elif kind == "flip-header":
        for _ in range(chance.randint(1, 8)):
            out[chance.randrange(min(size, 200))] = chance.randrange(256)
    elif kind == "cut":
        del out[chance.randrange(size) :]
    elif kind == "grow":
        out += chance.randbytes(chance.randint(1, 5000))
    elif kind == "repeat":
        at = chance.randrange(size)
        out[at:at] = out[at : at + chance.randint(1, 5000)]
    elif kind == "zero":
        at = chance.randrange(size)
        out[at : at + chance.randint(1, 2000)] = bytes(min(2000, size - at))
    else:  # big numbers where formats keep sizes, counts and offsets
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(max(1, min(size, 400) - 4))
            out[at : at + 4] = chance.choice(
                (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\xff\xff", b"\0\0\0\0")
            )
    return bytes(out)


def find_originals() -> dict[str, bytes]:
    """Return the samples, and small files of the kinds that they lack."""
    page = scanfiles.pattern(300, 450)
    originals = {
        "g4.tif": scanfiles.tiff_g4([page, page]),
        "lzw.tif": scanfiles.encode(page, "TIFF", compression="tiff_lzw"),
        "color.jpg": scanfiles.encode(page, "JPEG", "RGB"),
        "cmyk.jpg": scanfiles.encode(scanfiles.encode_cmyk(page), "JPEG"),
        "gray.png": scanfiles.encode(page, "PNG"),
        "palette.png": scanfiles.encode(page, "PNG", "P"),
        "plain.bmp": scanfiles.encode(page, "BMP"),
        "lossy.webp": scanfiles.encode(page, "WEBP"),
        "scan.pdf": scanfiles.pdf(
            [b"q 240 0 0 144 0 0 cm /Im Do Q"], images={"Im": scanfiles.pdf_image(page)}
        ),
    }
    for path in sorted((REPOSITORY / "samples").rglob("*")):
        if path.suffix in (".png", ".jpg", ".tif", ".pdf"):
            originals[path.name] = path.read_bytes()
    return originals


def make_files(folder: Path, count: int, seed: int) -> dict[str, str]:
    """Write damaged files and return what was done to each."""
    chance = random.Random(seed)
    originals = find_originals()
    done = {}
    for number in range(count):
        name = chance.choice(sorted(originals))
        kind = chance.choice(DAMAGES)
        path = folder / f"{number:05d}-{kind}-{name}"
        path.write_bytes(damage(originals[name], kind, chance))
        done[path.name] = kind
    return done


def main() -> int:
    """Run the check and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--decode-only", action="store_true", help="without the networks")
    options = parser.parse_args()
    logging.getLogger("digitscan").setLevel(logging.ERROR)  # the table says it all
    settings = Settings(scans=ScanSettings(max_megapixels=40))
    job = Job(settings, load=load_darkness) if options.decode_only else Job(settings)
    with tempfile.TemporaryDirectory() as folder:
        scans = Path(folder, "in")
        scans.mkdir()
        done = make_files(scans, options.files, options.seed)
        out = Path(folder, "x.csv")
        start = time.monotonic()
        execute(Run((str(scans),), str(out), job, options.workers, page_timeout_s=PAGE_TIMEOUT_S))
        seconds = time.monotonic() - start
        with out.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(find_scans([scans])) == options.files
    outcomes: Counter[tuple[str, str]] = Counter()
    first = {row["file"]: row for row in reversed(rows)}
    for name, kind in done.items():
        row = first.get(name)
        outcomes[kind, "no row" if row is None else outcome(row)] += 1
    columns = sorted({word for _, word in outcomes})
    print(f"{options.files} files, seed {options.seed}, {seconds:.0f} s")
    print("damage".ljust(16) + "".join(word.rjust(16) for word in columns))
    for kind in DAMAGES:
        counts = (outcomes[kind, word] for word in columns)
        print(kind.ljust(16) + "".join(str(count).rjust(16) for count in counts))
    bad = {"no row", "crashed", "timeout", "out-of-memory", "internal-error"}
    for row in rows:
        if row["reason"] in bad:
            print(f"{row['reason']}: {row['file']} page {row['page']}")
    return int(any(word in bad for word in columns))


def outcome(row: dict[str, str]) -> str:
    """Say in a word what became of a file."""
    return row["reason"] if row["status"] == "failed" else "looked at"


if __name__ == "__main__":
    sys.exit(main())
