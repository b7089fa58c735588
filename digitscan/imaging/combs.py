"""Gray page -> the combs printed on it: rows of one-digit boxes with common walls."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Box, Gray, Mask

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
_LEVEL = 0.14
"""Ends of the walls of one comb agree within this share of their height."""
_EVEN = 0.13
"""Cells of one comb are equally wide within this share."""
_STEP = 3
"""Rows at the reduced size by which the rules of neighboring cells may differ."""
_SETTLE = 2
"""Pixels at the reduced size by which a wall may have been misplaced."""
_COVER = 0.7
"""A rule is dark over this share of a cell's width at least."""
_UNBROKEN = 0.85
"""Share of its length over which a rule is darker than the cell; lines of letters stay below."""
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


@dataclass(frozen=True, slots=True)
class _Lines:
    """What is dark at the reduced size: `walls` on thin verticals, `rules` on thin horizontals,
    both also on black fields; `stems` are the verticals' x, top, bottom (N, 3)."""

    walls: Mask
    rules: Mask
    dark: Mask
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
    combs: list[Comb] = []
    # A handwritten 1 may pass for a wall and halve two cells: the whole cells reach further.
    # Every second wall makes cells of twice the width: of the same reach the finer one is right.
    found = [series for series in _grow_all(lines, largest) if len(series.rows) >= least_cells]
    for series in sorted(found, key=_rank, reverse=True):
        comb = _make_comb(gray, series, 1.0 / scale)
        if _is_ruled(small, series) and not any(_overlap(comb.box, other.box) for other in combs):
            combs.append(comb)
    return tuple(sorted(combs, key=lambda comb: (comb.box.top, comb.box.left)))


_Rows = tuple[int, int]
"""Rows of the rules above and below a cell."""


@dataclass(frozen=True, slots=True)
class _Series:
    """Columns of the walls of a comb, and the rows of each of its cells."""

    walls: tuple[int, ...]
    rows: tuple[_Rows, ...]


def _find_lines(gray: Gray) -> _Lines:
    small = cv2.resize(gray, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(small, np.ones((9, 9), np.uint8)), (9, 9))
    paper = cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    dark = gray < cv2.convertScaleAbs(paper, alpha=_DARK_SHARE)
    rules = find_runs(find_thin(gray, vertical=False), _LEAST_RULE_PX, vertical=False)
    walls = find_thin(gray, vertical=True)
    # Between two rules the walls of a comb are equally high, whatever stands above and below.
    between = cv2.subtract(walls, _widen(rules, (3, 1)))
    runs = find_runs(np.asarray(between, np.uint8), _LEAST_PX - 3)
    # A wall half a degree askew is two runs side by side: one component after this.
    runs = _widen(runs, (1, 2))
    # Of few components the outlines are found in a quarter of the time that labels take.
    outlines, _ = cv2.findContours(runs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = np.array([cv2.boundingRect(one) for one in outlines], np.intp).reshape(-1, 4)
    left, top, width, height = found[found[:, 2] <= _RULE_PX + 2].T
    stems = np.stack([left + width // 2, top, top + height], axis=1)
    # Only what stands between two rules can be a wall.
    joined = _widen(rules, (9, 5)) > 0
    last = np.minimum(stems[:, 2], gray.shape[0] - 1)
    stems = stems[joined[stems[:, 1], stems[:, 0]] & joined[last, stems[:, 0]]]
    return _Lines((find_runs(walls, _LEAST_PX) > 0) | dark, np.asarray(rules > 0), dark, stems)


def find_thin(gray: Gray, vertical: bool) -> npt.NDArray[np.uint8]:
    """Return 1 where the page is darker than on both sides, a rule's width away.

    The page is smoothed along the rule first: hatched backgrounds and lines of text turn into
    even gray, a rule stays.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        A page whose longer side has about 1300 px.
    vertical : bool
        Rules that run down the page; otherwise those across it.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        1 on thin dark lines, 0 elsewhere.
    """
    along, across = (1, _RULE_PX), (_RULE_PX, 1)
    smooth = cv2.blur(gray, along if vertical else along[::-1])
    kernel = np.ones(across[::-1] if vertical else across, np.uint8)
    depth = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, kernel)
    return np.asarray(cv2.threshold(depth, _RULE_DEPTH - 1, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _widen(mask: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Dilate by a rectangle of (rows, columns)."""
    return np.asarray(cv2.dilate(mask, np.ones(size, np.uint8)), np.uint8)


def find_runs(
    thin: npt.NDArray[np.uint8], length: int, vertical: bool = True
) -> npt.NDArray[np.uint8]:
    """Return the straight runs of at least `length`, gaps up to half of it closed.

    Parameters
    ----------
    thin : ndarray of uint8, shape (H, W)
        1 on lines, as from `find_thin`.
    length : int
        Pixels.
    vertical : bool
        Runs down the page; otherwise across it.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        1 on the runs.
    """
    gap, run = np.ones((length // 2, 1), np.uint8), np.ones((length, 1), np.uint8)
    joined = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, gap if vertical else gap.T)
    return np.asarray(cv2.morphologyEx(joined, cv2.MORPH_OPEN, run if vertical else run.T))


def _grow_all(lines: _Lines, largest: float) -> list[_Series]:
    """Return the series of walls that grow from every pair of neighbors."""
    stems = lines.stems[np.argsort(lines.stems[:, 1], kind="stable")]
    found: list[_Series] = []
    seen: set[tuple[int, int, int]] = set()
    for first, second in _find_pairs(stems, largest):
        top = int(min(stems[first, 1], stems[second, 1]))
        bottom = int(max(stems[first, 2], stems[second, 2]))
        left, right = sorted((int(stems[first, 0]), int(stems[second, 0])))
        if (left // 3, right // 3, top // 3) in seen:
            continue
        reach = max(2, round(_LEVEL * (bottom - top)))
        rows = _find_rows(lines, left, right, (top, bottom - 1), reach)
        if rows is not None:
            series = _grow(lines, left, right, rows)
            seen.update((one // 3, other // 3, top // 3) for one, other in pairwise(series.walls))
            found.append(series)
    return found


def _find_pairs(stems: npt.NDArray[np.intp], largest: float) -> list[tuple[int, int]]:
    """Return pairs of verticals that may be the walls of one cell, nearest first."""
    tops, height = stems[:, 1], stems[:, 2] - stems[:, 1]
    reach = _LEVEL * height + 1
    width = np.abs(stems[:, 0] - stems[:, :1])
    good = np.abs(stems[:, 2] - stems[:, 2:]) <= reach[:, np.newaxis]
    good &= tops <= (tops + reach)[:, np.newaxis]
    low, high = np.maximum(0.35 * height, _LEAST_PX - 3), np.minimum(2.2 * height, largest)
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
    reach = max(2, round(_EVEN * width))
    low, high = round(expected) - reach, round(expected) + reach + 1
    if low < 0 or high > lines.walls.shape[1]:
        return None
    band = lines.walls[rows[0] : rows[1], low:high]
    # A wall may lean by a column or two over its height.
    cover = (band[:, :-1] | band[:, 1:]).mean(axis=0)
    solid = np.flatnonzero(cover >= _WALL_COVER)
    if solid.size == 0:
        return None
    return low + int(solid[np.argmin(np.abs(solid + low - expected))])


def _find_rows(lines: _Lines, left: int, right: int, rows: _Rows, reach: int) -> _Rows | None:
    """Return the rows of the rules that join two walls, None where there are none or no room."""
    margin = max(2, (right - left) // 8)
    inside = lines.dark[rows[0] + margin : rows[1] - margin, left + margin : right - margin]
    if inside.size == 0 or 2 * np.count_nonzero(inside) > inside.size:
        return None
    found = []
    for row in rows:
        first = max(0, row - reach)
        band = lines.rules[first : row + reach + 1, left + 1 : right]
        if band.size == 0:
            return None
        # A rule askew passes from row to row: three rows together are asked.
        thick = cv2.dilate(band.view(np.uint8), _THREE_ROWS)
        cover = np.count_nonzero(thick, axis=1) / band.shape[1]
        if cover.max() < _COVER:
            return None
        best = np.flatnonzero(cover >= cover.max() - 0.02)
        found.append(first + int(best[len(best) // 2]))
    return found[0], found[1]


def _rank(series: _Series) -> float:
    return (series.walls[-1] - series.walls[0]) * (1.0 + 0.01 * len(series.rows))


def _is_ruled(gray: Gray, series: _Series) -> bool:
    """Tell rules from the upper and lower ends of letters: a rule has no gaps."""
    dark = total = 0
    for (left, right), rows in zip(pairwise(series.walls), series.rows, strict=True):
        paper = float(np.median(gray[rows[0] : rows[1], left:right]))
        for row in rows:
            band = gray[max(0, row - 1) : row + 2, left:right]
            dark += int((band.min(axis=0) < paper - _RULE_DEPTH).sum())
            total += right - left
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
        _settle(gray[frame[0] : frame[1]], column, reach)
        for column, frame in zip(columns, frames, strict=True)
    ]
    cells = []
    for (left, right), (top, bottom) in zip(pairwise(walls), rows, strict=True):
        across = gray[:, left:right].T
        cells.append(Box(left, _settle(across, top, reach), right, _settle(across, bottom, reach)))
    around = Box(
        walls[0], min(cell.top for cell in cells), walls[-1], max(cell.bottom for cell in cells)
    )
    return Comb(around, tuple(cells))


def _settle(gray: Gray, column: int, reach: int) -> int:
    """Return the darkest column near `column`."""
    first = max(0, column - reach)
    return first + int(gray[:, first : column + reach + 1].mean(axis=0).argmin())


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.left < other.right - 2
        and other.left < one.right - 2
        and one.top < other.bottom - 2
        and other.top < one.bottom - 2
    )
