"""The figures of a training as it goes: `log.csv` to keep, event files for TensorBoard to watch."""

import csv
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

EVENTS = "events.out.tfevents"
"""How TensorBoard knows its files by name."""


class RunLog:
    """Rows of figures in the folder of a run.

    `log.csv` is added to by every process that goes on with the run; each of them writes a file of
    events of its own, which `tensorboard --logdir runs` shows as one curve. TensorFlow's writers of
    summaries want the package tensorboard installed. The file is a plain TFRecord of events, so it
    is written as that, and only who wants to look installs anything. Where Keras runs without
    TensorFlow, there is the table alone.

    Parameters
    ----------
    folder : Path
        Of the run; must exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._has_events = find_spec("tensorflow") is not None
        self._events: tf.io.TFRecordWriter | None = None

    def write(self, step: int, row: Mapping[str, float]) -> None:
        """Add a row to `log.csv`, and its figures at `step` to the events.

        Parameters
        ----------
        step : int
            Where the training stands: epochs or batches.
        row : mapping of str to float
            Every row of a run has the same names in the same order.
        """
        path = self._folder / "log.csv"
        is_new = not path.is_file()
        with path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            if is_new:
                writer.writerow(row)
            writer.writerow([f"{value:.6g}" for value in row.values()])
        if self._has_events:
            self._add(step, row)

    def _add(self, step: int, row: Mapping[str, float]) -> None:
        import tensorflow as tf

        figures = [
            tf.compat.v1.Summary.Value(tag=name, simple_value=value) for name, value in row.items()
        ]
        event = tf.compat.v1.Event(step=step, summary=tf.compat.v1.Summary(value=figures))
        event.wall_time = time.time()
        if self._events is None:
            # To the nanosecond: a run that goes on at once must not write over its own events.
            path = self._folder / f"{EVENTS}.{time.time_ns()}"
            self._events = tf.io.TFRecordWriter(str(path))
            version = tf.compat.v1.Event(wall_time=event.wall_time, file_version="brain.Event:2")
            self._events.write(version.SerializeToString())
        self._events.write(event.SerializeToString())
        self._events.flush()
