"""Gray crop of a field -> the string reader's frame: one line of writing, 40 pixels high.

The frame is written once, here, and used by training and by reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import find_components
from digitscan.imaging.line_ink import measure_ink
from digitscan.imaging.shears import count_sheared
from digitscan.records import Floats, Gray

LINE_PX = 40
"""Height of the frame."""
BAND_PX = 28
"""Height that the band of the writing takes in the frame; 6 pixels stay free above and below."""
STRETCH = 1.2
"""Widening of the line: the string reader sees one column in four, and a narrow zero of a joined
row of zeros needs two of those columns."""
MAX_WIDTH_PX = 1200
"""Widest frame; a longer crop is squeezed. A field of 40 digits fits without."""
MIN_BAND = 0.22
"""Lowest band of writing, as a share of the crop's height: specks are not blown up to digits."""

TALL = 0.8
"""Share of the writing, by area, that is lower than the band. Sweep with one network over the held
amounts and the fields of the cheques: 0.8 reads 86 % of the held, 34 % of the amounts, 70 % of the
accounts and 88 % of the dates; 0.7 85, 34, 58 and 84 %; 0.9 86, 29, 58 and 88 %. A band from the
upper to the lower sixth of all components read 85, 29, 68 and 9 %."""

SHEARS = np.linspace(-0.3, 0.9, 25)
"""Slants that are tried, in columns to the right per row up; hands lean to the right."""
_PRIOR = np.exp(-0.5 * ((SHEARS - 0.2) / 1.2) ** 2)  # little: against accidents of a lone stroke

_SOLID = 110  # of 255: ink at least this strong is measured when the band is sought


@dataclass(frozen=True, slots=True)
class View:
    """A slightly different look at the same line, for training and for averaging.

    Attributes
    ----------
    zoom : float
        Size of the writing against the plain frame.
    stretch : float
        Widening on top of `zoom`.
    down_px, right_px : float
        Shift in frame pixels.
    slant : float
        Shear on top of the correction of the slant: columns to the right per row up.
    """

    zoom: float = 1.0
    stretch: float = 1.0
    down_px: float = 0.0
    right_px: float = 0.0
    slant: float = 0.0

    def __post_init__(self) -> None:
        if not (self.zoom > 0 and self.stretch > 0):
            raise ValueError(f"zoom and stretch are above 0, got {self.zoom, self.stretch}")


PLAIN = View()
VIEWS = (PLAIN, View(zoom=0.92, down_px=1.0), View(zoom=1.08, right_px=1.0))
"""The looks that are averaged. Of the amounts on 40 cheques in fifteen conditions strings-6 alone
reads 404 of 570 with the first, 414 with these, 406 with three more."""


def normalize_line(crop: Gray, view: View = PLAIN) -> Floats:
    """Bring the writing of one field into the string reader's frame.

    Parameters
    ----------
    crop : ndarray of uint8, shape (h, w)
        Gray, 0 black to 255 white, dark writing on light paper; cut tight or loose.
    view : View
        A moved or scaled look; the plain one by default.

    Returns
    -------
    ndarray of float32, shape (40, W, 1)
        0.0 paper to 1.0 full ink, kept gray. W is a multiple of 4, at least 16, at most 1200.

    Raises
    ------
    ValueError
        If `crop` is not a two-dimensional uint8 array with at least one pixel.

    Examples
    --------
    >>> crop = np.full((60, 90), 220, np.uint8)
    >>> crop[15:45, 40:44] = 60
    >>> line = normalize_line(crop)
    >>> line.shape, float(line.max()), float(line[:, :20].max())
    ((40, 112, 1), 1.0, 0.0)
    """
    _check(crop)
    return frame_line(measure_ink(crop), view)


def normalize_views(crop: Gray, views: Sequence[View] = VIEWS) -> tuple[Floats, ...]:
    """Bring the writing of one field into the frame several times, moved and scaled a little.

    Parameters
    ----------
    crop : ndarray of uint8, shape (h, w)
        As `normalize_line`.
    views : sequence of View

    Returns
    -------
    tuple of ndarray of float32, shape (40, W, 1)
        One a view; W differs.

    Raises
    ------
    ValueError
        If `crop` is not a two-dimensional uint8 array with at least one pixel.

    Examples
    --------
    >>> [line.shape for line in normalize_views(np.full((60, 90), 220, np.uint8))][:2]
    [(40, 60, 1), (40, 56, 1)]
    """
    _check(crop)
    return frame_views(measure_ink(crop), views)


def frame_views(ink: Gray, views: Sequence[View] = VIEWS) -> tuple[Floats, ...]:
    """Lay measured ink into the frame several times, moved and scaled a little.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        As `measure_ink` returns it.
    views : sequence of View

    Returns
    -------
    tuple of ndarray of float32, shape (40, W, 1)
        As `normalize_views`.
    """
    place = locate_writing(ink)
    return tuple(frame_line(ink, view, place) for view in views)


@dataclass(frozen=True, slots=True)
class Place:
    """Where writing stands in measured ink.

    Attributes
    ----------
    top, bottom : float
        The band of the writing, rows.
    slant : float
        Columns to the right per row up.
    """

    top: float
    bottom: float
    slant: float


def locate_writing(ink: Gray) -> Place:
    """Find band and slant of the writing.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        As `measure_ink` returns it.
    """
    strokes = find_strokes(ink)
    top, bottom = estimate_band(strokes)
    return Place(top, bottom, estimate_slant(strokes, top, bottom))


def frame_line(ink: Gray, view: View = PLAIN, place: Place | None = None) -> Floats:
    """Lay measured ink into the frame: upright, and the band of the writing 28 pixels high.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        As `measure_ink` returns it: one measurement serves many views.
    view : View
    place : Place, optional
        What `locate_writing` says of the ink, where somebody has asked already.

    Returns
    -------
    ndarray of float32, shape (40, W, 1)
        As `normalize_line`.

    Examples
    --------
    >>> frame_line(np.zeros((20, 3), np.uint8)).shape
    (40, 16, 1)
    """
    found = locate_writing(ink) if place is None else place
    top, bottom, slant = found.top, found.bottom, found.slant - view.slant
    scale = BAND_PX / (bottom - top) * view.zoom
    wide = scale * STRETCH * view.stretch
    margin = 8 + round(abs(slant) * BAND_PX * STRETCH)
    width = round(ink.shape[1] * wide)
    if width > MAX_WIDTH_PX - margin:
        wide *= (MAX_WIDTH_PX - margin) / width
        width = MAX_WIDTH_PX - margin
    frame_width = max(16, -(-(width + margin) // 4) * 4)
    down = LINE_PX / 2 - scale * (top + bottom) / 2 + view.down_px
    right = (frame_width - ink.shape[1] * wide) / 2 + view.right_px
    middle = (top + bottom) / 2
    reduced, lean = ink, slant * wide
    if scale < 0.7:
        # warpAffine samples points: reduce first, or thin strokes fall between the samples.
        size = (max(1, round(ink.shape[1] * wide)), max(1, round(ink.shape[0] * scale)))
        reduced = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.uint8)
        middle, lean = middle * scale, lean / scale
        wide, scale = 1.0, 1.0
    right += wide / 2 - 0.5 - lean * middle
    turn = np.array([[wide, lean, right], [0.0, scale, down + scale / 2 - 0.5]])
    line = cv2.warpAffine(reduced, turn, (frame_width, LINE_PX), flags=cv2.INTER_LINEAR)
    return (np.asarray(line, np.float32) / np.float32(255))[:, :, np.newaxis]


def mark_alone(line: Floats) -> Floats:
    """Tell the string reader that a line is ink alone: its frame, walls and neighbors taken out.

    A bare stroke at an end of such a line is a 1; in a crop it is as often the wall of a box. No
    reader can tell from the stroke, so the first and the last row of the frame say so, where
    writing hardly ever comes.

    Parameters
    ----------
    line : ndarray of float32, shape (40, W, 1)
        As `frame_line` returns it.

    Returns
    -------
    ndarray of float32, shape (40, W, 1)
        A copy whose first and last row are 1.0.

    Examples
    --------
    >>> line = mark_alone(np.zeros((40, 16, 1), np.float32))
    >>> line[:, 0, 0].tolist() == [1.0] + 38 * [0.0] + [1.0]
    True
    """
    marked = line.copy()
    marked[0] = marked[-1] = 1.0
    return marked


def find_strokes(ink: Gray) -> Gray:
    """Find what may be writing: strong ink without printed rules and walls.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        As `measure_ink` returns it.

    Returns
    -------
    ndarray of uint8, shape (h, w)
        1 on strokes, 0 elsewhere.

    Examples
    --------
    >>> ink = np.zeros((20, 60), np.uint8)
    >>> ink[10], ink[5:15, 30] = 255, 255
    >>> find_strokes(ink).sum(axis=0)[28:33].tolist()
    [0, 0, 7, 0, 0]
    """
    height, width = ink.shape
    solid = (ink >= _SOLID).view(np.uint8)
    # Made thicker first: a rule that leans a little is a staircase of short runs.
    thick = cv2.dilate(solid, np.ones((3, 1), np.uint8))
    # A rule is longer than the line is high; a pen's dash or the bar of a 7 is not.
    rule = np.ones((1, min(width, height + 1)), np.uint8)
    wall = np.ones((max(3, round(0.9 * height)), 1), np.uint8)
    strokes = solid
    for source, run in ((thick, rule), (solid, wall)):
        starts = cv2.erode(source, run)
        # Most lines have none: then the second half of the opening is spared.
        if starts.any():
            strokes = strokes & (cv2.dilate(starts, run) == 0)
    return np.asarray(strokes, np.uint8)


def estimate_band(strokes: Gray) -> tuple[float, float]:
    """Estimate the rows between which the writing stands.

    Ink that hangs into the crop from above or below is left out. The middle of the band is the
    median of the middles of the remaining components, weighed by their area; its height is the
    upper fifth of the heights of those that cross the middle. A label beside the number, or the
    letters below the cells of a date, do not move it.

    Parameters
    ----------
    strokes : ndarray of uint8, shape (h, w)
        As `find_strokes` returns it.

    Returns
    -------
    tuple of float
        Top and bottom in rows, at least `MIN_BAND` of the height apart; the whole height where
        nothing is found.

    Examples
    --------
    >>> strokes = np.zeros((60, 60), np.uint8)
    >>> strokes[20:40, 25:30] = 1
    >>> estimate_band(strokes)
    (20.0, 40.0)
    """
    height = strokes.shape[0]
    boxes = _find_writing(strokes)
    if len(boxes) == 0:
        return 0.0, float(height)
    weights = (np.minimum(boxes[:, 2], 2 * boxes[:, 3]) * boxes[:, 3]).astype(np.float64)
    middle = _weighted_quantile(2 * boxes[:, 1] + boxes[:, 3], weights, 0.5) / 2
    crossing = (boxes[:, 1] <= middle) & (boxes[:, 1] + boxes[:, 3] >= middle)
    tall = _weighted_quantile(boxes[crossing, 3], weights[crossing], TALL)
    tall = max(tall, MIN_BAND * height)
    return middle - tall / 2, middle + tall / 2


def estimate_slant(strokes: Gray, top: float, bottom: float) -> float:
    """Estimate how far the writing leans: columns to the right per row up.

    Of a row of shears that one is taken which gathers the ink in the fewest columns: the greatest
    sum of squares of the ink per column, as strokes become upright (after Vinciarelli and
    Luettin, "A new normalization technique for cursive handwritten words", 2001).

    Parameters
    ----------
    strokes : ndarray of uint8, shape (h, w)
        As `find_strokes` returns it.
    top, bottom : float
        The band of the writing, rows.

    Returns
    -------
    float
        -0.3 to 0.9; 0.0 where nothing is written.

    Examples
    --------
    >>> strokes = np.zeros((40, 60), np.uint8)
    >>> for row in range(40):
    ...     strokes[row, 40 - row // 2 : 44 - row // 2] = 1
    >>> round(estimate_slant(strokes, 0.0, 40.0), 2)
    0.5
    """
    band = strokes[max(0, round(top)) : min(strokes.shape[0], round(bottom))]
    height = band.shape[0]
    if height < 4:
        return 0.0
    moves = -np.rint(np.outer(SHEARS, height / 2 - np.arange(height))).astype(np.intp)
    counts = count_sheared(band.view(np.bool_), moves)
    scores = np.einsum("ij,ij->i", counts, counts)
    if not scores.any():
        return 0.0
    return float(SHEARS[int(np.argmax(scores * _PRIOR))])


def _check(crop: Gray) -> None:
    if crop.ndim != 2 or crop.dtype != np.uint8 or crop.size == 0:
        raise ValueError(f"a crop is uint8 (h, w) with pixels, got {crop.dtype} {crop.shape}")


def _find_writing(strokes: Gray) -> npt.NDArray[np.int32]:
    """Return left, top, width, height of the components that may be writing, shape (N, 4)."""
    height = strokes.shape[0]
    parts = find_components(strokes.view(np.bool_))
    tops, widths, heights = parts.boxes[:, 1], parts.widths, parts.heights
    edge = (tops <= 1) | (tops + heights >= height - 1)
    # A third: text of a neighboring line shows less than that of itself in the crop.
    hanging = edge & (heights < height / 3)
    small = heights < 0.12 * height
    # What is left of a printed box is an outline: writing fills a fifth of its bounding box.
    outline = parts.areas < 0.1 * widths * heights
    boxes = np.stack([parts.boxes[:, 0], tops, widths, heights], axis=1)
    return np.asarray(boxes[~hanging & ~small & ~outline], np.int32)


def _weighted_quantile(
    values: npt.NDArray[np.int32], weights: npt.NDArray[np.float64], share: float
) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, share * total[-1])])
