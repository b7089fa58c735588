"""Gray page -> the E-13B line of the cheque on it.

How the pipeline goes from here to a reading (`micr_cells` cuts the line, `recognition.micr`
spells it)::

    line = find_micr_line(page.image, settings.micr)
    if line is not None:
        cells = split_micr_cells(page.image, line)
        tiles = normalize_tiles([cell.ink for cell in cells])
        boxes = [cell.box for cell in cells]
        reading = read_micr(classifier.classify(tiles), boxes, settings.micr)

`find_micr_line` goes by geometry alone (equal heights, right edges at one eighth of an inch);
digits of other fonts at such a pitch are left to `recognition.micr.read_micr`, which gives None
where the network calls them rubbish.
"""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import find_outlines
from digitscan.imaging.dark import find_dark
from digitscan.imaging.geometry import find_median
from digitscan.imaging.page_size import reduce_page
from digitscan.records import Box, Gray, Mask, MicrLine
from digitscan.settings import MicrSettings

PITCH_OF_HEIGHT = 0.125 / 0.117
"""Distance between right edges over height of the digits: ISO 1004-1."""
_REDUCED_PX = 1100
"""The line is looked for at this length of the page's longer side or up to twice that: a cheque
then has 120 dpi or more, and the thinnest stroke, 0.013 inch, is still 1.5 px."""
_LEAST_PX = 10
"""Height of a digit at 100 dpi is 11.7 px; smaller print is no E-13B."""
_INK_SHARE = 0.68
"""Darker than this share of the paper is ink: magnetic ink is black, backgrounds are not."""
_DARKEST = 0.5
"""Percentile of the gray that is ink at its darkest: a line of MICR covers 1 to 2 % of its band."""
_LIGHT = 95.0
"""Percentile of the gray that is paper: of its picture a cheque covers a twentieth at least."""
_MAX_SLOPE = 0.08
"""Rise per run: 3 degrees of skew left over, and the differences of bottom edges on top."""


def find_micr_line(gray: Gray, settings: MicrSettings = MicrSettings()) -> MicrLine | None:
    """Find the E-13B line of a page, first near its bottom edge, where a cheque alone has it.

    Looks for a row of components of equal height whose right edges lie at a constant pitch of
    1.068 heights, as only E-13B and a few typewriters have it. Needs no resolution: the ratio
    holds from 100 to 600 dpi.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white; turned upright, up to 3 degrees of skew left over.
    settings : MicrSettings

    Returns
    -------
    MicrLine or None
        None where nothing on the page is spaced like E-13B.

    Examples
    --------
    >>> find_micr_line(np.full((300, 700), 255, np.uint8)) is None
    True
    """
    top = int(gray.shape[0] * (1.0 - settings.search_share))
    near = _find_below(gray, top, settings)
    # A cheque on a flatbed scan may lie anywhere on the sheet.
    return _find_below(gray, 0, settings) if near is None and top else near


def _find_below(gray: Gray, top: int, settings: MicrSettings) -> MicrLine | None:
    """Find the longest line below a row of the page."""
    factor = max(1, max(gray.shape) // _REDUCED_PX)
    band = gray[top:]
    if min(band.shape) < 4 * factor:
        return None
    band = reduce_page(band, factor)
    boxes = _find_digit_boxes(find_dark(band, _choose_share(band)))
    best: MicrLine | None = None
    best_count = settings.min_digits - 1
    for members in _chain(boxes):
        line = _fit(members, settings.min_digits)
        if line is not None and len(members) > best_count:
            best, best_count = line, len(members)
    return None if best is None else _enlarge(best, factor, top)


def _choose_share(band: Gray) -> float:
    """Return the share of the paper's gray below which is ink: on pale scans halfway to the ink."""
    sample = band[::4, ::4]
    light, ink = map(float, np.percentile(sample, (_LIGHT, _DARKEST)))
    # A table that shows beside the cheque is no paper, however much of it there is.
    paper = float(np.median(sample[sample >= light / 2]))
    return max(_INK_SHARE, (1.0 + ink / max(1.0, paper)) / 2)


def _find_digit_boxes(mask: Mask) -> npt.NDArray[np.float32]:
    """Return left, top, right, bottom (N, 4) of the components shaped like an upright digit."""
    # The outline of a digit has a pixel in each of its rows: most are specks, and shorter.
    found = [cv2.boundingRect(one) for one in find_outlines(mask) if len(one) >= _LEAST_PX]
    left, top, width, height = np.array(found, np.float32).reshape(-1, 4).T
    # A 1 is 4 units wide to 9 high, an 8 is 7 to 9; blur and spread add up to one unit each.
    digit = (height >= _LEAST_PX) & (width > 0.33 * height) & (width < height)
    return np.stack([left, top, left + width, top + height], axis=1)[digit]


def _chain(boxes: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
    """Group the boxes that follow each other at the pitch, one to four cells on."""
    count = len(boxes)
    if count < 2:
        return []
    boxes = boxes[np.argsort(boxes[:, 3])]
    height = boxes[:, 3] - boxes[:, 1]
    # Only pairs of nearly the same bottom are looked at: a page of text has a thousand boxes.
    most = 0.12 * height + 1 + _MAX_SLOPE * 4.5 * PITCH_OF_HEIGHT * height
    first, second = _pair(boxes[:, 3], most)
    swap = boxes[first, 2] > boxes[second, 2]
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    ahead = boxes[second, 2] - boxes[first, 2]
    pitch = (height[first] + height[second]) / 2 * PITCH_OF_HEIGHT
    cells = ahead / pitch
    steps = np.round(cells)
    level = np.abs(boxes[second, 3] - boxes[first, 3])
    tolerance = np.maximum(0.14, 1.5 / pitch) * np.maximum(1.0, steps * 0.7)
    good = (
        (np.abs(height[first] - height[second]) <= np.maximum(1.0, 0.12 * height[first]))
        & (steps >= 1)
        & (steps <= 4)
        & (np.abs(cells - steps) < tolerance)
        & (level < 0.12 * height[first] + 1 + _MAX_SLOPE * ahead)
    )
    return [boxes[group] for group in _join(count, first[good], second[good])]


def _pair(
    values: npt.NDArray[np.float32], reach: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return all pairs i < j of sorted values with values[j] - values[i] <= reach[i]."""
    start = np.arange(len(values))
    counts = np.searchsorted(values, values + reach, side="right") - start - 1
    first = np.repeat(start, counts)
    offset = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    return first, first + 1 + offset


def _join(
    count: int, first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]
) -> list[npt.NDArray[np.intp]]:
    """Return the connected groups of two or more, by spreading the smallest number."""
    label = np.arange(count)
    while True:
        low = label.copy()
        np.minimum.at(low, first, label[second])
        np.minimum.at(low, second, label[first])
        low = low[low]
        if np.array_equal(low, label):
            break
        label = low
    kept = np.union1d(first, second)
    return [kept[label[kept] == value] for value in np.unique(label[kept])]


def _fit(boxes: npt.NDArray[np.float32], min_digits: int) -> MicrLine | None:
    """Fit baseline and pitch to a chain; None where too few of it fit."""
    if len(boxes) < min_digits:
        return None
    boxes = boxes[np.argsort(boxes[:, 2])]
    height = find_median(boxes[:, 3] - boxes[:, 1])
    slope, baseline = _fit_baseline(boxes)
    for _ in range(2):
        off = np.abs(boxes[:, 3] - baseline - slope * boxes[:, 2])
        level = off <= max(1.2, 0.1 * height)
        if level.sum() < min_digits:
            return None
        slope, baseline = _fit_baseline(boxes[level])
    boxes = boxes[level]
    steps = np.diff(boxes[:, 2])
    cells = np.round(steps / (height * PITCH_OF_HEIGHT))
    neighbors = (cells >= 1) & (cells <= 4)
    # Digits of one field follow each other: every second cell alone is some other grid.
    if (cells == 1).sum() < min_digits // 2:
        return None
    pitch = float(steps[neighbors].sum() / cells[neighbors].sum())
    off_pitch = np.abs(steps[neighbors] - pitch * cells[neighbors])
    even = off_pitch <= max(1.2, 0.07 * pitch)
    # A pixel of blur and the tilt of a digit both add to its height.
    off_ratio = abs(pitch / height / PITCH_OF_HEIGHT - 1.0)
    if even.mean() < 0.75 or abs(slope) > _MAX_SLOPE or off_ratio > 0.1 + 1.0 / height:
        return None
    left, top = np.floor(boxes[:, :2].min(axis=0)).astype(int)
    right, bottom = np.ceil(boxes[:, 2:].max(axis=0)).astype(int)
    box = Box(int(left), int(top), int(right), int(bottom))
    return MicrLine(box, baseline, slope, height, pitch)


def _fit_baseline(boxes: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return slope and height at the left edge of the straight line along the lower corners."""
    right, bottom = boxes[:, 2].astype(np.float64), boxes[:, 3].astype(np.float64)
    middle = right.mean()
    away = right - middle
    slope = float(away @ bottom / (away @ away))
    return slope, float(bottom.mean() - slope * middle)


def _enlarge(line: MicrLine, factor: int, top: int) -> MicrLine:
    """Bring a line found in the reduced band back to the page."""
    box = line.box
    return MicrLine(
        Box(
            box.left * factor, top + box.top * factor, box.right * factor, top + box.bottom * factor
        ),
        top + line.baseline_px * factor,
        line.slope,
        line.height_px * factor,
        line.pitch_px * factor,
    )
