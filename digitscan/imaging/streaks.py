"""Streaks that dirt in a scanner draws along a page, from edge to edge -> taken out."""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.geometry import find_runs
from digitscan.records import Gray, Mask

LEAST_PX = 300
"""A page shorter than this along a streak is left alone: a tall 1 in a tight crop runs from edge to
edge too, but is no more than ten times as tall as broad."""
LEAST_REACH_PX, REACH = 9, 1 / 150
"""How far around a streak its paper is looked for, as a share of the long side: 15 px on a cheque
of 300 dpi, where streaks are 1 to 4 px broad. What is broader than half of it is no streak."""
SAMPLES = 96
"""Rows that are looked at: a streak is on all of them. Of 800 streaks drawn on 20 cheques 727 are
found, with 48 rows 695 and with 160 716."""
CONTRAST = 10
"""Gray levels by which a streak differs from its paper, more than most of a security pattern."""
MOST_MISSES = 0.03
"""Share of the rows whose paper could show the streak that do not: JPEG and writing hide some. With
a tenth, rules of half of 40 cheques pass."""
ENDS = 3
"""Rows at either end that must show it, where their paper can: most rules end at margins. Without
them rules of 5 of 40 cheques pass."""
VISIBLE = 0.5
"""Of all rows, those whose paper must be able to show a streak before any is believed."""
DARK, LIGHT = 60, 245
"""Paper that is darker shows no dark streak, paper that is lighter no light one."""
SECTIONS, AROUND_PX, MOST_DRIFT_PX = 8, 2, 0.65
"""A streak stands in the same columns in every section of the page, as far as so many columns
around it say. Of 402 drawn on 10 cheques, 97 in a hundred move by 0.6 px or less; the three rules
of tally forms that come that far move by 0.7, 1.7 and 2.4."""
LEAST_GAIN, MOST_GAIN = 0.4, 1.6
"""Share of the paper's light that a streak leaves. Between the two the page shows through, and is
made lighter or darker again; beyond, the columns are filled from both sides."""
TINY = 1e-3
"""Gray levels: so much every column weighs, so that no center is divided by nothing."""

Floats = npt.NDArray[np.float32]


def mend_streaks(gray: Gray) -> Gray:
    """Take out streaks down and across a page, dark and light ones.

    Dirt on the glass of a sheet-fed scanner draws a straight line of constant width from the first
    row to the last, always along the way of the sheet. Lines that end within the page, that lean,
    or that run both ways, as those of a table cut out at its frame, belong to the page and stay.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, as it left the scanner: a page that was straightened since has its
        streaks askew, and keeps them.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        `gray` itself where there is no streak.

    Examples
    --------
    >>> page = np.full((400, 600), 200, np.uint8)
    >>> page[50:350, 100:104] = 20  # a rule of the page
    >>> streaked = page.copy()
    >>> streaked[:, 300:303] = 40
    >>> bool(np.array_equal(mend_streaks(streaked), page)), mend_streaks(page) is page
    (True, True)
    """
    down, across = gray, np.asarray(gray.T)
    spans_down, spans_across = _find_spans(down), _find_spans(across)
    if bool(spans_down) == bool(spans_across):
        return gray
    if spans_down:
        return _mend_spans(down, spans_down)
    return np.ascontiguousarray(_mend_spans(across, spans_across).T)


def _find_spans(gray: Gray) -> list[tuple[int, int]]:
    """Find the columns of each streak that runs down a page, with the column on either side.

    It holds a part of the streak, and what JPEG made of its edge.
    """
    height, width = gray.shape
    reach = max(LEAST_REACH_PX, round(REACH * max(height, width))) | 1
    if height < LEAST_PX or width <= 4 * reach:
        return []
    rows = _sample(gray)
    kernel = np.ones((1, reach), np.uint8)
    light = np.asarray(cv2.morphologyEx(rows, cv2.MORPH_CLOSE, kernel), np.uint8)
    dark = np.asarray(cv2.morphologyEx(rows, cv2.MORPH_OPEN, kernel), np.uint8)
    darker = np.asarray(cv2.subtract(light, rows), np.uint8)
    lighter = np.asarray(cv2.subtract(rows, dark), np.uint8)
    # JPEG draws a light edge beside a dark streak, and the other way round: together they are one.
    found = _mark_streaks(darker, light >= DARK) | _mark_streaks(lighter, dark <= LIGHT)
    return [
        (start - 1, end + 1)
        for start, end in find_runs(np.flatnonzero(found))
        if reach <= start and end <= width - reach and end - start <= reach // 2
        if _is_straight(darker, lighter, start, end)
    ]


def _mend_spans(gray: Gray, spans: list[tuple[int, int]]) -> Gray:
    """Light the columns of streaks up again, or fill them where nothing shows through."""
    rows = _sample(gray)
    mended = gray.copy()
    for start, end in spans:
        gains = np.median(rows[:, start:end] / np.maximum(_fill(rows, start, end), 1.0), axis=0)
        shows = (gains >= LEAST_GAIN) & (gains <= MOST_GAIN)
        lit = gray[:, start:end] / np.maximum(gains, LEAST_GAIN)
        mended[:, start:end] = np.where(shows, lit.clip(0, 255), _fill(gray, start, end))
    return mended


def _sample(gray: Gray) -> Gray:
    return np.ascontiguousarray(gray[:: max(1, len(gray) // SAMPLES)])


def _mark_streaks(differences: Gray, shows: Mask) -> Mask:
    """Mark the columns that differ from their paper in nearly every row where it would show."""
    misses = shows & (differences < CONTRAST)
    visible = _count(shows)
    at_ends = _count(misses[:ENDS]) + _count(misses[-ENDS:])
    few = _count(misses) <= MOST_MISSES * visible
    return np.asarray(few & (visible >= VISIBLE * len(shows)) & (at_ends == 0))


def _count(marked: Mask) -> npt.NDArray[np.int32]:
    """Count the marked rows of each column; NumPy takes six times as long."""
    ones = marked.view(np.uint8)
    return np.asarray(cv2.reduce(ones, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0], np.int32)


def _is_straight(darker: Gray, lighter: Gray, start: int, end: int) -> bool:
    """Say whether a streak stands in the same columns from its beginning to its end."""
    columns, run = slice(start - AROUND_PX, end + AROUND_PX), slice(start, end)
    is_dark = np.median(darker[:, run]) >= np.median(lighter[:, run])
    differences = darker[:, columns] if is_dark else lighter[:, columns]
    profiles = [np.median(part, axis=0) + TINY for part in np.array_split(differences, SECTIONS)]
    centers = [np.average(np.arange(len(one)), weights=one) for one in profiles]
    return bool(np.ptp(centers) <= MOST_DRIFT_PX)


def _fill(gray: Gray, start: int, end: int) -> Floats:
    """Say what columns would be, in a straight line from the column before to the one after."""
    left = gray[:, start - 1, None].astype(np.float32)
    right = gray[:, end, None].astype(np.float32)
    shares = np.arange(1, end - start + 1, dtype=np.float32) / (end - start + 1)
    return np.asarray(left + (right - left) * shares, np.float32)
