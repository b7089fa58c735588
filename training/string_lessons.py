"""What networks of lines learn together: each from the lines, and all from a wider teacher."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from training.string_data import Batch
from training.string_network import ctc_loss, imitation_loss

Lesson = tuple[Any, dict[str, Any]]
"""Lines uint8 (N, 40, W, 1), and what they show: labels, lengths, signed."""


class Lessons(keras.Model):
    """String networks that learn the same lines in one step, with any backend of Keras.

    Parameters
    ----------
    pupils : sequence of keras.Model
        Of `training.string_network.build_network`.
    teacher : keras.Model, optional
        A wider one. It learns from the lines alone; the pupils imitate it beside.
    """

    def __init__(self, pupils: Sequence[keras.Model], teacher: keras.Model | None = None) -> None:
        super().__init__()
        self.pupils = list(pupils)
        self.teacher = teacher

    def call(self, lines: Any, training: bool = False) -> list[Any]:
        """Return the logits of each pupil, then the teacher's."""
        ink = ops.cast(lines, "float32") / 255.0
        networks = [*self.pupils, *([self.teacher] if self.teacher else [])]
        return [network(ink, training=training) for network in networks]

    def compute_loss(
        self,
        x: Any = None,
        y: Mapping[str, Any] | None = None,
        y_pred: Sequence[Any] | None = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Sum the losses of all networks; Keras names the arguments."""
        del x, sample_weight, training
        logits, shown = list(y_pred or ()), dict(y or {})
        # All networks in one call: CTC goes column by column, and the card waits for each.
        named = [
            ops.concatenate([shown[name]] * len(logits), axis=0)
            for name in ("labels", "lengths", "signed")
        ]
        loss = len(logits) * ctc_loss(ops.concatenate(logits, axis=0), *named)
        if self.teacher:
            *taught, teacher = logits
            for pupil in taught:
                loss = loss + imitation_loss(pupil, teacher)
        return loss


def make_lesson(batch: Batch) -> Lesson:
    """Return what `Lessons` is fed with."""
    shown = {"labels": batch.labels, "lengths": batch.lengths, "signed": batch.signed}
    return batch.lines, shown
