"""Pen paths written as text -> smooth curves: Catmull-Rom splines with corners and pen lifts."""

from functools import cache

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""Points (N, 2), x to the right and y downwards."""

_SAMPLES_PER_SPAN = 6


@cache
def compile_path(path: str) -> tuple[Points, Points, tuple[int, ...]]:
    """Return control points (N, 2), the matrix (S, N) that samples them, and the strokes' ends.

    A Catmull-Rom spline is linear in its control points, so that a whole figure, corners and pen
    lifts included, is sampled by one matrix product.
    """
    controls: list[tuple[float, float]] = []
    blocks: list[tuple[int, Points]] = []
    ends: list[int] = []
    samples = 0
    for stroke in path.split("|"):
        first = len(controls)
        words = stroke.split()
        for number, word in enumerate(words):
            x, y = word.rstrip("!").split(",")
            controls.append((float(x) / 100.0, float(y) / 100.0))
            if word.endswith("!") or number == len(words) - 1:
                basis = build_spline(len(controls) - first)
                blocks.append((first, basis))
                samples += len(basis)
                first = len(controls) - 1
        ends.append(samples)
    matrix = np.zeros((samples, len(controls)))
    row = 0
    for first, basis in blocks:
        matrix[row : row + len(basis), first : first + basis.shape[1]] = basis
        row += len(basis)
    return np.array(controls), matrix, tuple(ends)


@cache
def build_spline(count: int) -> Points:
    """Return the matrix (S, count) of the uniform Catmull-Rom spline through `count` points."""
    if count == 1:
        return np.ones((1, 1))
    padded = np.zeros((count + 2, count))
    padded[1:-1] = np.eye(count)
    padded[0, :2] = 2.0, -1.0
    padded[-1, -2:] = -1.0, 2.0
    rows = []
    for span in range(count - 1):
        for step in range(_SAMPLES_PER_SPAN + (span == count - 2)):
            t = step / _SAMPLES_PER_SPAN
            weights = 0.5 * np.array(
                [
                    -t + 2 * t**2 - t**3,
                    2 - 5 * t**2 + 3 * t**3,
                    t + 4 * t**2 - 3 * t**3,
                    -(t**2) + t**3,
                ]
            )
            rows.append(weights @ padded[span : span + 4])
    return np.array(rows)
