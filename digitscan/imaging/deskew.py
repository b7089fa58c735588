"""Measure how far the lines of writing lean from the horizontal."""

import numpy as np

from digitscan.imaging.geometry import find_median
from digitscan.imaging.regions import Lines

MIN_PARTS = 6
"""A line of fewer components says little about the skew: its letters go up and down."""


def estimate_skew_deg(lines: Lines) -> float:
    """Estimate the skew of a page from its lines of writing.

    Through the lower edges of every line of six or more components a straight line is laid
    (Theil and Sen: the median slope); the skew is the median over the lines, weighted by length.

    Parameters
    ----------
    lines : Lines

    Returns
    -------
    float
        Degrees, positive counter-clockwise as the eye sees the page; 0.0 when no line is long
        enough.
    """
    slopes: list[float] = []
    weights: list[float] = []
    for line in lines.lines:
        if len(line) < MIN_PARTS:
            continue
        boxes = lines.parts.boxes[line]
        heights = boxes[:, 3] - boxes[:, 1]
        boxes = boxes[heights >= 0.6 * find_median(heights)]
        if len(boxes) < MIN_PARTS:
            continue
        x = (boxes[:, 0] + boxes[:, 2]) / 2
        y = boxes[:, 3].astype(np.float64)
        half = len(x) // 2
        # Each component against the one half a line further on.
        run = x[half:] - x[: len(x) - half]
        steady = run > 0
        if not steady.any():
            continue
        slopes.append(find_median((y[half:] - y[: len(y) - half])[steady] / run[steady]))
        weights.append(float(x[-1] - x[0]))
    if not slopes:
        return 0.0
    order = np.argsort(slopes)
    total = np.cumsum(np.array(weights)[order])
    middle = int(np.searchsorted(total, total[-1] / 2))
    # Rows grow downwards: a line that climbs to the right has a negative slope.
    return float(-np.degrees(np.arctan(np.array(slopes)[order][middle])))
