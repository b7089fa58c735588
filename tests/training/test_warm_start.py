"""Starting the string network from a released package."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from digitscan.errors import ModelError
from digitscan.imaging.lines import LINE_PX
from digitscan.recognition.classifier import open_session
from digitscan.recognition.models import load_package
from training.export_strings import make_test_lines
from training.packages import read_float32
from training.string_network import build_network
from training.warm_start import Convolution, narrow, renew_normalizations, start_from_package

pytestmark = pytest.mark.training


def test_network_says_what_the_package_says() -> None:
    released = load_package("strings")
    lines = make_test_lines(4, 64)
    network = build_network()
    start_from_package(network, released.path.parent, [lines])
    exact = replace(released, onnx=read_float32(released.path.parent))
    (expected,) = open_session(exact).run([released.output.name], {released.input.name: lines})
    assert np.abs(np.asarray(network(lines, training=False)) - expected).max() < 1e-3


def test_training_sees_statistics_of_the_lines() -> None:
    lines = make_test_lines(4, 64)
    network = build_network()
    start_from_package(network, load_package("strings").path.parent, [lines[:3], lines[3:]])
    first = next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    norm = network.layers[network.layers.index(first) + 1]
    seen = np.asarray(first(lines))
    assert np.asarray(norm.moving_mean) == pytest.approx(seen.mean(axis=(0, 1, 2)), abs=1e-4)
    assert np.asarray(norm.moving_variance) == pytest.approx(
        seen.var(axis=(0, 1, 2)), rel=1e-3, abs=1e-5
    )


def test_statistics_are_those_of_all_batches() -> None:
    lines = make_test_lines(5, 64)
    alike = []
    for batches in ([lines], [lines[:2], lines[2:]]):
        network = build_network()
        start_from_package(network, load_package("strings").path.parent, [lines])
        said = np.asarray(network(lines, training=False))
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.moving_mean.assign(layer.moving_mean + 1.0)
        assert np.abs(np.asarray(network(lines, training=False)) - said).max() > 1.0
        renew_normalizations(network, batches)
        alike.append(np.abs(np.asarray(network(lines, training=False)) - said).max())
    assert max(alike) < 1e-2


def _convolution(size: tuple[int, int, int, int], seed: int) -> Convolution:
    values = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return values, values[0, 0, 0].copy()


def test_as_many_filters_change_nothing() -> None:
    chain = [_convolution((3, 3, 1, 4), 1), _convolution((3, 3, 4, 4), 2)]
    kept = narrow(chain, [4, 4])
    for (kernel, bias), (before, bias_before) in zip(kept, chain, strict=True):
        np.testing.assert_array_equal(kernel, before)
        np.testing.assert_array_equal(bias, bias_before)


def test_a_residual_convolution_keeps_what_it_adds_to() -> None:
    first, second = _convolution((1, 1, 1, 4), 1), _convolution((1, 1, 4, 4), 2)
    last = _convolution((1, 1, 4, 3), 3)
    # Nothing takes up filter 2, however large it is.
    first[0][..., 2], second[0][:, :, 2], last[0][:, :, 2] = 100.0, 0.0, 0.0
    (one, one_bias), (two, two_bias), (three, _) = narrow([first, second, last], [3, 3, 3])
    kept = [0, 1, 3]
    np.testing.assert_array_equal(one, first[0][..., kept])
    np.testing.assert_array_equal(one_bias, first[1][kept])
    np.testing.assert_array_equal(two, second[0][:, :, kept][..., kept])
    np.testing.assert_array_equal(two_bias, second[1][kept])
    np.testing.assert_array_equal(three, last[0][:, :, kept])


def test_refuses_a_package_of_another_network() -> None:
    lines = keras.Input((LINE_PX, None, 1))
    other = keras.Model(lines, keras.layers.Conv2D(3, 3)(lines))
    with pytest.raises(ModelError, match="give a package of the same network or of a wider one"):
        start_from_package(
            other, load_package("strings").path.parent, [np.zeros((1, LINE_PX, 48, 1), np.float32)]
        )
