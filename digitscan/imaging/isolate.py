"""Ink of a region -> the ink of its line alone: no rules, specks, walls or neighboring lines."""

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.components import (
    Components,
    estimate_stroke_width,
    estimate_text_height,
    find_components,
    keep_ink,
)
from digitscan.imaging.ruling import remove_rules
from digitscan.records import Box, Gray, Mask
from digitscan.settings import CutSettings

HAIR = 2.0
"""A component of less ink than so many squares of the stroke's width says nothing of the height of
the writing: 60 hairs of a security pattern made 48 px digits 3 px high, and their strokes rules.
1 to 8 read the same 528 of 580 amounts but one."""
RULE = 3.0
"""A rule across a crop is at least so many text heights long. Boxes end where a form has them; the
rules of a crop go on to its edges, and the feet of neighbors, 2 beside 2 or a row of flat 0, make
runs of 2.5. Of 580 amounts the lattice reads 537 with 2, 540 with 3, 538 with 4, 536 with 6."""


def isolate_line(ink: Gray, threshold: int, settings: CutSettings = CutSettings()) -> Gray:
    """Keep the line of writing of a cropped field, and drop what else the crop holds.

    Parameters
    ----------
    ink : ndarray of uint8, shape (H, W)
        Ink strength of the crop, from `binarize.estimate_ink`.
    threshold : int
        Ink strength from which a pixel belongs to the writing.
    settings : CutSettings

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Ink strength, 0 where ink was dropped; soft edges of what stays are kept.
    """
    mask = np.asarray(ink >= threshold)
    mask = remove_rules(mask, _estimate_height(find_components(mask), mask), RULE)
    parts = find_components(mask)
    height = _estimate_height(parts, mask)
    keep = ~_are_specks(parts, mask, height, settings) & ~_are_outside(parts, height)
    return keep_ink(ink, np.concatenate([[False], keep])[parts.labels])


def isolate_parts(
    ink: Gray,
    window: Box,
    parts: Components,
    chosen: npt.NDArray[np.int64],
    factor: int,
    also: Mask | None = None,
) -> Gray:
    """Keep the ink of chosen components of the reduced page in a window of the full page.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        Ink strength of the window at full resolution.
    window : Box
        The window, in pixels of the full page, its edges multiples of `factor`.
    parts : Components
        Of the reduced page.
    chosen : ndarray of int
        Indexes of the components to keep.
    factor : int
        Pixels of the full page to a pixel of the reduced one.
    also : ndarray of bool, optional
        True on what stays besides: the window in pixels of the reduced page.

    Returns
    -------
    ndarray of uint8, shape (h, w)
    """
    rows = slice(window.top // factor, -(-window.bottom // factor))
    columns = slice(window.left // factor, -(-window.right // factor))
    is_chosen = np.zeros(len(parts.areas) + 1, np.uint8)
    is_chosen[chosen + 1] = 1
    chosen_mask = is_chosen.take(parts.labels[rows, columns])
    if also is not None:
        chosen_mask |= also
    grown = cv2.resize(
        chosen_mask,
        (chosen_mask.shape[1] * factor, chosen_mask.shape[0] * factor),
        interpolation=cv2.INTER_NEAREST,
    )
    # The reduced page leaves out the last pixels where the factor does not divide the size.
    full = np.zeros(ink.shape, np.uint8)
    height, width = min(ink.shape[0], grown.shape[0]), min(ink.shape[1], grown.shape[1])
    full[:height, :width] = grown[:height, :width]
    # The reduced mask may miss the outermost pixel of a stroke on either side.
    near = cv2.dilate(full, np.ones((2 * factor + 1, 2 * factor + 1), np.uint8))
    return np.asarray(cv2.copyTo(ink, near), np.uint8)


def _estimate_height(parts: Components, mask: Mask) -> float:
    """Estimate the height of the writing, the many hairs of a security pattern left out."""
    stroke = estimate_stroke_width(mask)
    plain = parts.areas >= HAIR * stroke * stroke
    return estimate_text_height(parts.heights[plain] if plain.any() else parts.heights)


def _are_specks(
    parts: Components, mask: Mask, height: float, settings: CutSettings
) -> npt.NDArray[np.bool_]:
    """Say of each component whether it is far smaller than the writing; dots and commas are not."""
    stroke = estimate_stroke_width(mask)
    size = np.maximum(parts.heights, parts.widths)
    return np.asarray((size < settings.speck * height) & (parts.areas < stroke * stroke))


def _are_outside(parts: Components, height: float) -> npt.NDArray[np.bool_]:
    """Say of each component whether it lies above or below the line of writing."""
    if parts.areas.size == 0:
        return np.zeros(0, np.bool_)
    top, bottom = parts.boxes[:, 1], parts.boxes[:, 3]
    tall = parts.heights >= 0.6 * height
    # Weighted by width, so that the writing decides and not the walls of a box.
    weight = np.repeat(np.flatnonzero(tall), np.maximum(parts.widths[tall], 1))
    band_top, band_bottom = np.median(top[weight]), np.median(bottom[weight])
    # Commas hang up to 0.4 text heights below the digits.
    return np.asarray(
        (bottom < band_top + 0.1 * height) & ~tall
        | (top > band_bottom + 0.2 * height)
        | (bottom < band_top - 0.1 * height)
    )
