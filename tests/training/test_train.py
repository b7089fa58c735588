"""From tiles to a package on a few hundred tiles: train, break off, go on, export, load."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras

from digitscan.errors import ModelError, OutputError, SettingsError
from digitscan.recognition.classifier import OnnxClassifier
from digitscan.recognition.models import load_package
from training import pools
from training.config import CONFIGS, TrainConfig
from training.evaluate import load_sets
from training.export import check_parity, export_onnx, export_package, run_onnx
from training.fit import Batches, Run, build_model, measure_accuracy
from training.networks import build_baseline, build_digits
from training.pools import PoolPlan, count_tiles, make_pool
from training.run_log import EVENTS
from training.sheet import draw_sheet
from training.sources import DrawnDigits, make_tiles
from training.train import main, train

pytestmark = pytest.mark.training

SMALL = replace(
    CONFIGS["digits"],
    epochs=2,
    tiles=320,
    batch=32,
    averaging=0.9,
    review=1,
    shares=(("mnist", 2.0), ("drawn", 1.0), ("signs", 1.0), ("letters", 1.0)),
)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that learned four drawn digits' worth of tiles."""
    folder = tmp_path_factory.mktemp("run")
    run = Run(folder, replace(SMALL, epochs=3, rate=5e-3), 20)
    for epoch in range(3):
        rng = np.random.default_rng(epoch)
        tiles, labels = make_tiles({"drawn": DrawnDigits()}, {"drawn": 640}, rng)
        figures = run.train_epoch(epoch, tiles, labels)
        run.finish_epoch(epoch, figures["accuracy"], figures)
    return folder


def test_a_network_learns_drawn_digits(learned: Path) -> None:
    rows = (learned / "log.csv").read_text().splitlines()
    assert rows[0] == "epoch,accuracy,loss,score"
    assert len(rows) == 4
    assert float(rows[-1].split(",")[1]) > float(rows[1].split(",")[1])
    assert len(list(learned.glob(f"{EVENTS}.*"))) == 1


def test_a_training_goes_on_where_it_was_broken_off(
    only_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A thread in the place of the process, which would not know the small files' sums.
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda count, **_: ThreadPoolExecutor(count))
    out = tmp_path / "run"
    first = Run(out, SMALL, 10)
    rng = np.random.default_rng(0)
    tiles, labels = make_tiles({"drawn": DrawnDigits()}, {"drawn": 320}, rng)
    first.finish_epoch(0, 0.5, first.train_epoch(0, tiles, labels))
    again = Run(out, SMALL, 10)
    assert again.progress.epoch == 1
    assert int(again.model.optimizer.iterations) == 10
    assert again.average.steps == 10
    for kept, weight in zip(first.average.weights, again.average.weights, strict=True):
        np.testing.assert_allclose(kept, weight)
    best = train("digits", SMALL, only_mnist, out)
    assert best.is_file()
    assert json.loads((out / "progress.json").read_text())["epoch"] == 2


def test_a_second_training_starts_from_the_first(learned: Path, tmp_path: Path) -> None:
    best = learned / "best.keras"
    run = Run(tmp_path, replace(SMALL, start=str(best)), 10)
    for own, given in zip(
        run.model.get_weights(), keras.models.load_model(best).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(own, given)


def test_a_start_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no weights at .*gone\.keras to go on from"):
        Run(tmp_path / "run", replace(SMALL, start=str(tmp_path / "gone.keras")), 10)


def test_another_configuration_is_not_mixed_in(learned: Path) -> None:
    with pytest.raises(SettingsError, match="another --out"):
        Run(learned, SMALL, 20)


def test_the_command_says_what_is_wrong(
    learned: Path, only_mnist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "--data", str(only_mnist), "--out", str(learned)]) == 2
    assert "another --out" in capsys.readouterr().err


def test_early_stopping_waits_its_patience(tmp_path: Path) -> None:
    run = Run(tmp_path, replace(SMALL, patience=2, averaging=0.0), 10)
    scores = [0.5, 0.4, 0.3]
    assert [run.finish_epoch(epoch, score, {}) for epoch, score in enumerate(scores)] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_optimizers_follow_the_schedule(optimizer: str) -> None:
    model = build_model(replace(SMALL, optimizer=optimizer, warmup=0.1, rate=1e-2), 100)
    rate = model.optimizer._learning_rate
    assert float(rate(10)) == pytest.approx(1e-2)
    assert float(rate(100)) == pytest.approx(1e-4, rel=0.05)
    assert float(rate(0)) < 2e-4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network", "big"),
        ("optimizer", "lion"),
        ("schedule", "step"),
        ("averaging", 1.0),
        ("batch", 0),
    ],
)
def test_a_wrong_configuration_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        TrainConfig(**{field: value})


def test_the_networks_are_as_published() -> None:
    assert build_baseline().count_params() == 93_322
    digits = build_digits()
    assert digits.output_shape == (None, 11)
    assert digits.count_params() * 4 < 2_000_000


def test_batches_are_floats_and_one_hot() -> None:
    tiles = np.full((5, 28, 28), 255, np.uint8)
    batch, labels = Batches(tiles, np.arange(5, dtype=np.uint8), 2, 11)[1]
    assert batch.shape == (2, 28, 28, 1) and batch.dtype == np.float32 and batch.max() == 1.0
    assert labels.argmax(axis=1).tolist() == [2, 3]


def test_rubbish_does_not_count_among_ten() -> None:
    logits = np.zeros((1, 11), np.float32)
    logits[0, [4, 10]] = 1.0, 9.0
    assert measure_accuracy(logits, [4]) == 1.0


def test_a_pool_repeats_and_absent_sources_give_way(only_mnist: Path) -> None:
    plan = PoolPlan(only_mnist, 7, 100, SMALL.shares, SMALL.augmentation)
    first, again = make_pool(plan, 0), make_pool(plan, 0)
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], make_pool(plan, 1)[0])
    counts = count_tiles(plan, {"mnist": DrawnDigits(), "signs": DrawnDigits()})
    assert counts == {"mnist": 67, "signs": 33}


def test_the_baseline_trains_on_tiles_as_they_are_and_is_measured_as_a_package(
    only_mnist: Path, tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "baseline-1"
    train("baseline", replace(CONFIGS["baseline"], epochs=1, batch=10), only_mnist, run)
    metadata = export_package(run, out, only_mnist)
    assert metadata["contract"]["labels"] == list("0123456789")
    assert metadata["contract"]["rubbish"] is None
    assert ("tiles", "mnist-test", 60) in {
        (row["metric"], row["set"], row["value"]) for row in metadata["results"]
    }
    sets, _ = load_sets(load_package(out), only_mnist)
    assert [found.name for found in sets] == ["mnist-test"]


def test_a_package_is_exported_and_read_back(
    learned: Path, only_mnist: Path, tmp_path: Path
) -> None:
    out = tmp_path / "digits-9"
    metadata = export_package(learned, out, only_mnist)
    assert metadata["ports"]["input"]["shape"] == [None, 28, 28, 1]
    assert metadata["contract"]["labels"] == [*"0123456789", "rubbish"]
    package = load_package(out)
    with np.load(out / "test_vectors.npz") as vectors:
        found = run_onnx(package.path, vectors["tiles"])
        np.testing.assert_allclose(found, vectors["logits"], atol=1e-4)
        probabilities = OnnxClassifier(package).classify(vectors["tiles"])
    assert np.array_equal(probabilities.argmax(axis=1), found.argmax(axis=1))
    with pytest.raises(OutputError, match="never changes"):
        export_package(learned, out, only_mnist)


def test_a_network_that_differs_is_not_released(tmp_path: Path) -> None:
    tiles = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    one, other = build_baseline(), build_baseline()
    export_onnx(one, tmp_path / "one.onnx")
    assert check_parity(one, tmp_path / "one.onnx", tiles) < 1e-4
    with pytest.raises(ModelError, match="do not release"):
        check_parity(other, tmp_path / "one.onnx", tiles)


def test_the_sheet_has_a_strip_for_each_source() -> None:
    sheet = draw_sheet({"drawn": DrawnDigits()}, seed=0)
    assert sheet.shape == (56, 130 + 1120) and sheet.min() < 50
