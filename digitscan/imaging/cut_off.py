"""Page and a number's box -> whether the number may go on where the page ends or goes dark."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Box, Gray, Mask

LONG_SIDE = 300
"""Rows or columns that are looked at for the ground on which a page lies."""
PAPER, DARK = 90, 0.35
"""Percentile of the gray that is paper, where the table has up to nine tenths of the picture, and
the share of it below which ground is no paper: a table, a black scanner bed. Shadows have more."""
LEAST_SHARE = 1 / 60
"""Share of the long side of a square of it, 40 px of a cheque at 300 dpi: broader than strokes and
walls."""
ZONE_POINTS = 9
"""Points of a zone that are looked at, across and down."""
NEAR = 4
"""Pixels around the ends of a box among which its rules and its wall are looked for."""
RULE_DEPTH, COVER, RULE_LEAST = 15, 0.8, 3
"""Gray levels by which a rule is darker than the paper, the share of its length where it is, and
the columns that show whether it goes on."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is no paper around a page, or behind a folded corner.

    Attributes
    ----------
    mask : ndarray of bool, shape (h, w)
        True on it.
    step : int
        Pixels of the page to one of `mask`.
    """

    mask: Mask
    step: int


def find_ground(gray: Gray) -> Ground:
    """Find the dark ground that a page leaves free: around it, or behind a folded corner.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white.

    Returns
    -------
    Ground
        What is dark, broad and goes on to an end of the picture: a black field that is printed ends
        before.
    """
    step = max(1, max(gray.shape) // LONG_SIDE)
    sample = np.ascontiguousarray(gray[::step, ::step])
    # Of one pixel in sixteen, which takes a tenth of the time.
    paper = np.percentile(sample[::4, ::4], PAPER)
    dark = (sample < DARK * paper).view(np.uint8)
    side = max(3, round(LEAST_SHARE * max(sample.shape)))
    broad = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    if not cv2.countNonZero(broad):
        return Ground(np.zeros(sample.shape, np.bool_), step)
    _, labels = cv2.connectedComponents(broad)
    ends = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return Ground(np.isin(labels, np.unique(ends[ends > 0])), step)


def is_on_page(
    shape: tuple[int, ...], ground: Ground, zone: Box, to_page: npt.NDArray[np.float64]
) -> bool:
    """Say whether a zone of a form is all on the page and on its paper.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the page.
    ground : Ground
    zone : Box
    to_page : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the zone to the page.

    Returns
    -------
    bool
    """
    across = np.linspace(zone.left, zone.right, ZONE_POINTS)
    down = np.linspace(zone.top, zone.bottom, ZONE_POINTS)
    points = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 1, 2)
    x, y = cv2.perspectiveTransform(points, to_page)[:, 0].T
    if x.min() < 0 or y.min() < 0 or x.max() > shape[1] or y.max() > shape[0]:
        return False
    rows = np.minimum(y.astype(int) // ground.step, ground.mask.shape[0] - 1)
    columns = np.minimum(x.astype(int) // ground.step, ground.mask.shape[1] - 1)
    return not ground.mask[rows, columns].any()


def is_cut_off(
    gray: Gray,
    ground: Ground,
    box: Box,
    margin_px: int,
    cell_px: int,
    ends: tuple[Box, Box] | None = None,
) -> bool:
    """Say whether a number may be cut off.

    It may where it reaches the upper or lower end of the page, where less paper than a margin is
    beside it, save behind the wall of its last box, and where the rules of its boxes go on beside
    it without room for one box more.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, upright.
    ground : Ground
    box : Box
        The number, or its row of boxes.
    margin_px : int
        Paper that stands beside a number that is whole.
    cell_px : int
        Width of one of the boxes.
    ends : tuple of Box, optional
        Its first and its last digit: only beside these is looked for ground, which on a turned page
        is in reach of `box` elsewhere.

    Returns
    -------
    bool

    Examples
    --------
    >>> page = np.full((100, 300), 220, np.uint8)
    >>> [is_cut_off(page, find_ground(page), Box(90, 40, end, 70), 18, 25) for end in (270, 290)]
    [False, True]
    >>> page[:, 285:] = 10  # where the table begins
    >>> is_cut_off(page, find_ground(page), Box(90, 40, 270, 70), 18, 25)
    True
    """
    if box.top <= 0 or box.bottom >= gray.shape[0]:
        return True
    mask, step = ground.mask, ground.step
    mirrored = Box(gray.shape[1] - box.right, box.top, gray.shape[1] - box.left, box.bottom)
    first, last = ends or (box, box)
    for page, dark, one, end in (
        (gray, mask, box, last),
        (gray[:, ::-1], mask[:, ::-1], mirrored, first),
    ):
        # A row of boxes is higher than its digits, and a folded corner comes from above.
        high = end.bottom - end.top
        top, bottom = max(0, one.top, end.top - high), min(one.bottom, end.bottom + high)
        rows = dark[top // step : bottom // step + 1]
        room = _measure_room(rows, step, one.right, page.shape[1])
        if room < cell_px and _has_rules(page, one, one.right, one.right + room):
            return True
        if room < margin_px and not _ends_at_wall(page, one):
            return True
    return False


def _measure_room(dark: Mask, step: int, start: int, width: int) -> int:
    """Count the columns from a number to where the page ends or its ground is dark."""
    columns = np.flatnonzero(dark[:, max(0, start // step) :].any(axis=0))
    return int(columns[0]) * step if columns.size else width - start


def _has_rules(page: Gray, box: Box, start: int, end: int) -> bool:
    """Say whether rules above and below a number run from one column to another."""
    dark = np.median(page[max(0, box.top) : box.bottom, max(0, box.left) : box.right]) - RULE_DEPTH
    return end - start >= RULE_LEAST and all(
        np.mean(page[max(0, row - NEAR) : row + NEAR + 1, start:end].min(axis=0) < dark) >= COVER
        for row in (box.top, min(box.bottom, len(page) - 1))
    )


def _ends_at_wall(page: Gray, box: Box) -> bool:
    """Say whether a number stands in boxes, of which the last one is closed."""
    inside = page[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    around = page[max(0, box.top) : box.bottom, max(0, box.right - NEAR) : box.right + NEAR + 1]
    is_wall = np.mean(around.min(axis=1) < np.median(inside) - RULE_DEPTH) >= COVER
    return bool(is_wall) and _has_rules(page, box, max(0, box.left), box.right)
