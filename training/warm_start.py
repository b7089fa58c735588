"""Start the string network from a released package: its ONNX file holds weights, not a training.

Export folds each batch normalization into the convolution before it. To train on, the two are
taken apart again: the statistics of a batch of lines become those of the normalization, and its
scale and shift are set so that the network says what the package says.
"""

from pathlib import Path

import keras
import numpy as np
import onnx
import onnx.numpy_helper

from digitscan.errors import ModelError
from digitscan.records import Floats
from training.packages import read_float32

NEW_SCALE = 0.1
"""Scale of the normalization in residual blocks that the package has not got: they begin by adding
next to nothing, and a scale of 0 under a ReLU would never learn."""


def start_from_package(network: keras.Model, package: Path, lines: Floats) -> int:
    """Set the weights of a network to those of a package, layer by layer from the lines on.

    Parameters
    ----------
    network : keras.Model
        Of `training.string_network.build_network`; it may have residual blocks that the package
        lacks.
    package : Path
        Folder of a released string reader.
    lines : ndarray of float32, shape (N, 40, W, 1)
        Lines as training sees them, for the statistics of the normalizations.

    Returns
    -------
    int
        Convolutions that were taken over.

    Raises
    ------
    ModelError
        If the package is missing or has a convolution that the network lacks.
    """
    released = _load_convolutions(package)
    layers = network.layers
    convolutions = [k for k, layer in enumerate(layers) if isinstance(layer, keras.layers.Conv2D)]
    taken = 0
    for k in convolutions:
        kernel, bias = released[min(taken, len(released) - 1)]
        layer, norm = layers[k], layers[min(k + 1, len(layers) - 1)]
        is_normalized = isinstance(norm, keras.layers.BatchNormalization)
        if taken == len(released) or layer.kernel.shape != kernel.shape:
            if is_normalized:
                norm.gamma.assign(NEW_SCALE * np.ones(norm.gamma.shape))
            continue
        taken += 1
        layer.kernel.assign(kernel)
        if not is_normalized:
            layer.bias.assign(bias)
            continue
        norm.beta.assign(bias)
        norm.gamma.assign(np.sqrt(np.full(bias.shape, 1.0 + norm.epsilon)))
        seen = np.asarray(keras.Model(network.input, layer.output)(lines), np.float64)
        mean, variance = seen.mean(axis=(0, 1, 2)), seen.var(axis=(0, 1, 2))
        norm.moving_mean.assign(mean)
        norm.moving_variance.assign(variance)
        norm.gamma.assign(np.sqrt(variance + norm.epsilon))
        norm.beta.assign(bias + mean)
    if taken != len(released):
        raise ModelError(
            f"{package} has {len(released)} convolutions, and the network fits {taken} of them; "
            "give a package of the same network or of a smaller one"
        )
    return taken


def _load_convolutions(package: Path) -> list[tuple[Floats, Floats]]:
    """Return the kernels (h, w, in, out) and biases of a package in the order of its graph."""
    graph = onnx.load_from_string(read_float32(package)).graph
    stored = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    return [
        (np.transpose(stored[node.input[1]], (2, 3, 1, 0)), stored[node.input[2]])
        for node in graph.node
        if node.op_type == "Conv"
    ]
