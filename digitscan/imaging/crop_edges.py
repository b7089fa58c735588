"""A crop -> what of it lies within its padding, and within the frame printed around a number."""

import numpy as np
import numpy.typing as npt

from digitscan.records import Box, Gray

UNIFORM = 4
"""Gray levels that the rows and columns of a padding vary by, also through JPEG."""
PAPER = 8
"""Gray levels by which a padding differs from the paper: one that does not is paper as well."""
LEAST_PX = 8
"""Height and width of what may be left."""
FRAME = 0.3
"""Share of a crop's height, at either end, in which the rules of a frame are looked for, and of its
height at either side."""
RULE_COVER = 0.8
"""Share of a crop's width or height that a rule or a wall is dark over: digits leave gaps."""
RULE_DEPTH = 0.4
"""Darkness of a rule as a share of the darkest ink."""


def find_content(gray: Gray) -> Box:
    """Find what lies within a padding of one gray that is not the paper's.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        A crop; black, white or gray was added around it, to make all crops of one size, or by the
        scanner.

    Returns
    -------
    Box
        All of the crop where it has no padding.

    Examples
    --------
    >>> crop = np.full((40, 90), 255, np.uint8)
    >>> crop[10:30, 20:70] = 190
    >>> crop[15:25, 40:44] = 20
    >>> find_content(crop)
    Box(left=20, top=10, right=70, bottom=30)
    """
    height, width = gray.shape
    whole = Box(0, 0, width, height)
    padding = int(gray[0, 0])
    off = np.abs(gray.astype(np.int16) - padding) > UNIFORM
    rows, columns = np.flatnonzero(off.any(axis=1)), np.flatnonzero(off.any(axis=0))
    if rows.size < LEAST_PX or columns.size < LEAST_PX:
        return whole
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    inner = gray[box.top : box.bottom, box.left : box.right]
    edge = float(np.median(np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])))
    # What a padding is around has paper at its ends: a 1 printed on white is no crop in white.
    ink, paper = (float(gray) for gray in np.percentile(inner, (1, 99)))
    is_paper = edge > (ink + paper) / 2
    return box if is_paper and abs(edge - padding) >= PAPER else whole


def find_inside(gray: Gray) -> Box:
    """Find what lies within the rules and walls that are printed around a number.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white.

    Returns
    -------
    Box
        All of the crop where no rule runs along its ends.

    Examples
    --------
    >>> crop = np.full((40, 90), 220, np.uint8)
    >>> crop[(3, 36), 5:85] = crop[3:37, (5, 84)] = 40
    >>> find_inside(crop)
    Box(left=6, top=4, right=84, bottom=36)
    """
    height, width = gray.shape
    paper, ink = float(np.median(gray)), float(np.percentile(gray, 1))
    dark = gray < paper - RULE_DEPTH * (paper - ink)
    reach = round(FRAME * height)
    top, bottom = _find_ends(dark.mean(axis=1), reach)
    if bottom - top < LEAST_PX:
        return Box(0, 0, width, height)
    left, right = _find_ends(dark[top:bottom].mean(axis=0), min(reach, width // 3))
    return Box(left, top, right, bottom) if right - left >= LEAST_PX else Box(0, 0, width, height)


def _find_ends(cover: npt.NDArray[np.float64], reach: int) -> tuple[int, int]:
    """Return what lies between the innermost full lines near either end."""
    count = len(cover)
    full = np.flatnonzero(cover >= RULE_COVER)
    first = full[full < reach]
    last = full[full >= count - reach]
    return (int(first[-1]) + 1 if first.size else 0, int(last[0]) if last.size else count)
