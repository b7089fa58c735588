"""Every released model package is whole, unchanged, and answers in ONNX Runtime as in Keras."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from digitscan.recognition.classifier import softmax
from digitscan.recognition.models import load_package

MODELS = Path(__file__).resolve().parents[2] / "models"
PACKAGES = sorted(path.parent for path in MODELS.glob("*/metadata.json"))
FILES = {"metadata.json", "MODEL_CARD.md"}
KEYS = {"name", "version", "file", "sha256", "bytes", "opset", "ports", "contract", "provenance",
        "results"}  # fmt: skip
# HOUSE rule for released models: Keras and ONNX Runtime agree within this.
MAX_DIFFERENCE = 1e-4

LEAST_VECTORS = 8

NETWORKS = [path for path in PACKAGES if not path.name.startswith("confidence-")]
"""The calibration is a package too, but its file is a table of weights, not a network."""

each_network = pytest.mark.parametrize("package", NETWORKS, ids=lambda path: path.name)
each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)


QUANTIZED = [path for path in NETWORKS if (path / "float32.onnx").is_file()]
each_quantized = pytest.mark.parametrize("package", QUANTIZED, ids=lambda path: path.name)


def read_vectors(package: Path) -> dict[str, np.ndarray]:
    with np.load(package / "test_vectors.npz") as vectors:
        return {name: vectors[name] for name in vectors.files}


def run(package: Path, file: str, chosen: slice = slice(None)) -> np.ndarray:
    """Run a network of a package on its test vectors."""
    ports = read_metadata(package)["ports"]
    inputs = read_vectors(package)[ports["input"]["name"]][chosen]
    session = onnxruntime.InferenceSession(package / file, providers=["CPUExecutionProvider"])
    (found,) = session.run([ports["output"]["name"]], {ports["input"]["name"]: inputs})
    return found


def read_metadata(package: Path) -> dict:
    return json.loads((package / "metadata.json").read_text(encoding="utf-8"))


def test_a_digits_model_is_released() -> None:
    assert any(package.name.startswith("digits-") for package in PACKAGES)


def test_every_folder_of_models_is_a_package() -> None:
    assert [path for path in MODELS.iterdir() if path.is_dir() and path not in PACKAGES] == []


@each_package
def test_the_package_is_whole(package: Path) -> None:
    metadata = read_metadata(package)
    names = {path.name for path in package.iterdir()}
    assert names >= FILES | {metadata["file"]}
    assert metadata.keys() >= KEYS
    assert package.name == f"{metadata['name']}-{metadata['version']}"


@each_package
def test_the_network_is_the_one_that_was_released(package: Path) -> None:
    metadata = read_metadata(package)
    onnx = (package / metadata["file"]).read_bytes()
    assert len(onnx) == metadata["bytes"]
    assert hashlib.sha256(onnx).hexdigest() == metadata["sha256"]
    assert load_package(package).sha256 == metadata["sha256"]


@each_package
def test_provenance_says_how_to_make_it_again(package: Path) -> None:
    provenance = read_metadata(package)["provenance"]
    assert provenance.keys() >= {"commit", "command", "seeds", "data", "tools", "date"}
    digests = [one for name, one in provenance["data"].items() if name != "sources"]
    assert digests
    assert all(len(digest) in (32, 40, 64) for digest in digests)


@each_package
def test_results_name_metric_value_set_and_date(package: Path) -> None:
    results = read_metadata(package)["results"]
    assert results
    for result in results:
        assert result.keys() >= {"metric", "value", "set", "date"}


@each_package
def test_the_card_tells_data_and_limits(package: Path) -> None:
    card = (package / "MODEL_CARD.md").read_text(encoding="utf-8").lower()
    for word in ("data", "not", "fail", "python -m training"):
        assert word in card
    assert any(terms in card for terms in ("licen", "cc by", "mit", "gpl"))


@each_network
def test_vectors_run_through_onnx_runtime_as_in_keras(package: Path) -> None:
    """The vectors are named after the input port, and `logits` or `probabilities`."""
    metadata = read_metadata(package)
    contract = metadata["contract"]
    arrays = read_vectors(package)
    # Of a network in 8 bits it is the one in float32 that Keras was compared with.
    quantized = "float32" in metadata
    found = run(package, metadata["float32"]["file"] if quantized else metadata["file"])
    if "probabilities" in arrays:
        expected = arrays["probabilities"]
        if contract["output"] == "logits":
            found = softmax(found / contract["temperature"])
    else:
        expected = arrays["float_logits" if quantized else "logits"]
    assert found.shape == expected.shape
    assert len(found) >= LEAST_VECTORS
    assert float(np.abs(found - expected).max()) <= MAX_DIFFERENCE


@each_quantized
def test_eight_bits_give_what_they_gave_at_release(package: Path) -> None:
    metadata = read_metadata(package)
    raw = (package / metadata["float32"]["file"]).read_bytes()
    assert hashlib.sha256(raw).hexdigest() == metadata["float32"]["sha256"]
    arrays = read_vectors(package)
    found = run(package, metadata["file"])
    # Sums of integers are exact on every machine; ends in float32 may tip one value in many.
    assert np.mean(np.abs(found - arrays["logits"])) <= MAX_DIFFERENCE
    assert np.mean(found.argmax(-1) == arrays["float_logits"].argmax(-1)) > 0.99


@each_quantized
def test_eight_bits_do_not_depend_on_the_batch(package: Path) -> None:
    metadata = read_metadata(package)
    together = run(package, metadata["file"])
    alone = np.concatenate([run(package, metadata["file"], slice(k, k + 1)) for k in range(3)])
    assert np.array_equal(together[:3].argmax(-1), alone.argmax(-1))
    assert float(np.abs(together[:3] - alone).mean()) <= MAX_DIFFERENCE


@each_network
def test_ports_are_as_declared(package: Path) -> None:
    metadata = read_metadata(package)
    session = onnxruntime.InferenceSession(
        package / metadata["file"], providers=["CPUExecutionProvider"]
    )
    for port, declared in (
        (session.get_inputs()[0], metadata["ports"]["input"]),
        (session.get_outputs()[0], metadata["ports"]["output"]),
    ):
        assert port.name == declared["name"]
        assert [side if isinstance(side, int) else None for side in port.shape] == declared["shape"]
