"""A zone of a form -> its part of the page, upright, with what surrounds it."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.geometry import grow_box
from digitscan.records import Box, Gray, Mask

_MARGIN = 0.6
"""A patch reaches beyond its zone by this share of the zone's height: tails of 7 and 9, and a
digit that does not fit."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A zone with what surrounds it, turned and flattened, at the page's own resolution.

    Attributes
    ----------
    gray : ndarray of uint8, shape (h, w)
    zone : Box
        The zone, in pixels of the patch.
    way : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the patch to the page, up to a factor.
    """

    gray: Gray
    zone: Box
    way: npt.NDArray[np.float64]


def flatten_zone(
    gray: Gray, zone: Box, to_page: npt.NDArray[np.float64], least_scale: float = 0.0
) -> Patch:
    """Cut a zone out of a page as it stands on the reference.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        The page.
    zone : Box
        In pixels of the reference.
    to_page : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the reference to the page, up to a factor.
    least_scale : float
        Least pixels of the patch in a pixel of the reference: a page of fewer is enlarged.

    Returns
    -------
    Patch

    Examples
    --------
    >>> page = np.zeros((90, 90), np.uint8)
    >>> patch = flatten_zone(page, Box(20, 20, 40, 30), np.diag([2.0, 2.0, 1.0]))
    >>> patch.zone, patch.gray.shape
    (Box(left=12, top=12, right=52, bottom=32), (44, 64))
    """
    own = _measure_scale(zone, to_page)
    scale = max(own, least_scale)
    margin = max(2, round(_MARGIN * (zone.bottom - zone.top)))
    wide = grow_box(zone, margin, margin)
    to_reference = np.array(
        [[1 / scale, 0, wide.left], [0, 1 / scale, wide.top], [0, 0, 1]], np.float64
    )
    way = to_page @ to_reference
    way = way / way[2, 2]
    size = (
        max(1, round((wide.right - wide.left) * scale)),
        max(1, round((wide.bottom - wide.top) * scale)),
    )
    flat = cv2.warpPerspective(
        gray,
        way,
        size,
        flags=(cv2.INTER_LINEAR if scale == own else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    edge = round(margin * scale)
    width = max(1, round((zone.right - zone.left) * scale))
    height = max(1, round((zone.bottom - zone.top) * scale))
    return Patch(np.asarray(flat, np.uint8), Box(edge, edge, edge + width, edge + height), way)


def _measure_scale(zone: Box, to_page: npt.NDArray[np.float64]) -> float:
    """Return the page's pixels in a pixel of the reference, at the zone."""
    corners = np.array(
        [[[zone.left, zone.top]], [[zone.right, zone.top]], [[zone.left, zone.bottom]]], np.float64
    )
    origin, right, down = cv2.perspectiveTransform(corners, to_page)[:, 0]
    area = abs(np.linalg.det(np.stack([right - origin, down - origin])))
    return float(np.sqrt(area / ((zone.right - zone.left) * (zone.bottom - zone.top))))


def place_zone(patch: Patch, field: Box, part: Box) -> Box:
    """Return where a part of the patch's field lies on the patch.

    Parameters
    ----------
    patch : Patch
    field, part : Box
        In pixels of the reference.

    Examples
    --------
    >>> patch = Patch(np.zeros((40, 80), np.uint8), Box(10, 5, 70, 35), np.eye(3))
    >>> place_zone(patch, Box(100, 0, 130, 15), Box(120, 0, 130, 15))
    Box(left=50, top=5, right=70, bottom=35)
    """
    across = (patch.zone.right - patch.zone.left) / (field.right - field.left)
    down = (patch.zone.bottom - patch.zone.top) / (field.bottom - field.top)
    left = patch.zone.left + round((part.left - field.left) * across)
    right = patch.zone.left + round((part.right - field.left) * across)
    top = patch.zone.top + round((part.top - field.top) * down)
    bottom = patch.zone.top + round((part.bottom - field.top) * down)
    return Box(left, top, max(right, left + 1), max(bottom, top + 1))


def place_print(printed: Mask, zone: Box, shape: tuple[int, ...], near: float) -> Mask:
    """Return where print is on a page's patch: as on the reference, with some room around.

    Parameters
    ----------
    printed : ndarray of bool, shape (h', w')
        True on the print of the reference's patch, of the same proportions.
    zone : Box
        In pixels of the page's patch.
    shape : tuple of int
        Of the page's patch.
    near : float
        Room on every side, as a share of the zone's height.

    Returns
    -------
    ndarray of bool, of that shape

    Examples
    --------
    >>> printed = np.zeros((20, 30), bool)
    >>> printed[10, 10] = True
    >>> int(place_print(printed, Box(5, 5, 25, 15), (20, 30), 0.1).sum())
    9
    """
    size = (shape[1], shape[0])
    placed = cv2.resize(printed.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    reach = 2 * max(1, round(near * (zone.bottom - zone.top))) + 1
    return np.asarray(cv2.dilate(placed, np.ones((reach, reach), np.uint8)) > 0)
