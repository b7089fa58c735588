"""Training tiles, training and release of the E-13B network, each on little data."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import ModelError, NoPagesError, OutputError
from digitscan.recognition.classifier import OnnxClassifier, softmax
from digitscan.recognition.models import load_package
from digitscan.records import Floats
from training.amounts import DEFAULT_DATA
from training.e13b import Recipe, count_right, measure_held, read_cheques, read_page_line, train
from training.e13b_data import LABELS, SYMBOLS, Sources, load_sources, make_tiles
from training.e13b_faults import print_ink, scan_ink
from training.e13b_glyphs import draw_line

DIGITS = np.zeros((600, 28, 28), np.uint8)
DIGITS[:, 4:24, 12:16] = 255
PACKAGE = Path(__file__).resolve().parents[2] / "models" / "e13b-1"


@pytest.fixture(scope="module")
def sources() -> Sources:
    return load_sources(None, [], DIGITS)


@pytest.fixture(scope="module")
def tiles(sources: Sources) -> tuple[Floats, np.ndarray]:
    return make_tiles(sources, 24, np.random.default_rng(5))


def test_tiles_cover_every_label_in_the_frame(tiles: tuple[Floats, np.ndarray]) -> None:
    images, labels = tiles
    assert images.shape == (len(labels), 28, 28, 1)
    assert images.dtype == np.float32
    assert images.min() == 0.0
    assert images.max() == 1.0
    assert set(labels.tolist()) == set(range(len(LABELS)))


def test_same_seed_makes_the_same_tiles(sources: Sources) -> None:
    first, _ = make_tiles(sources, 4, np.random.default_rng(8))
    second, _ = make_tiles(sources, 4, np.random.default_rng(8))
    assert np.array_equal(first, second)


def test_labels_agree_with_the_drawing(tiles: tuple[Floats, np.ndarray]) -> None:
    """The mean tile of a label is nearest to the clean drawing of that very symbol."""
    from digitscan.imaging.normalize import normalize_tile

    images, labels = tiles
    clean = np.stack([normalize_tile(draw_line(symbol, 600)) for symbol in SYMBOLS])
    for index in range(len(SYMBOLS)):
        mean = images[labels == index].mean(axis=0)[..., 0]
        nearest = np.abs(clean - mean).sum(axis=(1, 2)).argmin()
        assert SYMBOLS[nearest] == SYMBOLS[index]


def test_rubbish_needs_a_source() -> None:
    with pytest.raises(ValueError, match="rubbish"):
        load_sources(None, [], None)


def test_faults_change_the_ink_but_not_the_text() -> None:
    rng = np.random.default_rng(3)
    ink = draw_line("0123", 600)
    density = print_ink(ink, 7.8, rng)
    assert 0.0 <= density.min() <= density.max() <= 1.0
    assert np.corrcoef(density.ravel(), ink.ravel())[0, 1] > 0.7
    gray = scan_ink(density, 7.8, 0.5, 0.0, rng)
    assert gray.shape == (round(ink.shape[0] / 2), round(ink.shape[1] / 2))
    assert np.corrcoef(gray.ravel(), cv2.resize(ink, gray.shape[::-1]).ravel())[0, 1] < -0.6


@pytest.mark.parametrize(
    ("truth", "text", "right"),
    [("", "", 0), ("31", "", 0), ("31", "31", 2), ("3141", "341", 3), ("12", "21", 1)],
)
def test_count_right(truth: str, text: str, right: int) -> None:
    assert count_right(truth, text) == right


def test_temperature_of_logits_that_are_too_sure_is_high() -> None:
    logits = np.zeros((200, len(LABELS)), np.float32)
    logits[np.arange(200), np.arange(200) % 10] = 30.0
    truth = np.arange(200) % 10
    truth[::4] = 14
    assert measure_held(logits, truth)["temperature"] == 3.0


def test_missing_cheques_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoPagesError, match=r"truth\.csv"):
        read_cheques(tmp_path, _Blank())


def test_page_without_a_line_reads_nothing() -> None:
    assert read_page_line(np.full((300, 700), 255, np.uint8), _Blank()) == ("", 0.0)


class _Blank:
    """Calls everything rubbish."""

    def classify(self, tiles: Floats) -> Floats:
        return np.tile(np.eye(15, dtype=np.float32)[14], (len(tiles), 1))


@pytest.mark.training
def test_train_and_release(
    tmp_path: Path, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="the extra `training` is not installed")
    pytest.importorskip("tf2onnx", reason="the extra `training` is not installed")
    from training import e13b_release

    monkeypatch.setattr(e13b_release, "load_default_sources", lambda _: sources)
    run = tmp_path / "run"
    facts = train(sources, Recipe(lines=30, held_lines=6, epochs=2), run, verbose=0)
    assert facts["held_accuracy"] > 1 / len(LABELS)
    package = tmp_path / "e13b-1"
    e13b_release.release(run, package, tmp_path)
    loaded = load_package(package)
    assert loaded.labels == LABELS
    assert loaded.input.shape == (None, 28, 28, 1)
    vectors = np.load(package / "test_vectors.npz")
    found = OnnxClassifier(loaded).classify(vectors["tiles"])
    assert np.abs(found - softmax(vectors["logits"] / loaded.temperature)).max() < 1e-4
    with pytest.raises(OutputError, match="never change"):
        e13b_release.release(run, package, tmp_path)
    with pytest.raises(ModelError, match="no trained network"):
        e13b_release.release(tmp_path, tmp_path / "e13b-2", tmp_path)


@pytest.mark.skipif(not PACKAGE.is_dir(), reason=f"no package at {PACKAGE}")
def test_released_package_reproduces_its_test_vectors() -> None:
    vectors = np.load(PACKAGE / "test_vectors.npz")
    loaded = load_package(PACKAGE)
    found = OnnxClassifier(loaded).classify(vectors["tiles"])
    assert np.abs(found - softmax(vectors["logits"] / loaded.temperature)).max() < 1e-4
    assert len(vectors["tiles"]) >= 24


@pytest.mark.skipif(not PACKAGE.is_dir(), reason=f"no package at {PACKAGE}")
@pytest.mark.parametrize("dpi", [150, 200, 300, 600])
def test_released_package_reads_a_drawn_cheque(dpi: int) -> None:
    page = np.full((3 * dpi, 7 * dpi), 240, np.uint8)
    ink = draw_line("C0123456C A678901234A  5D67890C  B0000012345B", dpi)
    page[-dpi // 2 : -dpi // 2 + ink.shape[0], dpi : dpi + ink.shape[1]] -= (ink * 0.8).astype(
        np.uint8
    )
    text, confidence = read_page_line(page, OnnxClassifier(load_package(PACKAGE)))
    assert text == "C0123456CA678901234A5D67890CB0000012345B"
    assert confidence > 0.9


@pytest.mark.realdata
@pytest.mark.skipif(not PACKAGE.is_dir(), reason=f"no package at {PACKAGE}")
@pytest.mark.skipif(not (DEFAULT_DATA / "cheques").is_dir(), reason=f"no cheques at {DEFAULT_DATA}")
def test_released_package_reads_every_real_line() -> None:
    results = read_cheques(DEFAULT_DATA, OnnxClassifier(load_package(PACKAGE)))
    assert [result.file for result in results if result.text != result.truth] == []
    card = json.loads((PACKAGE / "metadata.json").read_text(encoding="utf-8"))
    exact = [row["value"] for row in card["results"] if row["metric"] == "lines_exact"]
    assert exact == [1.0]
