"""Release a string reader: `python -m training.export_strings --run RUN --out models/strings-3`.

The averaged weights become ONNX with a free batch and a free width, are compared with Keras,
measured on real fields and put into a package with metadata and test vectors.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf2onnx

from digitscan.errors import ModelError
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
from training.packages import (
    ONNX,
    OPSET,
    describe_network,
    make_result,
    refuse_existing,
    report_release,
    write_metadata,
)
from training.provenance import hash_data
from training.string_network import load_averaged

INPUT_NAME = "lines"
OUTPUT_NAME = "logits"
PARITY = 1e-4
"""Greatest difference between a logit of Keras and of ONNX Runtime."""
PARITY_LINES = 64
"""Lines of each width of `PARITY_WIDTHS` that are compared: over 1,000 columns of scores."""
PARITY_WIDTHS = (64, 160, 320)
VECTORS = 24


def export_onnx(network: keras.Model, path: Path) -> None:
    """Write a network of lines (N, 40, W, 1) as ONNX: float32, opset 17, to logits.

    tf2onnx 1.17's `from_keras` fails on Keras 3, so the network is traced as a function.
    """
    signature = (tf.TensorSpec((None, LINE_PX, None, 1), tf.float32, name=INPUT_NAME),)

    @tf.function(input_signature=signature)
    def run(lines: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT_NAME: network(lines, training=False)}

    tf2onnx.convert.from_function(run, signature, opset=OPSET, output_path=str(path))


def export_lines(network: keras.Model, out: Path) -> None:
    """Make the folder of a package, with the network as ONNX and its test vectors."""
    out.mkdir(parents=True)
    export_onnx(network, out / ONNX)
    vectors = make_test_lines(VECTORS, 160)
    logits = np.asarray(network(vectors, training=False))
    np.savez_compressed(out / "test_vectors.npz", lines=vectors, logits=logits)


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
    refuse_existing(out)
    network = load_averaged(run)
    export_lines(network, out)
    metadata = _describe(out, run, data)
    metadata["provenance"]["command"] = command or (
        f"python -m training.train_strings --out runs/strings && "
        f"python -m training.export_strings --run runs/strings --out models/{out.name}"
    )
    write_metadata(out, metadata)
    metadata["results"] = [
        make_result("parity", check_parity(network, out), "made lines"),
        *measure_strings(out, data),
    ]
    write_metadata(out, metadata)
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


def measure_strings(package: Path, data: Path) -> list[dict[str, Any]]:
    """Return which real fields a package reads, each set with what could be accepted of it."""
    reader = StringReader(load_package(package))
    results = []
    for measured_on in ("held", "apart", *CHEQUE_FIELDS):
        fields = load_fields(data, measured_on)
        if not fields:
            continue
        outcomes = read_fields(reader, fields)
        kind = "cheques, loose box" if measured_on in CHEQUE_FIELDS else "cheque_amounts"
        results.append(make_result("exact", measure_exact(outcomes), f"{kind} {measured_on}"))
        share = measure_accepted(outcomes)
        results.append(make_result("accepted at 1 % wrong", share, f"{kind} {measured_on}"))
    return results


def describe_frame(labels: Sequence[str]) -> dict[str, Any]:
    """Return what the lines that a network is given and the names that it gives mean."""
    return {
        "line_px": LINE_PX,
        "band_px": BAND_PX,
        "stretch": STRETCH,
        "widths": list(WIDTHS),
        "ink": 1.0,
        "paper": 0.0,
        "labels": list(labels),
        "rubbish": None,
        "output": "logits",
        "temperature": 1.0,
    }


def _describe(out: Path, run: Path, data: Path) -> dict[str, Any]:
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    config["start"] = Path(config["start"]).parent.name  # its folder's name, not its place
    ports = {
        "input": (INPUT_NAME, (None, LINE_PX, None, 1)),
        "output": (OUTPUT_NAME, (None, None, len(LABELS))),
    }
    provenance = {
        "config": {key: value for key, value in config.items() if key not in ("data", "out")},
        "seeds": [int(config["seed"])],
        "data": hash_data(data, mnist="train-*.gz"),
    }
    return describe_network(out, ports, describe_frame(LABELS) | {"stride": STRIDE}, provenance)


def main(arguments: Sequence[str] | None = None) -> int:
    """Release a run as a model package; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the training")
    parser.add_argument("--out", type=Path, required=True, help="models/NAME-VERSION, new")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--command", help="what made the weights, where not the plain command")
    options = parser.parse_args(arguments)
    return report_release(
        options.out,
        lambda: export_package(options.run, options.out, options.data, options.command),
    )


if __name__ == "__main__":
    sys.exit(main())
