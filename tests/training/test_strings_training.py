"""The string network: its loss against the reader's arithmetic, training, resuming, release."""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from digitscan.errors import ModelError, OutputError
from digitscan.imaging.lines import LINE_PX
from digitscan.recognition.classifier import softmax
from digitscan.recognition.ctc import LABELS, FieldScores, log_likelihoods, log_likelihoods_marked
from digitscan.recognition.models import load_package
from digitscan.recognition.strings import StringReader
from training import train_strings
from training.evaluate_strings import Outcome, measure_accepted, measure_exact
from training.pace import plan_share
from training.string_network import Lessons, build_network, ctc_loss
from training.train_strings import LEAST_RATE, WARM_UP, Pace, collapse, train

pytestmark = pytest.mark.training


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["12", "3"], id="two"),
        pytest.param(["", "907"], id="with-an-empty-line"),
        pytest.param(["", ""], id="all-empty"),
        pytest.param(["1123"], id="a-repeat"),
    ],
)
def test_loss_is_the_likelihood_that_the_reader_computes(texts: list[str]) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0.0, 1.5, (len(texts), 9, len(LABELS))).astype(np.float32)
    digits = np.array([[int(digit) for digit in text.ljust(4, "0")] for text in texts], np.int32)
    lengths = np.array([len(text) for text in texts], np.int32)
    loss = float(ctc_loss(logits, digits, lengths, np.zeros(len(texts), bool)))
    fields = [FieldScores((row,)) for row in softmax(logits)]
    odds = log_likelihoods(fields, [[text] for text in texts])
    assert loss == pytest.approx(-np.mean([row[0] for row in odds]), rel=1e-4)


def test_loss_of_a_line_with_signs_asks_for_them() -> None:
    logits = np.random.default_rng(1).normal(0.0, 1.5, (2, 9, len(LABELS))).astype(np.float32)
    # What says `-` is left out of the reader's weighing: here it cannot be.
    logits[:, :, LABELS.index("-")] = -40.0
    labels = np.array([[1, LABELS.index(","), 2], [3, 0, 0]], np.int32)
    loss = float(ctc_loss(logits, labels, np.array([3, 1], np.int32), np.array([True, False])))
    first, second = (FieldScores((row,)) for row in softmax(logits))
    signed = log_likelihoods_marked([first], [["1,2"]])[0][0]
    plain = log_likelihoods([second], [["3"]])[0][0]
    assert loss == pytest.approx(-(signed + plain) / 2, rel=1e-4)


def test_a_lesson_bends_the_writing_and_leaves_the_mark() -> None:
    lines = np.zeros((4, LINE_PX, 64, 1), np.uint8)
    lines[:, 8:32, 20:40] = 255
    lines[:, 0] = lines[:, -1] = 255
    seen: list[np.ndarray] = []

    class Watch(keras.layers.Layer):
        """Notes what it is shown."""

        def call(self, shown: Any, training: bool | None = None) -> Any:
            del training
            seen.append(np.asarray(shown))
            return shown

    lesson = Lessons(Watch(), 3)
    lesson(lines, training=False)
    lesson(lines, training=True)
    np.testing.assert_array_equal(seen[0] * 255, lines)
    np.testing.assert_array_equal(seen[1][:, [0, -1]], 1.0)
    assert not np.allclose(seen[1][:, 2:-2], seen[0][:, 2:-2], atol=0.05)


def test_rate_rises_and_falls() -> None:
    shares = [plan_share(done, WARM_UP, LEAST_RATE) for done in np.linspace(0.001, 1.0, 200)]
    top = int(np.argmax(shares))
    assert shares[top] == pytest.approx(1.0, abs=0.01)
    assert shares[:top] == sorted(shares[:top])
    assert shares[top:] == sorted(shares[top:], reverse=True)
    assert shares[-1] == pytest.approx(0.005)


@pytest.mark.parametrize(("minutes", "ends"), [(0.0, False), (1e-9, True)])
def test_the_clock_ends_a_training(minutes: float, ends: bool) -> None:
    model = SimpleNamespace(optimizer=SimpleNamespace(learning_rate=None), stop_training=False)
    pace = Pace(rate=2.0, rounds=100, minutes=minutes)
    pace.set_model(model)
    pace.on_epoch_begin(50)
    # Where the time is up the rate is at its end, whatever the rounds say.
    assert model.optimizer.learning_rate == pytest.approx(2.0 * (0.005 if ends else 0.51), rel=0.02)
    pace.on_epoch_end(50)
    assert model.stop_training is ends


def test_network_is_small_and_takes_any_width() -> None:
    network = build_network()
    assert network.count_params() < 3_500_000
    for width in (48, 120):
        lines = np.zeros((2, LINE_PX, width, 1), np.float32)
        assert network(lines).shape == (2, width // 2, len(LABELS))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ([10, 10], ""),
        ([1, 1, 10, 1], "11"),
        ([0, 10, 0, 0, 5], "005"),
        ([3, 11, 12], "3"),
        ([], ""),
    ],
)
def test_collapse(path: list[int], text: str) -> None:
    assert collapse(np.array(path, np.int64)) == text


def test_measures() -> None:
    rows = [Outcome("", "1", 0.9, "1"), Outcome("", "2", 0.5, "7"), Outcome("", "3", 0.4, "3")]
    assert measure_exact(rows) == pytest.approx(2 / 3)
    assert measure_accepted(rows) == pytest.approx(1 / 3)
    assert measure_accepted(rows, most_wrong=0.5) == pytest.approx(1.0)


@pytest.fixture()
def options(strings_data: Path, tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(
        data=strings_data, out=tmp_path / "run", steps=2, rate=1e-3, seed=1, reuse=2.0, start=None,
        save_every=1, limit=None, minutes=0.0, processes=0, columns=64,
        few_widths=False,
    )  # fmt: skip


def test_train_resume_release_and_read(
    options: argparse.Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.export_strings import check_parity, export_package

    train(options)
    options.steps = 3
    train(options)
    log = (options.out / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["step", "1", "2", "3"]

    package = tmp_path / "strings-7"
    monkeypatch.setattr("training.export_strings.measure_strings", lambda *_: [])
    metadata = export_package(options.out, package, options.data)
    assert metadata["bytes"] < 14_000_000
    assert metadata["version"] == "7"
    with pytest.raises(OutputError, match="new version"):
        export_package(options.out, package, options.data)
    with pytest.raises(ModelError, match="differs from Keras"):
        check_parity(build_network(), package)

    reader = StringReader(load_package(package))
    rng = np.random.default_rng(1)
    lines = [rng.random((LINE_PX, width, 1)).astype(np.float32) for width in (60, 64, 200)]
    together = reader.score([lines[:2], lines[2:]])
    for field, alone in zip(together, ([lines[0], lines[1]], [lines[2]]), strict=True):
        for view, line in zip(field.views, alone, strict=True):
            assert view.shape == (line.shape[1] // 2, len(LABELS))
            np.testing.assert_array_equal(view, reader.score([[line]])[0].views[0])
    best = reader.read(together, 3)
    assert [len(row) <= 3 for row in best] == [True, True]
    for row in best:
        odds = [candidate.log_likelihood for candidate in row]
        assert odds == sorted(odds, reverse=True)
        assert all(value <= 0.0 for value in odds)


def test_release_needs_a_run(tmp_path: Path) -> None:
    from training.export_strings import export_package

    with pytest.raises(ModelError, match="train_strings"):
        export_package(tmp_path, tmp_path / "strings-1", tmp_path)


def test_the_commands_say_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from training import export_strings

    run = tmp_path / "run"
    assert train_strings.main(["--data", str(tmp_path), "--out", str(run)]) == 3
    assert "cheque_amounts" in capsys.readouterr().err
    assert not run.exists()
    assert export_strings.main(["--run", str(run), "--out", str(tmp_path / "strings-1")]) == 4
    assert "train_strings first" in capsys.readouterr().err


NORMALIZE = """
import keras, numpy as np
from training.string_network import Normalization
values = np.random.default_rng(1).normal(3.0, 2.0, (4, 5, 6, 3)).astype(np.float32)
own, usual = Normalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
# PyTorch keeps the variance of a sample: 120 values make it 0.8 % larger.
for training in (True, False):
    one, other = (keras.ops.convert_to_numpy(x(values, training=training)) for x in (own, usual))
    np.testing.assert_allclose(one, other, atol=0.02)
for one, other in zip(own.get_weights(), usual.get_weights()):
    np.testing.assert_allclose(one, other, rtol=0.01)
"""


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_normalization_is_that_of_keras(backend: str) -> None:
    pytest.importorskip(backend)
    subprocess.run(
        [sys.executable, "-c", NORMALIZE], check=True, env={**os.environ, "KERAS_BACKEND": backend}
    )
