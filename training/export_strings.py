"""Release a string reader: `python -m training.export_strings --run RUN --out models/strings-3`.

The averaged weights become ONNX with a free batch and a free width, are compared with Keras,
measured on real fields and put into a package with metadata and test vectors.
"""

import argparse
import hashlib
import json
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf2onnx

from digitscan.errors import DigitscanError, ModelError, OutputError
from digitscan.imaging.lines import BAND_PX, LINE_PX, STRETCH
from digitscan.recognition.classifier import open_session
from digitscan.recognition.ctc import LABELS
from digitscan.recognition.line_batches import WIDTHS
from digitscan.recognition.models import load_package
from digitscan.recognition.strings import STRIDE, StringReader
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA
from training.evaluate_strings import (
    CHEQUE_FIELDS,
    load_fields,
    measure_accepted,
    measure_exact,
    read_fields,
)
from training.provenance import hash_data, read_commit
from training.string_network import build_network

OPSET = 17
INPUT_NAME = "lines"
OUTPUT_NAME = "logits"
WEIGHTS = "average.weights.h5"
PARITY = 1e-4
"""Greatest difference between a logit of Keras and of ONNX Runtime."""
PARITY_LINES = 64
"""Lines of each width of `PARITY_WIDTHS` that are compared: over 1,000 columns of scores."""
PARITY_WIDTHS = (64, 160, 320)
VECTORS = 24
TOOLS = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "numpy", "opencv-python-headless")


def export_onnx(network: keras.Model, path: Path) -> None:
    """Write the network as ONNX: float32, opset 17, lines (N, 40, W, 1) to logits (N, W / 2, 11).

    tf2onnx 1.17's `from_keras` fails on Keras 3, so the network is traced as a function.
    """
    signature = (tf.TensorSpec((None, LINE_PX, None, 1), tf.float32, name=INPUT_NAME),)

    @tf.function(input_signature=signature)
    def run(lines: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT_NAME: network(lines, training=False)}

    tf2onnx.convert.from_function(run, signature, opset=OPSET, output_path=str(path))


def make_test_lines(count: int, width: int, seed: int = 0) -> Floats:
    """Make lines of soft strokes to compare networks on, float32 (N, 40, W, 1), 0 to 1."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((count, LINE_PX // 4, width // 4, 1)).astype(np.float32)
    fine = np.repeat(np.repeat(coarse, 4, axis=1), 4, axis=2)
    return np.asarray(np.clip(2.5 * fine - 1.2, 0.0, 1.0), np.float32)


def export_package(run: Path, out: Path, data: Path, command: str | None = None) -> dict[str, Any]:
    """Export a run to a new package folder, compare it with Keras and measure it.

    Parameters
    ----------
    run : Path
        Folder of `training.train_strings`.
    out : Path
        The package, `NAME-VERSION`; must not exist, since packages never change.
    data : Path
        Real fields to measure on.
    command : str, optional
        What made the weights, where it was more than one training.

    Returns
    -------
    dict
        The metadata that was written.

    Raises
    ------
    OutputError
        If the package exists.
    ModelError
        If the run has no weights, or ONNX Runtime and Keras disagree.
    """
    if out.exists():
        raise OutputError(f"{out} exists and a package never changes; give a new version")
    if not (run / WEIGHTS).is_file():
        raise ModelError(f"{run} has no {WEIGHTS}: run python -m training.train_strings first")
    network = build_network()
    network.load_weights(run / WEIGHTS)
    out.mkdir(parents=True)
    export_onnx(network, out / "model.onnx")
    vectors = make_test_lines(VECTORS, 160)
    logits = np.asarray(network(vectors, training=False))
    np.savez_compressed(out / "test_vectors.npz", lines=vectors, logits=logits)
    metadata = _describe(out, run, data)
    metadata["provenance"]["command"] = command or (
        f"python -m training.train_strings --out runs/strings && "
        f"python -m training.export_strings --run runs/strings --out models/{out.name}"
    )
    _write_metadata(out, metadata)
    metadata["results"] = [
        _result("parity", check_parity(network, out), "made lines"),
        *_measure(out, data),
    ]
    _write_metadata(out, metadata)
    return metadata


def check_parity(network: keras.Model, package: Path) -> float:
    """Return the greatest difference of a logit between Keras and the package.

    Raises
    ------
    ModelError
        If it is over 1e-4 or a column gets another label.
    """
    session = open_session(load_package(package))
    greatest, changed = 0.0, 0
    for width in PARITY_WIDTHS:
        lines = make_test_lines(PARITY_LINES, width, seed=width)
        expected = np.asarray(network(lines, training=False))
        (found,) = session.run([OUTPUT_NAME], {INPUT_NAME: lines})
        greatest = max(greatest, float(np.abs(expected - found).max()))
        changed += int(np.sum(expected.argmax(axis=-1) != found.argmax(axis=-1)))
    if greatest > PARITY or changed:
        raise ModelError(
            f"{package} differs from Keras: {greatest:.2e} in a logit (limit {PARITY}), "
            f"{changed} labels; do not release it"
        )
    return greatest


def _measure(package: Path, data: Path) -> list[dict[str, Any]]:
    reader = StringReader(load_package(package))
    results = []
    for measured_on in ("held", "apart", *CHEQUE_FIELDS):
        fields = load_fields(data, measured_on)
        if not fields:
            continue
        outcomes = read_fields(reader, fields)
        kind = "cheques, loose box" if measured_on in CHEQUE_FIELDS else "cheque_amounts"
        results.append(_result("exact", measure_exact(outcomes), f"{kind} {measured_on}"))
        share = measure_accepted(outcomes)
        results.append(_result("accepted at 1 % wrong", share, f"{kind} {measured_on}"))
    return results


def _describe(out: Path, run: Path, data: Path) -> dict[str, Any]:
    """Return the metadata of HOUSE's model packages, without results."""
    name, _, release = out.name.rpartition("-")
    raw = (out / "model.onnx").read_bytes()
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    config["start"] = Path(config["start"]).parent.name  # its folder's name, not its place
    shapes = {"input": [None, LINE_PX, None, 1], "output": [None, None, len(LABELS)]}
    return {
        "name": name,
        "version": release,
        "file": "model.onnx",
        "sha256": hashlib.sha256(raw).hexdigest(),
        "bytes": len(raw),
        "opset": OPSET,
        "ports": {
            "input": {"name": INPUT_NAME, "dtype": "float32", "shape": shapes["input"]},
            "output": {"name": OUTPUT_NAME, "dtype": "float32", "shape": shapes["output"]},
        },
        "contract": {
            "line_px": LINE_PX,
            "band_px": BAND_PX,
            "stretch": STRETCH,
            "stride": STRIDE,
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
            "config": {key: value for key, value in config.items() if key not in ("data", "out")},
            "seeds": [int(config["seed"])],
            "data": hash_data(data, mnist="train-*.gz"),
            "tools": {"python": platform.python_version()}
            | {tool: version(tool) for tool in TOOLS},
            "date": datetime.now(UTC).date().isoformat(),
        },
        "results": [],
    }


def _write_metadata(out: Path, metadata: dict[str, Any]) -> None:
    (out / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")


def _result(metric: str, value: float, measured_on: str) -> dict[str, Any]:
    date = datetime.now(UTC).date().isoformat()
    return {"metric": metric, "value": float(f"{value:.6g}"), "set": measured_on, "date": date}


def main(arguments: Sequence[str] | None = None) -> int:
    """Release a run as a model package; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the training")
    parser.add_argument("--out", type=Path, required=True, help="models/NAME-VERSION, new")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--command", help="what made the weights, where not the plain command")
    options = parser.parse_args(arguments)
    try:
        metadata = export_package(options.run, options.out, options.data, options.command)
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(f"{options.out}: {metadata['bytes']} bytes")
    for result in metadata["results"]:
        print(f"{result['metric']} {result['value']} on {result['set']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
