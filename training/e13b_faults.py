"""Faults of printing and scanning, for lines of magnetic ink.

`print_ink` wears a clean drawing as a printer does (spread, thin and ragged edges, voids, streaks,
extraneous ink); `scan_ink` lays it on paper and scans it (skew, resolution, blur, noise, printed
background, JPEG, bitonal). All chance comes from the generator handed in.
"""

from __future__ import annotations

import cv2
import numpy as np

from digitscan.records import Floats, Gray

JPEG_QUALITY = (35, 95)
BITONAL_SHARE = 0.2
JPEG_SHARE = 0.4
PATTERN_SHARE = 0.4


def print_ink(ink: Gray, unit_px: float, rng: np.random.Generator) -> Floats:
    """Wear a clean drawing as a printer does.

    Parameters
    ----------
    ink : ndarray of uint8, shape (H, W)
        0 paper, 255 ink.
    unit_px : float
        Pixels in a grid unit of 0.013 inch.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (H, W)
        Ink density, 0.0 paper to 1.0 full ink.
    """
    blurred = cv2.GaussianBlur(ink.astype(np.float32) / 255, (0, 0), 0.3 * unit_px)
    ragged = _grain(ink.shape, 0.25 * unit_px, rng) * rng.uniform(0.0, 0.12)
    # The level moves the edge by up to a quarter of a stroke: ink spread below, thin print above.
    printed = (blurred + ragged > rng.uniform(0.25, 0.72)).astype(np.uint8)
    for _ in range(rng.poisson(0.35 * ink.shape[1] / (9.6 * unit_px))):
        _dot(printed, rng.uniform(0.1, 0.45) * unit_px, 0, rng)
    for _ in range(rng.poisson(0.25 * ink.shape[1] / (9.6 * unit_px))):
        _dot(printed, rng.uniform(0.05, 0.35) * unit_px, 1, rng)
    if rng.random() < 0.08:
        _stroke(printed, rng.uniform(0.1, 0.4) * unit_px, 0, rng)
    if rng.random() < 0.06:
        _stroke(printed, rng.uniform(0.1, 0.5) * unit_px, 1, rng)
    density = rng.uniform(0.55, 1.0)
    fading = _grain(ink.shape, 12 * unit_px, rng) * rng.uniform(0.0, 0.12)
    return np.clip(printed * (density + fading), 0.0, 1.0).astype(np.float32)


def scan_ink(
    density: Floats, unit_px: float, scale: float, slope: float, rng: np.random.Generator
) -> Gray:
    """Scan a printed strip.

    Parameters
    ----------
    density : ndarray of float32, shape (H, W)
        From `print_ink`.
    unit_px : float
        Pixels of `density` in a grid unit.
    scale : float
        Scan pixels in a pixel of `density`.
    slope : float
        Rows per column by which the strip falls to the right, of the strip's left edge.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (round(H * scale), round(W * scale))
        Gray, 0 black to 255 white.
    """
    size = (max(8, round(density.shape[1] * scale)), max(8, round(density.shape[0] * scale)))
    small = cv2.resize(density, size, interpolation=cv2.INTER_AREA)
    turn = np.array([[1.0, 0.0, 0.0], [slope, 1.0, 0.0]])
    small = cv2.warpAffine(small, turn, size, flags=cv2.INTER_LINEAR)
    unit = scale * unit_px
    small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.1, 0.32) * unit + 0.05))
    paper = rng.uniform(175, 250) + _grain(small.shape, 40 * unit, rng) * rng.uniform(0, 14)
    if rng.random() < PATTERN_SHARE:
        paper = paper - _pattern(small.shape, unit, rng)
    gray = paper * (1.0 - small) + rng.uniform(10, 60) * small
    gray = gray + rng.normal(0.0, rng.uniform(0.5, 7.0), small.shape)
    page = np.clip(gray, 0, 255).astype(np.uint8)
    chance = rng.random()
    if chance < BITONAL_SHARE:
        # Scanners with a fixed threshold put it about the middle between ink and paper.
        level = float(np.mean(paper)) * rng.uniform(0.5, 0.68)
        return np.where(page > level, 255, 0).astype(np.uint8)
    if chance < BITONAL_SHARE + JPEG_SHARE:
        quality = int(rng.integers(*JPEG_QUALITY))
        _, packed = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return page


def _grain(shape: tuple[int, ...], size_px: float, rng: np.random.Generator) -> Floats:
    """Return smooth noise of about unit strength whose grains are `size_px` wide."""
    rows = max(2, int(shape[0] / max(size_px, 1)))
    columns = max(2, int(shape[1] / max(size_px, 1)))
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))


def _dot(image: Gray, radius: float, value: int, rng: np.random.Generator) -> None:
    """Put one blot, an ellipse, somewhere on the image."""
    center = (int(rng.integers(image.shape[1])), int(rng.integers(image.shape[0])))
    axes = (max(1, round(radius)), max(1, round(radius * rng.uniform(0.5, 1.5))))
    cv2.ellipse(image, center, axes, float(rng.uniform(0, 180)), 0, 360, value, -1)


def _stroke(image: Gray, width: float, value: int, rng: np.random.Generator) -> None:
    """Draw one line across the image: a worn stripe of the ribbon, or a pen's stroke."""
    height, length = image.shape
    if rng.random() < 0.5:
        start = (0, int(rng.integers(height)))
        end = (length, int(rng.integers(height)))
    else:
        start = (int(rng.integers(length)), 0)
        end = (int(start[0] + rng.integers(-height, height)), height)
    cv2.line(image, start, end, value, max(1, round(width)))


def _pattern(shape: tuple[int, ...], unit: float, rng: np.random.Generator) -> Floats:
    """Return a printed background: waves or a screen of lines, up to 50 gray levels dark."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32) / unit
    angle = rng.uniform(0, np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    across = columns * np.sin(angle) - rows * np.cos(angle)
    period = rng.uniform(2.0, 12.0)
    bend = rng.uniform(0, 3) * np.sin(across / rng.uniform(3, 20))
    wave = np.sin(2 * np.pi * (along + bend) / period)
    if rng.random() < 0.5:
        wave = (wave > rng.uniform(0.0, 0.9)) * 2.0 - 1.0
    return np.asarray((wave + 1) / 2 * rng.uniform(5, 50), np.float32)
