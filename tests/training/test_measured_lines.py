"""E-13B symbols to measure on are labelled cell by cell, or not at all."""

from pathlib import Path

import numpy as np
import pytest

from digitscan.recognition.models import ModelPackage, Port
from training import measured_lines
from training.e13b_data import LABELS
from training.evaluate import load_sets
from training.measured_lines import label_cells, load_symbols


@pytest.fixture(autouse=True)
def few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured_lines, "LINES", 6)


def test_drawn_symbols_are_told_from_rubbish(only_mnist: Path) -> None:
    sets, rubbish = load_symbols(only_mnist)
    assert [found.name for found in sets] == ["e13b-drawn"]
    assert sets[0].truth.max() < LABELS.index("rubbish")
    assert len(sets[0].tiles) > 20
    assert len(rubbish["drawn"]) > 10
    again, _ = load_symbols(only_mnist)
    np.testing.assert_array_equal(sets[0].tiles, again[0].tiles)


def test_the_package_decides_what_it_is_measured_on(only_mnist: Path) -> None:
    port = Port("x", "float32", (None, 28, 28, 1))
    for labels, name in ((LABELS, "e13b-drawn"), (tuple("0123456789"), "mnist-test")):
        package = ModelPackage("m", "1", only_mnist, b"", "", port, port, tuple(labels), 1.0, {})
        sets, _ = load_sets(package, only_mnist)
        assert sets[0].name == name


def test_a_page_without_a_line_labels_nothing() -> None:
    assert label_cells(np.full((300, 800), 220, np.uint8), "C083654C", "page") == []
