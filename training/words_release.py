"""Release a trained word screen as a model package: ONNX file, metadata, test vectors, figures."""

import hashlib
import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digitscan.errors import ModelError, OutputError
from digitscan.imaging.lines import BAND_PX, LINE_PX, STRETCH, normalize_line
from digitscan.line_strings import WORDS
from digitscan.recognition.line_batches import WIDTHS
from digitscan.recognition.models import load_package
from digitscan.recognition.words import LABELS, WordScreen
from digitscan.records import Floats
from training.amounts import load_amounts
from training.export_strings import (
    INPUT_NAME,
    OPSET,
    OUTPUT_NAME,
    TOOLS,
    VECTORS,
    check_parity,
    export_onnx,
    make_test_lines,
)
from training.provenance import hash_data, read_commit
from training.string_fields import take_ink

WEIGHTS = "weights.weights.h5"
CONFIG = "config.json"


def release(
    network: keras.Model, run: Path, out: Path, data: Path, made: Sequence[tuple[Floats, bool]]
) -> dict[str, Any]:
    """Export a network to a new package folder, compare it with Keras and measure it.

    Parameters
    ----------
    network : keras.Model
        With the weights to release.
    run : Path
        Folder of the training; its `config.json` goes into the metadata.
    out : Path
        The package, `NAME-VERSION`; must not exist, since packages never change.
    data : Path
        Holds the real amounts that are measured on.
    made : sequence of (ndarray, bool)
        Made lines of a seed of their own; True where a number stands in one.

    Returns
    -------
    dict
        The metadata that was written.

    Raises
    ------
    OutputError
        If the package exists.
    ModelError
        If ONNX Runtime and Keras disagree.
    """
    if out.exists():
        raise OutputError(f"{out} exists and a package never changes; give a new version")
    if not (run / CONFIG).is_file():
        raise ModelError(f"{run} holds no trained network; run python -m training.words train")
    out.mkdir(parents=True)
    export_onnx(network, out / "model.onnx")
    vectors = make_test_lines(VECTORS, 160)
    logits = np.asarray(network(vectors, training=False))
    np.savez_compressed(out / "test_vectors.npz", lines=vectors, logits=logits)
    metadata = _describe(out, json.loads((run / CONFIG).read_text(encoding="utf-8")), data)
    _write(out, metadata)
    parity = check_parity(network, out)
    metadata["results"] = [_result("parity", parity, "made lines"), *_measure(out, data, made)]
    _write(out, metadata)
    return metadata


def _measure(
    package: Path, data: Path, made: Sequence[tuple[Floats, bool]]
) -> list[dict[str, Any]]:
    """Return which lines the reader would read on with, and which it would take for words."""
    screen = WordScreen(load_package(package))
    share = screen.share_numbers([line for line, _ in made])
    is_number = np.array([known for _, known in made])
    results = [
        _result("numbers kept", float(np.mean(share[is_number] >= WORDS)), "made lines"),
        _result("words rejected", float(np.mean(share[~is_number] < WORDS)), "made lines"),
    ]
    for part in ("held", "apart"):
        # As on a page, where ink alone is looked at.
        lines = [normalize_line(take_ink(amount.image)) for amount in load_amounts(data, part)]
        kept = float(np.mean(screen.share_numbers(lines) >= WORDS))
        results.append(_result("numbers kept", kept, f"cheque_amounts {part}"))
    return results


def _describe(out: Path, config: dict[str, Any], data: Path) -> dict[str, Any]:
    """Return the metadata of HOUSE's model packages, without results."""
    name, _, number = out.name.rpartition("-")
    raw = (out / "model.onnx").read_bytes()
    ports = {"input": (INPUT_NAME, [None, LINE_PX, None, 1]), "output": (OUTPUT_NAME, [None, 2])}
    return {
        "name": name,
        "version": number,
        "file": "model.onnx",
        "sha256": hashlib.sha256(raw).hexdigest(),
        "bytes": len(raw),
        "opset": OPSET,
        "ports": {
            port: {"name": title, "dtype": "float32", "shape": shape}
            for port, (title, shape) in ports.items()
        },
        "contract": {
            "line_px": LINE_PX,
            "band_px": BAND_PX,
            "stretch": STRETCH,
            "widths": list(WIDTHS),
            "ink": 1.0,
            "paper": 0.0,
            "labels": list(LABELS),
            "rubbish": None,
            "output": "logits",
            "temperature": 1.0,
        },
        "provenance": {
            "commit": read_commit(),
            "command": f"python -m training.words train runs/words && "
            f"python -m training.words release runs/words models/{out.name}",
            "config": config,
            "seeds": [config["seed"]],
            "data": hash_data(data, mnist="train-*.gz"),
            "tools": {"python": platform.python_version()}
            | {tool: version(tool) for tool in TOOLS},
            "date": datetime.now(UTC).date().isoformat(),
        },
        "results": [],
    }


def _write(out: Path, metadata: dict[str, Any]) -> None:
    (out / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")


def _result(metric: str, value: float, measured_on: str) -> dict[str, Any]:
    date = datetime.now(UTC).date().isoformat()
    return {"metric": metric, "value": float(f"{value:.6g}"), "set": measured_on, "date": date}
