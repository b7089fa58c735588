"""Model packages: find them, check their hash, read what their metadata promises."""

import hashlib
import json
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from digitscan.errors import ModelError

_PACKAGE = Path(__file__).resolve().parent.parent
MODEL_ROOTS = (_PACKAGE / "models", _PACKAGE.parent / "models")
"""Where packages lie: inside the installed package, or beside it in a checkout."""

_MAX_METADATA_BYTES = 1_000_000
"""Metadata of the released packages is 5 to 20 kB."""


@dataclass(frozen=True, slots=True)
class Port:
    """Name, element type and shape of a network's input or output; None is a free dimension."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """One released network: its file, whose hash has been checked, and its metadata.

    Attributes
    ----------
    name, version : str
    path : Path
        The ONNX file.
    onnx : bytes
        The bytes whose hash was checked: what was verified is what runs.
    sha256 : str
    input, output : Port
    labels : tuple of str
        Class names in the order of the network's outputs.
    temperature : float
        Logits are divided by it before the softmax.
    metadata : dict
        The whole of metadata.json.
    """

    name: str
    version: str
    path: Path
    onnx: bytes
    sha256: str
    input: Port
    output: Port
    labels: tuple[str, ...]
    temperature: float
    metadata: dict[str, Any]


def find_packages() -> tuple[Path, ...]:
    """List the folders of the installed model packages, by name then version.

    Returns
    -------
    tuple of Path
        Empty when no model is installed.
    """
    for root in MODEL_ROOTS:
        found = [folder for folder in root.glob("*-*") if (folder / "metadata.json").is_file()]
        if found:
            return tuple(sorted(found, key=_version_key))
    return ()


def load_package(name: str | Path) -> ModelPackage:
    """Load a model package: by name the newest installed version, by path that folder.

    Parameters
    ----------
    name : str or Path
        For example `"digits"`, or the folder of a package.

    Returns
    -------
    ModelPackage

    Raises
    ------
    ModelError
        When the package is missing, its metadata is damaged, or the file's SHA-256 differs.
    """
    folder = _locate(name)
    metadata = _read_metadata(folder / "metadata.json")
    try:
        path = folder / Path(str(metadata["file"])).name
        contract = metadata["contract"]
        ports = metadata["ports"]
        declared = str(metadata["sha256"])
        onnx = path.read_bytes()
        actual = hashlib.sha256(onnx).hexdigest()
        if actual != declared:
            raise ModelError(
                f"{path} has SHA-256 {actual[:16]}..., its metadata says {declared[:16]}...; "
                "the file was changed or damaged: reinstall digitscan or restore the package"
            )
        return ModelPackage(
            name=str(metadata["name"]),
            version=str(metadata["version"]),
            path=path,
            onnx=onnx,
            sha256=actual,
            input=_read_port(ports["input"]),
            output=_read_port(ports["output"]),
            labels=tuple(str(label) for label in contract["labels"]),
            temperature=_read_temperature(contract),
            metadata=metadata,
        )
    except (KeyError, TypeError, ValueError) as error:
        path = folder / "metadata.json"
        raise ModelError(f"{path} is not a model package's: {error!r}") from error
    except OSError as error:
        raise ModelError(f"cannot read the model in {folder}: {error.strerror}") from error


def _locate(name: str | Path) -> Path:
    if isinstance(name, Path) or "/" in name or "\\" in name:
        folder = Path(name)
        if not (folder / "metadata.json").is_file():
            raise ModelError(f"{folder} is no model package: it has no metadata.json")
        return folder
    versions = [folder for folder in find_packages() if folder.name.rpartition("-")[0] == name]
    if not versions:
        raise ModelError(
            f"no model {name!r} is installed in {MODEL_ROOTS[0]} or {MODEL_ROOTS[1]}; "
            "reinstall digitscan, or train it as training/README.md says"
        )
    return versions[-1]


def _version_key(folder: Path) -> tuple[str, tuple[int, ...]]:
    name, _, version = folder.name.rpartition("-")
    return name, tuple(int(part) for part in version.split(".") if part.isdigit())


def _read_metadata(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_METADATA_BYTES:
            raise ModelError(f"{path} is over {_MAX_METADATA_BYTES} bytes: not a model's metadata")
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # brackets a thousand deep
        raise ModelError(f"{path} is not JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise ModelError(f"{path} is not a JSON object")
    return metadata


def _read_temperature(contract: dict[str, Any]) -> float:
    temperature = float(contract.get("temperature", 1.0))
    if not 0.0 < temperature < inf:  # written so that not-a-number fails it
        raise ValueError(f"a temperature is above 0, got {temperature}")
    return temperature


def _read_port(port: dict[str, Any]) -> Port:
    shape = tuple(None if size is None else int(size) for size in port["shape"])
    return Port(name=str(port["name"]), dtype=str(port["dtype"]), shape=shape)
