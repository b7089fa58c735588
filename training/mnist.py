"""The MNIST digits: 60,000 to train on, 10,000 that choose nothing.

LeCun, Cortes and Burges, "The MNIST database of handwritten digits"; the four IDX files are
compared with their published MD5 sums before a byte of them is used.
"""

import argparse
import gzip
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.amounts import DEFAULT_DATA

logger = logging.getLogger(__name__)

Tiles = npt.NDArray[np.uint8]
"""Tiles (N, 28, 28), uint8, 0 paper to 255 full ink."""
Labels = npt.NDArray[np.uint8]
"""Labels (N,), uint8: the digit, or 10 for rubbish."""

MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
"""Published sums of the four files."""

VALIDATION = 5000
"""Training digits kept aside to stop training and to choose by."""

_IDX_UINT8 = 0x08


@dataclass(frozen=True, slots=True)
class Mnist:
    """The digits in three parts that share no digit; tiles (N, 28, 28) uint8, labels (N,)."""

    train_tiles: Tiles
    train_labels: Labels
    validation_tiles: Tiles
    validation_labels: Labels
    test_tiles: Tiles
    test_labels: Labels


def load_mnist(data: Path | str = DEFAULT_DATA, seed: int = 0) -> Mnist:
    """Load the digits and split the 60,000 by a seed into training and validation.

    Parameters
    ----------
    data : Path or str
        Folder that holds `mnist/` with the four IDX files. Where it does not, Keras downloads
        the digits and checks their SHA-256.
    seed : int
        The same seed splits alike.

    Returns
    -------
    Mnist
        55,000 training, 5,000 validation and 10,000 test digits.

    Raises
    ------
    ValueError
        If a file's MD5 sum is not the published one.
    """
    folder = Path(data) / "mnist"
    if folder.is_dir():
        images, labels, test_images, test_labels = (read_idx(folder / name) for name in MD5)
    else:
        logger.warning("no MNIST at %s; Keras downloads it", folder)
        images, labels, test_images, test_labels = _download()
    order = np.random.default_rng(seed).permutation(len(images))
    train, validation = order[VALIDATION:], order[:VALIDATION]
    return Mnist(
        train_tiles=images[train],
        train_labels=labels[train],
        validation_tiles=images[validation],
        validation_labels=labels[validation],
        test_tiles=test_images,
        test_labels=test_labels,
    )


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read one gzipped IDX file of bytes, after comparing its MD5 sum with the published one.

    Parameters
    ----------
    path : Path
        A file named as in `MD5`.

    Returns
    -------
    ndarray of uint8
        Shape as the file says: (N, 28, 28) for images, (N,) for labels.

    Raises
    ------
    ValueError
        If the sum differs or the file is no IDX file of bytes.
    """
    raw = path.read_bytes()
    found = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    if found != MD5[path.name]:
        raise ValueError(
            f"{path} has MD5 {found}, the published one is {MD5[path.name]}: delete and fetch again"
        )
    return parse_idx(gzip.decompress(raw))


def parse_idx(raw: bytes) -> npt.NDArray[np.uint8]:
    """Parse an IDX file of unsigned bytes.

    The format: two zero bytes, the type (8: unsigned byte), the number of dimensions, then each
    dimension as a big-endian 32-bit integer, then the values in row order.

    Parameters
    ----------
    raw : bytes
        The unpacked file.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    ValueError
        If the head is not that of bytes or the length does not agree with it.

    Examples
    --------
    >>> parse_idx(bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([[7, 8, 9]], dtype=uint8)
    """
    if raw[:2] != b"\0\0" or raw[2] != _IDX_UINT8:
        raise ValueError(f"an IDX file of bytes starts with 0 0 8, got {list(raw[:3])}")
    dimensions = raw[3]
    head = 4 + 4 * dimensions
    shape = tuple(int(size) for size in np.frombuffer(raw[4:head], ">u4"))
    values = np.frombuffer(raw[head:], np.uint8)
    if values.size != int(np.prod(shape)):
        raise ValueError(f"an IDX file of shape {shape} has {values.size} values")
    return values.reshape(shape)


def measure_center(tiles: Tiles) -> tuple[float, float]:
    """Measure the mean center of mass of digits: the constant of `imaging.normalize`.

    Parameters
    ----------
    tiles : ndarray of uint8, shape (N, 28, 28)

    Returns
    -------
    tuple of float
        Row and column in pixels.

    Examples
    --------
    >>> dot = np.zeros((1, 28, 28), np.uint8)
    >>> dot[0, 5, 9] = 255
    >>> measure_center(dot)
    (5.0, 9.0)
    """
    mass = tiles.astype(np.float64)
    total = mass.sum(axis=(1, 2))
    rows = mass.sum(axis=2) @ np.arange(tiles.shape[1]) / total
    columns = mass.sum(axis=1) @ np.arange(tiles.shape[2]) / total
    return float(rows.mean()), float(columns.mean())


def count_labels(labels: Labels, classes: int = 10) -> dict[str, int]:
    """Count the tiles of each class.

    Parameters
    ----------
    labels : ndarray of uint8, shape (N,)
    classes : int
        10, or 11 with rubbish.

    Returns
    -------
    dict of str to int

    Examples
    --------
    >>> count_labels(np.array([1, 1, 0], np.uint8), classes=2)
    {'0': 1, '1': 2}
    """
    counts = np.bincount(labels, minlength=classes)
    return {str(label): int(count) for label, count in enumerate(counts)}


def _download() -> tuple[npt.NDArray[np.uint8], ...]:
    import keras  # slow to import and not needed where the files are at hand

    (images, labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
    return images, labels, test_images, test_labels


def main() -> None:
    """Print the counts per class and the center of mass of the training digits."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    digits = load_mnist(options.data, options.seed)
    for part, labels in (
        ("train", digits.train_labels),
        ("validation", digits.validation_labels),
        ("test", digits.test_labels),
    ):
        counts = count_labels(labels)
        print(f"{part}: {len(labels)}", *(f"{label}={count}" for label, count in counts.items()))
    both = np.concatenate([digits.train_tiles, digits.validation_tiles])
    row, column = measure_center(both)
    print(f"center of mass: row {row:.3f} column {column:.3f}")


if __name__ == "__main__":
    main()
