"""Lines in batches: the width that they are filled up to, and what a run gives for each."""

from types import SimpleNamespace

import numpy as np
import pytest

from digitscan.recognition.line_batches import BATCH, WIDTHS, bucket_width, run_lines


class Counting:
    """In place of a session: answers with what each line sums up to, and notes its batches."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, _names: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        (batch,) = feeds.values()
        self.shapes.append(batch.shape)
        return [batch.sum(axis=(1, 2))]


PACKAGE = SimpleNamespace(
    input=SimpleNamespace(name="lines"), output=SimpleNamespace(name="logits")
)


def test_bucket_is_the_next_width() -> None:
    assert [bucket_width(width) for width in (1, 48, 49, 1200)] == [32, 48, 64, 1200]
    assert all(width % 8 == 0 for width in WIDTHS)
    with pytest.raises(ValueError, match="1200"):
        bucket_width(1201)


def test_each_line_gets_its_own_output_in_order() -> None:
    session = Counting()
    lines = [np.full((40, width, 1), 0.5, np.float32) for width in (70, 33, 66, 300)]
    sums = [float(out.item()) for out in run_lines(session, PACKAGE, lines)]  # type: ignore[arg-type]
    assert sums == [20.0 * width for width in (70, 33, 66, 300)]
    assert session.shapes == [(1, 40, 48, 1), (2, 40, 80, 1), (1, 40, 304, 1)]


def test_batches_are_bounded() -> None:
    session = Counting()
    lines = [np.zeros((40, 40, 1), np.float32)] * (BATCH + 1)
    assert len(run_lines(session, PACKAGE, lines)) == BATCH + 1  # type: ignore[arg-type]
    assert [shape[0] for shape in session.shapes] == [BATCH, 1]


def test_no_lines_no_run() -> None:
    session = Counting()
    assert run_lines(session, PACKAGE, []) == []  # type: ignore[arg-type]
    assert session.shapes == []
