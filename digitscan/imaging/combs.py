"""Gray page -> the combs printed on it: rows of one-digit boxes with common walls."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.dark import find_dark
from digitscan.imaging.geometry import find_runs
from digitscan.records import Box, Gray

_Bits = npt.NDArray[np.uint8]
"""1 on lines, 0 elsewhere."""

_REDUCED_PX = 1300
"""Combs are looked for at this length of the longer side: 110 dpi for A4, where a rule of 0.2 mm is
a pixel, 160 dpi for a cheque."""
_RULE_PX = 7
"""A rule is thinner than this at the reduced size: 1.2 mm on A4."""
_RULE_DEPTH = 14
"""Gray levels by which a rule is darker than the paper on both sides; watermarks stay below."""
_DARK_SHARE = 0.7
"""Darker than this share of the paper is print, rule or not: a black field can close a comb too."""
_LEAST_PX = 13
"""Least height of a wall at the reduced size: 3 mm on A4."""
_LEAST_RULE_PX = 30
"""Least length of a rule at the reduced size: longer than the strokes of most digits, shorter
than two cells."""
_LARGEST_SHARE = 0.09
"""Greatest width of a cell as a share of the page's longer side: 25 mm on A4."""
LEVEL = 0.14
"""Ends of the walls of one comb agree within this share of their height."""
EVEN = 0.13
"""Cells of one comb are equally wide within this share."""
NARROWEST, WIDEST = 0.35, 2.2
"""Widths of a cell in heights of its walls."""
_STEP = 3
"""Rows at the reduced size by which the rules of neighboring cells may differ."""
_SETTLE = 2
"""Pixels at the reduced size by which a wall may have been misplaced."""
_COVER = 0.7
"""A rule is dark over this share of a cell's width at least."""
_MOST_DARK = 0.8
"""Ink fills no more of a cell: a 5 written with a broad pen had 0.59, and with 0.5 for the limit
its comb of eight cells fell in two, 9535 and 896, each accepted. A black field fills all."""
_WITHIN = 0.95
"""Share of its cell's height that a wall within covers; a handwritten 1 stays below the rules."""
_UNBROKEN = 0.85
"""Share of its length over which a rule is darker than the cell; lines of letters stay below."""
_PARTED = 0.12
"""Share of a cell's width over which neither of its rules is there, between two boxes that stand
apart: a 1 in one box and a wall of the next but one are as far apart as the two walls between."""
_THREE_ROWS = np.ones((3, 1), np.uint8)
_WALL_COVER = 0.87
"""A wall is dark over this share of its height at least; a handwritten 1 seldom is."""


@dataclass(frozen=True, slots=True)
class Comb:
    """A row of equal boxes with common walls, one digit each.

    Attributes
    ----------
    box : Box
        From the middle of the first wall to the middle of the last.
    cells : tuple of Box
        Left to right, from the middle of a wall to the middle of the next.
    """

    box: Box
    cells: tuple[Box, ...]

    def meets(self, other: "Comb") -> bool:
        """Say whether two combs share some of the page."""
        one, two = self.box, other.box
        across = max(one.left, two.left) < min(one.right, two.right)
        return across and max(one.top, two.top) < min(one.bottom, two.bottom)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What is dark at the reduced size: `walls` on thin verticals, `rules` on thin horizontals,
    both also on black fields; `stems` are the verticals' x, top, bottom (N, 3)."""

    walls: _Bits
    rules: _Bits
    dark: _Bits
    stems: npt.NDArray[np.intp]


def find_combs(gray: Gray, least_cells: int = 2) -> tuple[Comb, ...]:
    """Find the rows of equal boxes that stand wall to wall.

    Thin dark verticals of equal height and equal distance are walls when rules join them above or
    below. A wall that is broken, longer than the others or the edge of a black field is accepted
    where the others foretell it. Writing in the cells does no harm.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, at most 1 degree askew.
    least_cells : int
        Boxes that make a comb.

    Returns
    -------
    tuple of Comb
        Top to bottom, left to right; combs do not overlap.

    Examples
    --------
    >>> page = np.full((100, 600), 255, np.uint8)
    >>> for left in range(20, 260, 40):
    ...     _ = cv2.rectangle(page, (left, 20), (left + 40, 70), 0, 2)
    >>> [len(comb.cells) for comb in find_combs(page)]
    [6]
    """
    scale = min(1.0, _REDUCED_PX / max(gray.shape))
    size = (round(gray.shape[1] * scale), round(gray.shape[0] * scale))
    if min(size) < 2 * _LEAST_PX:
        return ()
    small = gray
    if scale < 1.0:
        small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    lines = _find_lines(small)
    largest = max(60.0, _LARGEST_SHARE * max(small.shape))
    taken: list[_Series] = []
    # A handwritten 1 may pass for a wall and halve two cells: the whole cells reach further.
    # Every second wall makes cells of twice the width: of the same reach the finer one is right.
    found = [series for series in _grow_all(lines, largest) if len(series.rows) >= least_cells]
    for series in sorted(found, key=_rank, reverse=True):
        if any(_overlap(series, other) for other in taken) or _holds_walls(lines, series):
            continue
        if _is_ruled(small, series):
            taken.append(series)
    combs = [_make_comb(gray, series, 1.0 / scale) for series in taken]
    return tuple(sorted(combs, key=lambda comb: (comb.box.top, comb.box.left)))


_Rows = tuple[int, int]
"""Rows of the rules above and below a cell."""


@dataclass(frozen=True, slots=True)
class _Series:
    """Columns of the walls of a comb, and the rows of each of its cells."""

    walls: tuple[int, ...]
    rows: tuple[_Rows, ...]


def _find_lines(gray: Gray) -> _Lines:
    height = gray.shape[0]
    dark = find_dark(gray, _DARK_SHARE).view(np.uint8)
    rules = _find_rules(gray)
    thin = _find_thin(gray)
    # Between two rules the walls of a comb are equally high, whatever stands above and below.
    wide = _widen(rules, (3, 1))
    between = cv2.subtract(thin, cv2.max(wide[: height - 1 : 2], wide[1::2]))
    runs = _find_runs(np.asarray(between, np.uint8), _LEAST_PX - 3)
    # A wall half a degree askew is two runs side by side: one component after this.
    runs = _widen(runs, (1, 2))
    # Of few components the outlines are found in a quarter of the time that labels take.
    outlines, _ = cv2.findContours(runs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = np.array([cv2.boundingRect(one) for one in outlines], np.intp).reshape(-1, 4)
    left, top, width, high = found[found[:, 2] <= _RULE_PX + 2].T
    stems = np.stack([left + width // 2, 2 * top, 2 * (top + high)], axis=1)
    # Only what stands between two rules can be a wall.
    joined = _widen(rules, (9, 5)) > 0
    last = np.minimum(stems[:, 2], height - 1)
    stems = stems[joined[stems[:, 1], stems[:, 0]] & joined[last, stems[:, 0]]]
    walls = _double(_find_runs(thin, _LEAST_PX), height)
    return _Lines(walls | dark, rules, dark, stems)


def _find_rules(gray: Gray) -> _Bits:
    """Return 1 on the thin straight lines across the page."""
    # Runs down the columns are found in half of the time that runs along the rows take.
    turned = np.asarray(cv2.transpose(gray), np.uint8)
    runs = _double(_find_runs(_find_thin(turned), _LEAST_RULE_PX), len(turned))
    return np.asarray(cv2.transpose(runs), np.uint8)


def _find_thin(gray: Gray) -> _Bits:
    """Return 1 where the page is darker than to the left and right, a rule's width away.

    The page is smoothed along the columns first: hatched backgrounds and lines of text turn into
    even gray, a wall stays, and every second row tells all: the shape is (H // 2, W).
    """
    last = gray.shape[0] - 1
    pairs = cv2.addWeighted(gray[:last:2], 0.5, gray[1::2], 0.5, 0.0)
    smooth = cv2.GaussianBlur(pairs, (1, 3), 0)
    depth = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, np.ones((1, _RULE_PX), np.uint8))
    return np.asarray(cv2.threshold(depth, _RULE_DEPTH - 1, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _find_runs(thin: _Bits, length: int) -> _Bits:
    """Return the vertical runs of at least `length` rows of the page, every second of them given,
    gaps up to half of it closed."""
    # Odd numbers: OpenCV's closing and opening by an even one move the runs.
    rows = length // 2 | 1
    joined = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, np.ones((rows // 2 | 1, 1), np.uint8))
    return np.asarray(cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((rows, 1), np.uint8)))


def _double(mask: _Bits, height: int) -> _Bits:
    """Repeat every row, the last one until there are `height`."""
    return mask[np.minimum(np.arange(height) // 2, len(mask) - 1)]


def _widen(mask: _Bits, size: tuple[int, int]) -> _Bits:
    """Dilate by a rectangle of (rows, columns)."""
    return np.asarray(cv2.dilate(mask, np.ones(size, np.uint8)), np.uint8)


def _grow_all(lines: _Lines, largest: float) -> list[_Series]:
    """Return the series of walls that grow from every pair of neighbors."""
    stems = lines.stems[np.argsort(lines.stems[:, 1], kind="stable")]
    found: list[_Series] = []
    seen: set[tuple[int, int, int]] = set()
    ends = stems.tolist()
    for first, second in _find_pairs(stems, largest):
        (one, *above), (other, *below) = ends[first], ends[second]
        left, right = min(one, other), max(one, other)
        top, bottom = min(above[0], below[0]), max(above[1], below[1])
        if (left // 3, right // 3, top // 3) in seen:
            continue
        reach = max(2, round(LEVEL * (bottom - top)))
        rows = _find_rows(lines, left, right, (top, bottom - 1), reach)
        if rows is not None:
            series = _grow(lines, left, right, rows)
            seen.update((one // 3, other // 3, top // 3) for one, other in pairwise(series.walls))
            found.append(series)
    return found


def _find_pairs(stems: npt.NDArray[np.intp], largest: float) -> list[tuple[int, int]]:
    """Return pairs of verticals that may be the walls of one cell, nearest first."""
    tops, height = stems[:, 1], stems[:, 2] - stems[:, 1]
    reach = LEVEL * height + 1
    width = np.abs(stems[:, 0] - stems[:, :1])
    good = np.abs(stems[:, 2] - stems[:, 2:]) <= reach[:, np.newaxis]
    good &= tops <= (tops + reach)[:, np.newaxis]
    low, high = np.maximum(NARROWEST * height, _LEAST_PX - 3), np.minimum(WIDEST * height, largest)
    good &= (width >= low[:, np.newaxis]) & (width <= high[:, np.newaxis])
    first, second = np.nonzero(np.triu(good, 1))
    order = np.lexsort((second, first, width[first, second]))
    return list(zip(first[order].tolist(), second[order].tolist(), strict=True))


def _grow(lines: _Lines, left: int, right: int, rows: _Rows) -> _Series:
    """Extend a cell to both sides as long as the next wall and its rules are in place."""
    walls, frames = [left, right], [rows]
    while True:
        width = (walls[-1] - walls[0]) / (len(walls) - 1)
        after = _find_wall(lines, walls[-1] + width, width, frames[-1])
        rows_after = after and _find_rows(lines, walls[-1], after, frames[-1], _STEP)
        if after and rows_after:
            walls.append(after)
            frames.append(rows_after)
            continue
        before = _find_wall(lines, walls[0] - width, width, frames[0])
        rows_before = before and _find_rows(lines, before, walls[0], frames[0], _STEP)
        if not (before and rows_before):
            return _Series(tuple(walls), tuple(frames))
        walls.insert(0, before)
        frames.insert(0, rows_before)


def _find_wall(lines: _Lines, expected: float, width: float, rows: _Rows) -> int | None:
    """Return the column of the wall near `expected`, None where no column is dark enough."""
    reach = max(2, round(EVEN * width))
    low, high = round(expected) - reach, round(expected) + reach + 1
    if low < 0 or high > lines.walls.shape[1]:
        return None
    band = lines.walls[rows[0] : rows[1], low:high]
    # A wall may lean by a column or two over its height.
    cover = _sum(band[:, :-1] | band[:, 1:], axis=0)
    solid = (cover >= _WALL_COVER * len(band)).nonzero()[0]
    if solid.size == 0:
        return None
    return low + int(solid[np.abs(solid + (low - expected)).argmin()])


def _find_rows(lines: _Lines, left: int, right: int, rows: _Rows, reach: int) -> _Rows | None:
    """Return the rows of the rules that join two walls, None where there are none or no room."""
    margin = max(2, (right - left) // 8)
    inside = lines.dark[rows[0] + margin : rows[1] - margin, left + margin : right - margin]
    if inside.size == 0 or cv2.countNonZero(inside) > _MOST_DARK * inside.size:
        return None
    found = []
    for row in rows:
        first = max(0, row - reach)
        band = lines.rules[first : row + reach + 1, left + 1 : right]
        if band.size == 0:
            return None
        # A rule askew passes from row to row: three rows together are asked.
        cover = _sum(cv2.dilate(band, _THREE_ROWS), axis=1).tolist()
        most = max(cover)
        if most < _COVER * band.shape[1]:
            return None
        least = most - 0.02 * band.shape[1]
        best = [place for place, count in enumerate(cover) if count >= least]
        found.append(first + best[len(best) // 2])
    upper, lower = found
    return (upper, lower) if lower - upper >= _LEAST_PX - 3 else None


def _rank(series: _Series) -> float:
    return (series.walls[-1] - series.walls[0]) * (1.0 + 0.01 * len(series.rows))


def _holds_walls(lines: _Lines, series: _Series) -> bool:
    """Say whether walls stand within several cells: then these are two or three boxes each."""
    count = 0
    for (left, right), (top, bottom) in zip(pairwise(series.walls), series.rows, strict=True):
        margin = max(3, round(EVEN * (right - left)))
        inside = lines.walls[top:bottom, left + margin : right - margin]
        count += inside.size > 0 and int(_sum(inside, axis=0).max()) >= _WITHIN * (bottom - top)
    return count >= max(2, len(series.rows) / 2)


def _is_ruled(gray: Gray, series: _Series) -> bool:
    """Tell rules from the upper and lower ends of letters, and one box from two: rules go on."""
    dark = total = 0
    for (left, right), rows in zip(pairwise(series.walls), series.rows, strict=True):
        paper = float(np.median(gray[rows[0] : rows[1], left:right]))
        bands = [gray[max(0, row - 1) : row + 2, left:right] for row in rows]
        upper, lower = (band.min(axis=0) < paper - _RULE_DEPTH for band in bands)
        gaps = find_runs(np.flatnonzero(~(upper | lower)))
        if any(last - first >= _PARTED * (right - left) for first, last in gaps):
            return False
        dark += int(np.count_nonzero(upper) + np.count_nonzero(lower))
        total += 2 * (right - left)
    return dark >= _UNBROKEN * total


def _make_comb(gray: Gray, series: _Series, enlarge: float) -> Comb:
    """Bring a series back to the page, walls and rules to their darkest column and row."""
    reach = round(_SETTLE * enlarge) + 1
    columns = [round((wall + 0.5) * enlarge) for wall in series.walls]
    rows = [
        (round((top + 0.5) * enlarge), round((end + 0.5) * enlarge)) for top, end in series.rows
    ]
    frames = [rows[0], *rows]
    walls = [
        _settle(gray[frame[0] : frame[1]], column, reach, axis=0)
        for column, frame in zip(columns, frames, strict=True)
    ]
    cells = []
    for (left, right), (top, bottom) in zip(pairwise(walls), rows, strict=True):
        across = gray[:, left:right]
        top, bottom = (_settle(across, row, reach, axis=1) for row in (top, bottom))
        cells.append(Box(left, top, right, bottom))
    around = Box(
        walls[0], min(cell.top for cell in cells), walls[-1], max(cell.bottom for cell in cells)
    )
    return Comb(around, tuple(cells))


def _settle(gray: Gray, place: int, reach: int, axis: int) -> int:
    """Return the darkest column (axis 0) or row (axis 1) near `place`."""
    first = max(0, place - reach)
    near = slice(first, place + reach + 1)
    return first + int(_sum(gray[:, near] if axis == 0 else gray[near], axis).argmin())


def _sum(image: cv2.typing.MatLike, axis: int) -> npt.NDArray[np.int32]:
    """Sum along an axis; of a few rows or columns OpenCV does it in a third of numpy's time."""
    return np.asarray(cv2.reduce(image, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S), np.int32).ravel()


def _overlap(one: _Series, other: _Series) -> bool:
    return (
        one.walls[0] < other.walls[-1] - _SETTLE
        and other.walls[0] < one.walls[-1] - _SETTLE
        and min(top for top, _ in one.rows) < max(end for _, end in other.rows) - _SETTLE
        and min(top for top, _ in other.rows) < max(end for _, end in one.rows) - _SETTLE
    )
