"""A sheet photographed on a dark table -> the sheet as seen from straight above."""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.cut_off import Ground
from digitscan.records import Gray

LEAST_SHARE = 0.2
"""Share of the picture that the sheet has at least."""
ROUGH = 0.02
"""Share of its outline by which the four straight sides may miss it."""
FILLED = 0.97
"""Share of the four-sided figure that is sheet: with a corner folded it has less."""
LEAST_LEAN_DEG, MOST_LEAN_DEG = 2.5, 30.0
"""By how much a corner differs from a right one: less is no perspective, more is no sheet. Of 20
cheques on a dark table, one end 12 % shorter than the other, 72 instead of 50 of 76 values are
found straightened; with 6 %, light on one side, 70 instead of 68."""


def straighten_sheet(gray: Gray, ground: Ground) -> tuple[Gray, npt.NDArray[np.float64]]:
    """Take the perspective out of a sheet that lies on dark ground.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white.
    ground : Ground
        Around the sheet, from `cut_off.find_ground`.

    Returns
    -------
    straight : ndarray of uint8, shape (h, w)
        The sheet alone; `gray` itself where there is no ground around it, or no perspective.
    way : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of it to `gray`.

    Examples
    --------
    >>> from digitscan.imaging.cut_off import find_ground
    >>> table = np.full((300, 500), 20, np.uint8)
    >>> corners = np.array([[60, 40], [420, 60], [460, 260], [30, 250]])
    >>> _ = cv2.fillPoly(table, [corners], 220)
    >>> straight, way = straighten_sheet(table, find_ground(table))
    >>> bool((straight[5:-5, 5:-5] == 220).all()), (way @ [0, 0, 1])[:2].round(-1).tolist()
    (True, [60.0, 40.0])
    """
    corners = _find_corners(ground)
    if corners is None:
        return gray, np.eye(3)
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    width, height = round(max(sides[0], sides[2])), round(max(sides[1], sides[3]))
    ends = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    way = cv2.getPerspectiveTransform(ends, corners.astype(np.float32))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    straight = cv2.warpPerspective(
        gray, way, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(straight, np.uint8), np.asarray(way, np.float64)


def _find_corners(ground: Ground) -> npt.NDArray[np.float64] | None:
    """Find the corners of the sheet, clockwise from the upper left; None without perspective."""
    if not ground.mask.any():
        return None
    paper = (~ground.mask).view(np.uint8)
    outlines, _ = cv2.findContours(paper, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea)
    area = cv2.contourArea(largest)
    if area < LEAST_SHARE * paper.size:
        return None
    hull = cv2.convexHull(largest)
    found = cv2.approxPolyDP(hull, ROUGH * cv2.arcLength(hull, True), True)[:, 0]
    if len(found) != 4 or area < FILLED * cv2.contourArea(found):
        return None
    corners = (found + 0.5) * ground.step
    order = np.argsort(np.arctan2(*(corners - corners.mean(axis=0)).T[::-1]))
    corners = corners[order]
    edges = np.roll(corners, -1, axis=0) - corners
    along = np.arctan2(edges[:, 1], edges[:, 0])
    lean = np.abs(np.rad2deg(np.angle(np.exp(1j * (along - np.roll(along, 1) - np.pi / 2)))))
    if not LEAST_LEAN_DEG <= lean.max() <= MOST_LEAN_DEG:
        return None
    return np.asarray(corners, np.float64)
