"""The released digit network behind its interface: probabilities, alike in any company."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitscan.errors import ModelError
from digitscan.imaging.normalize import normalize_tiles
from digitscan.recognition.classifier import BATCH, OnnxClassifier, softmax
from digitscan.recognition.models import load_package
from digitscan.records import Floats
from tests.drawings import draw_ink

Metadata = dict[str, Any]


@pytest.fixture(scope="module")
def digits() -> OnnxClassifier:
    """The released digit network."""
    return OnnxClassifier(load_package("digits"))


@pytest.fixture
def change(tmp_path: Path) -> Callable[[Callable[[Metadata], object]], Path]:
    """Copy the released package and change its metadata."""

    def write(edit: Callable[[Metadata], object]) -> Path:
        released = load_package("digits").path.parent
        folder = tmp_path / "digits-9"
        shutil.copytree(released, folder)
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        edit(metadata)
        (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
        return folder

    return write


def some_tiles(count: int) -> Floats:
    """Different drawn digits, one after the other."""
    return normalize_tiles([draw_ink(str(k % 10), 20 + k) for k in range(count)])


def test_no_tile_gives_no_row(digits: OnnxClassifier) -> None:
    found = digits.classify(np.zeros((0, 28, 28, 1), np.float32))
    assert found.shape == (0, 11)
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    "tile",
    [
        pytest.param(np.zeros((1, 28, 28, 1), np.float32), id="paper"),
        pytest.param(np.ones((1, 28, 28, 1), np.float32), id="all-ink"),
        pytest.param(some_tiles(1), id="drawn-zero"),
    ],
)
def test_rows_are_probabilities(digits: OnnxClassifier, tile: Floats) -> None:
    found = digits.classify(tile)
    assert found.shape == (1, 11)
    assert found.dtype == np.float32
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1])
def test_a_tile_is_named_alike_in_any_company(digits: OnnxClassifier, count: int) -> None:
    tiles = some_tiles(count)
    tiles.setflags(write=False)
    together = digits.classify(tiles)
    assert together.shape == (count, 11)
    backwards = digits.classify(tiles[::-1])[::-1]
    assert together.tobytes() == np.ascontiguousarray(backwards).tobytes()
    for index in (0, count // 2, count - 1):
        alone = digits.classify(tiles[index : index + 1])
        assert alone.tobytes() == together[index : index + 1].tobytes()


def rename(metadata: Metadata) -> None:
    metadata["ports"]["input"]["name"] = "pictures"


def retype(metadata: Metadata) -> None:
    metadata["ports"]["output"]["dtype"] = "float64"


def reshape(metadata: Metadata) -> None:
    metadata["ports"]["output"]["shape"] = [None, 10]


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        pytest.param(rename, "'pictures'", id="name"),
        pytest.param(retype, "'float64'", id="type"),
        pytest.param(reshape, r"\(None, 10\)", id="shape"),
    ],
)
def test_ports_that_differ_are_refused(
    change: Callable[[Callable[[Metadata], object]], Path],
    edit: Callable[[Metadata], object],
    named: str,
) -> None:
    package = load_package(change(edit))
    with pytest.raises(ModelError, match=f"its metadata says .*{named}.*put together wrongly"):
        OnnxClassifier(package)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("frame_px", 32, id="frame"),
        pytest.param("digit_px", 18, id="digit"),
        pytest.param("digit_px", None, id="digit-not-said"),
        pytest.param("output", "odds", id="output"),
        pytest.param("output", None, id="output-not-said"),
        pytest.param("labels", ["0", "1"], id="too-few-labels"),
    ],
)
def test_another_contract_is_refused(
    change: Callable[[Callable[[Metadata], object]], Path], key: str, value: object
) -> None:
    package = load_package(change(lambda metadata: metadata["contract"].update({key: value})))
    with pytest.raises(ModelError, match="install the model that came with this version"):
        OnnxClassifier(package)


def test_a_network_for_whole_fields_is_no_classifier() -> None:
    with pytest.raises(ModelError):
        OnnxClassifier(load_package("strings"))


def test_bytes_that_are_no_network_are_refused(tmp_path: Path) -> None:
    shutil.copytree(load_package("digits").path.parent, tmp_path / "digits-9")
    onnx = b"no network at all"
    (tmp_path / "digits-9" / "model.onnx").write_bytes(onnx)
    path = tmp_path / "digits-9" / "metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    metadata["sha256"] = hashlib.sha256(onnx).hexdigest()
    path.write_text(json.dumps(metadata), encoding="utf-8")
    package = load_package(tmp_path / "digits-9")
    with pytest.raises(ModelError, match=r"ONNX Runtime cannot load .*model.onnx"):
        OnnxClassifier(package)


def test_probabilities_pass_as_they_are(
    change: Callable[[Callable[[Metadata], object]], Path], digits: OnnxClassifier
) -> None:
    """The network's logits, taken at their word, are what the softmax starts from."""
    package = load_package(
        change(lambda metadata: metadata["contract"].update(output="probabilities"))
    )
    raw = OnnxClassifier(package).classify(some_tiles(3))
    assert np.allclose(softmax(raw / package.temperature), digits.classify(some_tiles(3)))


def test_a_higher_temperature_is_less_sure(
    change: Callable[[Callable[[Metadata], object]], Path], digits: OnnxClassifier
) -> None:
    package = load_package(change(lambda metadata: metadata["contract"].update(temperature=50.0)))
    warm = OnnxClassifier(package).classify(some_tiles(5))
    cool = digits.classify(some_tiles(5))
    assert (warm.max(axis=1) < cool.max(axis=1)).all()
    assert np.array_equal(warm.argmax(axis=1), cool.argmax(axis=1))


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        pytest.param(np.zeros((0, 3)), np.zeros((0, 3)), id="none"),
        pytest.param([[5.0]], [[1.0]], id="one-label"),
        pytest.param([[0, 0, 0, 0]], [[0.25] * 4], id="even"),
        pytest.param([[-1e30, 0.0]], [[0.0, 1.0]], id="very-small"),
        pytest.param([[1e30, 1e30]], [[0.5, 0.5]], id="very-large"),
    ],
)
def test_softmax_by_eye(logits: Any, expected: Any) -> None:
    found = softmax(np.array(logits, np.float32))
    assert found.dtype == np.float32
    assert np.allclose(found, np.array(expected))
