"""End to end on the samples: the results file, byte for byte.

Change the golden files with `pytest tests/golden --update-golden`, and read the difference.
"""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

HERE = Path(__file__).resolve().parent


def process(out: Path, *arguments: str | Path) -> None:
    """Run the program as a user does, in a process of its own."""
    command = [sys.executable, "-m", "digitscan", "process", *map(str, arguments)]
    done = subprocess.run(
        [*command, "--out", str(out), "--quiet"],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=HERE.parents[1],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def compare(found: bytes, golden: Path, update: bool) -> None:
    if update:
        golden.write_bytes(found)
    assert found == golden.read_bytes(), f"{golden.name} differs; see the head of this file"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("scans.csv", ("scans",), id="whole-pages"),
        pytest.param("note.jsonl", ("scans/note.png",), id="json-lines"),
        pytest.param("amounts.csv", ("amounts", "--field", "amount"), id="crops"),
    ],
)
def test_results_are_the_golden_ones(
    name: str, arguments: tuple[str, ...], samples: Path, tmp_path: Path, update_golden: bool
) -> None:
    folder, *options = arguments
    process(tmp_path / name, samples / folder, "--workers", "1", *options)
    compare((tmp_path / name).read_bytes(), HERE / name, update_golden)


def test_two_workers_give_the_same_bytes(samples: Path, tmp_path: Path) -> None:
    process(tmp_path / "two.csv", samples / "scans", "--workers", "2")
    compare((tmp_path / "two.csv").read_bytes(), HERE / "scans.csv", update=False)


def test_the_picture_of_the_readme_shows_the_sample(
    samples: Path, tmp_path: Path, update_golden: bool
) -> None:
    """Compared by eye only: a pixel of a label may move with any version of OpenCV."""
    picture = HERE.parents[1] / "docs" / "overlay.jpg"
    scan = samples / "scans" / "cheque-1.jpg"
    if update_golden:
        process(tmp_path / "x.csv", scan, "--debug-dir", tmp_path / "pages")
        (drawn,) = (tmp_path / "pages").rglob("*.jpg")
        picture.parent.mkdir(exist_ok=True)
        picture.write_bytes(drawn.read_bytes())
    with Image.open(picture) as shown, Image.open(scan) as stored:
        assert shown.size == stored.size


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def digits_of(text: str) -> str:
    return "".join(filter(str.isdigit, text))


# What the golden files hold today may rise, and must not fall when they are written anew.
LEAST_FOUND = {"date": 5, "amount": 5, "account": 7, "number": 5}
LEAST_AMOUNTS = 10


def test_the_golden_files_say_what_is_true(samples: Path) -> None:
    rows = read_rows(HERE / "scans.csv")
    found = dict.fromkeys(LEAST_FOUND, 0)
    for truth in read_rows(samples / "truth.csv"):
        name = truth["file"].removeprefix("scans/")
        texts = {
            digits_of(row["text"])
            for row in rows
            if (row["file"], row["page"]) == (name, truth["page"])
        }
        for column, value in truth.items():
            kind = column.partition("_")[0]
            if kind in found and value and not column.endswith("_box"):
                found[kind] += digits_of(value) in texts
    assert {kind: found[kind] for kind in found if found[kind] < LEAST_FOUND[kind]} == {}


def test_the_golden_amounts_say_what_is_true(samples: Path) -> None:
    found = {row["file"]: digits_of(row["text"]) for row in read_rows(HERE / "amounts.csv")}
    truth = {row["file"]: row["digits"] for row in read_rows(samples / "amounts" / "truth.csv")}
    assert found.keys() == truth.keys() | {"truth.csv"} or found.keys() == truth.keys()
    assert sum(found[name] == truth[name] for name in truth) >= LEAST_AMOUNTS
