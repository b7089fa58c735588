"""The mean of a package and a training of digits: every weight, and whose mean it is."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from training.average_digits import average_digits, main
from training.networks import build_digits

pytestmark = pytest.mark.training


def build(value: float, hidden: int = 4) -> keras.Model:
    """Build a small network whose weights all have one value."""
    network = build_digits(0.0, (2, 2, 2), hidden, False, 1)
    network.set_weights([np.full_like(weight, value) for weight in network.get_weights()])
    return network


def make_package(folder: Path, value: float, hidden: int = 4) -> Path:
    folder.mkdir()
    build(value, hidden).save(folder / "weights.keras")
    return folder


def make_run(folder: Path, best: float, last: float) -> Path:
    """Write a run whose best epoch has other weights than its last."""
    folder.mkdir()
    build(best).save(folder / "best.keras")
    weights = {f"w{k}": weight for k, weight in enumerate(build(last).get_weights())}
    np.savez(folder / "average.npz", steps=9, **weights)
    (folder / "config.json").write_text(json.dumps({"seed": 7}))
    return folder


def test_every_weight_is_the_mean_of_the_last_ones(tmp_path: Path) -> None:
    package = make_package(tmp_path / "digits-1", 1.0)
    run = make_run(tmp_path / "run", best=100.0, last=4.0)
    average_digits([package, run, run], tmp_path / "mean")
    network = keras.models.load_model(tmp_path / "mean" / "best.keras", compile=False)
    assert all(np.allclose(weight, 3.0) for weight in network.get_weights())
    config = json.loads((tmp_path / "mean" / "config.json").read_text())
    assert config == {"seed": 7, "mean_of": ["digits-1", "run", "run"]}


def test_other_networks_and_empty_folders_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path / "run", 1.0, 1.0)
    other = make_package(tmp_path / "wide-1", 1.0, hidden=5)
    out = str(tmp_path / "mean")
    assert main([str(other), str(run), "--out", out]) == 4
    assert "wide-1, run are not trainings of one network" in capsys.readouterr().err
    assert main([str(tmp_path / "none"), str(run), "--out", out]) == 4
    assert "none has no Keras weights" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()
