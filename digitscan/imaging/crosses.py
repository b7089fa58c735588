"""Ink of one box -> whether it may be a cross or a dash, or is a blot."""

import cv2
import numpy as np

from digitscan.records import Gray, Mask

_SOLID = 112
"""Ink of this strength counts, as in `binarize`."""
_DASH_SHAPE = 2.2
"""A dash is this many times as wide as high; of 60,000 MNIST digits none is."""
_NARROW = 0.55
_WIDE = 1.8
"""Width over height of a cross; the 33 of the ten polling-station forms have 0.64 to 1.57."""
_BAND = 0.24
"""Half width of the diagonals' bands, in sides of the ink's own rectangle."""
_ON_DIAGONALS = 0.78
"""Least share of the ink of a cross on its diagonals; those 33 have 0.80 to 1.00."""
_BETWEEN = 0.25
"""Most of the ink of a cross between its arms; those 33 have up to 0.23. Loops, bars and stems of
digits stand there."""
_MIDDLE = 0.3
"""Least ink share of the middle third of a cross, where its strokes meet; those 33 have 0.33."""
_STROKE = 0.15
"""Least share of the ink on the arms of either stroke; those 33 have 0.17 to 0.40."""
_LEAST_PX = 4
"""Smaller ink has no shape."""
_BLOT = 0.65
_BLOT_SHAPE = 0.6
"""Ink of such a shape or wider that fills so much of its rectangle is a blot: a disc fills 0.79. Of
16,500 MNIST digits of that shape fewer than one in a hundred does; those of the polling-station
forms fill 0.47 at most."""


def may_be_cross(ink: Gray) -> bool:
    """Say whether the ink of a box has the shape of a cross or a dash.

    A cross lies on both diagonals of its own rectangle and is dark in the middle. One MNIST
    digit in six does so too, while a blotted or torn digit seldom does: this is for ink that the
    digit network takes for no digit. Of 200 handwritten letters x 88 % have the shape.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        Ink strength of one box without its walls (`comb_cells.CellInk.ink`), 0 to 255.

    Returns
    -------
    bool
        False where there is no ink.

    Examples
    --------
    >>> may_be_cross(np.full((4, 20), 255, np.uint8))
    True
    >>> may_be_cross(np.eye(20, dtype=np.uint8) * 255 | np.eye(20, dtype=np.uint8)[::-1] * 255)
    True
    >>> may_be_cross(np.full((20, 4), 255, np.uint8))
    False
    """
    tight = _cut_solid(ink)
    height, width = tight.shape
    if tight.size == 0:
        return False
    if width >= _DASH_SHAPE * height:
        return True
    if _fills(tight):
        return False
    if min(height, width) < _LEAST_PX or not _NARROW <= width / height <= _WIDE:
        return False
    # Places in the ink's rectangle, from -0.5 to 0.5.
    down = ((np.arange(height) + 0.5) / height - 0.5)[:, None]
    across = ((np.arange(width) + 0.5) / width - 0.5)[None, :]
    diagonal = (np.abs(down - across) < _BAND) | (np.abs(down + across) < _BAND)
    upright = (np.abs(across) < 0.16) & (np.abs(down) > 0.3)
    level = (np.abs(down) < 0.16) & (np.abs(across) > 0.3)
    middle = (np.abs(down) < 0.17) & (np.abs(across) < 0.17)
    falling, rising = (down * across > 0) & ~middle, (down * across < 0) & ~middle
    return bool(
        diagonal[tight].mean() >= _ON_DIAGONALS
        and (upright | level)[tight].mean() <= _BETWEEN
        and tight[middle].mean() >= _MIDDLE
        and min(falling[tight].mean(), rising[tight].mean()) >= _STROKE
    )


def is_blot(ink: Gray) -> bool:
    """Say whether the ink of a box is a blot, which the digit network may take for a 0 or an 8.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        255 where the box is dark, 0 elsewhere, of its writing alone: `binarize.estimate_ink` goes
        by contrast and leaves large blots hollow.

    Examples
    --------
    >>> is_blot(np.full((20, 16), 255, np.uint8)), is_blot(np.full((20, 4), 255, np.uint8))
    (True, False)
    """
    tight = _cut_solid(ink)
    return bool(min(tight.shape) >= _LEAST_PX and _fills(tight))


def _cut_solid(ink: Gray) -> Mask:
    """Return what is solid ink, cut to its rectangle; no pixel where there is none."""
    left, top, width, height = cv2.boundingRect((ink >= _SOLID).view(np.uint8))
    return np.asarray(ink[top : top + height, left : left + width] >= _SOLID)


def _fills(tight: Mask) -> bool:
    height, width = tight.shape
    return bool(width >= _BLOT_SHAPE * height and tight.mean() >= _BLOT)
