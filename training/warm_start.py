"""Start the string network from a released package: its ONNX file holds weights, not a training.

Export folds each batch normalization into the convolution before it. To train on, the two are
taken apart again: the statistics of a batch of lines become those of the normalization, and its
scale and shift are set so that the network says what the package says.

A network with fewer filters than the package starts from the filters that carry most (after Li,
Kadav, Durdanovic, Samet and Graf, "Pruning filters for efficient ConvNets", 2017).
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import onnx
import onnx.numpy_helper

from digitscan.errors import ModelError
from digitscan.records import Floats
from training.packages import read_float32

Reals = npt.NDArray[np.float64]
Convolution = tuple[Floats, Floats]
"""Kernel (h, w, in, out) and bias (out,) of a convolution."""


def start_from_package(network: keras.Model, package: Path, batches: Sequence[Floats]) -> None:
    """Set the weights of a network to those of a package, layer by layer from the lines on.

    Parameters
    ----------
    network : keras.Model
        Of `training.string_network.build_network`; it may have fewer filters than the package.
    package : Path
        Folder of a released string reader.
    batches : sequence of ndarray of float32, shape (N, 40, W, 1)
        Lines as training sees them, for the statistics of the normalizations.

    Raises
    ------
    ModelError
        If the package is missing, or its convolutions are not as many, as large and at least as
        wide as the network's.
    """
    layers = network.layers
    places = [k for k, layer in enumerate(layers) if isinstance(layer, keras.layers.Conv2D)]
    released = _load_convolutions(package)
    if len(released) == len(places):
        released = narrow(released, [layers[k].filters for k in places])
    found = [kernel.shape for kernel, _ in released]
    wanted = [tuple(layers[k].kernel.shape) for k in places]
    if found != wanted:
        raise ModelError(
            f"{package} has convolutions of {found}, the network of {wanted}; give a package of "
            "the same network or of a wider one"
        )
    for k, (kernel, bias) in zip(places, released, strict=True):
        layer, norm = layers[k], layers[min(k + 1, len(layers) - 1)]
        layer.kernel.assign(kernel)
        if not isinstance(norm, keras.layers.BatchNormalization):
            layer.bias.assign(bias)
            continue
        mean, variance = _measure(keras.Model(network.input, layer.output), batches)
        norm.moving_mean.assign(mean)
        norm.moving_variance.assign(variance)
        norm.gamma.assign(np.sqrt(variance + norm.epsilon))
        norm.beta.assign(bias + mean)


def renew_normalizations(network: keras.Model, batches: Sequence[Floats]) -> None:
    """Measure the statistics of the normalizations anew, layer by layer from the lines on.

    Those of a mean of weights are not the mean of theirs: what two networks send on is added up by
    chance, and varies less (Jordan and others, "REPAIR: REnormalizing Permuted Activations for
    Interpolation Repair", 2023).

    Parameters
    ----------
    network : keras.Model
    batches : sequence of ndarray of float32, shape (N, 40, W, 1)
        Lines as training sees them.
    """
    for before, norm in pairwise(network.layers):
        if isinstance(norm, keras.layers.BatchNormalization):
            mean, variance = _measure(keras.Model(network.input, before.output), batches)
            norm.moving_mean.assign(mean)
            norm.moving_variance.assign(variance)


def _measure(part: keras.Model, batches: Sequence[Floats]) -> tuple[Reals, Reals]:
    """Return mean and variance of each filter over all places of all lines."""
    count, total, squares = 0, np.float64(0.0), np.float64(0.0)
    for lines in batches:
        seen = part.predict(lines, verbose=0)
        count += seen[..., 0].size
        total = total + seen.sum(axis=(0, 1, 2), dtype=np.float64)
        squares = squares + np.square(seen, dtype=np.float64).sum(axis=(0, 1, 2))
    mean = np.asarray(total / count)
    return mean, np.asarray(squares / count - mean**2)


def narrow(convolutions: Sequence[Convolution], filters: Sequence[int]) -> list[Convolution]:
    """Keep of each convolution so many filters: those that carry most.

    What a filter carries is the norm of its own weights times that of the weights that take it
    up. A convolution with as many filters as inputs is taken for a residual one: it adds to its
    inputs, and so both keep the same.

    Parameters
    ----------
    convolutions : sequence of Convolution
        In order, each with the filters of the one before it as inputs.
    filters : sequence of int
        Filters that each is to have; where it has no more, all are kept.

    Returns
    -------
    list of Convolution

    Examples
    --------
    >>> first = np.array([[[[3.0, 1.0, 2.0]]]], np.float32)
    >>> second = np.array([[[[0.1], [1.0], [1.0]]]], np.float32)
    >>> nothing = np.zeros(3, np.float32)
    >>> [kernel.ravel().tolist() for kernel, _ in narrow(
    ...     [(first, nothing), (second, nothing[:1])], [2, 1])]
    [[1.0, 2.0], [1.0, 1.0]]
    """
    stages: list[int] = []
    for kernel, _ in convolutions:
        is_residual = kernel.shape[2] == kernel.shape[3]
        stages.append(stages[-1] if stages and is_residual else len(set(stages)))
    kept: dict[int, npt.NDArray[np.intp]] = {}
    for stage, wanted in dict(zip(stages, filters, strict=True)).items():
        own = [kernel for (kernel, _), at in zip(convolutions, stages, strict=True) if at == stage]
        takers = [
            kernel
            for (kernel, _), before in zip(convolutions[1:], stages[:-1], strict=True)
            if before == stage
        ]
        carried = sum(np.square(kernel).sum(axis=(0, 1, 2)) for kernel in own)
        if takers:
            carried = carried * sum(np.square(kernel).sum(axis=(0, 1, 3)) for kernel in takers)
        kept[stage] = np.sort(np.argsort(-carried, kind="stable")[:wanted])
    inputs = [np.arange(convolutions[0][0].shape[2]), *(kept[stage] for stage in stages[:-1])]
    return [
        (kernel[:, :, taken][:, :, :, kept[stage]], bias[kept[stage]])
        for (kernel, bias), stage, taken in zip(convolutions, stages, inputs, strict=True)
    ]


def _load_convolutions(package: Path) -> list[Convolution]:
    """Return the convolutions of a package in the order of its graph."""
    graph = onnx.load_from_string(read_float32(package)).graph
    stored = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    return [
        (np.transpose(stored[node.input[1]], (2, 3, 1, 0)), stored[node.input[2]])
        for node in graph.node
        if node.op_type == "Conv"
    ]
