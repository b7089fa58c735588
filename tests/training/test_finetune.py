"""Fine-tuning from a released package: what is learned, what is refused, what is left behind."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

import training.finetune
from digitscan.errors import ExitCode, ModelError, NoPagesError, OutputError
from digitscan.recognition.models import load_package
from training.config import TrainConfig
from training.evaluate import evaluate_package
from training.evaluation_page import Evaluation
from training.export import export_package
from training.finetune import (
    Recipe,
    find_losses,
    finetune,
    load_weights,
    main,
    table_change,
    train_own,
)
from training.fit import Run
from training.measure import LabeledTiles
from training.own_digits import load_own_digits
from training.strokes import draw_digit

TINY = TrainConfig(widths=(2, 2, 4), epochs=1, tiles=64, batch=32, review=0, averaging=0.0)
SMALL = Recipe(epochs=1, tiles=64, own_share=0.5, tolerance=1.0)


def _kernels(network: keras.Model) -> list[np.ndarray]:
    """The weights of the convolutions, which no batch statistic moves."""
    return [weight for weight in network.get_weights() if weight.ndim == 4]


@pytest.fixture(scope="module")
def package(only_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of a small untrained network, as `training.export` writes it."""
    folder = tmp_path_factory.mktemp("package")
    run = Run(folder / "first", TINY, 2)
    run.finish_epoch(0, 0.0, {})
    export_package(folder / "first", folder / "digits-1", only_mnist)
    return folder / "digits-1"


@pytest.fixture()
def crops(tmp_path: Path) -> Path:
    """Eight crops each of two digits, drawn dark on light."""
    rng = np.random.default_rng(1)
    for digit in (2, 6):
        (tmp_path / "own" / str(digit)).mkdir(parents=True)
        for number in range(8):
            ink = cv2.copyMakeBorder(draw_digit(digit, rng), 6, 6, 6, 6, cv2.BORDER_CONSTANT)
            gray = (220 - 0.7 * ink).astype(np.uint8)
            cv2.imwrite(str(tmp_path / "own" / str(digit) / f"{number}.png"), gray)
    return tmp_path / "own"


def test_a_new_package_is_released_with_both_reports(
    package: Path, crops: Path, only_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What an untrained network holds for rubbish is chance.
    monkeypatch.setattr(training.finetune, "RUBBISH_TOLERANCE", 1.0)
    out, run = tmp_path / "models" / "digits-2", tmp_path / "run"
    before, after = finetune(crops, package, out, run, only_mnist, SMALL)
    names = ["own-held", "mnist-validation", "mnist-test"]
    assert [found.name for found in before.measurements] == names
    assert [found.name for found in after.measurements] == names
    assert before.measurements[0].count == 4
    assert table_change(before, after).rows[0][0] == "own-held"
    assert (run / "before" / "index.html").is_file()
    assert (run / "after" / "results.json").is_file()
    released = load_package(out)
    assert released.version == "2"
    assert "training.finetune" in released.metadata["provenance"]["command"]
    moved = zip(
        _kernels(load_weights(load_package(package))), _kernels(load_weights(released)), strict=True
    )
    assert all(np.abs(new - old).max() > 1e-5 for old, new in moved)


def test_training_starts_from_the_released_weights(
    package: Path, crops: Path, only_mnist: Path, tmp_path: Path
) -> None:
    start = load_weights(load_package(package))
    config = replace(TINY, rate=1e-12, shares=(("drawn", 1.0),))
    train_own(start, load_own_digits(crops), only_mnist, tmp_path / "run", config, SMALL)
    trained = keras.models.load_model(tmp_path / "run" / "best.keras", compile=False)
    for old, new in zip(_kernels(start), _kernels(trained), strict=True):
        np.testing.assert_allclose(new, old, atol=1e-6)


def test_a_result_that_forgot_is_not_released(
    package: Path, crops: Path, only_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, run = tmp_path / "models" / "digits-2", tmp_path / "run"
    # A tolerance of -2 asks for a gain that is impossible: every result has forgotten too much.
    options = ["--epochs", "1", "--tiles", "64", "--tolerance", "-2"]
    paths = ["--out", str(out), "--run", str(run), "--data", str(only_mnist)]
    code = main([str(crops), "--package", str(package), *options, *paths])
    assert code == ExitCode.MODEL
    assert "not released: accuracy on the old digits fell from" in capsys.readouterr().err
    assert not out.exists()
    assert not list(run.rglob("model.onnx"))
    assert (run / "after" / "index.html").is_file()


def test_an_existing_package_is_never_touched(package: Path, crops: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="never changes"):
        finetune(crops, package, package, tmp_path / "run", tmp_path)


def test_no_crops_end_before_any_work(package: Path, only_mnist: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoPagesError):
        finetune(tmp_path / "empty", package, tmp_path / "digits-2", tmp_path / "run", only_mnist)
    assert not (tmp_path / "run").exists()


def test_weights_are_checked(package: Path, tmp_path: Path) -> None:
    package = Path(shutil.copytree(package, tmp_path / "digits-1"))
    assert isinstance(load_weights(load_package(package)), keras.Model)
    with (package / "weights.keras").open("ab") as stream:
        stream.write(b"0")
    with pytest.raises(ModelError, match=r"weights\.keras has SHA-256"):
        load_weights(load_package(package))
    (package / "weights.keras").unlink()
    with pytest.raises(ModelError, match="has no Keras weights to start from"):
        load_weights(load_package(package))
    metadata = json.loads((package / "metadata.json").read_text())
    del metadata["weights"]
    (package / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(ModelError, match="has no Keras weights to start from"):
        load_weights(load_package(package))


class Certain:
    """Names the first `right` tiles of a batch as they are labelled, 0 to 9 in turn, others not."""

    def __init__(self, right: int, rubbish: float = 0.0) -> None:
        self.right, self.rubbish = right, rubbish

    def classify(self, tiles: np.ndarray) -> np.ndarray:
        places = np.arange(len(tiles))
        named = (places + (places >= self.right)) % 10
        rows = 0.9 * np.eye(11, dtype=np.float32)[named]
        if len(tiles) == 50:
            rows[:] = self.rubbish
        return rows


def measure(package: Path, own: int, old: int, rubbish: float = 0.0) -> Evaluation:
    """Evaluate classifiers with so many right of 100 on each of two sets."""
    tiles, truth = np.zeros((100, 28, 28, 1), np.float32), np.arange(100) % 10
    origins = ("",) * 100
    parts = [
        evaluate_package(
            load_package(package),
            Certain(right, rubbish),
            (LabeledTiles(name, "", tiles, truth, origins),),
            {"marks": tiles[:50]},
            "2026-01-02",
            round_s=0.001,
        )
        for name, right in (("own-held", own), ("mnist-validation", old))
    ]
    return replace(
        parts[0],
        measurements=parts[0].measurements + parts[1].measurements,
        rubbish=parts[0].rubbish | parts[1].rubbish,
    )


def test_what_counts_as_a_loss(package: Path) -> None:
    before = measure(package, own=80, old=97)
    table = [
        (measure(package, own=90, old=97), 0.0, ()),
        (measure(package, own=90, old=95), 0.02, ()),
        (measure(package, own=90, old=94), 0.02, ("accuracy on the old digits fell",)),
        (measure(package, own=79, old=97), 0.02, ("accuracy on the own digits held out fell",)),
        (measure(package, own=90, old=97, rubbish=0.95), 0.02, ("rubbish rejected at 99 %",)),
        (
            measure(package, own=79, old=90, rubbish=0.95),
            0.02,
            ("accuracy on the old", "accuracy on the own", "rubbish rejected"),
        ),
    ]
    for after, tolerance, expected in table:
        found = find_losses(before, after, tolerance)
        assert len(found) == len(expected)
        assert all(text.startswith(start) for text, start in zip(found, expected, strict=True))


def test_shares_are_shares() -> None:
    with pytest.raises(ValueError, match="own_share lies between 0 and 1"):
        Recipe(own_share=1.0)
    with pytest.raises(ValueError, match="keep is from 0 up to 1"):
        Recipe(keep=1.0)
