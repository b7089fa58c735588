"""Ink of one digit -> a tile as a poor scan of another pen would give it.

Every step takes ink and returns new ink: warps of the pen (turn, slant, stretch, elastic bends of
Simard, Steinkraus and Platt, "Best practices for convolutional neural networks", 2003; stroke
width), faults of the paper (rules, neighbors, specks, security patterns, gaps) and faults of the
scanner (resolution, blur, JPEG, bitonal thresholding). The last step is the reader's own frame.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.normalize import DIGIT_PX, FAINT, FRAME_PX, normalize_tile
from digitscan.settings import InkSettings

Ink = npt.NDArray[np.uint8]
"""Ink strength (h, w), 0 paper to 255 full ink."""

CANVAS_PX = 48
"""Side of the working canvas: about the size of a digit written 4 mm high at 300 dpi."""
BODY_PX = round(DIGIT_PX * CANVAS_PX / FRAME_PX)
"""Longer side of the digit on the canvas, so that a whole canvas shrinks to the MNIST frame."""

_KERNEL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
_ROWS, _COLUMNS = np.mgrid[0:CANVAS_PX, 0:CANVAS_PX].astype(np.float32)
_MIDDLE = np.float32((CANVAS_PX - 1) / 2)
_THINNEST_SHARE = 0.45
"""A stroke may lose this much of its ink by thinning before the thinning is taken back."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strong each fault is, and how often; lengths in canvas pixels of 48.

    `turn_deg`, `slant`, `stretch`, `shift_px` and `elastic_px` are half widths of uniform ranges
    or, for `elastic_px`, the greatest standard deviation; every other number is a probability.
    """

    turn_deg: float = 10.0
    slant: float = 0.18
    stretch: float = 0.13
    shift_px: float = 2.5
    elastic_px: float = 1.2
    stroke: float = 0.3
    gap: float = 0.05
    rule: float = 0.07
    neighbor: float = 0.12
    speck: float = 0.08
    pattern: float = 0.05
    resolution: float = 0.35
    jpeg: float = 0.15
    bitonal: float = 0.2
    blur: float = 0.15
    fade: float = 0.3
    clip: float = 0.5


def augment_ink(
    ink: Ink,
    rng: np.random.Generator,
    settings: Augmentation = Augmentation(),
    *,
    neighbor: Ink | None = None,
    framed: bool = False,
) -> Ink:
    """Make one tile of the ink of one digit, with faults drawn at random.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        Ink strength, 0 paper to 255 full ink; any size unless `framed`.
    rng : numpy.random.Generator
        The same state makes the same tile.
    settings : Augmentation
    neighbor : ndarray of uint8, optional
        Ink of which a cut-off part is left at the digit's side.
    framed : bool
        True where the ink is a 28 x 28 tile of MNIST: about half of those are warped in the frame
        they came in, which no code of ours made, the others go through ours.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        The tile, 0 paper to 255 full ink.

    Examples
    --------
    >>> bar = np.full((40, 6), 255, np.uint8)
    >>> tile = augment_ink(bar, np.random.default_rng(0))
    >>> tile.shape, tile.dtype, bool(tile.any())
    ((28, 28), dtype('uint8'), True)
    """
    canvas = _fill_canvas(ink, framed)
    canvas = warp(canvas, rng, settings)
    if rng.random() < settings.stroke:
        canvas = change_stroke(canvas, float(rng.uniform(-1.0, 1.0)))
    if framed and rng.random() < 0.5:
        return np.asarray(cv2.resize(canvas, (FRAME_PX, FRAME_PX), interpolation=cv2.INTER_AREA))
    if neighbor is not None:
        canvas = add_neighbor(canvas, neighbor, rng)
    canvas = soil(canvas, rng, settings)
    canvas = scan(canvas, rng, settings)
    if rng.random() < settings.clip:
        canvas = clip_to_writing(canvas)
    return np.rint(normalize_tile(canvas) * 255).astype(np.uint8)


def warp(canvas: Ink, rng: np.random.Generator, settings: Augmentation) -> Ink:
    """Turn, slant, stretch, shift and bend in one resampling.

    Parameters
    ----------
    canvas : ndarray of uint8, shape (48, 48)
    rng : numpy.random.Generator
    settings : Augmentation

    Returns
    -------
    ndarray of uint8, shape (48, 48)
    """
    unit = rng.uniform(-1.0, 1.0, 6)
    angle = np.deg2rad(settings.turn_deg * unit[0])
    wide, high = np.exp(settings.stretch * unit[1:3])
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, settings.slant * unit[3]], [0, 1]])
    matrix = (matrix @ np.diag([1 / wide, 1 / high])).astype(np.float32)
    x, y = _COLUMNS - _MIDDLE, _ROWS - _MIDDLE
    shift = settings.shift_px * unit[4:6].astype(np.float32) + _MIDDLE
    map_x = matrix[0, 0] * x + matrix[0, 1] * y + shift[0]
    map_y = matrix[1, 0] * x + matrix[1, 1] * y + shift[1]
    bend = settings.elastic_px * rng.random()
    if bend > 0.1:
        # A grid of 5 to 7 knots bends strokes without breaking them; fewer only shear the digit.
        knots = int(rng.integers(5, 8))
        coarse = rng.normal(0.0, bend, (knots, knots, 2)).astype(np.float32)
        field = cv2.resize(coarse, (CANVAS_PX, CANVAS_PX), interpolation=cv2.INTER_CUBIC)
        map_x += field[:, :, 0]
        map_y += field[:, :, 1]
    return np.asarray(cv2.remap(canvas, map_x, map_y, cv2.INTER_LINEAR))


def change_stroke(canvas: Ink, amount: float) -> Ink:
    """Make strokes thicker (amount above 0, up to 1) or thinner (down to -1), about a pixel a side.

    Parameters
    ----------
    canvas : ndarray of uint8, shape (H, W)
    amount : float

    Returns
    -------
    ndarray of uint8, shape (H, W)

    Examples
    --------
    >>> line = np.zeros((9, 9), np.uint8)
    >>> line[2:7] = 255
    >>> [int(change_stroke(line, amount).sum() // 255) for amount in (-1.0, 0.0, 1.0)]
    [27, 45, 63]
    """
    morphed = cv2.dilate(canvas, _KERNEL) if amount > 0 else cv2.erode(canvas, _KERNEL)
    if amount < 0 and float(morphed.sum()) < (1 - _THINNEST_SHARE) * float(canvas.sum()):
        amount = amount / 2 if float(morphed.sum()) > 0.2 * float(canvas.sum()) else 0.0
    return np.asarray(cv2.addWeighted(morphed, abs(amount), canvas, 1 - abs(amount), 0.0))


def add_neighbor(canvas: Ink, neighbor: Ink, rng: np.random.Generator) -> Ink:
    """Leave a cut-off strip of another digit, up to a fifth of the height wide, at one side.

    Parameters
    ----------
    canvas : ndarray of uint8, shape (48, 48)
    neighbor : ndarray of uint8, shape (h, w)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (48, 48)
    """
    other = _fill_canvas(neighbor, neighbor.shape == (FRAME_PX, FRAME_PX))
    left, _, wide, _ = cv2.boundingRect(canvas)
    other_left, _, other_wide, _ = cv2.boundingRect(other)
    strip = int(rng.integers(2, 2 + BODY_PX // 6))
    result = canvas.copy()
    if rng.random() < 0.5:
        part = other[:, other_left + max(0, other_wide - strip) : other_left + other_wide]
        first = max(0, left - int(rng.integers(0, 3)) - part.shape[1] // 2)
    else:
        part = other[:, other_left : other_left + strip]
        first = min(left + wide + int(rng.integers(-2, 2)), CANVAS_PX - part.shape[1])
    high = int(rng.integers(CANVAS_PX // 4, CANVAS_PX))
    top = int(rng.integers(0, CANVAS_PX - high + 1))
    view = result[top : top + high, first : first + part.shape[1]]
    np.maximum(view, part[top : top + high, : view.shape[1]], out=view)
    return result


def soil(canvas: Ink, rng: np.random.Generator, settings: Augmentation) -> Ink:
    """Add what else is on the paper: gaps in strokes, rules, specks, a security pattern.

    Parameters
    ----------
    canvas : ndarray of uint8, shape (48, 48)
    rng : numpy.random.Generator
    settings : Augmentation

    Returns
    -------
    ndarray of uint8, shape (48, 48)
    """
    chance = rng.random(4)
    soiled = canvas.copy()
    if chance[0] < settings.gap:
        cv2.line(soiled, *_draw_chord(rng), 0, int(rng.integers(1, 4)))
    if chance[1] < settings.rule:
        _add_rule(soiled, rng)
    if chance[2] < settings.speck:
        for _ in range(int(rng.integers(1, 5))):
            spot = tuple(int(value) for value in rng.integers(6, CANVAS_PX - 6, 2))
            cv2.circle(soiled, spot, int(rng.integers(0, 2)), int(rng.integers(90, 256)), -1)
    if chance[3] < settings.pattern:
        angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 6.28)
        step = rng.uniform(0.6, 1.6)
        wave = np.sin((_COLUMNS * np.cos(angle) + _ROWS * np.sin(angle)) * step + phase)
        left, top, wide, high = cv2.boundingRect(canvas)
        pattern = np.zeros_like(canvas)
        area = np.s_[top : top + high, left : left + wide]
        pattern[area] = np.clip(wave[area] * rng.uniform(20, 110), 0, 255)
        soiled = cv2.max(soiled, pattern)
    return np.asarray(soiled)


def scan(canvas: Ink, rng: np.random.Generator, settings: Augmentation) -> Ink:
    """Pass the ink through a poor scanner: fading, blur, low resolution, JPEG, bitonal.

    Parameters
    ----------
    canvas : ndarray of uint8, shape (48, 48)
    rng : numpy.random.Generator
    settings : Augmentation

    Returns
    -------
    ndarray of uint8, shape (h, w)
        Of lower resolution where the scanner's was.
    """
    chance = rng.random(5)
    image = canvas
    if chance[0] < settings.fade:
        image = cv2.convertScaleAbs(image, alpha=float(rng.uniform(0.6, 1.6)))
    if chance[1] < settings.blur:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4)))
    if chance[2] < settings.resolution:
        side = int(rng.integers(20, CANVAS_PX))
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    if chance[3] < settings.jpeg:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_GRAYSCALE)
    if chance[4] < settings.bitonal:
        level = int(rng.uniform(0.25, 0.6) * float(image.max()))
        image = np.where(image > level, 255, 0).astype(np.uint8)
    return canvas if int(image.max()) < 2 * FAINT else np.asarray(image, np.uint8)


def clip_to_writing(canvas: Ink, threshold: int = InkSettings().threshold) -> Ink:
    """Keep the ink within a pixel of the writing, as the reader does when it cuts pieces.

    Parameters
    ----------
    canvas : ndarray of uint8, shape (H, W)
    threshold : int
        Ink strength from which a pixel belongs to the writing.

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    writing = cv2.dilate((canvas >= threshold).view(np.uint8), np.ones((3, 3), np.uint8))
    clipped = np.where(writing > 0, canvas, 0).astype(np.uint8)
    return clipped if clipped.any() else canvas


def _fill_canvas(ink: Ink, framed: bool) -> Ink:
    if framed:
        return np.asarray(cv2.resize(ink, (CANVAS_PX, CANVAS_PX), interpolation=cv2.INTER_LINEAR))
    height, width = ink.shape
    scale = BODY_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    body = cv2.resize(ink, size, interpolation=method)
    canvas = np.zeros((CANVAS_PX, CANVAS_PX), np.uint8)
    left, top = (CANVAS_PX - size[0]) // 2, (CANVAS_PX - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = body
    return canvas


def _draw_chord(rng: np.random.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return two points at opposite sides of the canvas's middle."""
    angle = rng.uniform(0, np.pi)
    middle = rng.uniform(CANVAS_PX * 0.25, CANVAS_PX * 0.75, 2)
    reach = rng.uniform(0.2, 1.0) * CANVAS_PX / 2 * np.array([np.cos(angle), np.sin(angle)])
    first, last = (middle - reach).astype(int), (middle + reach).astype(int)
    return (int(first[0]), int(first[1])), (int(last[0]), int(last[1]))


def _add_rule(canvas: Ink, rng: np.random.Generator) -> None:
    """Draw what is left of a printed rule or a box's wall, in place: a line across or a stub."""
    left, top, wide, high = cv2.boundingRect(canvas)
    if high == 0:  # a faint speck may vanish before it gets here
        return
    ink, width = int(rng.integers(100, 256)), int(rng.integers(1, 3))
    tilt = int(rng.integers(-1, 2))
    if rng.random() < 0.75:
        row = int(rng.integers(top, top + high + 3)) if rng.random() < 0.6 else top + high
        first, last = sorted(int(value) for value in rng.integers(left - 4, left + wide + 4, 2))
        cv2.line(canvas, (first, row), (last, row + tilt), ink, width)
        return
    column = left - int(rng.integers(1, 4)) if rng.random() < 0.5 else left + wide
    first = int(rng.integers(top, top + high))
    # A whole wall beside a digit is a pair, and rubbish; a stub is not.
    last = first + int(rng.integers(2, max(3, high // 2)))
    cv2.line(canvas, (column, first), (column + tilt, min(last, top + high)), ink, width)
