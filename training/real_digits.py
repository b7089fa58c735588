"""Real digits and real rubbish, cut from the amounts by their true boxes and by the reader.

Ink comes from `imaging.binarize.estimate_ink` on the whole crop, as in reading. By boxes, a digit
is cut a pixel or two loose, with bits of its neighbors; by the reader's own `imaging.cuts`, each
run of pieces is compared with the true boxes: it is a digit, rubbish, or neither for certain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.cuts import split_pieces
from digitscan.records import Box
from digitscan.settings import InkSettings
from training.amounts import Amount
from training.augment import Ink
from training.rubbish import NARROWEST
from training.sources import RUBBISH, Example

_LONGEST_RUN = 5
"""Pieces in the longest run that is looked at: no digit is cut into more."""
_WHOLE, _PURE = 0.9, 0.9
"""A run is a digit when it holds this share of a digit's ink and of its own ink is the digit's."""
_BROKEN, _FOREIGN = 0.6, 0.35
"""A run is rubbish when it holds less than the first of every digit, or this much of a second."""


@dataclass(frozen=True, slots=True)
class BoxedDigits:
    """Digits cut by their true boxes, loosely.

    Attributes
    ----------
    amounts : sequence of Amount
    dropped : frozenset of (str, int)
        File and index of digits left out, because their label is doubted.
    """

    amounts: Sequence[Amount]
    dropped: frozenset[tuple[str, int]] = frozenset()
    _inks: list[Ink] = field(init=False, repr=False)
    _digits: list[tuple[int, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_inks", [estimate_ink(item.image) for item in self.amounts])
        digits = [
            (index, at)
            for index, item in enumerate(self.amounts)
            for at in range(len(item.digits))
            if (item.file, at) not in self.dropped
        ]
        object.__setattr__(self, "_digits", digits)

    def draw(self, rng: np.random.Generator) -> Example:
        """Return one digit, its box up to three pixels loose or one tight."""
        index, at = self._digits[int(rng.integers(len(self._digits)))]
        amount = self.amounts[index]
        left, top, right, bottom = (int(value) for value in rng.integers(-1, 4, 4))
        box = amount.boxes[at]
        loose = _clip_box(
            self._inks[index].shape,
            (box.left - left, box.top - top, box.right + right, box.bottom + bottom),
        )
        return Example(_cut(self._inks[index], loose), int(amount.digits[at]))


@dataclass(frozen=True, slots=True)
class BoxedGroups:
    """Rubbish cut by the true boxes: pairs of neighbors and windows astride two digits."""

    amounts: Sequence[Amount]
    _inks: list[Ink] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pairs = [item for item in self.amounts if len(item.boxes) > 1]
        object.__setattr__(self, "amounts", pairs)
        object.__setattr__(self, "_inks", [estimate_ink(item.image) for item in pairs])

    def draw(self, rng: np.random.Generator) -> Example:
        """Return a pair, or half of one digit with half of the next."""
        index = int(rng.integers(len(self.amounts)))
        boxes = self.amounts[index].boxes
        at = int(rng.integers(len(boxes) - 1))
        first, second = boxes[at], boxes[at + 1]
        left, right = first.left, second.right
        kind = rng.random()
        if kind < 0.4:
            left += round((first.right - first.left) * rng.uniform(0.35, 0.6))
        elif kind < 0.7:
            right -= round((second.right - second.left) * rng.uniform(0.35, 0.6))
        top, bottom = min(first.top, second.top), max(first.bottom, second.bottom)
        window = _clip_box(self._inks[index].shape, (left, top, max(right, left + 2), bottom))
        return Example(_cut(self._inks[index], window), RUBBISH)


def cut_digits(
    amounts: Sequence[Amount], margin: int = 1
) -> tuple[list[Ink], npt.NDArray[np.uint8]]:
    """Cut every digit by its true box, for measuring.

    Parameters
    ----------
    amounts : sequence of Amount
    margin : int
        Pixels by which each box is widened.

    Returns
    -------
    inks : list of ndarray of uint8, shape (h, w) each
    labels : ndarray of uint8, shape (N,)
    """
    inks, labels = [], []
    for amount in amounts:
        ink = estimate_ink(amount.image)
        for digit, box in zip(amount.digits, amount.boxes, strict=True):
            loose = (box.left - margin, box.top - margin, box.right + margin, box.bottom + margin)
            inks.append(_cut(ink, _clip_box(ink.shape, loose)))
            labels.append(int(digit))
    return inks, np.array(labels, np.uint8)


def cut_runs(
    amounts: Sequence[Amount], settings: InkSettings = InkSettings()
) -> tuple[list[Ink], npt.NDArray[np.uint8]]:
    """Cut the amounts as the reader does and label every run of pieces by the true boxes.

    Parameters
    ----------
    amounts : sequence of Amount
    settings : InkSettings

    Returns
    -------
    inks : list of ndarray of uint8, shape (h, w) each
    labels : ndarray of uint8, shape (N,)
        The digit, or `RUBBISH`; runs that are neither for certain are left out.
    """
    inks, labels = [], []
    for amount in amounts:
        for ink, label in _cut_amount(amount, settings):
            inks.append(ink)
            labels.append(label)
    return inks, np.array(labels, np.uint8)


def _cut_amount(amount: Amount, settings: InkSettings) -> Iterator[tuple[Ink, int]]:
    pieces = split_pieces(estimate_ink(amount.image, settings), settings.threshold)
    count = len(pieces.boxes)
    if count == 0:
        return
    shares = np.zeros((count, len(amount.boxes)))
    own = np.array([float(pieces.ink[pieces.owner == piece + 1].sum()) for piece in range(count)])
    for at, box in enumerate(amount.boxes):
        inside = _shear_box(box, pieces.owner.shape, pieces.slant, pieces.origin)
        for piece in range(count):
            area = (pieces.owner == piece + 1) & inside
            shares[piece, at] = float(pieces.ink[area].sum())
    totals = np.maximum(shares.sum(axis=0), 1.0)
    for first in range(count):
        for last in range(first + 1, min(count, first + _LONGEST_RUN) + 1):
            label = _judge(shares[first:last].sum(axis=0), totals, float(own[first:last].sum()))
            if label is None:
                continue
            keep = (pieces.owner > first) & (pieces.owner <= last)
            ink = _crop(np.where(keep, pieces.ink, 0).astype(np.uint8))
            if label >= 0:
                yield ink, int(amount.digits[label])
            elif ink.shape[1] > NARROWEST * ink.shape[0]:
                yield ink, RUBBISH


def _judge(
    held: npt.NDArray[np.float64], totals: npt.NDArray[np.float64], own: float
) -> int | None:
    """Return the index of the digit that a run of pieces is, -1 for rubbish, None in doubt.

    Examples
    --------
    >>> totals = np.array([100.0, 80.0])
    >>> _judge(np.array([98.0, 0.0]), totals, 100.0)
    0
    >>> _judge(np.array([100.0, 60.0]), totals, 165.0)
    -1
    >>> _judge(np.array([80.0, 0.0]), totals, 80.0) is None
    True
    """
    parts = held / totals
    order = np.argsort(-parts)
    best = int(order[0])
    second = float(parts[order[1]]) if len(order) > 1 else 0.0
    if parts[best] >= _WHOLE and held[best] >= _PURE * own and second < 1 - _WHOLE:
        return best
    if parts[best] < _BROKEN or second > _FOREIGN or held[best] < 0.6 * own:
        return -1
    return None


def _shear_box(
    box: Box, shape: tuple[int, ...], slant: float, origin: int
) -> npt.NDArray[np.bool_]:
    """Return the mask of a box of the crop in the upright copy of `imaging.cuts`."""
    plain = np.zeros(shape, np.uint8)
    plain[box.top : box.bottom, box.left + origin : box.right + origin] = 1
    matrix = np.array([[1, slant, -slant * shape[0] / 2], [0, 1, 0]], np.float32)
    sheared = cv2.warpAffine(plain, matrix, (shape[1], shape[0]), flags=cv2.INTER_NEAREST)
    return np.asarray(sheared > 0)


def _clip_box(shape: tuple[int, ...], edges: tuple[int, int, int, int]) -> Box:
    left, top, right, bottom = edges
    return Box(max(0, left), max(0, top), min(shape[1], right), min(shape[0], bottom))


def _cut(ink: Ink, box: Box) -> Ink:
    return ink[box.top : box.bottom, box.left : box.right]


def _crop(ink: Ink) -> Ink:
    left, top, wide, high = cv2.boundingRect(ink)
    return ink[top : top + high, left : left + wide].copy()
