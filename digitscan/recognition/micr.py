"""Probabilities of the cells of an E-13B line -> its reading.

The text has one character a symbol, blanks left out: digits, `A` transit, `B` amount, `C` on-us,
`D` dash.
"""

from collections.abc import Callable, Sequence

import numpy as np

from digitscan.records import Box, Candidate, Digit, Floats, Reading, Region, Rejection
from digitscan.settings import MicrSettings

SYMBOLS = "0123456789ABCD"
DELIMITERS = "ABCD"
FIELD = "micr"
_RUBBISH = len(SYMBOLS)
_KEPT = 8
"""Texts kept while the line is spelled, and handed on as alternatives."""
_LEAST = 1e-4
"""A symbol less probable than this opens no way of its own."""
_DIRT = 0.5
"""A cell called rubbish inside the line is a blot between symbols as often as a symbol under a
blot; only in the first case is the text right without it."""
_MOST_EVIDENCE = 4.0
"""Greatest weight of one cell when the line's ends are sought: no single one decides."""


def read_micr(
    probabilities: Floats,
    boxes: Sequence[Box],
    settings: MicrSettings = MicrSettings(),
    check: Callable[[str], bool] | None = None,
) -> Reading | None:
    """Spell an E-13B line and decide whether it is one.

    The ends of the line are where the symbols outweigh the rubbish (the stretch of cells with the
    greatest sum of log odds): a torn edge or print beside the line is left out. Cells are taken
    as independent, so that the confidence is the product of theirs.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (N, 15)
        One row a cell, left to right; columns 0-9, A-D, rubbish.
    boxes : sequence of Box
        The cells' boxes on the page.
    settings : MicrSettings
    check : callable, optional
        Tells whether a text is possible, for example by a country's check digit. The most
        probable text that passes is the reading; where none passes it is rejected.

    Returns
    -------
    Reading or None
        Field `micr`. None where too few cells are E-13B symbols: then it is another kind of line.

    Raises
    ------
    ValueError
        If the shapes do not agree.

    Examples
    --------
    >>> sure = np.eye(15, dtype=np.float32)[[12, 0, 0, 7, 3, 1, 12, 14]]
    >>> read_micr(sure, [Box(9 * k, 0, 9 * k + 7, 9) for k in range(8)]).text
    'C00731C'
    """
    if probabilities.shape != (len(boxes), len(SYMBOLS) + 1):
        raise ValueError(
            f"probabilities are ({len(boxes)}, {len(SYMBOLS) + 1}), got {probabilities.shape}"
        )
    start, stop = _find_ends(probabilities)
    rows, boxes = probabilities[start:stop], boxes[start:stop]
    if not _is_line(rows, settings):
        return None
    candidates = _spell(rows)
    best, rejection = candidates[0], None
    if check is not None:
        passing = [candidate for candidate in candidates if check(candidate.text)]
        best, rejection = (passing[0], None) if passing else (best, Rejection.GRAMMAR)
    digits = tuple(
        Digit(box, SYMBOLS[index], float(row[index]))
        for box, row, index in zip(boxes, rows, rows.argmax(axis=1), strict=True)
        if index != _RUBBISH
    )
    return Reading(
        region=Region(_surround(boxes), FIELD),
        text=best.text,
        value=best.text,
        confidence=best.confidence,
        alternatives=tuple(other for other in candidates if other is not best),
        rejection=rejection,
        digits=digits,
    )


def _find_ends(probabilities: Floats) -> tuple[int, int]:
    """Return the stretch (start, stop) with the greatest sum of log odds against rubbish."""
    rubbish = np.clip(probabilities[:, _RUBBISH].astype(np.float64), 1e-6, 1 - 1e-6)
    odds = np.clip(np.log1p(-rubbish) - np.log(rubbish), -_MOST_EVIDENCE, _MOST_EVIDENCE)
    sums = np.concatenate([[0.0], np.cumsum(odds)])
    lowest = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - lowest))
    start = int(np.argmin(sums[: stop + 1]))
    return start, stop


def _is_line(rows: Floats, settings: MicrSettings) -> bool:
    labels = rows.argmax(axis=1)
    named = labels[labels != _RUBBISH]
    if named.size < settings.min_digits:
        return False
    delimiters = int((named >= len(SYMBOLS) - len(DELIMITERS)).sum())
    rubbish_share = 1.0 - named.size / len(labels)
    return delimiters >= settings.min_delimiters and rubbish_share <= settings.max_rubbish_share


def _spell(rows: Floats) -> list[Candidate]:
    """Return the most probable texts, best first; equal texts of different cells add up."""
    texts = {"": 1.0}
    for row in rows:
        grown: dict[str, float] = {}
        choices = [(SYMBOLS[k], float(row[k])) for k in np.flatnonzero(row[:_RUBBISH] > _LEAST)]
        choices.append(("", _DIRT * float(row[_RUBBISH])))
        for text, probability in texts.items():
            for symbol, share in choices:
                grown[text + symbol] = grown.get(text + symbol, 0.0) + probability * share
        best = sorted(grown.items(), key=lambda item: (-item[1], item[0]))[:_KEPT]
        texts = dict(best)
    return [Candidate(text, min(1.0, probability)) for text, probability in texts.items() if text]


def _surround(boxes: Sequence[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )
