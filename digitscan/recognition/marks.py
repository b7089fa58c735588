"""What a path passes over: dots, commas, dashes and slashes between the digits."""

from digitscan.fields import Mark, MarkKind
from digitscan.recognition.lattice import Path
from digitscan.records import Floats


def find_marks(path: Path | None, shapes: Floats) -> tuple[Mark, ...]:
    """Name the marks that a path passes over and say where they stand.

    Parameters
    ----------
    path : Path or None
        None where the lattice cannot say.
    shapes : ndarray of float32, shape (P, 4)
        left, top, right, bottom of each piece in text heights; 0 is the middle of the line, down
        is positive.

    Returns
    -------
    tuple of Mark
        From left to right.
    """
    if path is None:
        return ()
    marks = []
    digits = 0
    for arc in path.arcs:
        if arc.label:
            digits += 1
        else:
            marks.append(Mark(digits, name_mark(shapes[arc.first])))
    return tuple(marks)


def name_mark(shape: Floats) -> MarkKind:
    """Name a mark by its shape and place.

    Parameters
    ----------
    shape : ndarray of float32, shape (4,)
        left, top, right, bottom in text heights about the line's middle.

    Returns
    -------
    MarkKind

    Examples
    --------
    >>> import numpy as np
    >>> name_mark(np.array([0, 0.35, 0.1, 0.45], np.float32)).name
    'DOT'
    >>> name_mark(np.array([0, -0.05, 0.6, 0.05], np.float32)).name
    'DASH'
    """
    width, height = float(shape[2] - shape[0]), float(shape[3] - shape[1])
    middle = float(shape[1] + shape[3]) / 2
    if width > 1.8 * height and abs(middle) < 0.4:
        return MarkKind.DASH
    if height > 0.6:
        return MarkKind.SLASH if width < 0.8 * height else MarkKind.UNKNOWN
    if middle > 0.2:
        return MarkKind.DOT if max(width, height) < 0.22 else MarkKind.COMMA
    return MarkKind.UNKNOWN


def share_rubbish(path: Path, shapes: Floats) -> float:
    """Return how much of the pieces a path passes over, by the area of their boxes.

    Parameters
    ----------
    path : Path
    shapes : ndarray of float32, shape (P, 4)
        As for `find_marks`.

    Returns
    -------
    float
        0 to 1.
    """
    areas = (shapes[:, 2:] - shapes[:, :2]).prod(axis=1)
    passed = sum(float(areas[arc.first]) for arc in path.arcs if not arc.label)
    return min(1.0, passed / max(float(areas.sum()), 1e-6))
