"""Lines of a page -> rows of boxes that stand apart, each with walls of its own."""

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.comb_series import EVEN, LEVEL, NARROWEST, WIDEST
from digitscan.imaging.geometry import find_median
from digitscan.imaging.page_lines import LEAST_PX, Bits
from digitscan.records import Box

LEAST_GAP, MOST_GAP = 0.05, 0.6
"""Between two boxes of a row there is paper, in widths of a box: checks for yes and no stand
farther apart."""
LEAST_BOXES = 3
"""Two zeros that hang together enclose as much as two boxes."""
WHOLE = 0.9
"""Share of each side that a line covers where a box is found: a 0 encloses as much."""
WALL = 0.2
"""A wall that two boxes share is no thicker, in widths of a box."""
SEEN, HIDDEN = 0.7, 0.3
"""Share of a side that a line covers where a row foretells a box, and of one that a stroke is
written over. Of 60 rows of boxes 1.2 mm apart, whose digits touch the sides, 51 are read whole, 27
without boxes that are foretold, and 5 instead of 22 accepted ones are parts of a number."""

_Edges = npt.NDArray[np.int32]
"""Left, top, right, bottom."""


def find_boxes_apart(lines: Bits) -> list[list[Box]]:
    """Find rows of boxes with paper between them.

    Parameters
    ----------
    lines : ndarray of uint8, shape (H, W)
        1 on thin straight lines across and down the page, 0 elsewhere.

    Returns
    -------
    list of list of Box
        Rows of three and more boxes, left to right, from the middle of their walls to the middle.

    Examples
    --------
    >>> lines = np.zeros((90, 400), np.uint8)
    >>> for left in (20, 70, 120):
    ...     _ = cv2.rectangle(lines, (left, 20), (left + 40, 70), 1)
    >>> [[box.left for box in row] for row in find_boxes_apart(lines)]
    [[20, 70, 120]]
    """
    rows: list[list[_Edges]] = []
    for box in _find_boxes(lines):
        for row in rows:
            if _goes_on(row, box, lines):
                row.append(box)
                break
        else:
            rows.append([box])
    found: list[list[_Edges]] = []
    for row in sorted(rows, key=len, reverse=True):
        if len(row) >= LEAST_BOXES and not any(_meet(row, other) for other in found):
            found.append(_extend(row, lines))
    return [[Box(*box.tolist()) for box in row] for row in found]


def _find_boxes(lines: Bits) -> _Edges:
    """Return what lines enclose, left to right, shape (N, 4)."""
    # Where a rule meets a wall a pixel may be missing.
    closed = cv2.dilate(lines, np.ones((3, 3), np.uint8))
    outlines, tree = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return np.zeros((0, 4), np.int32)
    holes = [
        cv2.boundingRect(one) for one, (*_, up) in zip(outlines, tree[0], strict=True) if up >= 0
    ]
    # The outline of a hole lies on the line around it, which is a pixel thicker now.
    boxes = [
        (x - 1, y - 1, x + width, y + height)
        for x, y, width, height in holes
        if height >= LEAST_PX and NARROWEST * height <= width <= WIDEST * height
    ]
    found = np.array(sorted(boxes), np.int32).reshape(-1, 4)
    is_whole = [_measure_sides(box, lines)[0] >= WHOLE for box in found]
    found = found[np.array(is_whole, np.bool_)]
    return found[~_share_walls(found, lines)]


def _share_walls(boxes: _Edges, lines: Bits) -> npt.NDArray[np.bool_]:
    """Say of each box whether its wall is that of the next one too: then these make a comb."""
    left, top, right, bottom = boxes.T
    height, width = bottom - top, right - left
    gap = left - right[:, None]
    is_near = (gap >= -2) & (gap <= np.maximum(3, WALL * width)[:, None])
    is_level = np.abs(top - top[:, None]) <= np.maximum(2, LEVEL * height)[:, None]
    shared = np.zeros(len(boxes), np.bool_)
    for one, other in np.argwhere(is_near & is_level).tolist():
        if not _is_paper_between(boxes[one], boxes[other], lines):
            shared[[one, other]] = True
    return shared


def _is_paper_between(one: _Edges, other: _Edges, lines: Bits) -> bool:
    """Say whether no line runs down in the middle between two boxes."""
    middle = (int(other[0]) + int(one[2])) // 2
    # Narrow gaps of a rule are closed.
    edge = max(2, int(one[3] - one[1]) // 8)
    return not lines[one[1] + edge : one[3] - edge, middle].any()


def _goes_on(row: list[_Edges], box: _Edges, lines: Bits) -> bool:
    """Say whether a box is the next one of a row."""
    last = row[-1]
    height, width = last[3] - last[1], last[2] - last[0]
    if np.abs(box[[1, 3]] - last[[1, 3]]).max() > max(2, LEVEL * height):
        return False
    if abs(box[2] - box[0] - width) > max(2, EVEN * width):
        return False
    if not LEAST_GAP * width <= box[0] - last[2] <= MOST_GAP * width:
        return False
    if len(row) > 1:
        pitch = _measure_pitch(row)
        if abs(box[0] - last[0] - pitch) > max(2, EVEN * pitch):
            return False
    return _is_paper_between(last, box, lines)


def _measure_pitch(row: list[_Edges]) -> float:
    return find_median(np.array([other[0] - one[0] for one, other in pairwise(row)]))


def _extend(row: list[_Edges], lines: Bits) -> list[_Edges]:
    """Add the boxes that a row foretells, where their sides are seen, or those of the next."""
    pitch = _measure_pitch(row)
    boxes = list(row)
    for end, step in ((-1, pitch), (0, -pitch)):
        while True:
            following = [_foretell(boxes, end, number * step) for number in (1, 2)]
            count = next((k + 1 for k, box in enumerate(following) if _is_box(box, lines)), 0)
            if not count:
                break
            boxes = [*boxes, *following[:count]] if end else [*following[:count][::-1], *boxes]
    return boxes


def _foretell(row: list[_Edges], end: int, step: float) -> _Edges:
    """Return where the box beyond an end of a row is, which may be askew."""
    climb = (row[-1][1] - row[0][1]) / max(1, row[-1][0] - row[0][0])
    move = np.array([step, climb * step, step, climb * step])
    return np.asarray(np.rint(row[end] + move), np.int32)


def _is_box(box: _Edges, lines: Bits) -> bool:
    """Say whether a box that is foretold is there, if a stroke hides one of its sides."""
    seen = _measure_sides(box, lines)
    return seen[0] >= HIDDEN and seen[1] >= SEEN


def _measure_sides(box: _Edges, lines: Bits) -> list[float]:
    """Measure over how much of its sides lines are seen, two pixels off at most; least first."""
    left, top, right, bottom = box.tolist()
    if min(left, top) < 2 or right + 3 > lines.shape[1] or bottom + 3 > lines.shape[0]:
        return [0.0] * 4
    across = (lines[row - 2 : row + 3, left:right].any(axis=0) for row in (top, bottom))
    down = (lines[top:bottom, column - 2 : column + 3].any(axis=1) for column in (left, right))
    return sorted(float(side.mean()) for side in (*across, *down))


def _meet(row: list[_Edges], other: list[_Edges]) -> bool:
    """Say whether two rows overlap."""
    one, two = np.array(row), np.array(other)
    low = np.maximum(one.min(axis=0)[:2], two.min(axis=0)[:2])
    high = np.minimum(one.max(axis=0)[2:], two.max(axis=0)[2:])
    return bool((low < high).all())
