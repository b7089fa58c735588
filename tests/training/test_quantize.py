"""A network in 8 bits says what it said in float32, and keeps sums that no machine overflows."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import pytest

from digitscan.errors import ModelError, OutputError
from digitscan.recognition.classifier import open_session
from digitscan.recognition.models import load_package
from training.export_strings import make_test_lines
from training.packages import FLOAT, read_float32
from training.quantize import (
    choose_step,
    main,
    measure_pairs,
    quantize_onnx,
    quantize_package,
    shift_weights,
)

pytestmark = pytest.mark.training


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The released digit network as its export left it, in float32."""
    released = load_package("digits")
    folder = tmp_path / "digits-1"
    folder.mkdir()
    raw = read_float32(released.path.parent)
    (folder / "model.onnx").write_bytes(raw)
    with np.load(released.path.parent / "test_vectors.npz") as vectors:
        np.savez(
            folder / "test_vectors.npz", tiles=vectors["tiles"], logits=vectors["float_logits"]
        )
    metadata = {key: value for key, value in released.metadata.items() if key != "float32"}
    metadata["results"] = [{"metric": "parity", "value": 4e-6, "set": "mnist-test", "date": ""}]
    metadata |= {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw), "version": "1"}
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return folder


def read_weights(raw: bytes) -> list[np.ndarray]:
    """Weights in 8 bits of a network."""
    stored = map(onnx.numpy_helper.to_array, onnx.load_from_string(raw).graph.initializer)
    return [array for array in stored if array.dtype == np.int8 and array.ndim > 1]


def test_a_package_in_8_bits(source: Path, small_data: Path) -> None:
    out = source.parent / "digits-2"
    metadata = quantize_package(source, out, small_data)
    assert metadata["bytes"] < 0.4 * len(read_float32(source))
    assert metadata["float32"]["package"] == "digits-1"
    assert read_float32(out) == read_float32(source)
    assert metadata["provenance"]["command"].endswith("quantize models/digits-1 models/digits-2")
    results = {(row["metric"], row["set"]): row["value"] for row in metadata["results"]}
    assert results["same label as in float32", "vectors"] > 0.95
    assert results["parity", "mnist-test, float32"] <= 1e-4
    assert ("accuracy", "mnist-test") in results
    package = load_package(out)
    with np.load(out / "test_vectors.npz") as vectors:
        (found,) = open_session(package).run(["logits"], {"tiles": vectors["tiles"]})
        np.testing.assert_array_equal(found, vectors["logits"])
    # Seven bits, moved by one step: two products of 255 and neighbors stay within 16 bits.
    sizes = [int(np.abs(array.astype(int)).max()) for array in read_weights(package.onnx)]
    assert min(sizes) >= 60 and max(sizes) <= 65
    assert all(
        measure_pairs(array) <= 128 for array in read_weights(package.onnx) if array.ndim == 4
    )
    with pytest.raises(OutputError, match="never changes"):
        quantize_package(source, out, small_data)
    with pytest.raises(ModelError, match="no package in float32"):
        quantize_package(out, source.parent / "digits-3", small_data)


def test_ends_may_stay_in_float32(tmp_path: Path) -> None:
    released = load_package("strings")
    exact = tmp_path / "float32.onnx"
    exact.write_bytes(read_float32(released.path.parent))
    package = replace(released, path=exact, onnx=exact.read_bytes())
    lines = [make_test_lines(2, 64, seed) for seed in range(3)]
    kept, all_of_it = tmp_path / "kept.onnx", tmp_path / "all.onnx"
    quantize_onnx(package, kept, lines, keeps_ends=True)
    quantize_onnx(package, all_of_it, lines, keeps_ends=False)
    assert len(read_weights(kept.read_bytes())) == len(read_weights(all_of_it.read_bytes())) - 2

    def run(path: Path) -> np.ndarray:
        session = open_session(replace(package, onnx=path.read_bytes()))
        (found,) = session.run([package.output.name], {package.input.name: lines[0]})
        return found

    assert np.mean(run(kept).argmax(-1) == run(exact).argmax(-1)) > 0.97


def test_a_damaged_network_in_float32_is_refused(source: Path) -> None:
    metadata = json.loads((source / "metadata.json").read_text())
    metadata["float32"] = {"file": FLOAT, "sha256": "0" * 64, "package": "digits-0"}
    (source / "metadata.json").write_text(json.dumps(metadata))
    (source / FLOAT).write_bytes(b"changed")
    with pytest.raises(ModelError, match="changed or damaged"):
        read_float32(source)


def test_other_networks_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    screen = load_package("screen").path.parent
    assert main([str(screen), str(tmp_path / "screen-9")]) == ModelError.exit_code
    assert "no package in float32 of strings or digits" in capsys.readouterr().err


def test_shifted_weights_say_the_same(tmp_path: Path) -> None:
    released = load_package("strings")
    exact, path = tmp_path / "float32.onnx", tmp_path / "model.onnx"
    exact.write_bytes(read_float32(released.path.parent))
    package = replace(released, path=exact, onnx=exact.read_bytes())
    lines = [make_test_lines(2, 64, seed) for seed in range(3)]
    quantize_onnx(package, path, lines, keeps_ends=True)
    plain = replace(package, path=path, onnx=path.read_bytes())
    shift_weights(path)
    shifted = replace(package, path=path, onnx=path.read_bytes())
    before, after = read_weights(plain.onnx), read_weights(shifted.onnx)
    for one, other in zip(before, after, strict=True):
        steps = set(np.unique(other.astype(int) - one).tolist())
        assert steps in ({1}, {-1}, {0})
        # Two products of 255 and weights of 128 together stay within 16 bits.
        assert measure_pairs(other) <= 128
    assert any((one != other).all() for one, other in zip(before, after, strict=True))
    said = [open_session(one).run(None, {"lines": lines[0]})[0] for one in (plain, shifted)]
    np.testing.assert_array_equal(*said)


@pytest.mark.parametrize(
    ("weights", "step"),
    [
        pytest.param([64, 62], 1, id="up"),
        pytest.param([64, 64], -1, id="down"),
        pytest.param([64, 64, -64, -64], 0, id="neither"),
        pytest.param([64], 1, id="one-channel"),
    ],
)
def test_no_two_weights_may_overflow(weights: list[int], step: int) -> None:
    # Side by side as channels of a pixel, or as pixels of a row that has one channel.
    for shape in ((1, -1, 1, 1), (1, 1, 1, -1)):
        assert choose_step(np.array(weights, np.int8).reshape(shape)) == step
