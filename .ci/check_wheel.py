"""Check what the installed wheel did: run in an environment that holds the wheel alone."""

import csv
import importlib.util
import sys
from importlib.resources import files
from pathlib import Path

EXPECTED_PAGES = {("batch.tif", "1"), ("batch.tif", "2"), ("batch.tif", "3"), ("cheque-1.jpg", "1")}
# The printed account of cheque-1: whatever else a model reads, it reads print.
EXPECTED_TEXT = "30002010108847"


def main(results: Path) -> None:
    """Exit with a message unless the results are whole and nothing of the training is there."""
    for name in ("tensorflow", "keras", "tf2onnx", "training", "samples"):
        if importlib.util.find_spec(name) is not None:
            sys.exit(f"{name} can be imported where only the wheel should be installed")
    packages = sorted(folder.name for folder in (files("digitscan") / "models").iterdir())
    if not any(name.startswith("digits-") for name in packages):
        sys.exit(f"the wheel holds no digits model, only {packages}")
    with results.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    pages = {(row["file"], row["page"]) for row in rows}
    if pages != EXPECTED_PAGES:
        sys.exit(f"expected rows for {sorted(EXPECTED_PAGES)}, got {sorted(pages)}")
    failed = [row for row in rows if row["status"] == "failed"]
    if failed:
        sys.exit(f"pages failed: {failed}")
    texts = {row["text"] for row in rows if row["file"] == "cheque-1.jpg"}
    if EXPECTED_TEXT not in texts:
        sys.exit(f"{EXPECTED_TEXT} is not among the readings of cheque-1.jpg: {sorted(texts)}")
    print(f"{len(rows)} rows from {len(pages)} pages; models {', '.join(packages)}; no tensorflow")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
