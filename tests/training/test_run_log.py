"""The log of a training: a table that goes on, and events that TensorBoard can read."""

from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf

from training import run_log
from training.run_log import EVENTS, RunLog

pytestmark = pytest.mark.training


def read_events(folder: Path) -> list[tuple[int, dict[str, float]]]:
    """Step and figures of every event of a folder, oldest file first."""
    found = []
    for path in sorted(folder.glob(f"{EVENTS}.*")):
        raw = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
        events = [tf.compat.v1.Event.FromString(record) for record in raw]
        assert events[0].file_version == "brain.Event:2"
        found += [
            (event.step, {value.tag: value.simple_value for value in event.summary.value})
            for event in events[1:]
        ]
    return found


def test_a_run_that_goes_on_adds_to_its_log(tmp_path: Path) -> None:
    first = RunLog(tmp_path)
    first.write(0, {"epoch": 0, "loss": 0.5})
    first.write(1, {"epoch": 1, "loss": 0.25})
    RunLog(tmp_path).write(2, {"epoch": 2, "loss": 0.125})
    assert (tmp_path / "log.csv").read_text().splitlines() == [
        "epoch,loss", "0,0.5", "1,0.25", "2,0.125",
    ]  # fmt: skip
    assert read_events(tmp_path) == [
        (0, {"epoch": 0.0, "loss": 0.5}),
        (1, {"epoch": 1.0, "loss": 0.25}),
        (2, {"epoch": 2.0, "loss": 0.125}),
    ]


def test_a_run_without_rows_leaves_no_file(tmp_path: Path) -> None:
    RunLog(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_tensorflow_there_is_the_table_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "find_spec", lambda _: None)
    RunLog(tmp_path).write(0, {"epoch": 0, "loss": 0.5})
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_figures_keep_six_places(tmp_path: Path) -> None:
    RunLog(tmp_path).write(16600, {"step": 16600, "loss": 1 / 3})
    assert (tmp_path / "log.csv").read_text().splitlines()[1] == "16600,0.333333"
