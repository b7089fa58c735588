"""What the tests of training share; without the extra `training` they are left out, and said so."""

import gzip
import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

NEEDED = ("keras", "tensorflow", "tf2onnx", "optuna", "matplotlib")
MISSING = tuple(name for name in NEEDED if find_spec(name) is None)

collect_ignore_glob = ["test_*.py"] if MISSING else []


def pytest_report_header() -> list[str]:
    """Say plainly why nothing of training is tested."""
    if not MISSING:
        return []
    return [f"tests/training left out, not installed: {', '.join(MISSING)} (extra `training`)"]


@pytest.fixture()
def only_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with small files of MNIST's format and nothing else."""
    from training import measured_sets, mnist, pools

    rng = np.random.default_rng(0)
    images = np.zeros((60, 28, 28), np.uint8)
    images[:, 4:24, 10:18] = rng.integers(100, 256, (60, 20, 8))
    labels = (np.arange(60) % 10).astype(np.uint8)
    heads = (
        bytes([0, 0, 8, 3, 0, 0, 0, 60, 0, 0, 0, 28, 0, 0, 0, 28]),
        bytes([0, 0, 8, 1, 0, 0, 0, 60]),
    )
    (tmp_path / "mnist").mkdir()
    sums = {}
    for place, name in enumerate(mnist.MD5):
        raw = heads[place % 2] + (images, labels)[place % 2].tobytes()
        path = tmp_path / "mnist" / name
        path.write_bytes(gzip.compress(raw, mtime=0))
        sums[name] = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(mnist, "MD5", sums)
    monkeypatch.setattr(mnist, "VALIDATION", 10)
    monkeypatch.setattr(measured_sets, "MOST", 40)
    # Drawing the glyphs of twenty fonts takes six seconds.
    monkeypatch.setattr(pools, "load_glyphs", dict)
    return tmp_path
