"""Tiles -> probabilities. The only module that imports onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from digitscan.errors import ModelError
from digitscan.imaging.normalize import DIGIT_PX, FRAME_PX
from digitscan.recognition.models import ModelPackage
from digitscan.records import Floats

if TYPE_CHECKING:
    import onnxruntime

BATCH = 8
"""Tiles in one run of the network. Fixed, the last one filled up with blank tiles: ONNX Runtime
chooses its kernels by shape, and a tile's result must not depend on how many tiles share its
page. A tile costs the same in batches of 8 to 64, and at 8 fewest blank ones are named."""

_TYPES = {"tensor(float)": "float32", "tensor(int64)": "int64"}


class Classifier(Protocol):
    """What names tiles; a test passes a fake."""

    def classify(self, tiles: Floats) -> Floats:
        """Return probabilities (N, labels) for tiles (N, 28, 28, 1)."""
        ...


class OnnxClassifier:
    """The digit network of a model package.

    Parameters
    ----------
    package : ModelPackage
        With float32 input (None, 28, 28, 1).
    batch : int
        Tiles in one run.

    Raises
    ------
    ModelError
        When the network's ports are not those that the metadata promise, or it was trained for
        other tiles than `imaging.normalize` makes.
    """

    def __init__(self, package: ModelPackage, batch: int = BATCH) -> None:
        self._session = open_session(package)
        _check_contract(package)
        self._package = package
        self._batch = batch

    def classify(self, tiles: Floats) -> Floats:
        """Return the probability of every label for every tile.

        Parameters
        ----------
        tiles : ndarray of float32, shape (N, 28, 28, 1)
            0.0 paper to 1.0 full ink, from `normalize.normalize_tiles`.

        Returns
        -------
        ndarray of float32, shape (N, L)
            Rows sum to 1; the order of `ModelPackage.labels`.
        """
        count = len(tiles)
        if not count:
            return np.zeros((0, len(self._package.labels)), np.float32)
        batches = -(-count // self._batch)
        padded = np.zeros((batches * self._batch, *tiles.shape[1:]), np.float32)
        padded[:count] = tiles
        names = [self._package.output.name], self._package.input.name
        outputs = [
            self._session.run(names[0], {names[1]: part})[0] for part in np.split(padded, batches)
        ]
        scores = np.concatenate(outputs)[:count]
        if self._package.metadata["contract"]["output"] == "probabilities":
            return np.asarray(scores, np.float32)
        return softmax(np.asarray(scores / self._package.temperature, np.float32))


def _check_contract(package: ModelPackage) -> None:
    """Refuse a network that sees digits in another frame: it would answer, and answer wrongly."""
    contract = package.metadata["contract"]
    frame = contract.get("frame_px"), contract.get("digit_px")
    shapes = package.input.shape, package.output.shape
    wanted = (None, FRAME_PX, FRAME_PX, 1), (None, len(package.labels))
    if (
        frame != (FRAME_PX, DIGIT_PX)
        or shapes != wanted
        or contract.get("output") not in ("logits", "probabilities")
    ):
        raise ModelError(
            f"{package.path} takes and gives {shapes}, with digits and frames of {frame[::-1]} px "
            f"and {contract.get('output')!r}; wanted are {wanted}, {DIGIT_PX, FRAME_PX} px and "
            "'logits' or 'probabilities': install the model that came with this version"
        )


def softmax(logits: Floats) -> Floats:
    """Return the softmax over the last axis.

    Parameters
    ----------
    logits : ndarray of float32, shape (..., L)

    Returns
    -------
    ndarray of float32, shape (..., L)

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]], np.float32)).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def open_session(package: ModelPackage) -> onnxruntime.InferenceSession:
    """Open a package's network on one CPU thread and check its ports.

    Parameters
    ----------
    package : ModelPackage

    Returns
    -------
    onnxruntime.InferenceSession

    Raises
    ------
    ModelError
        When ONNX Runtime refuses the file, or names, types or shapes differ from the metadata.
    """
    import onnxruntime  # 0.2 s: only where a network is really opened

    options = onnxruntime.SessionOptions()
    # One thread a worker: more would fight with the other workers for the cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            package.onnx, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises a dozen unrelated types
        raise ModelError(f"ONNX Runtime cannot load {package.path}: {error}") from error
    for port, found in (
        (package.input, session.get_inputs()[0]),
        (package.output, session.get_outputs()[0]),
    ):
        shape = tuple(size if isinstance(size, int) else None for size in found.shape)
        actual = (found.name, _TYPES.get(found.type, found.type), shape)
        if actual != (port.name, port.dtype, port.shape):
            raise ModelError(
                f"{package.path} has port {actual}, its metadata says "
                f"{(port.name, port.dtype, port.shape)}: the package was put together wrongly"
            )
    return session
