"""A box to be crossed -> how much of it is marked, whatever is printed in its place."""

import numpy as np

from digitscan.imaging.components import find_components
from digitscan.imaging.geometry import clip_box, grow_box
from digitscan.imaging.grids import locate_box
from digitscan.imaging.patches import place_print
from digitscan.records import Box, Gray, Mask

INSET = 0.12
"""Share of a box's side that its rules take up within it."""
MIDDLE, COVERED = 0.35, 0.25
"""What covers this share of the middle of a zone, so far from its sides, is no print but a mark: on
a reference that is filled in."""
NEAR = 0.1
"""Print lies within this share of the zone's height of where the reference has it."""


def find_outline(ink: Gray, zone: Box, threshold: int) -> Mask | None:
    """Find what is printed where a mark belongs, on the patch of the reference.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        Ink strength of the patch.
    zone : Box
        In pixels of the patch.
    threshold : int
        Ink strength from which a pixel counts.

    Returns
    -------
    ndarray of bool, shape (h, w), or None
        True on print: a box, a circle, a label. None where a mark covers the middle of the zone,
        which may hang together with what is printed around it.

    Examples
    --------
    >>> import cv2
    >>> ink = np.zeros((40, 40), np.uint8)
    >>> _ = cv2.circle(ink, (20, 20), 10, 255, 2)
    >>> bool(find_outline(ink, Box(8, 8, 32, 32), 112)[20, 10])
    True
    """
    parts = find_components(np.asarray(ink >= threshold))
    width, height = zone.right - zone.left, zone.bottom - zone.top
    middle = grow_box(zone, -round(MIDDLE * width), -round(MIDDLE * height))
    held = parts.labels[middle.top : middle.bottom, middle.left : middle.right]
    covered = np.bincount(held.ravel(), minlength=len(parts.areas) + 1) / max(1, held.size)
    if (covered[1:] >= COVERED).any():
        return None
    return np.asarray(parts.labels > 0)


def measure_mark(
    gray: Gray, ink: Gray, zone: Box, printed: Mask | None, threshold: int
) -> tuple[float, bool]:
    """Measure which share of a box is marked.

    The box is where its rules are; a zone that is drawn around it would have them for a mark.

    Parameters
    ----------
    gray, ink : ndarray of uint8, shape (h, w)
        The patch, 0 black to 255 white, and its ink strength.
    zone : Box
        In pixels of the patch.
    printed : ndarray of bool, shape (h', w'), optional
        What the reference has printed there (`find_outline`), on a patch of the same proportions.
    threshold : int
        Ink strength from which a pixel counts.

    Returns
    -------
    share : float
    is_mark : bool
        False where that share may be print: neither the rules of a box nor a reference without a
        mark tell of it.

    Examples
    --------
    >>> import cv2
    >>> page = np.full((60, 60), 255, np.uint8)
    >>> _ = cv2.rectangle(page, (15, 15), (45, 45), 0, 2)
    >>> measure_mark(page, 255 - page, Box(10, 10, 50, 50), None, 112)
    (0.0, True)
    """
    found = locate_box(gray, zone)
    box = found or zone
    inset = max(1, round(INSET * min(box.right - box.left, box.bottom - box.top)))
    inner = clip_box(grow_box(box, -inset, -inset), gray.shape)
    mask = np.asarray(ink >= threshold)
    if printed is not None:
        mask &= ~place_print(printed, zone, gray.shape, NEAR)
    part = mask[inner.top : inner.bottom, inner.left : inner.right]
    share = float(part.mean()) if part.size else 0.0
    return share, printed is not None or found is not None
