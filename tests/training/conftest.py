"""What the tests of training share; without the extra `training` they are left out, and said so."""

import csv
import gzip
import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
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


@pytest.fixture(scope="session")
def mnist_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A data folder with small files of MNIST's format and nothing else, and their MD5 sums."""
    data = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    images = np.zeros((60, 28, 28), np.uint8)
    images[:, 4:24, 10:18] = rng.integers(100, 256, (60, 20, 8))
    labels = (np.arange(60) % 10).astype(np.uint8)
    heads = (
        bytes([0, 0, 8, 3, 0, 0, 0, 60, 0, 0, 0, 28, 0, 0, 0, 28]),
        bytes([0, 0, 8, 1, 0, 0, 0, 60]),
    )
    (data / "mnist").mkdir()
    sums = {}
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    for place, name in enumerate(names):
        raw = heads[place % 2] + (images, labels)[place % 2].tobytes()
        path = data / "mnist" / f"{name}-ubyte.gz"
        path.write_bytes(gzip.compress(raw, mtime=0))
        sums[path.name] = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return data, sums


@pytest.fixture(scope="module")
def only_mnist(mnist_files: tuple[Path, dict[str, str]]) -> Iterator[Path]:
    """A data folder where only MNIST is at hand, 60 digits of it, and no fonts are installed."""
    from training import measured_sets, mnist, pools

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mnist, "MD5", mnist_files[1])
        patch.setattr(mnist, "VALIDATION", 10)
        patch.setattr(measured_sets, "MOST", 40)
        # Drawing the glyphs of twenty fonts takes six seconds.
        patch.setattr(pools, "load_glyphs", dict)
        patch.setattr(pools, "WRITTEN", 8)
        yield mnist_files[0]


@pytest.fixture(scope="module")
def small_data(only_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a little of everything: MNIST, drawn amounts, and four letters."""
    data = tmp_path_factory.mktemp("small")
    shutil.copytree(only_mnist / "mnist", data / "mnist")
    _write_amounts(data / "cheque_amounts", np.random.default_rng(2))
    (data / "letters").mkdir()
    with zipfile.ZipFile(data / "letters" / "letters.zip", "w") as archive:
        for name, letter in (("CAP_A", "A"), ("CAP_K", "K"), ("CAP_O", "O"), ("SMALL_m", "m")):
            gray = np.full((60, 60), 255, np.uint8)
            cv2.putText(gray, letter, (10, 48), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 4)
            archive.writestr(f"{name}_0.png", cv2.imencode(".png", gray)[1].tobytes())
    return data


def _write_amounts(folder: Path, rng: np.random.Generator) -> None:
    """Write 104 amounts of two to five drawn digits: 80 to fit, 20 held, 4 apart."""
    from training.strokes import draw_digit

    folder.mkdir()
    rows = []
    for number in range(104):
        digits = "".join(str((number + 3 * at) % 10) for at in range(2 + number % 4))
        gray, boxes, left = np.full((52, 36 * len(digits) + 12), 205, np.uint8), [], 6
        for digit in digits:
            ink = cv2.resize(draw_digit(int(digit), rng), (24, 34), interpolation=cv2.INTER_AREA)
            gray[9:43, left : left + 24] -= (0.6 * ink).astype(np.uint8)
            boxes.append(f"{left},9,24,34")
            left += 36
        name = f"{number:06}.png"
        cv2.imwrite(str(folder / name), gray)
        part = "apart" if number >= 100 else "train"
        rows.append((name, digits, " ".join(boxes), part))
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows((("file", "digits", "boxes", "part"), *rows))


@pytest.fixture(scope="module")
def strings_data(small_data: Path) -> Iterator[Path]:
    """The small data folder, lines of writing drawn with Pillow's own font and few strokes."""
    from training import string_sources

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(string_sources, "PRINT_FONTS", ())
        patch.setattr(string_sources, "HAND_FONTS", ())
        patch.setattr(string_sources, "DEVANAGARI_FONT", "")
        patch.setattr(string_sources, "STROKES", 3)
        yield small_data
