"""Real digits for the tests of images."""

import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest


@pytest.fixture(scope="session")
def mnist_digits(real_data: Path) -> npt.NDArray[np.uint8]:
    """The first 300 training digits of MNIST, shape (300, 28, 28)."""
    path = real_data / "mnist" / "train-images-idx3-ubyte.gz"
    if not path.is_file():
        pytest.skip(f"no MNIST: {path} is not there")
    with gzip.open(path) as file:
        raw = file.read(16 + 300 * 28 * 28)
    return np.frombuffer(raw, np.uint8, offset=16).reshape(300, 28, 28)
