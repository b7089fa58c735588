"""Find printed rules and take them out, leaving the strokes that cross them whole."""

import cv2
import numpy as np

from digitscan.records import Mask

LONG = 1.6
"""A rule is a straight run at least this many text heights long: the bar of a 7 or 5 is below 1,
a dash of the tail `/-` below 1.5."""
THICK = 0.16
"""A rule is at most this many text heights thick: printed 0.3 to 0.8 mm, writing 5 mm."""


def remove_rules(mask: Mask, text_height: float, long: float = LONG) -> Mask:
    """Take horizontal and vertical rules out of the ink.

    A pixel goes when it lies on a long straight run of ink and its run across the rule is short:
    where a stroke crosses, the run across is long and stays, so no stroke is broken. A run that
    reaches the edge of the image may go on outside it, and counts as long.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink.
    text_height : float
        Height of the writing in pixels.
    long : float
        Least length of a rule across in text heights; one down is a quarter longer.

    Returns
    -------
    ndarray of bool, shape (H, W)
        A new mask, without the rules.

    Examples
    --------
    >>> ink = np.zeros((60, 200), bool)
    >>> ink[50:52] = True
    >>> ink[10:56, 100:104] = True
    >>> clean = remove_rules(ink, 40)
    >>> bool(clean[50, 20]), bool(clean[50, 101])
    (False, True)
    """
    clean = np.asarray(mask & ~find_rules(mask, text_height, long))
    return np.asarray(clean & ~find_rules(clean, text_height, long * 1.25, vertical=True))


def find_rules(mask: Mask, text_height: float, long: float = LONG, vertical: bool = False) -> Mask:
    """Mark the pixels of thin rules.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the ink.
    text_height : float
        Height of the writing in pixels.
    long : float
        Least length of a rule in text heights.
    vertical : bool
        Rules that run down the image; otherwise those across it.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True on rules, strokes across them left out.
    """
    ink = np.ascontiguousarray(mask).view(np.uint8)
    length = max(12, round(long * text_height))
    thick = max(2, round(THICK * text_height))
    # A scanned rule wavers by a pixel and has gaps: join across one pixel up and down first.
    joined = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    run, gauge = np.ones((1, length), np.uint8), np.ones((thick + 2, 1), np.uint8)
    runs = cv2.morphologyEx(joined, cv2.MORPH_OPEN, run.T if vertical else run)
    if not runs.any():
        return np.zeros(mask.shape, np.bool_)
    # What is thicker than a rule, seen across, is writing.
    across = cv2.morphologyEx(ink, cv2.MORPH_OPEN, gauge.T if vertical else gauge)
    return np.asarray(cv2.min(runs, cv2.subtract(ink, across)).view(np.bool_))
