"""Ink that is no single digit: halves and pairs of digits, signs, and what else is on forms.

A tile is normalized in size, so that a comma fills it like an 8: fragments are drawn as big as
digits. What could be a digit after all stays out: the right half of a 4 is a 1, the upper loop of
an 8 a 0, a lone upright bar or slash a 1, a lone ring a 0.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from training.augment import Ink
from training.sources import RUBBISH, Example, Source
from training.strokes import draw_string

HALVES: dict[int, tuple[str, ...]] = {
    0: ("left", "right", "top", "bottom"),
    2: ("left", "right", "top"),
    3: ("left",),
    4: ("left",),
    5: ("left", "right"),
    6: ("left", "right"),
    7: ("left",),
    8: ("left",),
    9: ("left",),
}
"""The halves of each digit that are no digit themselves."""

SIGNS = (".", ",", "-", "=", "*", "#", "$", "(", "+", "x", "/-", "-/", "/=", "=/", "..", "--", "xx")
"""Signs beside numbers; `/` alone is a slanted 1 and left out."""

_HEIGHT_PX = 40
NARROWEST = 0.34
"""A fragment narrower than this share of its height may be a 1 and is drawn anew."""
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Groups:
    """Halves of digits, pairs, triples, and windows astride two digits."""

    digits: Source

    def draw(self, rng: np.random.Generator) -> Example:
        """Return one group; a half in four of ten."""
        ink = self._draw_half(rng) if rng.random() < 0.4 else self._draw_run(rng)
        return Example(ink, RUBBISH)

    def _draw_half(self, rng: np.random.Generator) -> Ink:
        for _ in range(_TRIES):
            example = self.digits.draw(rng)
            halves = HALVES.get(example.label, ())
            if not halves:
                continue
            half = crop(_cut_half(crop(example.ink), str(rng.choice(halves)), rng))
            if half.size and half.shape[1] > NARROWEST * half.shape[0]:
                return half
        return self._draw_run(rng)

    def _draw_run(self, rng: np.random.Generator) -> Ink:
        count = 3 if rng.random() < 0.15 else 2
        inks = [_resize_height(crop(self.digits.draw(rng).ink)) for _ in range(count)]
        kind = rng.random()
        if count == 2 and kind < 0.25:
            inks[0] = _cut_half(inks[0], "right", rng)
        elif count == 2 and kind < 0.5:
            inks[1] = _cut_half(inks[1], "left", rng)
        return join(inks, rng.uniform(-0.2, 0.25, count - 1) * _HEIGHT_PX)


@dataclass(frozen=True, slots=True)
class Signs:
    """Commas, dashes, dots, currency signs and ends of amounts, drawn with a pen."""

    def draw(self, rng: np.random.Generator) -> Example:
        """Return one sign."""
        if rng.random() < 0.25:
            return Example(draw_currency(rng), RUBBISH)
        return Example(draw_string(str(rng.choice(SIGNS)), rng), RUBBISH)


@dataclass(frozen=True, slots=True)
class Marks:
    """Rules, corners and crossings of boxes, specks, blots, scribbles, logos."""

    def draw(self, rng: np.random.Generator) -> Example:
        """Return one mark."""
        canvas = np.zeros((_HEIGHT_PX, _HEIGHT_PX), np.uint8)
        draw_mark = (_draw_rule, _draw_corner, _draw_specks, _draw_blot, _draw_scribble, _draw_logo)
        draw_mark[int(rng.integers(len(draw_mark)))](canvas, rng)
        ink = crop(canvas)
        return Example(ink if ink.size else np.full((3, 9), 255, np.uint8), RUBBISH)


def crop(ink: Ink) -> Ink:
    """Crop to the ink; of shape (0, 0) where there is none.

    Examples
    --------
    >>> crop(np.array([[0, 0], [0, 9]], np.uint8))
    array([[9]], dtype=uint8)
    """
    left, top, wide, high = cv2.boundingRect(ink)
    return ink[top : top + high, left : left + wide]


def join(inks: list[Ink], gaps_px: np.ndarray) -> Ink:
    """Set inks side by side, their lower edges level, gaps negative where they overlap.

    Parameters
    ----------
    inks : list of ndarray of uint8, shape (h, w) each
    gaps_px : ndarray of float, shape (len(inks) - 1,)

    Returns
    -------
    ndarray of uint8, shape (H, W)

    Examples
    --------
    >>> bar = np.full((3, 1), 255, np.uint8)
    >>> join([bar, bar], np.array([2.0])).shape
    (3, 4)
    """
    starts = [0]
    for ink, gap in zip(inks, gaps_px, strict=False):
        starts.append(max(starts[-1] + 1, round(starts[-1] + ink.shape[1] + float(gap))))
    height = max(ink.shape[0] for ink in inks)
    width = max(start + ink.shape[1] for start, ink in zip(starts, inks, strict=True))
    joined = np.zeros((height, width), np.uint8)
    for start, ink in zip(starts, inks, strict=True):
        view = joined[height - ink.shape[0] :, start : start + ink.shape[1]]
        np.maximum(view, ink, out=view)
    return joined


def draw_currency(rng: np.random.Generator) -> Ink:
    """Draw a rupee, euro, pound or dollar sign as pen strokes.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (h, w)
    """
    signs: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
        (((0, 0), (1, 0)), ((0, 0.28), (1, 0.28)),
         ((0, 0), (0.4, 0), (0.7, 0.14), (0.7, 0.4), (0.4, 0.55), (0, 0.55), (0.75, 1))),
        (((1, 0.1), (0.6, 0), (0.3, 0.25), (0.3, 0.75), (0.6, 1), (1, 0.9)),
         ((0, 0.4), (0.8, 0.4)), ((0, 0.6), (0.75, 0.6))),
        (((0.9, 0.15), (0.6, 0), (0.35, 0.2), (0.45, 0.6), (0.1, 1), (0.9, 1)),
         ((0.1, 0.55), (0.75, 0.55))),
        (((0.9, 0.15), (0.5, 0.05), (0.1, 0.25), (0.5, 0.5), (0.9, 0.75), (0.5, 0.95), (0.1, 0.85)),
         ((0.5, -0.1), (0.5, 1.1))),
    )  # fmt: skip
    strokes = signs[int(rng.integers(len(signs)))]
    size = np.array([rng.uniform(18, 30), 36.0])
    canvas = np.zeros((64, 64), np.uint8)
    thickness = int(rng.integers(2, 6))
    for stroke in strokes:
        points = np.array(stroke) * size + 14 + rng.normal(0, 1.0, (len(stroke), 2))
        cv2.polylines(canvas, [points.astype(np.int32)], False, 255, thickness, cv2.LINE_AA)
    return crop(canvas)


def _cut_half(ink: Ink, side: str, rng: np.random.Generator) -> Ink:
    """Keep the named side of a digit: 30 to 50 % of it, cut a little aslant."""
    height, width = ink.shape
    share, tilt = rng.uniform(0.3, 0.5), rng.uniform(-0.15, 0.15)
    rows, columns = np.mgrid[0:height, 0:width]
    across = columns / max(width - 1, 1) + tilt * (rows / max(height - 1, 1) - 0.5)
    down = rows / max(height - 1, 1) + tilt * (columns / max(width - 1, 1) - 0.5)
    keep = {
        "left": across < share,
        "right": across > 1 - share,
        "top": down < share,
        "bottom": down > 1 - share,
    }[side]
    return np.where(keep, ink, 0).astype(np.uint8)


def _resize_height(ink: Ink) -> Ink:
    scale = _HEIGHT_PX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _draw_rule(canvas: Ink, rng: np.random.Generator) -> None:
    row, tilt = _HEIGHT_PX // 2, int(rng.integers(-3, 4))
    for line in range(int(rng.integers(1, 4))):
        cv2.line(
            canvas, (0, row + 7 * line), (39, row + tilt + 7 * line), 255, int(rng.integers(1, 6))
        )


def _draw_corner(canvas: Ink, rng: np.random.Generator) -> None:
    x, y = (int(value) for value in rng.choice([2, 20, 37], 2))
    width = int(rng.integers(1, 5))
    cv2.line(canvas, (0, y), (39, y), 255, width)
    cv2.line(canvas, (x, int(rng.choice([0, y]))), (x, 39), 255, width)
    if rng.random() < 0.3:
        other = (x + 18) % 38
        cv2.line(canvas, (other, 0), (other, 39), 255, width)


def _draw_specks(canvas: Ink, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 15))):
        spot = tuple(int(value) for value in rng.integers(0, _HEIGHT_PX, 2))
        cv2.circle(canvas, spot, int(rng.integers(0, 4)), int(rng.integers(90, 256)), -1)


def _draw_blot(canvas: Ink, rng: np.random.Generator) -> None:
    points = rng.integers(4, 36, (int(rng.integers(4, 9)), 2)).astype(np.int32)
    cv2.fillPoly(canvas, [cv2.convexHull(points)], 255)


def _draw_scribble(canvas: Ink, rng: np.random.Generator) -> None:
    steps = rng.normal(0, 1, (int(rng.integers(30, 80)), 2))
    smooth = np.cumsum(cv2.blur(np.cumsum(steps, axis=0), (1, 7)), axis=0)
    low, span = smooth.min(axis=0), np.ptp(smooth, axis=0).max() + 1e-6
    path = np.cumsum(cv2.GaussianBlur(rng.normal(0, 1, smooth.shape), (1, 9), 2), axis=0)
    points = 0.5 * (smooth - low) / span + 0.5 * (path - path.min(axis=0)) / (np.ptp(path) + 1e-6)
    line = (points * (_HEIGHT_PX - 4) + 2).astype(np.int32)
    cv2.polylines(canvas, [line], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    cv2.line(canvas, (0, int(rng.integers(40))), (39, int(rng.integers(40))), 255, 2, cv2.LINE_AA)


def _draw_logo(canvas: Ink, rng: np.random.Generator) -> None:
    center = (_HEIGHT_PX // 2, _HEIGHT_PX // 2)
    sides = int(rng.integers(3, 8))
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False) + rng.uniform(0, 6.28)
    corners = (18 * np.stack([np.cos(angles), np.sin(angles)], axis=1) + center).astype(np.int32)
    cv2.polylines(canvas, [corners], True, 255, int(rng.integers(1, 5)), cv2.LINE_AA)
    cv2.circle(canvas, center, int(rng.integers(3, 9)), 255, -1)
    for corner in corners[:: int(rng.integers(1, 3))]:
        cv2.line(canvas, center, tuple(int(v) for v in corner), 255, int(rng.integers(1, 4)))
