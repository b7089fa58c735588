"""What the package of every released network holds beside its ONNX file: metadata and results."""

import hashlib
import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from digitscan.errors import DigitscanError, ModelError, OutputError
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
    return read_part(package / declared["file"], declared["sha256"])


def read_part(path: Path, sha256: str) -> bytes:
    """Return a file of a package beside the network that runs, after checking its SHA-256.

    Raises
    ------
    ModelError
        If the file was changed.
    """
    raw = path.read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{path} has SHA-256 {found[:16]}..., its metadata says {sha256[:16]}...; "
            "the file was changed or damaged: restore the package"
        )
    return raw


def report_release(out: Path, release: Callable[[], Mapping[str, Any]]) -> int:
    """Release a package from the command line and print its size and figures.

    Parameters
    ----------
    out : Path
        The package.
    release : callable
        Makes it and returns its metadata.

    Returns
    -------
    int
        The exit code; what went wrong is on stderr.
    """
    try:
        metadata = release()
    except DigitscanError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(f"{out}: {metadata['bytes']} bytes")
    for result in metadata["results"]:
        print(f"{result['metric']} {result['value']} on {result['set']}")
    return 0


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
    return {
        **describe_file(out),
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


def describe_file(out: Path) -> dict[str, Any]:
    """Return what the metadata says of a package's name and of the file of its network."""
    name, _, number = out.name.rpartition("-")
    raw = (out / ONNX).read_bytes()
    return {
        "name": name,
        "version": number,
        "file": ONNX,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "bytes": len(raw),
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
