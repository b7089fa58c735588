"""The mean of two trainings: every weight, and whose mean it is."""

import json
from pathlib import Path

import numpy as np
import pytest

from digitscan.recognition.models import load_package
from training.average_strings import average_runs, main
from training.string_network import build_network
from training.warm_start import start_from_package

pytestmark = pytest.mark.training


LINES = np.random.default_rng(0).random((2, 40, 64, 1), np.float32)


def make_run(run: Path, value: float) -> Path:
    """Write a run whose weights all have one value."""
    network = build_network()
    network.set_weights([np.full_like(weight, value) for weight in network.get_weights()])
    run.mkdir()
    network.save_weights(run / "average.weights.h5")
    (run / "config.json").write_text(json.dumps({"seed": run.name}))
    return run


def test_every_weight_is_the_mean(tmp_path: Path) -> None:
    first, second = make_run(tmp_path / "first", 1.0), make_run(tmp_path / "second", 4.0)
    average_runs([first, first, second], tmp_path / "mean", [LINES])
    network = build_network()
    network.load_weights(tmp_path / "mean" / "average.weights.h5")
    assert all(np.allclose(weight, 2.0) for weight in network.trainable_weights)
    config = json.loads((tmp_path / "mean" / "config.json").read_text())
    assert config == {"seed": "second", "mean_of": ["first", "first", "second"]}


def test_the_mean_is_normalized_anew(tmp_path: Path) -> None:
    average_runs([make_run(tmp_path / "only", 1.0)], tmp_path / "mean", [LINES])
    network = build_network()
    network.load_weights(tmp_path / "mean" / "average.weights.h5")
    first, norm = network.layers[1:3]
    assert np.asarray(norm.moving_mean) == pytest.approx(
        np.asarray(first(LINES)).mean(axis=(0, 1, 2)), rel=1e-4
    )


def test_a_package_counts_like_a_run(tmp_path: Path) -> None:
    package = load_package("strings").path.parent
    last = make_run(tmp_path / "last", 0.0)
    average_runs([package, last], tmp_path / "mean", [LINES])
    network, released = build_network(), build_network()
    network.load_weights(tmp_path / "mean" / "average.weights.h5")
    start_from_package(released, package, [LINES])
    kernels = network.trainable_weights[0], released.trainable_weights[0]
    np.testing.assert_allclose(np.asarray(kernels[0]), np.asarray(kernels[1]) / 2, atol=1e-6)


def test_a_run_without_weights_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.average_strings.feed_batches", lambda *_: iter(()))
    assert main([str(tmp_path), "--out", str(tmp_path / "mean")]) == 4
    assert "train_strings first" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()
