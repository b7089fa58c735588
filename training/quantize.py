"""A released network in float32 -> the same network in 8 bits, a package of its own.

    python -m training.quantize models/strings-3 models/strings-4
    python -m training.quantize models/digits-4 models/digits-5

What each layer gives on real lines or tiles sets its scale (Jacob and others, "Quantization and
training of neural networks for efficient integer-arithmetic-only inference", 2018). Weights get a
scale for each channel and 7 of the 8 bits: with 8, two products of a pair overflow the 16 bits in
which processors without VNNI add them, and the result depends on the machine. Sums of integers are
exact, whatever the machine and the batch.

Weights are stored with a zero point of 1 or -1 (`shift_weights`): the network is the same to the
bit, and ONNX Runtime runs it by AMX where the processor has it.

The network in float32 stays in the package: it is what Keras was compared with, and what a
training starts from.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx.numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from digitscan.errors import ModelError
from digitscan.imaging.lines import VIEWS, mark_alone, normalize_views
from digitscan.imaging.normalize import normalize_tiles
from digitscan.recognition.classifier import open_session
from digitscan.recognition.models import ModelPackage, load_package
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA, load_amounts
from training.export import WEIGHTS, measure_digits
from training.export_strings import measure_strings
from training.fit import to_floats
from training.mnist import load_mnist
from training.packages import (
    FLOAT,
    ONNX,
    describe_file,
    make_result,
    refuse_existing,
    report_release,
    today,
    write_metadata,
)
from training.provenance import read_commit
from training.real_digits import cut_runs

LINES = 200
"""Crops whose lines set the scales."""
GROUPS, DIGITS = 1500, 500
"""Tiles that set the scales: the reader's own groups, right and wrong ones, and MNIST digits."""
BATCHES = 50
MOST_OF_TWO = 128
"""Greatest sum of two neighboring weights: 255 times it stays within 16 bits."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of network is quantized.

    Attributes
    ----------
    load_samples : callable
        Inputs of a package's network from the real data, each array for one run.
    measure : callable
        Figures of a package, as its own export measures them.
    keeps_ends : bool
        True to leave the first and the last convolution in float32.
    """

    load_samples: Callable[[ModelPackage, Path], list[Floats]]
    measure: Callable[[Path, Path], list[dict[str, Any]]]
    keeps_ends: bool


def load_lines(_: ModelPackage, data: Path) -> list[Floats]:
    """Load lines of real amounts that the network learned from, each (1, 40, W, 1).

    Every second one is marked as ink alone: half of the lines that a reader looks at are.
    """
    amounts = load_amounts(data, "fit")[:LINES]
    lines = [normalize_views(amount.image, VIEWS[:1])[0] for amount in amounts]
    marked = [mark_alone(line) if place % 2 else line for place, line in enumerate(lines)]
    return [line[np.newaxis] for line in marked]


def load_tiles(package: ModelPackage, data: Path) -> list[Floats]:
    """Load tiles of real amounts and of MNIST that the network learned from, (N, 28, 28, 1)."""
    inks, _ = cut_runs(load_amounts(data, "fit"))
    chosen = np.random.default_rng(0).permutation(len(inks))[:GROUPS]
    seed = int(package.metadata["provenance"]["seeds"][0])  # its own split of MNIST
    digits = to_floats(load_mnist(data, seed).train_tiles[:DIGITS])
    tiles = np.concatenate([normalize_tiles([inks[k] for k in chosen]), digits])
    return np.array_split(tiles, min(BATCHES, len(tiles)))


# With its ends in 8 bits too, the string reader loses 6 of 315 amounts of cheques, and is no
# quicker; the digit network loses nothing, and is quicker by a quarter.
KINDS = {
    "strings": Kind(load_lines, measure_strings, keeps_ends=True),
    "digits": Kind(load_tiles, measure_digits, keeps_ends=False),
}


def quantize_package(source: Path, out: Path, data: Path = DEFAULT_DATA) -> dict[str, Any]:
    """Release a package's network in 8 bits.

    Parameters
    ----------
    source : Path
        A package in float32.
    out : Path
        The new package, of the same name; must not exist, since packages never change.
    data : Path
        Real amounts that set the scales, and what the export measures on.

    Returns
    -------
    dict
        The metadata that was written.

    Raises
    ------
    OutputError
        If the new package exists.
    ModelError
        If the source is no network in float32 of a kind that is known here.
    NoPagesError
        If the real amounts are missing.
    """
    refuse_existing(out)
    package = load_package(source)
    if package.name not in KINDS or "float32" in package.metadata:
        raise ModelError(
            f"{source} is no package in float32 of {' or '.join(KINDS)}; give one that the export "
            "made, before anything was quantized"
        )
    kind = KINDS[package.name]
    samples = kind.load_samples(package, data)
    out.mkdir(parents=True)
    (out / FLOAT).write_bytes(package.onnx)
    if (source / WEIGHTS).is_file():
        shutil.copyfile(source / WEIGHTS, out / WEIGHTS)
    quantize_onnx(package, out / ONNX, samples, kind.keeps_ends)
    shift_weights(out / ONNX)
    metadata = _describe(package, source, out)
    write_metadata(out, metadata)
    metadata["results"] = [
        *(
            {**row, "set": f"{row['set']}, float32"}
            for row in package.metadata["results"]
            if row["metric"] == "parity"
        ),
        *_write_vectors(source, out),
        *kind.measure(out, data),
    ]
    write_metadata(out, metadata)
    return metadata


def quantize_onnx(
    package: ModelPackage, path: Path, samples: Sequence[Floats], keeps_ends: bool
) -> None:
    """Write a package's network with 8-bit convolutions, as ONNX with standard operators alone.

    Parameters
    ----------
    package : ModelPackage
        In float32.
    path : Path
        The file to write.
    samples : sequence of ndarray of float32
        Inputs that set the scale of each layer: the least and the greatest value it gives.
    keeps_ends : bool
        True to leave the first and the last convolution in float32.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / ONNX
        quant_pre_process(package.path, prepared, skip_symbolic_shape=True)
        nodes = onnx.load(prepared).graph.node
        convolutions = [node.name for node in nodes if node.op_type == "Conv"]
        quantize_static(
            prepared,
            path,
            _Samples(package.input.name, samples),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            nodes_to_exclude=[convolutions[0], convolutions[-1]] if keeps_ends else [],
        )


def shift_weights(path: Path) -> None:
    """Move the weights of 8-bit convolutions by one step, and their zero point with them.

    What they stand for stays the same. Weights whose zero point is 0 ONNX Runtime gives to a
    convolution of its own, which uses VNNI; all others it multiplies as matrices, by AMX where the
    processor has it. Sums of integers are exact either way. On an Intel Xeon with AMX a line takes
    1.15 instead of 1.64 ms so, eight tiles 0.36 instead of 0.53; kept from AMX, 2.4 instead of 1.8
    and 0.64 instead of 0.59.

    Parameters
    ----------
    path : Path
        The network; it is changed in place. A convolution stays as it is where two of its weights
        side by side could overflow 16 bits, moved up or down.
    """
    network = onnx.load(path)
    stored = {one.name: one for one in network.graph.initializer}
    for node in network.graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in stored:
            continue
        weights, _, zero = (stored[name] for name in node.input)
        if len(weights.dims) == 4:
            step = choose_step(onnx.numpy_helper.to_array(weights))
            for part in (weights, zero):
                moved = onnx.numpy_helper.to_array(part) + step
                part.CopyFrom(onnx.numpy_helper.from_array(moved, part.name))
    onnx.save(network, path)


def choose_step(weights: npt.NDArray[np.int8]) -> int:
    """Return by how much 7-bit weights may be moved: 1 or -1, or 0 where neither may be.

    Parameters
    ----------
    weights : ndarray of int8, shape (filters, channels, h, w)

    Returns
    -------
    int

    Examples
    --------
    >>> choose_step(np.array([64, 64], np.int8).reshape(1, 2, 1, 1))
    -1
    """
    for step in (1, -1):
        if measure_pairs(weights.astype(np.int64) + step) <= MOST_OF_TWO:
            return step
    return 0


def measure_pairs(weights: npt.NDArray[np.integer[Any]]) -> int:
    """Return the greatest sum of the sizes of two weights that a processor adds in 16 bits.

    They are neighbors in the order in which a window of the image is laid out: row by row, pixel by
    pixel, the channels of each pixel side by side.

    Parameters
    ----------
    weights : ndarray of int, shape (filters, channels, h, w)

    Returns
    -------
    int

    Examples
    --------
    >>> measure_pairs(np.array([60, -10, 1, 60]).reshape(1, 2, 1, 2))  # 60, 1, -10, 60
    70
    """
    laid = np.moveaxis(np.abs(weights.astype(np.int64)), 1, 3).reshape(len(weights), -1)
    return int((laid[:, 1:] + laid[:, :-1]).max(initial=0))


class _Samples(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Hands inputs to the quantizer one by one."""

    def __init__(self, name: str, samples: Sequence[Floats]) -> None:
        self._rest: Iterator[dict[str, Floats]] = iter([{name: sample} for sample in samples])

    def get_next(self) -> dict[str, Floats] | None:
        return next(self._rest, None)


def _write_vectors(source: Path, out: Path) -> list[dict[str, Any]]:
    """Keep the source's test inputs with what both networks say; return how far they are apart."""
    package = load_package(out)
    with np.load(source / "test_vectors.npz") as vectors:
        inputs, expected = vectors[package.input.name], vectors["logits"]
    (found,) = open_session(package).run([package.output.name], {package.input.name: inputs})
    arrays = {package.input.name: inputs, "logits": found, "float_logits": expected}
    np.savez_compressed(out / "test_vectors.npz", **arrays)
    difference = float(np.abs(found - expected).mean())
    same = float(np.mean(found.argmax(axis=-1) == expected.argmax(axis=-1)))
    return [
        make_result("mean difference of a logit from float32", difference, "vectors"),
        make_result("same label as in float32", same, "vectors"),
    ]


def _describe(package: ModelPackage, source: Path, out: Path) -> dict[str, Any]:
    """Return the source's metadata with what became of it, without results."""
    command = f"python -m training.quantize models/{source.name} models/{out.name}"
    provenance = package.metadata["provenance"]
    return {
        **package.metadata,
        **describe_file(out),
        "float32": {"file": FLOAT, "sha256": package.sha256, "package": source.name},
        "provenance": {
            **provenance,
            "command": f"{provenance['command']} && {command}",
            "quantized": {"commit": read_commit(), "date": today()},
        },
        "results": [],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="models/NAME-VERSION, in float32")
    parser.add_argument("out", type=Path, help="models/NAME-VERSION, new")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    options = parser.parse_args(arguments)
    return report_release(
        options.out, lambda: quantize_package(options.package, options.out, options.data)
    )


if __name__ == "__main__":
    sys.exit(main())
