"""Broad walls between broad rules -> the combs that they make, where rules are as thick as pens."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from digitscan.imaging.comb_series import EVEN, LEVEL, NARROWEST, WIDEST
from digitscan.imaging.combs import Comb
from digitscan.imaging.components import find_components
from digitscan.imaging.geometry import find_median
from digitscan.records import Box, Mask

LEAST_CELLS = 2
"""Boxes that make a comb."""
COVER = 0.9
"""Share of a cell's width over which its rules go: they are printed, not written."""

FARTHER = 1.15
"""So much wider than a broad comb is a thin one that is right."""


def find_broad_combs(walls: Mask, rules: Mask) -> tuple[Comb, ...]:
    """Find rows of equal boxes among walls and rules that are as broad as strokes.

    `combs.find_combs` tells walls from writing by how thin they are. These are known by what they
    join (`ruling.find_broad_rules`); it remains to see which stand in a row.

    Parameters
    ----------
    walls, rules : ndarray of bool, shape (H, W)
        True on broad walls, each from rule to rule, and on the rules across the page.

    Returns
    -------
    tuple of Comb
        From the middle of a wall to the middle of the next.

    Examples
    --------
    >>> ink = np.zeros((90, 400), bool)
    >>> ink[10:18, 50:358] = ink[70:78, 50:358] = True
    >>> rules, walls = ink.copy(), np.zeros_like(ink)
    >>> for left in range(50, 360, 60):
    ...     walls[18:70, left : left + 8] = True
    >>> [len(comb.cells) for comb in find_broad_combs(walls, rules)]
    [5]
    """
    if not walls.any():
        return ()
    boxes = find_components(walls).boxes
    boxes = boxes[np.lexsort((boxes[:, 0], boxes[:, 1]))]
    runs = (
        run for row in _split_rows(boxes) for run in _bridge_gaps(_split_runs(row, rules), rules)
    )
    return tuple(_make_comb(run) for run in runs if len(run) > LEAST_CELLS)


def choose_combs(broad: Sequence[Comb], thin: Sequence[Comb]) -> tuple[Comb, ...]:
    """Choose among combs with walls as broad as strokes, and combs with thin ones.

    In a frame as thick as a pen the hairlines between the cells are the walls, and strokes from
    frame to frame pass for broad ones. Where two meet the one that reaches farther is right, and of
    two alike the broad one.

    Parameters
    ----------
    broad, thin : sequence of Comb
        From `find_broad_combs` and `combs.find_combs`, of one page.

    Returns
    -------
    tuple of Comb
        None of them meets another.

    Examples
    --------
    >>> box, cells = Box(0, 0, 90, 40), (Box(0, 0, 45, 40), Box(45, 0, 90, 40))
    >>> wide = Comb(Box(0, 0, 180, 40), cells)
    >>> len(choose_combs([Comb(box, cells)], [wide])[0].cells), len(choose_combs([wide], [wide]))
    (2, 1)
    """
    kept = [
        one
        for one in broad
        if not any(one.meets(other) and _reach(other) > FARTHER * _reach(one) for other in thin)
    ]
    return (*kept, *(one for one in thin if not any(map(one.meets, kept))))


def _reach(comb: Comb) -> int:
    return comb.box.right - comb.box.left


def _split_rows(boxes: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int32]]:
    """Put walls of one level together, left to right."""
    rows: list[list[npt.NDArray[np.int32]]] = []
    for box in boxes:
        reach = LEVEL * (box[3] - box[1])
        for row in rows:
            # A page may lie askew: each wall is compared with the last one.
            if max(abs(row[-1][1] - box[1]), abs(row[-1][3] - box[3])) <= reach:
                row.append(box)
                break
        else:
            rows.append([box])
    return [np.array(sorted(row, key=lambda box: int(box[0]))) for row in rows]


def _split_runs(row: npt.NDArray[np.int32], rules: Mask) -> list[npt.NDArray[np.int32]]:
    """Split a row of walls where two are no cell, or one of another width than those before it."""
    runs = [[row[0]]]
    for one, other in pairwise(row):
        usual = _measure_usual_width([*runs[-1], other])
        if _is_cell(one, other, rules) and _is_about(_measure_width(one, other), usual):
            runs[-1].append(other)
        else:
            runs.append([other])
    return [np.array(run) for run in runs]


def _bridge_gaps(runs: list[npt.NDArray[np.int32]], rules: Mask) -> list[npt.NDArray[np.int32]]:
    """Join runs of walls that one wall is missing between: a digit that touches it hides it."""
    joined = [runs[0]]
    for run in runs[1:]:
        one, other = joined[-1][-1], run[0]
        widths = [_measure_usual_width(part) for part in (joined[-1], run) if len(part) > 1]
        hidden = np.asarray((one + other) // 2, np.int32)
        fits = (_is_about(_measure_width(one, other) / 2, width) for width in widths)
        if widths and all(fits) and _is_cell(one, hidden, rules) and _is_cell(hidden, other, rules):
            joined[-1] = np.array([*joined[-1], hidden, *run])
        else:
            joined.append(run)
    return joined


def _is_about(width: float, usual: float) -> bool:
    return abs(width - usual) <= max(2.0, EVEN * usual)


def _measure_usual_width(walls: npt.NDArray[np.int32] | list[npt.NDArray[np.int32]]) -> float:
    return find_median(np.array([_measure_width(one, other) for one, other in pairwise(walls)]))


def _measure_width(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> float:
    return float(other[0] + other[2] - one[0] - one[2]) / 2


def _is_cell(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32], rules: Mask) -> bool:
    """Say whether two walls stand as far apart as those of a box, and rules join their ends."""
    height = one[3] - one[1]
    if not NARROWEST * height <= _measure_width(one, other) <= WIDEST * height:
        return False
    reach = max(3, round(LEVEL * height))
    between = slice(int(one[2]), int(other[0]))
    for end in (1, 3):
        low, high = sorted((int(one[end]), int(other[end])))
        band = rules[max(0, low - reach) : high + reach, between]
        if band.size == 0 or band.any(axis=0).mean() < COVER:
            return False
    return True


def _make_comb(walls: npt.NDArray[np.int32]) -> Comb:
    """Make the comb between walls that end on the inner sides of its rules."""
    thick = round(find_median(walls[:, 2] - walls[:, 0]))
    middles = ((walls[:, 0] + walls[:, 2]) // 2).tolist()
    # Its rules are as thick as its walls.
    tops = (walls[:, 1] - thick // 2).tolist()
    bottoms = (walls[:, 3] + thick // 2).tolist()
    cells = tuple(
        Box(left, min(top), right, max(bottom))
        for (left, right), top, bottom in zip(
            pairwise(middles), pairwise(tops), pairwise(bottoms), strict=True
        )
    )
    return Comb(Box(middles[0], min(tops), middles[-1], max(bottoms)), cells)
