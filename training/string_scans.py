"""Ink on paper, and what a scanner makes of it."""

import cv2
import numpy as np

from digitscan.records import Gray
from training.string_layout import scale
from training.string_signs import Rng
from training.string_sources import Sources


def lay_on_paper(pen: Gray, printed: Gray, sources: Sources, rng: Rng) -> Gray:
    """Darken a paper by pen and print, each with its own ink."""
    height, width = pen.shape
    kind = rng.random()
    if kind < 0.45:
        paper = sources.papers[int(rng.integers(len(sources.papers)))]
        paper = scale(paper, float(rng.uniform(0.8, 1.5)), 1.0)
        down, right = -(-height // paper.shape[0]), -(-width // paper.shape[1])
        row = np.concatenate([paper if k % 2 == 0 else paper[:, ::-1] for k in range(right)], 1)
        tiled = np.concatenate([row if k % 2 == 0 else row[::-1] for k in range(down)], 0)
        ground = tiled[:height, :width].astype(np.float32)
        ground += float(rng.uniform(-30, 40))
    else:
        ground = np.full((height, width), float(rng.uniform(150, 255)), np.float32)
        if kind < 0.65:
            ground += _weave(height, width, rng)
        elif kind < 0.8:
            ground += np.linspace(0, float(rng.uniform(-40, 40)), width, dtype=np.float32)
    # A pen that is barely darker than its paper's pattern is not readable for anyone.
    depth = float(rng.uniform(65, 190) if rng.random() < 0.5 else rng.uniform(120, 200))
    shade = pen.astype(np.float32) * (depth / 255)
    shade = np.maximum(shade, printed.astype(np.float32) * (float(rng.uniform(60, 190)) / 255))
    return np.asarray(np.clip(ground - shade, 0, 255), np.uint8)


def _weave(height: int, width: int, rng: Rng) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return a security pattern: two gratings of waves, at most 25 gray levels deep."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    pattern = np.zeros((height, width), np.float32)
    for _ in range(2):
        angle, period = rng.uniform(0, np.pi), rng.uniform(3, 14)
        bend = rng.uniform(0, 6) * np.sin(columns / rng.uniform(10, 40))
        phase = (rows * np.cos(angle) + columns * np.sin(angle) + bend) * (2 * np.pi / period)
        pattern += np.sin(phase)
    pattern = np.where(pattern > rng.uniform(0, 1.2), -1.0, 0.0).astype(np.float32)
    return np.asarray(pattern * float(rng.uniform(4, 25)), np.float32)


def scan(gray: Gray, rng: Rng) -> Gray:
    """Scan a crop: three in five are bent before."""
    return degrade(bend(gray, rng) if rng.random() < 0.6 else gray, rng)


def bend(gray: Gray, rng: Rng) -> Gray:
    """Move the pixels about by smooth waves: the same digits in a slightly different hand.

    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks", 2003.
    """
    height, width = gray.shape
    knots = (2, max(3, height // 16 + 1), max(3, width // 16 + 1))
    reach = float(rng.uniform(0.02, 0.06)) * min(height, 50)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    down, right = (
        cv2.resize(knot, (width, height), interpolation=cv2.INTER_CUBIC)
        for knot in rng.normal(0.0, reach, knots).astype(np.float32)
    )
    bent = cv2.remap(
        gray, columns + right, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(bent, np.uint8)


def degrade(gray: Gray, rng: Rng) -> Gray:
    """Blur, coarsen, add noise, compress as JPEG or threshold, as scanners do."""
    kind = rng.random()
    if kind < 0.25:
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), float(rng.uniform(0.4, 1.3))), np.uint8)
    elif kind < 0.4:
        height, width = gray.shape
        share = max(float(rng.uniform(0.5, 0.9)), 16 / height)
        small = cv2.resize(
            gray, (max(4, round(width * share)), max(4, round(height * share))),
            interpolation=cv2.INTER_AREA,
        )  # fmt: skip
        gray = np.asarray(small, np.uint8)
    if rng.random() < 0.4:
        noise = rng.normal(0.0, float(rng.uniform(1.0, 9.0)), gray.shape)
        gray = np.clip(gray + noise, 0, 255).astype(np.uint8)
    kind = rng.random()
    if kind < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))]
        packed = cv2.imencode(".jpg", gray, quality)[1]
        gray = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    elif kind < 0.36:
        low, high = np.percentile(gray, [2, 60])
        limit = low + (high - low) * float(rng.uniform(0.4, 0.75))
        gray = np.where(gray > limit, 255, 0).astype(np.uint8)
    return gray
