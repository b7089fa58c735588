"""Gray page -> the boxes printed on it: paper with a rule on all four sides."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Box, Gray

_REDUCED_PX = 1300
"""Boxes are looked for at this length of the longer side, as combs are."""
_RULE_PX = 7
"""A rule is thinner than this at the reduced size: 1.2 mm on A4."""
_RULE_DEPTH = 14
"""Gray levels by which a rule is darker than the paper on both sides; watermarks stay below."""
_LEAST_WALL_PX = 13
"""Least height of a wall at the reduced size: 3 mm on A4, the side of a box to be crossed."""
_LEAST_RULE_PX = 30
"""Least length of a rule at the reduced size but for such a small box: strokes are shorter."""
_COVER = 0.9
"""Share of each side of a box along which its rule runs."""
_GAP_PX = 3
"""Rules of a box may miss each other by this at its corners."""
_APART_PX = 7
"""Greatest width of the rule between two boxes of a row, in which both end."""
_BLACK_PX = 9
"""Dark fields of this thickness close a box as a rule does."""
_BLACK_SHARE = 0.5
"""Darker than this share of the page's paper is a black field."""
_HIGHEST_SHARE = 0.07
"""Greatest height of a box as a share of the longer side, 20 mm on A4: larger ones are tables."""
_WIDEST_SHARE = 0.75
"""Wider than this share of the page is a table or its border."""
_LEAST_SHAPE = 0.5
"""Cells of a row are at least this wide for their height."""
_LONE_SHAPE = 1.5
"""A box that stands alone holds several figures: it is at least this wide for its height."""
_LONE_WIDTH = 0.045
"""And at least so wide for the longer side: 13 mm on A4."""
_LEAST_HIGH = 0.013
"""Least height of any box for the longer side: 4 mm on A4."""
_FILLED = 0.45
"""Least share of its rectangle that a box fills: a line of print in it may look like rules."""
_SQUARE_SHAPE = 1.25
"""A box to be crossed has sides that differ by this factor at most."""
_SQUARE_FILLED = 0.95
"""It is blank on the reference, so that it fills its rectangle."""
_SQUARE_SHARE = 0.028
"""Greatest side of a box to be crossed as a share of the longer side: 8 mm on A4."""
_AROUND_PX = 8
_ALONE = 0.98
"""At this distance a box to be crossed is surrounded by paper over this share of its outline: the
bowl of a letter or of an 8 is not."""
_EVEN = 0.15
"""Cells of one comb agree in width and level within this share of their sides."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A box, or a row of equal boxes wall to wall.

    Attributes
    ----------
    box : Box
        From the middle of its first rule to the middle of its last one.
    cells : int
        Boxes of the row; 1 for a box that stands alone.
    is_square : bool
        Whether it stands alone and is small and square, as a box to be crossed is.
    """

    box: Box
    cells: int
    is_square: bool


def find_frames(gray: Gray) -> tuple[Frame, ...]:
    """Find the boxes for writing on a page.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, at most 1 degree askew.

    Returns
    -------
    tuple of Frame
        Top to bottom, left to right; boxes that are as large as a table's are left out.

    Examples
    --------
    >>> page = np.full((300, 600), 240, np.uint8)
    >>> for left, right in ((20, 60), (60, 100), (200, 500)):
    ...     _ = cv2.rectangle(page, (left, 50), (right, 90), 30, 2)
    >>> [frame.cells for frame in find_frames(page)]
    [2, 1]
    """
    scale = min(1.0, _REDUCED_PX / max(gray.shape))
    size = (round(gray.shape[1] * scale), round(gray.shape[0] * scale))
    if min(size) < 2 * _LEAST_RULE_PX:
        return ()
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    longest = max(size)
    rows = [
        row
        for row in _join_rows(_find_boxes(small, _LEAST_RULE_PX, _FILLED))
        if len(row) > 1 or _is_long(row[0], longest)
    ]
    squares = [
        [box]
        for box in _find_boxes(small, _LEAST_WALL_PX, _SQUARE_FILLED)
        if _is_square(box, longest)
        and _stands_alone(small, box)
        and not any(_is_cell(box, cell) for row in rows for cell in row)
    ]
    frames = [Frame(_scale(row[0], row[-1], 1.0 / scale), len(row), False) for row in rows]
    frames += [Frame(_scale(row[0], row[0], 1.0 / scale), 1, True) for row in squares]
    return tuple(sorted(frames, key=lambda frame: (frame.box.top, frame.box.left)))


def _find_boxes(gray: Gray, rule_px: int, filled: float) -> list[Box]:
    """Return the pieces of paper that rules close in, up to the middle of the rules."""
    dark = (gray < _BLACK_SHARE * np.median(gray)).astype(np.uint8)
    opened = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((_BLACK_PX, _BLACK_PX), np.uint8))
    black = np.asarray(opened, np.uint8)
    rules = _find_runs(_find_thin(gray, vertical=False), rule_px, vertical=False) | black
    walls = _find_runs(_find_thin(gray, vertical=True), _LEAST_WALL_PX)
    walls = _keep_joined(walls, rules) | black
    closed = cv2.dilate(walls | rules, np.ones((_GAP_PX, _GAP_PX), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=4)
    height, width = gray.shape
    boxes = []
    for left, top, wide, high, area in stats[1:].tolist():
        inside = left > 4 and top > 4 and left + wide < width - 4 and top + high < height - 4
        sized = high >= _LEAST_HIGH * max(gray.shape)
        sized = sized and high <= _HIGHEST_SHARE * max(gray.shape) and wide <= _WIDEST_SHARE * width
        shaped = wide >= _LEAST_SHAPE * high and area >= filled * wide * high
        if inside and sized and shaped and min(wide, high) >= _LEAST_WALL_PX - _GAP_PX:
            # The paper ends where the widened rule begins: its middle is some two pixels on.
            box = Box(left - 2, top - 2, left + wide + 2, top + high + 2)
            if _is_closed(walls, rules, box) and _has_corners(gray, box):
                boxes.append(box)
    return boxes


def _find_thin(gray: Gray, vertical: bool) -> npt.NDArray[np.uint8]:
    """Return 1 where the page is darker than on both sides, a rule's width away.

    The page is smoothed along the rule first: hatched backgrounds and lines of text turn into
    even gray, a rule stays. Unlike the walls of combs, sides of boxes are too short for every
    second pixel to do.
    """
    along, across = (1, _RULE_PX), (_RULE_PX, 1)
    smooth = cv2.blur(gray, along if vertical else along[::-1])
    kernel = np.ones(across[::-1] if vertical else across, np.uint8)
    depth = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, kernel)
    return np.asarray(cv2.threshold(depth, _RULE_DEPTH - 1, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _find_runs(
    thin: npt.NDArray[np.uint8], length: int, vertical: bool = True
) -> npt.NDArray[np.uint8]:
    """Return the straight runs of at least `length`, gaps up to half of it closed."""
    gap, run = np.ones((length // 2, 1), np.uint8), np.ones((length, 1), np.uint8)
    joined = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, gap if vertical else gap.T)
    return np.asarray(cv2.morphologyEx(joined, cv2.MORPH_OPEN, run if vertical else run.T))


def _keep_joined(
    walls: npt.NDArray[np.uint8], rules: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Return the vertical lines that stand between two others; strokes of writing do not."""
    near = cv2.dilate(rules, np.ones((2 * _GAP_PX + 1, _GAP_PX), np.uint8))
    between = cv2.subtract(walls, cv2.dilate(rules, np.ones((_GAP_PX, 1), np.uint8)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(between, connectivity=8)
    kept = np.zeros(len(stats), np.uint8)
    last = walls.shape[0] - 1
    for number, (left, top, wide, high, _) in enumerate(stats[1:].tolist(), 1):
        ends = [near[max(0, top - 1), left : left + wide]]
        ends.append(near[min(last, top + high), left : left + wide])
        kept[number] = all(end.any() for end in ends)
    return np.asarray(kept[labels] | (walls & rules), np.uint8)


def _is_closed(walls: npt.NDArray[np.uint8], rules: npt.NDArray[np.uint8], box: Box) -> bool:
    """Say whether a straight rule runs along each of the four sides of a box."""
    inner_rows, inner_columns = (
        slice(box.top + 2, box.bottom - 2),
        slice(box.left + 2, box.right - 2),
    )
    for column in (box.left, box.right):
        if walls[inner_rows, max(0, column - 3) : column + 4].any(axis=1).mean() < _COVER:
            return False
    for row in (box.top, box.bottom):
        if rules[max(0, row - 3) : row + 4, inner_columns].any(axis=0).mean() < _COVER:
            return False
    return True


def _has_corners(gray: Gray, box: Box) -> bool:
    """Say whether a box is as dark at its corners as along its sides; bowls of letters are not."""
    inside = gray[box.top : box.bottom, box.left : box.right]
    sides = [gray[row - 2 : row + 3, box.left : box.right].min(axis=0) for row in _rows(box)]
    rule, paper = float(np.median(np.concatenate(sides))), float(np.median(inside))
    return all(
        gray[row - 1 : row + 2, column - 1 : column + 2].min() <= (rule + paper) / 2
        for row in _rows(box)
        for column in (box.left, box.right)
    )


def _rows(box: Box) -> tuple[int, int]:
    return box.top, box.bottom


def _join_rows(boxes: list[Box]) -> list[list[Box]]:
    """Join equal boxes that stand wall to wall."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: (box.left, box.top)):
        for row in rows:
            if _goes_on(row[-1], box):
                row.append(box)
                break
        else:
            rows.append([box])
    return rows


def _goes_on(last: Box, box: Box) -> bool:
    width, height = last.right - last.left, last.bottom - last.top
    level = max(abs(box.top - last.top), abs(box.bottom - last.bottom)) <= max(3, _EVEN * height)
    even = abs(box.right - box.left - width) <= max(3, _EVEN * width)
    slim = width <= 1.6 * height
    return slim and level and even and abs(box.left - last.right) <= _APART_PX


def _is_square(box: Box, longest: int) -> bool:
    width, height = box.right - box.left, box.bottom - box.top
    even = max(width, height) <= _SQUARE_SHAPE * min(width, height)
    return even and max(width, height) <= _SQUARE_SHARE * longest


def _stands_alone(gray: Gray, box: Box) -> bool:
    """Say whether paper surrounds a box."""
    inside = gray[box.top : box.bottom, box.left : box.right]
    level = (float(np.median(inside)) + float(inside.min())) / 2
    far = _AROUND_PX
    ring = np.concatenate(
        [
            gray[max(0, row), max(0, box.left - far) : box.right + far]
            for row in (box.top - far, min(gray.shape[0] - 1, box.bottom + far))
        ]
        + [
            gray[max(0, box.top - far) : box.bottom + far, max(0, column)]
            for column in (box.left - far, min(gray.shape[1] - 1, box.right + far))
        ]
    )
    return float((ring > level).mean()) >= _ALONE


def _is_long(box: Box, longest: int) -> bool:
    width, height = box.right - box.left, box.bottom - box.top
    return width >= _LONE_WIDTH * longest and width >= _LONE_SHAPE * height


def _is_cell(one: Box, other: Box) -> bool:
    """Say whether two boxes are nearly one: the middle of one lies in the other, equally high."""
    across, down = (one.left + one.right) / 2, (one.top + one.bottom) / 2
    inside = other.left < across < other.right and other.top < down < other.bottom
    return inside and one.bottom - one.top >= 0.8 * (other.bottom - other.top)


def _scale(first: Box, last: Box, factor: float) -> Box:
    edges: npt.NDArray[np.float64] = np.array(
        [first.left, min(first.top, last.top), last.right, max(first.bottom, last.bottom)]
    )
    left, top, right, bottom = np.round(edges * factor).astype(int).tolist()
    return Box(left, top, right, bottom)
