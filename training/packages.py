"""What the package of every released network holds beside its ONNX file: metadata and results."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from digitscan.errors import ModelError, OutputError
from digitscan.recognition.models import load_package
from training.provenance import read_commit

OPSET = 17
ONNX = "model.onnx"
FLOAT = "float32.onnx"
"""In a package whose network runs in 8 bits: the network that Keras was compared with."""
TOOLS = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "numpy", "opencv-python-headless")

Ports = Mapping[str, tuple[str, Sequence[int | None]]]
"""Name and shape of a network's `input` and `output`; None is a free dimension."""


def refuse_existing(out: Path) -> None:
    """Refuse to write a package over another one.

    Raises
    ------
    OutputError
        If the folder exists.
    """
    if out.exists():
        raise OutputError(f"{out} exists and a package never changes; give a new version")


def read_float32(package: Path) -> bytes:
    """Return a package's network in float32: its own file, or the one that 8 bits were made of.

    Raises
    ------
    ModelError
        If the package is damaged or missing.
    """
    loaded = load_package(package)
    declared = loaded.metadata.get("float32")
    if declared is None:
        return loaded.onnx
    raw = (package / declared["file"]).read_bytes()
    if hashlib.sha256(raw).hexdigest() != declared["sha256"]:
        raise ModelError(
            f"{package / declared['file']} was changed or damaged: restore the package"
        )
    return raw


def describe_network(
    out: Path, ports: Ports, contract: Mapping[str, Any], provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the metadata of HOUSE's model packages, without results.

    Parameters
    ----------
    out : Path
        The package, `NAME-VERSION`; holds the ONNX file.
    ports : Ports
        All of float32.
    contract : mapping
        What goes into the network, and what its outputs mean.
    provenance : mapping
        Configuration, seeds and data; commit, tools and today's date are added.

    Returns
    -------
    dict
    """
    name, _, number = out.name.rpartition("-")
    raw = (out / ONNX).read_bytes()
    return {
        "name": name,
        "version": number,
        "file": ONNX,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "bytes": len(raw),
        "opset": OPSET,
        "ports": {
            port: {"name": title, "dtype": "float32", "shape": list(shape)}
            for port, (title, shape) in ports.items()
        },
        "contract": dict(contract),
        "provenance": {
            "commit": read_commit(),
            **provenance,
            "tools": {"python": platform.python_version()}
            | {tool: version(tool) for tool in TOOLS},
            "date": today(),
        },
        "results": [],
    }


def write_metadata(out: Path, metadata: Mapping[str, Any]) -> None:
    """Write the metadata of a package, over what is there."""
    text = json.dumps(metadata, indent=2) + "\n"
    (out / "metadata.json").write_text(text, encoding="utf-8")


def make_result(metric: str, value: float, measured_on: str) -> dict[str, Any]:
    """Return a row of a package's results, measured today, to six digits."""
    return {
        "metric": metric, "value": float(f"{value:.6g}"), "set": measured_on, "date": today(),
    }  # fmt: skip


def today() -> str:
    """Return today's date in UTC, as `2026-11-26`."""
    return datetime.now(UTC).date().isoformat()
