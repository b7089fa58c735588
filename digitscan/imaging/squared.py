"""Squared paper: its squares are no boxes for a digit each, and go before writing is looked for."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.combs import Comb
from digitscan.records import Gray

LEAST_CELLS, LEAST_ROWS, EVEN = 8, 6, 0.2
"""Squared paper has so many squares in a row and so many rows of them at least, which differ by no
more than this share; a form with a row of boxes for each number has fewer rows and shorter ones."""
HIGH, WIDE, BEYOND, SHARE = 0.4, 0.3, 0.15, 0.2
"""Components of such a height and width, in squares, are characters. One is astray that goes beyond
a wall by so much of a square on both sides of it, or has another one in its square; on 36 drawn
sheets of squared paper 40 to 80 % are, of those in eight rows of twelve boxes with a digit each
0 to 7 %, also of digits as high as nine tenths of the boxes."""
LONG, SMOOTH_PX = 2.5, 5
"""A rule goes straight on over so many squares, longer than any stroke of a digit that is written
in them, once its noise is smoothed over so many pixels along it. Over 15 the pen that crosses it
passes for a part of it: of 440 numbers 412 are found, 434 so."""
RULED, REST = 0.92, 0.7
"""Where a rule lets through less than the first of the paper's light, what is left lighter than the
second is its noise. With 0.6 for that 405 of the 440 numbers are found, with 0.8 408."""
LEAST_LIGHT = 0.1
"""What lets through less of the paper's light is black: nothing is told from it."""


def find_squares(combs: Sequence[Comb], boxes: npt.NDArray[np.int32]) -> list[Comb]:
    """Find the rows of boxes that are squared paper with writing on it.

    Parameters
    ----------
    combs : sequence of Comb
    boxes : ndarray of int32, shape (N, 4)
        Left, top, right and bottom of the components of the page, rules left out.

    Returns
    -------
    list of Comb
        Empty where the combs are boxes for a digit each.

    Examples
    --------
    >>> from digitscan.records import Box
    >>> places = range(0, 80, 10)
    >>> cells = [tuple(Box(x, y, x + 10, y + 10) for x in places) for y in places]
    >>> sheet = [Comb(Box(0, row[0].top, 80, row[0].bottom), row) for row in cells]
    >>> across, inside = np.array([[5, 21, 15, 29]]), np.array([[12, 21, 18, 29]])
    >>> len(find_squares(sheet, across)), len(find_squares(sheet, inside))
    (8, 0)
    """
    rows = [comb for comb in combs if len(comb.cells) >= LEAST_CELLS]
    if not rows:
        return []
    side = float(np.median([_measure_side(comb) for comb in rows]))
    rows = [comb for comb in rows if abs(_measure_side(comb) - side) <= EVEN * side]
    # Between two rules that are seen there may be several rows of squares.
    high = sum(comb.box.bottom - comb.box.top for comb in rows)
    return [] if high < LEAST_ROWS * side or _keeps_to_cells(rows, boxes, side) else rows


def _measure_side(comb: Comb) -> float:
    """Return how wide the cells of a comb are."""
    return (comb.box.right - comb.box.left) / len(comb.cells)


def _keeps_to_cells(rows: Sequence[Comb], boxes: npt.NDArray[np.int32], side: float) -> bool:
    """Say whether the characters on rows of cells stand in a cell each."""
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    characters = boxes[(high >= HIGH * side) & (wide >= WIDE * side)]
    middles = (characters[:, :2] + characters[:, 2:]) / 2
    seen = astray = 0
    for comb in rows:
        is_inside = (comb.box.top < middles[:, 1]) & (middles[:, 1] < comb.box.bottom)
        inside = characters[is_inside]
        walls = np.array([cell.right for cell in comb.cells[:-1]])
        first, last = inside[:, :1] + BEYOND * side, inside[:, 2:3] - BEYOND * side
        is_across = ((first < walls) & (walls < last)).any(axis=1)
        cells = np.searchsorted(walls, middles[is_inside, 0])
        is_beside = np.bincount(cells, minlength=1)[cells] > 1
        seen += len(inside)
        astray += int(np.count_nonzero(is_across | is_beside))
    return astray <= SHARE * seen


def lies_among(comb: Comb, squares: Sequence[Comb]) -> bool:
    """Say whether a comb meets what rows of squares cover together; nothing does where none are."""
    box = comb.box
    return bool(squares) and (
        min(row.box.left for row in squares) < box.right
        and box.left < max(row.box.right for row in squares)
        and min(row.box.top for row in squares) < box.bottom
        and box.top < max(row.box.bottom for row in squares)
    )


def divide_out_squares(gray: Gray, squares: Sequence[Comb]) -> Gray:
    """Divide a page by its squares: what is left is paper and the ink that was put over them.

    What goes on straight for some squares, across the page or down it, is a rule; ink lets through
    a share of the light that the rule lets through, and so a stroke is the quotient of both.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        The page, 0 black to 255 white, its squares upright.
    squares : sequence of Comb
        At least one.

    Returns
    -------
    ndarray of uint8, shape (H, W)

    Examples
    --------
    >>> from digitscan.records import Box
    >>> page = np.full((90, 90), 250, np.uint8)
    >>> page[:, ::20] = page[::20] = 125
    >>> page[30:60, 38:42] = 50
    >>> row = Comb(Box(0, 20, 40, 40), (Box(0, 20, 20, 40), Box(20, 20, 40, 40)))
    >>> left = divide_out_squares(page, [row])
    >>> int(left[30, 20]), int(left[50, 38]), int(left[50, 40])
    (250, 50, 100)
    """
    length = round(LONG * float(np.median([_measure_side(comb) for comb in squares])))
    paper = max(1.0, float(np.median(gray)))
    left, rules = gray, np.full_like(gray, round(paper))
    # Where rules cross, each takes its share of the light.
    for straight in (_find_straight(gray, length), _find_straight(gray.T, length).T):
        rule = np.clip(straight, round(LEAST_LIGHT * paper), round(paper))
        left = np.asarray(cv2.divide(left, rule, scale=paper), np.uint8)
        rules = np.asarray(cv2.multiply(rules, rule, scale=1 / paper), np.uint8)
    left[(rules < RULED * paper) & (left > REST * paper)] = round(paper)
    return left


def _find_straight(gray: Gray, length: int) -> Gray:
    """Return how dark what goes on down a page is; beside it, and elsewhere, how light paper is."""
    # A rule wavers by a pixel, and its noise would end it.
    dark = cv2.blur(cv2.erode(gray, np.ones((1, 3), np.uint8)), (1, SMOOTH_PX))
    return np.asarray(cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((length, 1), np.uint8)))
