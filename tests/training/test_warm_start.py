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
from training.warm_start import start_from_package

pytestmark = pytest.mark.training


def test_network_says_what_the_package_says() -> None:
    released = load_package("strings")
    lines = make_test_lines(4, 64)
    network = build_network()
    taken = start_from_package(network, released.path.parent, lines)
    assert taken == sum(isinstance(layer, keras.layers.Conv2D) for layer in network.layers)
    exact = replace(released, onnx=read_float32(released.path.parent))
    (expected,) = open_session(exact).run([released.output.name], {released.input.name: lines})
    assert np.abs(np.asarray(network(lines, training=False)) - expected).max() < 1e-3


def test_training_sees_statistics_of_the_lines() -> None:
    lines = make_test_lines(4, 64)
    network = build_network()
    start_from_package(network, load_package("strings").path.parent, lines)
    first = next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    norm = network.layers[network.layers.index(first) + 1]
    seen = np.asarray(first(lines))
    assert np.asarray(norm.moving_mean) == pytest.approx(seen.mean(axis=(0, 1, 2)), abs=1e-4)
    assert np.asarray(norm.moving_variance) == pytest.approx(
        seen.var(axis=(0, 1, 2)), rel=1e-3, abs=1e-5
    )


def test_refuses_a_package_of_another_network() -> None:
    lines = keras.Input((LINE_PX, None, 1))
    other = keras.Model(lines, keras.layers.Conv2D(3, 3)(lines))
    with pytest.raises(ModelError, match="convolutions, and the network fits 0"):
        start_from_package(
            other, load_package("strings").path.parent, np.zeros((1, LINE_PX, 48, 1), np.float32)
        )
