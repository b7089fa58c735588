"""A user's own digits: labelled crops in a folder or a CSV file -> tiles in the frame.

Three layouts are read:

- sub-folders named `0` to `9`, each with crops of that digit;
- crops in one folder whose names start with the digit: `7-0001.png`, `7_anna.jpg`, `7.png`;
- a CSV file with the columns `file` (relative to the CSV file) and `label`.

A crop is one digit, dark on light, with a little paper around it, in any size and resolution.
"""

import csv
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitscan.errors import NoPagesError, SettingsError
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.normalize import normalize_tile, normalize_tiles
from digitscan.records import Gray
from digitscan.settings import InkSettings
from training.augment import Ink, clip_to_writing
from training.measure import LabeledTiles
from training.metrics import Bools, Ints

logger = logging.getLogger(__name__)

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})
CROP_HEIGHT_PX = 48
"""Taller crops are reduced to this: ink is told from paper at the scale of writing 40 px high."""
FLAT = InkSettings().min_contrast
"""A crop whose grays lie closer together shows no writing, so its polarity is not asked."""

_NAME = re.compile(r"([0-9])(?![0-9])")


@dataclass(frozen=True, slots=True)
class OwnDigits:
    """A user's digits in two parts that share no crop.

    Attributes
    ----------
    train_inks : tuple of ndarray of uint8, shape (h, w) each
        Ink strength, 0 paper to 255 full ink, of the N digits to train on.
    train_labels : ndarray of int64, shape (N,)
        0 to 9.
    held : LabeledTiles
        The digits that are only measured.
    """

    train_inks: tuple[Ink, ...]
    train_labels: Ints
    held: LabeledTiles


def load_own_digits(source: Path, held_share: float = 0.25, seed: int = 0) -> OwnDigits:
    """Load labelled crops and set a part of every digit aside.

    Parameters
    ----------
    source : Path
        Folder or CSV file, laid out as the module says.
    held_share : float
        Share of each digit's crops that is not trained on, between 0 and 1; a digit with two
        crops or more has at least one in either part, a digit with one crop trains.
    seed : int
        The same seed splits alike.

    Returns
    -------
    OwnDigits

    Raises
    ------
    NoPagesError
        If there are no labelled crops, or too few to set any aside.
    SettingsError
        If a label is no digit, a file is no image, or a crop is white on black.
    ValueError
        If `held_share` is out of range.
    """
    if not 0 < held_share < 1:
        raise ValueError(f"held_share lies between 0 and 1, got {held_share}")
    found = sorted(_list_csv(source) if source.is_file() else _list_folder(source))
    crops, inks, truth, origins = [], [], [], []
    for path, label in found:
        crop = load_crop(path)
        ink = clip_to_writing(estimate_ink(crop))
        if not normalize_tile(ink).any():
            logger.warning("%s has no ink and is left out", path)
            continue
        crops.append(crop)
        inks.append(ink)
        truth.append(label)
        origins.append(f"{path.parent.name}/{path.name}")
    labels = np.array(truth, np.int64)
    is_held = _choose_held(labels, held_share, np.random.default_rng(seed))
    if not is_held.any():
        raise NoPagesError(
            f"{source} holds {len(crops)} labelled crops of digits, no digit has two; give at "
            "least two of a digit, in sub-folders 0 to 9, as 7-name.png, or as CSV file,label"
        )
    train, held = np.flatnonzero(~is_held), np.flatnonzero(is_held)
    return OwnDigits(
        train_inks=tuple(inks[place] for place in train),
        train_labels=labels[train],
        held=LabeledTiles(
            "own-held",
            "Own digits held out",
            normalize_tiles([inks[place] for place in held]),
            labels[held],
            tuple(origins[place] for place in held),
            tuple(crops[place] for place in held),
        ),
    )


def load_crop(path: Path) -> Gray:
    """Load one crop as gray, reduced to at most 48 px high.

    Returns
    -------
    ndarray of uint8, shape (h, w)
        0 black to 255 white.

    Raises
    ------
    SettingsError
        If the file is no image, or shows white writing on black.
    """
    # Read as bytes: OpenCV cannot open paths outside the code page on Windows.
    raw = np.frombuffer(path.read_bytes(), np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    image = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE) if raw.size else None
    if image is None:
        raise SettingsError(f"{path} is no image that can be read; remove it or correct its name")
    border = np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]))
    darkest, lightest = float(image.min()), float(image.max())
    if lightest - darkest > FLAT and border - darkest < lightest - border:
        raise SettingsError(
            f"{path} looks like white writing on black (its border is nearer to its darkest gray "
            "than to its lightest); invert it: crops are dark on light"
        )
    height, width = image.shape
    if height > CROP_HEIGHT_PX:
        size = (max(1, round(width * CROP_HEIGHT_PX / height)), CROP_HEIGHT_PX)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)


def _list_folder(folder: Path) -> Iterator[tuple[Path, int]]:
    if not folder.is_dir():
        raise NoPagesError(f"no folder or CSV file at {folder}: give labelled crops of digits")
    for path in sorted(folder.iterdir()):
        if path.is_dir() and re.fullmatch("[0-9]", path.name):
            for crop in sorted(path.iterdir()):
                if crop.suffix.lower() in SUFFIXES:
                    yield crop, int(path.name)
        elif path.suffix.lower() in SUFFIXES:
            match = _NAME.match(path.stem)
            if match is None:
                raise SettingsError(
                    f"{path} does not say which digit it shows: start its name with the digit and "
                    "something else, as in 7-0001.png, or put it into a sub-folder 0 to 9"
                )
            yield path, int(match[1])


def _list_csv(table: Path) -> Iterator[tuple[Path, int]]:
    with table.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if not {"file", "label"} <= set(reader.fieldnames or ()):
            raise SettingsError(f"{table} wants columns file and label, got {reader.fieldnames}")
        for number, row in enumerate(reader, start=2):
            label = (row["label"] or "").strip()
            if not re.fullmatch("[0-9]", label):
                raise SettingsError(f"{table} line {number}: a label is 0 to 9, got {label!r}")
            yield table.parent / row["file"], int(label)


def _choose_held(truth: Ints, held_share: float, rng: np.random.Generator) -> Bools:
    """Choose the held part of every digit by itself, so that rare digits are in both parts."""
    held = np.zeros(truth.size, bool)
    for digit in np.unique(truth):
        places = rng.permutation(np.flatnonzero(truth == digit))
        count = min(places.size - 1, max(1, round(held_share * places.size)))
        held[places[:count]] = True
    return held
