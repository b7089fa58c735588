"""Draw digits and short lines of figures the way a pen does.

Nothing here comes from a data set: every character is a pen path of `training.stroke_styles`, bent,
slanted, shaken and drawn with a pen of its own width and pressure. Training uses it beside real
digits, the samples are written with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Box
from training.pen_paths import Points, build_spline, compile_path
from training.stroke_styles import DIGIT_STYLES, LETTER_STYLES, SCHOOLS, SIGN_STYLES, Style

Ink = npt.NDArray[np.uint8]
"""Ink strength (h, w), 0 paper to 255 full ink."""

STYLES: dict[str, tuple[Style, ...]] = {**DIGIT_STYLES, **SIGN_STYLES, **LETTER_STYLES}
"""Every character that can be drawn, with its styles."""

_SUPERSAMPLING = 2
_SHIFT_BITS = 4
_SPACE_WIDTH = 0.35
_WAVES = 5
_LIGATURE = "0"
_LOYALTY = 0.85


@dataclass(frozen=True, slots=True)
class Hand:
    """How one writer writes: drawn once for a line, so that its figures look alike.

    Attributes
    ----------
    school : int
        Index into `training.stroke_styles.SCHOOLS`.
    height_px : float
        Height of a digit.
    pen : float
        Width of the pen in digit heights.
    slant : float
        Shear: how far the top leans to the right, in digit heights.
    aspect : float
        Stretch of the width.
    turn_deg : float
        Turn of every figure, positive counter-clockwise as the eye sees it.
    wobble : float
        Standard deviation of the control points in digit heights.
    tremor : float
        Amplitude of the shake along the path in digit heights.
    pressure : float
        Relative swing of the pen's width along the path.
    strength : float
        Ink strength at full pressure, up to 255.
    fading : float
        Part of the strength that is lost where the pen presses least.
    """

    school: int
    height_px: float
    pen: float
    slant: float
    aspect: float
    turn_deg: float
    wobble: float
    tremor: float
    pressure: float
    strength: float
    fading: float


def draw_hand(rng: np.random.Generator, height_px: float | None = None) -> Hand:
    """Draw a writer at random.

    Parameters
    ----------
    rng : numpy.random.Generator
    height_px : float, optional
        Height of the digits; 26 to 60 px where not given.

    Returns
    -------
    Hand

    Examples
    --------
    >>> hand = draw_hand(np.random.default_rng(1), height_px=40.0)
    >>> hand.height_px, 0.0 < hand.pen < 0.2
    (40.0, True)
    """
    return Hand(
        school=int(rng.integers(len(SCHOOLS))),
        height_px=float(rng.uniform(26.0, 60.0)) if height_px is None else height_px,
        pen=float(min(0.14, np.exp(rng.normal(np.log(0.075), 0.3)))),
        slant=float(max(-0.2, rng.normal(0.1, 0.16))),
        aspect=float(np.exp(rng.normal(0.02, 0.2))),
        turn_deg=float(rng.normal(0.0, 3.0)),
        wobble=float(rng.uniform(0.008, 0.03)),
        tremor=float(min(0.012, rng.exponential(0.003))),
        pressure=float(rng.uniform(0.0, 0.35)),
        strength=float(rng.uniform(170.0, 255.0)),
        fading=float(rng.uniform(0.0, 0.35)),
    )


def draw_digit(label: int, rng: np.random.Generator, hand: Hand | None = None) -> Ink:
    """Draw one digit, cropped to its ink.

    Parameters
    ----------
    label : int
        0 to 9.
    rng : numpy.random.Generator
        The same state draws the same pixels.
    hand : Hand, optional
        The writer; a new one for every digit where not given.

    Returns
    -------
    ndarray of uint8, shape (h, w)
        Antialiased ink strength, 0 paper to 255 full ink.

    Raises
    ------
    ValueError
        If the label is no digit.

    Examples
    --------
    >>> ink = draw_digit(7, np.random.default_rng(0))
    >>> ink.dtype, ink.ndim, bool(ink.max() > 100), bool(ink[0].any())
    (dtype('uint8'), 2, True, True)
    """
    if not 0 <= label <= 9:
        raise ValueError(f"a digit is 0 to 9, got {label}")
    writer = draw_hand(rng) if hand is None else hand
    return _paint(_write(str(label), rng, writer), rng, writer)[0]


def draw_string(
    text: str,
    rng: np.random.Generator,
    hand: Hand | None = None,
    *,
    gap: float | None = None,
    ligatures: float = 0.15,
    crossing: float = 0.0,
    loyalty: float = _LOYALTY,
) -> Ink:
    """Draw a line of figures, signs and a few letters, cropped to its ink.

    Parameters
    ----------
    text : str
        Characters of `STYLES` and blanks.
    rng : numpy.random.Generator
    hand : Hand, optional
        The writer; a random one where not given.
    gap : float, optional
        Mean distance between the ink of two neighbors, in digit heights; negative makes them
        overlap. Where not given, a random one from touching to wide apart.
    ligatures : float
        Probability that two zeros in a row are tied by a stroke.
    crossing : float
        Probability that a comma starts before the foot of its digit ends, as below many a 1, or the
        stroke of a tail within the last zero.
    loyalty : float
        Probability that a repeated digit is written in the style that it had before.

    Returns
    -------
    ndarray of uint8, shape (h, w)
        Antialiased ink strength, 0 paper to 255 full ink.

    Raises
    ------
    ValueError
        If the text has no ink or a character that has no style.

    Examples
    --------
    >>> ink = draw_string("1,250/-", np.random.default_rng(3), gap=0.1)
    >>> ink.dtype, bool(ink.shape[1] > 2 * ink.shape[0])
    (dtype('uint8'), True)
    """
    writer = draw_hand(rng) if hand is None else hand
    figures = _set_figures(text, rng, writer, gap, ligatures, crossing, loyalty)
    return _paint([stroke for _, strokes in figures for stroke in strokes], rng, writer)[0]


def draw_boxed_string(
    text: str, rng: np.random.Generator, hand: Hand, *, ligatures: float, crossing: float
) -> tuple[Ink, tuple[Box, ...]]:
    """Draw a line as `draw_string`, and say where each of its digits is.

    Parameters
    ----------
    text : str
        Characters of `STYLES` and blanks, a digit among them.
    rng : numpy.random.Generator
    hand : Hand
    ligatures, crossing : float
        As for `draw_string`.

    Returns
    -------
    ink : ndarray of uint8, shape (h, w)
    boxes : tuple of Box
        Of the digits, left to right; the stroke that ties two zeros belongs to the first of them.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> ink, boxes = draw_boxed_string("1,250/-", rng, draw_hand(rng), ligatures=0.5, crossing=0.2)
    >>> len(boxes), bool(boxes[-1].right < ink.shape[1])
    (4, True)
    """
    figures = _set_figures(text, rng, hand, None, ligatures, crossing, _LOYALTY)
    ink, corner = _paint([stroke for _, strokes in figures for stroke in strokes], rng, hand)
    pen_px = max(1.5 / _SUPERSAMPLING, hand.pen * hand.height_px) / 2
    boxes = []
    for character, some in figures:
        if character.isdigit():
            points = np.concatenate(some) * hand.height_px - corner
            left, top = np.maximum(0, np.floor(points.min(axis=0) - pen_px)).astype(int).tolist()
            right, bottom = np.ceil(points.max(axis=0) + pen_px).astype(int).tolist()
            boxes.append(Box(left, top, min(right, ink.shape[1]), min(bottom, ink.shape[0])))
    return ink, tuple(boxes)


def _set_figures(
    text: str,
    rng: np.random.Generator,
    writer: Hand,
    gap: float | None,
    ligatures: float,
    crossing: float,
    loyalty: float,
) -> list[tuple[str, list[Points]]]:
    """Set the figures of a line side by side: each character with its strokes."""
    unknown = sorted(set(text) - set(STYLES) - {" "})
    if unknown or not text.strip():
        raise ValueError(
            f"text needs characters that can be drawn, got {text!r}, unknown {unknown}"
        )
    spacing = float(rng.uniform(-0.08, 0.22)) if gap is None else gap
    pen = max(writer.pen, 1.5 / writer.height_px)
    drift = float(rng.normal(0.0, 0.015))
    figures: list[tuple[str, list[Points]]] = []
    styles: dict[str, Style] = {}
    right, previous = 0.0, ""
    for character in text:
        if character == " ":
            right, previous = right + _SPACE_WIDTH, ""
            continue
        if character not in styles or rng.random() > loyalty:
            styles[character] = _choose_style(character, rng, writer.school)
        figure = _write(character, rng, writer, styles[character])
        ink = np.concatenate(figure)
        scale = float(np.exp(rng.normal(0.0, 0.05)))
        gap_after = float(rng.normal(spacing, 0.05))
        # Without it no number is drawn: a seed gives the line that it gave before.
        if crossing and character in ",/" and previous.isdigit() and rng.random() < crossing:
            gap_after -= float(rng.uniform(0.1, 0.4))
        offset = (
            right + gap_after + pen - float(ink[:, 0].min()) * scale,
            float(rng.normal(0.0, 0.03)) + drift * right + 1.0 - scale,
        )
        placed = [stroke * scale + offset for stroke in figure]
        if character == previous == _LIGATURE and rng.random() < ligatures:
            figures[-1][1].append(_tie(figures[-1][1][-1], placed[0]))
        figures.append((character, placed))
        right, previous = max(right, float(np.concatenate(placed)[:, 0].max())), character
    return figures


def _choose_style(character: str, rng: np.random.Generator, school: int) -> Style:
    styles = STYLES[character]
    limits = _cumulative_weights(character)[school]
    return styles[int(np.searchsorted(limits, rng.random(), side="right"))]


@cache
def _cumulative_weights(character: str) -> Points:
    weights = np.array([style.weights for style in STYLES[character]], np.float64).T
    limits: Points = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    limits[:, -1] = 1.0
    return limits


def _write(
    character: str, rng: np.random.Generator, hand: Hand, style: Style | None = None
) -> list[Points]:
    """Bend a style's path into strokes: lists of points in digit heights, baseline at y = 1."""
    chosen = _choose_style(character, rng, hand.school) if style is None else style
    controls, basis, ends = compile_path(chosen.path)
    shaken = controls + rng.normal(0.0, hand.wobble, controls.shape)
    shaken[:, 0] *= hand.aspect * np.exp(rng.normal(0.0, 0.06))
    points: Points = basis @ shaken
    if hand.tremor > 0.0:
        waves = rng.normal(0.0, hand.tremor, (_WAVES, 2))
        points += _waves(len(points)) @ waves
    angle = np.deg2rad(hand.turn_deg + rng.normal(0.0, 1.5))
    lean = hand.slant + rng.normal(0.0, 0.03)
    x, y = points[:, 0], points[:, 1] - 1.0
    x = x - lean * y
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.stack([cos * x + sin * y, cos * y - sin * x + 1.0], axis=1)
    return np.split(turned, ends[:-1])


def _tie(before: Points, after: Points) -> Points:
    """Return the stroke that ties the top of one zero to the start of the next."""
    top = before[int(np.argmin(before[:, 1]))]
    start = after[0]
    middle = (top + start) / 2.0 + (0.0, 0.06)
    tied: Points = build_spline(3) @ np.stack([top, middle, start])
    return tied


def _paint(
    strokes: Sequence[Points], rng: np.random.Generator, hand: Hand
) -> tuple[Ink, tuple[float, float]]:
    """Draw strokes with the pen and crop to the ink; return where its corner is, in pixels."""
    scale = hand.height_px * _SUPERSAMPLING
    width_px = max(1.5, hand.pen * scale)
    points = np.concatenate(strokes) * scale
    margin = int(2 * width_px) + 4
    low = points.min(axis=0) - margin
    size = np.ceil(points.max(axis=0) - low).astype(int) + margin
    size += size % _SUPERSAMPLING
    canvas = np.zeros((int(size[1]), int(size[0])), np.uint8)
    swing = _pressure(len(points), rng)
    widths = np.maximum(1, np.rint(width_px * (1.0 + hand.pressure * swing))).astype(int).tolist()
    shades = np.rint(hand.strength * (1.0 - hand.fading * (0.5 - 0.5 * swing))).tolist()
    fixed = np.rint((points - low) * (1 << _SHIFT_BITS)).astype(int).tolist()
    at = 0
    for stroke in strokes:
        for index in range(at, at + max(1, len(stroke) - 1)):
            end = fixed[min(index + 1, at + len(stroke) - 1)]
            cv2.line(
                canvas, fixed[index], end, shades[index], widths[index], cv2.LINE_AA, _SHIFT_BITS
            )
        at += len(stroke)
    small = cv2.resize(
        canvas,
        (canvas.shape[1] // _SUPERSAMPLING, canvas.shape[0] // _SUPERSAMPLING),
        interpolation=cv2.INTER_AREA,
    )
    left, top, wide, high = cv2.boundingRect(small)
    corner = (float(low[0]) / _SUPERSAMPLING + left, float(low[1]) / _SUPERSAMPLING + top)
    return np.array(small[top : top + high, left : left + wide], np.uint8), corner


def _pressure(count: int, rng: np.random.Generator) -> Points:
    """Return the swing of the pressure along the path, -1 to 1, slowly changing."""
    turns = rng.uniform(0.5, 3.0) * max(1.0, count / 60.0)
    swing: Points = np.sin(np.linspace(0.0, 2.0 * np.pi * turns, count) + rng.uniform(0.0, 6.3))
    return swing


@cache
def _waves(count: int) -> Points:
    """Return slow to fast sine waves along a path, (count, _WAVES)."""
    along = np.linspace(0.0, 1.0, count)[:, np.newaxis]
    cycles = np.array([1.5, 2.7, 4.3, 7.1, 11.3])
    waves: Points = np.sin(2.0 * np.pi * along * cycles + np.arange(_WAVES)) * np.sqrt(1.5 / cycles)
    return waves
