"""The mean of two trainings: every weight, and whose mean it is."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.average_strings import average_runs, main
from training.string_network import build_network

pytestmark = pytest.mark.training


def test_every_weight_is_the_mean(tmp_path: Path) -> None:
    runs = []
    for number, value in enumerate((1.0, 3.0)):
        network = build_network()
        network.set_weights([np.full_like(weight, value) for weight in network.get_weights()])
        run = tmp_path / f"run-{number}"
        run.mkdir()
        network.save_weights(run / "average.weights.h5")
        (run / "config.json").write_text(json.dumps({"seed": str(number)}))
        runs.append(run)
    average_runs(runs, tmp_path / "mean")
    network = build_network()
    network.load_weights(tmp_path / "mean" / "average.weights.h5")
    assert all(np.all(weight == 2.0) for weight in network.get_weights())
    config = json.loads((tmp_path / "mean" / "config.json").read_text())
    assert config == {"seed": "1", "mean_of": ["run-0", "run-1"]}


def test_a_run_without_weights_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "mean")]) == 4
    assert "train_strings first" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()
