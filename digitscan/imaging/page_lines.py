"""Gray page -> the straight lines printed on it, thin ones across and down."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.dark import find_dark
from digitscan.records import Gray

Bits = npt.NDArray[np.uint8]
"""1 on lines, 0 elsewhere."""

_RULE_PX = 7
"""A rule is thinner than this at the reduced size: 1.2 mm on A4."""
RULE_DEPTH = 14
"""Gray levels by which a rule is darker than the paper on both sides; watermarks stay below."""
_DARK_SHARE = 0.7
"""Darker than this share of the paper is print, rule or not: a black field can close a comb too."""
LEAST_PX = 13
"""Least height of a wall at the reduced size: 3 mm on A4."""
_LEAST_RULE_PX = 30
"""Least length of a rule at the reduced size: longer than the strokes of most digits, shorter
than two cells."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The straight lines of a page, all arrays of its shape but the last.

    Attributes
    ----------
    walls : ndarray of uint8
        1 on thin verticals, and on black fields.
    rules : ndarray of uint8
        1 on thin horizontals.
    thin : ndarray of uint8
        1 on either.
    dark : ndarray of uint8
        1 on whatever is dark: lines, fields, writing.
    stems : ndarray of int, shape (N, 3)
        Column, top and bottom of the thin verticals that stand between two rules.
    """

    walls: Bits
    rules: Bits
    thin: Bits
    dark: Bits
    stems: npt.NDArray[np.intp]


def find_lines(gray: Gray) -> Lines:
    """Find the lines of a page that was reduced to some 110 dots per inch.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white.

    Returns
    -------
    Lines

    Examples
    --------
    >>> page = np.full((60, 90), 255, np.uint8)
    >>> page[10:12, 10:81] = page[50:52, 10:81] = page[10:52, (10, 45, 80)] = 0
    >>> find_lines(page).stems.shape
    (3, 3)
    """
    height = gray.shape[0]
    dark = find_dark(gray, _DARK_SHARE).view(np.uint8)
    rules = _find_rules(gray)
    thin = _find_thin(gray)
    # Between two rules the walls of a comb are equally high, whatever stands above and below.
    wide = _widen(rules, (3, 1))
    between = cv2.subtract(thin, cv2.max(wide[: height - 1 : 2], wide[1::2]))
    runs = _find_runs(np.asarray(between, np.uint8), LEAST_PX - 3)
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
    walls = _double(_find_runs(thin, LEAST_PX), height)
    return Lines(walls | dark, rules, walls | rules, dark, stems)


def _find_rules(gray: Gray) -> Bits:
    """Return 1 on the thin straight lines across the page."""
    # Runs down the columns are found in half of the time that runs along the rows take.
    turned = np.asarray(cv2.transpose(gray), np.uint8)
    runs = _double(_find_runs(_find_thin(turned), _LEAST_RULE_PX), len(turned))
    return np.asarray(cv2.transpose(runs), np.uint8)


def _find_thin(gray: Gray) -> Bits:
    """Return 1 where the page is darker than to the left and right, a rule's width away.

    The page is smoothed along the columns first: hatched backgrounds and lines of text turn into
    even gray, a wall stays, and every second row tells all: the shape is (H // 2, W).
    """
    last = gray.shape[0] - 1
    pairs = cv2.addWeighted(gray[:last:2], 0.5, gray[1::2], 0.5, 0.0)
    smooth = cv2.GaussianBlur(pairs, (1, 3), 0)
    depth = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, np.ones((1, _RULE_PX), np.uint8))
    return np.asarray(cv2.threshold(depth, RULE_DEPTH - 1, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _find_runs(thin: Bits, length: int) -> Bits:
    """Return the vertical runs of at least `length` rows of the page, every second of them given,
    gaps up to half of it closed."""
    # Odd numbers: OpenCV's closing and opening by an even one move the runs.
    rows = length // 2 | 1
    joined = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, np.ones((rows // 2 | 1, 1), np.uint8))
    return np.asarray(cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((rows, 1), np.uint8)))


def _double(mask: Bits, height: int) -> Bits:
    """Repeat every row, the last one until there are `height`."""
    return mask[np.minimum(np.arange(height) // 2, len(mask) - 1)]


def _widen(mask: Bits, size: tuple[int, int]) -> Bits:
    """Dilate by a rectangle of (rows, columns)."""
    return np.asarray(cv2.dilate(mask, np.ones(size, np.uint8)), np.uint8)
