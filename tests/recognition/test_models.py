"""A model package is opened whole and unchanged, or refused with a word on what to do."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from digitscan.errors import ExitCode, ModelError
from digitscan.recognition import models
from digitscan.recognition.models import ModelPackage, Port, find_packages, load_package

ONNX = b"the bytes of a network"


def describe() -> dict[str, Any]:
    """Return sound metadata for the bytes above."""
    return {
        "name": "digits",
        "version": "1",
        "file": "model.onnx",
        "sha256": hashlib.sha256(ONNX).hexdigest(),
        "ports": {
            "input": {"name": "tiles", "dtype": "float32", "shape": [None, 28, 28, 1]},
            "output": {"name": "logits", "dtype": "float32", "shape": [None, 2]},
        },
        "contract": {"labels": ["0", "rubbish"], "temperature": 1.5},
    }


def write_package(folder: Path, metadata: Any, onnx: bytes | None = ONNX) -> Path:
    """Write a package; metadata as bytes stand as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    text = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
    (folder / "metadata.json").write_bytes(text)
    if onnx is not None:
        (folder / "model.onnx").write_bytes(onnx)
    return folder


def test_a_sound_package_is_read(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "digits-1", describe())
    expected = ModelPackage(
        name="digits",
        version="1",
        path=folder / "model.onnx",
        onnx=ONNX,
        sha256=hashlib.sha256(ONNX).hexdigest(),
        input=Port("tiles", "float32", (None, 28, 28, 1)),
        output=Port("logits", "float32", (None, 2)),
        labels=("0", "rubbish"),
        temperature=1.5,
        metadata=describe(),
    )
    assert load_package(folder) == expected
    assert load_package(str(folder)) == expected


def test_without_a_temperature_it_is_one(tmp_path: Path) -> None:
    metadata = describe()
    del metadata["contract"]["temperature"]
    assert load_package(write_package(tmp_path, metadata)).temperature == 1.0


@pytest.mark.parametrize(
    "missing",
    ["name", "version", "file", "sha256", "ports", "contract", "ports.input", "ports.output"]
    + ["ports.input.name", "ports.input.dtype", "ports.output.shape", "contract.labels"],
)
def test_what_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    metadata = describe()
    *way, last = missing.split(".")
    inner = metadata
    for key in way:
        inner = inner[key]
    del inner[last]
    with pytest.raises(ModelError, match=rf"metadata.json is not a model package's.*{last}"):
        load_package(write_package(tmp_path, metadata))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("ports", [], id="ports-a-list"),
        pytest.param("ports", {"input": "tiles", "output": "logits"}, id="ports-of-words"),
        pytest.param("contract", None, id="no-contract"),
        pytest.param("contract", "none", id="contract-a-word"),
        pytest.param("contract", {"labels": 11}, id="labels-a-number"),
        pytest.param("contract", {"labels": [], "temperature": "hot"}, id="temperature-a-word"),
        pytest.param("contract", {"labels": [], "temperature": 0}, id="temperature-zero"),
        pytest.param("contract", {"labels": [], "temperature": -1.0}, id="temperature-negative"),
        pytest.param("contract", {"labels": [], "temperature": float("nan")}, id="not-a-number"),
        pytest.param("contract", {"labels": [], "temperature": float("inf")}, id="infinite"),
    ],
)
def test_what_is_of_another_kind_is_refused(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(ModelError, match=r"metadata.json is not a model package's"):
        load_package(write_package(tmp_path, describe() | {key: value}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(b"", "is not JSON", id="empty"),
        pytest.param(b'{"name": ', "is not JSON", id="cut-off"),
        pytest.param(b"\xff\xfe{}", "is not JSON", id="not-utf-8"),
        pytest.param(b"[" * 200_000, "is not JSON", id="nested-too-deep"),
        pytest.param(b"[1]", "is not a JSON object", id="list"),
        pytest.param(b"null", "is not a JSON object", id="null"),
        pytest.param(b" " * 1_000_001, "is over 1000000 bytes", id="too-long"),
    ],
)
def test_damaged_metadata_is_refused(tmp_path: Path, text: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=rf"metadata.json {message}"):
        load_package(write_package(tmp_path, text))


def test_a_changed_network_is_refused_with_both_hashes(tmp_path: Path) -> None:
    folder = write_package(tmp_path, describe(), ONNX + b"!")
    with pytest.raises(ModelError) as caught:
        load_package(folder)
    message = str(caught.value)
    assert hashlib.sha256(ONNX).hexdigest()[:16] in message
    assert hashlib.sha256(ONNX + b"!").hexdigest()[:16] in message
    assert "reinstall digitscan or restore the package" in message
    assert caught.value.exit_code == ExitCode.MODEL


@pytest.mark.parametrize("file", ["model.onnx", "", "other/"])
def test_a_missing_network_is_told(tmp_path: Path, file: str) -> None:
    folder = write_package(tmp_path, describe() | {"file": file}, None)
    with pytest.raises(ModelError, match="cannot read the model in"):
        load_package(folder)


def test_the_network_lies_in_its_own_package(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(ONNX)
    folder = write_package(tmp_path / "digits-1", describe() | {"file": "../model.onnx"}, None)
    with pytest.raises(ModelError, match="cannot read the model in"):
        load_package(folder)


@pytest.mark.parametrize("name", ["/no/such/folder", "no/such", Path("digits")])
def test_a_folder_that_is_no_package_is_refused(name: str | Path) -> None:
    with pytest.raises(ModelError, match=r"is no model package: it has no metadata\.json"):
        load_package(name)


def test_the_newest_version_of_a_name_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("0.9", "1", "1.10", "1.9"):
        write_package(tmp_path / f"digits-{version}", describe() | {"version": version})
    write_package(tmp_path / "digits-wide-2", describe() | {"name": "digits-wide"})
    (tmp_path / "notes-1").mkdir()
    monkeypatch.setattr(models, "MODEL_ROOTS", (tmp_path / "nowhere", tmp_path))
    names = [folder.name for folder in find_packages()]
    assert names == ["digits-0.9", "digits-1", "digits-1.9", "digits-1.10", "digits-wide-2"]
    assert load_package("digits").version == "1.10"
    assert load_package("digits-wide").name == "digits-wide"


def test_a_model_that_is_not_installed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "MODEL_ROOTS", (tmp_path / "a", tmp_path / "b"))
    assert find_packages() == ()
    with pytest.raises(ModelError, match=r"no model 'digits' is installed in .*reinstall"):
        load_package("digits")
