"""Trained network -> released package: ONNX file, metadata, test vectors, proof of parity.

python -m training.export --run runs/digits --out models/digits-4 --last
"""

import argparse
import hashlib
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

from digitscan.errors import ModelError, NoPagesError
from digitscan.imaging.normalize import CENTER_PX, DIGIT_PX, FRAME_PX, normalize_tiles
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.models import load_package
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA, load_amounts
from training.evaluate import evaluate_package
from training.evaluation_page import list_results
from training.fit import to_floats
from training.measured_sets import load_digit_sets, load_rubbish
from training.mnist import Labels, load_mnist
from training.networks import INPUT_NAME
from training.packages import (
    ONNX,
    OPSET,
    describe_network,
    refuse_existing,
    report_release,
    today,
    write_metadata,
)
from training.provenance import hash_data
from training.real_digits import cut_runs
from training.sources import LABELS, RUBBISH

logger = logging.getLogger(__name__)

OUTPUT_NAME = "logits"
PARITY = 1e-4
"""Greatest difference between a logit of Keras and of ONNX Runtime."""
PARITY_TILES = 1000
VECTORS = 64
"""Tiles kept with Keras's outputs in the package."""
WEIGHTS = "weights.keras"
"""The Keras network in the package, for fine-tuning; the wheel leaves it out."""


def export_onnx(model: keras.Model, path: Path) -> None:
    """Write a Keras network as ONNX, float32, opset 17, with a free batch dimension.

    tf2onnx 1.17's `from_keras` fails on Keras 3 (KeyError on the output tensor), so the network
    is traced as a function with an input signature.

    Parameters
    ----------
    model : keras.Model
        Tiles (N, 28, 28, 1) to logits (N, classes).
    path : Path
        The file to write.
    """
    signature = (tf.TensorSpec((None, FRAME_PX, FRAME_PX, 1), tf.float32, name=INPUT_NAME),)

    @tf.function(input_signature=signature)
    def run(tiles: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT_NAME: model(tiles, training=False)}

    tf2onnx.convert.from_function(run, signature, opset=OPSET, output_path=str(path))


def run_onnx(path: Path, tiles: Floats) -> Floats:
    """Run an exported network on one core.

    Parameters
    ----------
    path : Path
    tiles : ndarray of float32, shape (N, 28, 28, 1)

    Returns
    -------
    ndarray of float32, shape (N, classes)
        Logits.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        path.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    parts = [
        session.run([OUTPUT_NAME], {INPUT_NAME: tiles[start : start + 500]})[0]
        for start in range(0, len(tiles), 500)
    ]
    return np.concatenate(parts)


def check_parity(model: keras.Model, path: Path, tiles: Floats) -> float:
    """Compare the exported network with Keras.

    Parameters
    ----------
    model : keras.Model
    path : Path
    tiles : ndarray of float32, shape (N, 28, 28, 1)
        The logits of the first 1,000 are compared, the labels of all.

    Returns
    -------
    float
        Greatest difference of a logit.

    Raises
    ------
    ModelError
        If a logit differs by more than 1e-4 or a label differs.
    """
    expected = np.asarray(model.predict(tiles, batch_size=500, verbose=0))
    found = run_onnx(path, tiles)
    difference = float(np.abs(expected[:PARITY_TILES] - found[:PARITY_TILES]).max())
    changed = int(np.sum(expected.argmax(axis=1) != found.argmax(axis=1)))
    if difference > PARITY or changed:
        raise ModelError(
            f"{path} differs from Keras: {difference:.2e} in a logit (limit {PARITY}), "
            f"{changed} of {len(tiles)} labels; do not release it"
        )
    return difference


def export_package(
    run: Path, out: Path, data: Path, command: str | None = None, last: bool = False
) -> dict[str, Any]:
    """Export a run to a new package folder and measure it.

    Parameters
    ----------
    run : Path
        Folder of a training, with `best.keras` and `config.json`.
    out : Path
        The package, `NAME-VERSION`; must not exist, since packages never change.
    data : Path
    command : str, optional
        What made the run, where that was not `training.train`.
    last : bool
        True to release the averaged weights of the last epoch, where the learning rate has come
        down to nothing, rather than those with the best validation.

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
    refuse_existing(out)
    model = keras.models.load_model(run / "best.keras", compile=False)
    if last:
        with np.load(run / "average.npz") as arrays:
            model.set_weights([arrays[f"w{index}"] for index in range(len(arrays.files) - 1)])
    config = json.loads((run / "config.json").read_text())
    mnist = load_mnist(data, int(config["seed"]))
    test = to_floats(mnist.test_tiles)
    out.mkdir(parents=True)
    path = out / ONNX
    export_onnx(model, path)
    # Without the optimizer's state: fine-tuning starts from here, reading never opens it.
    model.save(out / WEIGHTS)
    difference = check_parity(model, path, test)
    # Validation digits: the vectors must not invite anyone to look at the test digits.
    vectors = to_floats(mnist.validation_tiles[:VECTORS])
    np.savez_compressed(
        out / "test_vectors.npz", tiles=vectors, logits=model.predict(vectors, verbose=0)
    )
    metadata = _describe(out, model, config, data)
    metadata["contract"]["temperature"] = _choose_temperature(path, data)
    first = [Path(config[key]).parent.name for key in ("teachers", "start") if config.get(key)]
    trained = [f"python -m training.train {name}" for name in (*first, run.name)]
    exported = f"python -m training.export --run runs/{run.name} --out models/{out.name}"
    exported += " --last" * last
    metadata["provenance"]["command"] = command or " && ".join([*trained, exported])
    write_metadata(out, metadata)
    metadata["results"] = [
        {"metric": "parity", "value": difference, "set": f"first {PARITY_TILES} of mnist-test"}
        | {"date": metadata["provenance"]["date"]},
        *measure_digits(out, data),
    ]
    write_metadata(out, metadata)
    return metadata


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """Choose the temperature that makes the probabilities of known tiles most likely.

    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017.

    Parameters
    ----------
    logits : ndarray of float32, shape (N, classes)
    labels : ndarray of uint8, shape (N,)

    Returns
    -------
    float
        From 0.3 to 3.0; logits are divided by it before the softmax.

    Examples
    --------
    >>> sure = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [4.0, 0.0]], np.float32)
    >>> fit_temperature(sure, np.array([0, 0, 0, 1], np.uint8)) > 1.5
    True
    """
    grid = np.geomspace(0.3, 3.0, 120)
    own = logits[np.arange(len(labels)), labels].astype(np.float64)
    costs = []
    for temperature in grid:
        scaled = logits.astype(np.float64) / temperature
        top = scaled.max(axis=1)
        total = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        costs.append(float((total - own / temperature).mean()))
    return round(float(grid[int(np.argmin(costs))]), 4)


def _choose_temperature(path: Path, data: Path) -> float:
    """Fit the temperature to the reader's cuts of the held amounts; 1.0 where they are absent."""
    try:
        inks, labels = cut_runs(load_amounts(data, "held"))
    except NoPagesError as error:
        logger.warning("%s", error)
        return 1.0
    logits = run_onnx(path, normalize_tiles(inks))
    if logits.shape[1] <= RUBBISH:
        logits, labels = logits[labels < RUBBISH], labels[labels < RUBBISH]
    return fit_temperature(logits, labels)


def measure_digits(out: Path, data: Path) -> list[dict[str, str | float]]:
    """Return which digits and how much rubbish a package tells, with today's date."""
    package = load_package(out)
    sets, rubbish = load_digit_sets(data), load_rubbish(data)
    return list_results(evaluate_package(package, OnnxClassifier(package), sets, rubbish, today()))


def _describe(out: Path, model: keras.Model, config: dict[str, Any], data: Path) -> dict[str, Any]:
    classes = int(model.output_shape[-1])
    ports = {
        "input": (INPUT_NAME, (None, FRAME_PX, FRAME_PX, 1)),
        "output": (OUTPUT_NAME, (None, classes)),
    }
    provenance = {"config": config, "seeds": [config["seed"]], "data": hash_data(data)}
    weights = hashlib.sha256((out / WEIGHTS).read_bytes()).hexdigest()
    return {
        **describe_network(out, ports, _describe_contract(classes), provenance),
        "weights": {"file": WEIGHTS, "sha256": weights},
    }


def _describe_contract(classes: int) -> dict[str, Any]:
    """Return what tiles and names mean, with a temperature that leaves the logits as they are."""
    return {
        "frame_px": FRAME_PX,
        "digit_px": DIGIT_PX,
        "center_px": CENTER_PX,
        "ink": 1.0,
        "paper": 0.0,
        "labels": list(LABELS[:classes]),
        "rubbish": LABELS[RUBBISH] if classes > RUBBISH else None,
        "output": "logits",
        "temperature": 1.0,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Export a run as a model package; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the training")
    parser.add_argument("--out", type=Path, required=True, help="models/NAME-VERSION, new")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--command", help="what made the weights, where not the plain command")
    parser.add_argument(
        "--last", action="store_true", help="the last epoch's weights, not the best"
    )
    options = parser.parse_args(arguments)
    return report_release(
        options.out,
        lambda: export_package(
            options.run, options.out, options.data, options.command, options.last
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
