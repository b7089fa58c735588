"""Release a calibration of confidence as a model package: weights, metadata, card, pictures."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitscan.recognition.confidence import MEASURES, Calibration, dump_calibration
from training.metrics import bin_confidences
from training.packages import refuse_existing, today, write_metadata
from training.pictures import draw_reliability
from training.provenance import read_commit
from training.weighing import LABEL_NOISE, PARTNERS, SEED, USED, VARIANTS, Fit, list_figures


def release(package: Path, data: Path, fits: Sequence[Fit], parts: Sequence[str]) -> None:
    """Write the package: calibration, metadata, card and a reliability picture for each set.

    Raises
    ------
    OutputError
        If the package is there already: packages never change.
    """
    refuse_existing(package)
    package.mkdir(parents=True)
    calibration = dump_calibration(Calibration(tuple(fit.weighing for fit in fits)))
    metadata = describe(package.name, calibration, fits, data, parts)
    (package / "calibration.json").write_bytes(calibration)
    write_metadata(package, metadata)
    for fit in fits:
        picture = draw_reliability(bin_confidences(fit.confidence, fit.right))
        (package / f"reliability_{fit.weighing.readers.value}.png").write_bytes(picture)
    (package / "MODEL_CARD.md").write_text(write_card(metadata), encoding="utf-8")


def describe(
    name: str, calibration: bytes, fits: Sequence[Fit], data: Path, parts: Sequence[str]
) -> dict[str, Any]:
    """Return the package's metadata."""
    stem, _, version = name.rpartition("-")
    date = today()
    truth = (data / "cheque_amounts" / "truth.csv").read_bytes()
    return {
        "name": stem,
        "version": version,
        "file": "calibration.json",
        "sha256": hashlib.sha256(calibration).hexdigest(),
        "bytes": len(calibration),
        "opset": None,
        "ports": {
            "input": {"name": "evidence", "dtype": "float64", "shape": [len(MEASURES)]},
            "output": {"name": "confidence", "dtype": "float64", "shape": []},
        },
        "contract": {"labels": [], "measures": list(MEASURES), "output": "probability"},
        "provenance": {
            "commit": read_commit(),
            "command": f"python -m training.calibrate_confidence --package {stem}-{version}",
            "config": {
                "measures": {key.value: list(names) for key, names in USED.items()},
                "ridge": {fit.weighing.readers.value: fit.ridge for fit in fits},
                "label_noise": LABEL_NOISE,
                "variants": VARIANTS,
                "partners": list(PARTNERS),
                "parts": list(parts),
            },
            "seeds": [SEED],
            "data": {"cheque_amounts/truth.csv": hashlib.sha256(truth).hexdigest()},
            "tools": {"numpy": np.__version__, "opencv-python-headless": cv2.__version__},
            "date": date,
        },
        "results": [
            {"metric": metric, "value": value, "set": where, "date": date}
            for fit in fits
            for metric, value, where in list_figures(fit, parts)
        ],
    }


def write_card(metadata: dict[str, Any]) -> str:
    """Write the model card in Markdown."""
    rows = "\n".join(
        f"| {row['metric']} | {row['value']} | {row['set']} |" for row in metadata["results"]
    )
    return f"""# {metadata["name"]} {metadata["version"]}

Turns what the readers say about a text into the probability that the whole text is right: one
logistic regression for each set of readers (`cells`: digits in boxes; `lattice`, `strings`,
`both`), its weights in `calibration.json`, its measures in
`digitscan/recognition/confidence.py`. No weight is negative:
surer evidence never lowers the confidence.

## Data and limits

Fitted to the amounts of the parts {", ".join(metadata["provenance"]["config"]["parts"])} of
`cheque_amounts` (crops: ORAND-CAR-A, ICFHR 2014, free for research, called CC BY-NC-ND by some;
boxes: Fzkuji/Labeled_ORAND-CAR-A, MIT), which no
network was trained on, each as it is, in {VARIANTS} variants and with
{len(PARTNERS)} others behind it, which makes longer numbers; for `cells` each as it is, its
digits cut out by their boxes without the strokes that hang in from their neighbors. Of their labels
{100 * LABEL_NOISE:.0f} % are taken to be wrong, so that a wrong label does not pass for a wrong
reading. It knows crops of amounts of one kind of cheque: on whole pages, on other writing or other
paper it may fail by being too sure. Find your own threshold there: `digitscan calibrate`.

| metric | value | set |
|---|---|---|
{rows}

The readings of each block of 20 neighboring files were predicted by a fit to the other blocks;
`reliability_*.png` draws them. Made by `{metadata["provenance"]["command"]}` on
{metadata["provenance"]["date"]}.
"""
