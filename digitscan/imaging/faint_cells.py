"""Boxes of a comb -> what is written in each, also where it is faint beside a black field."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.comb_cells import CellInk, split_cells
from digitscan.imaging.components import find_components
from digitscan.imaging.geometry import clip_box, grow_box
from digitscan.records import Box, Gray
from digitscan.settings import InkSettings

INSIDE = 0.14
"""Share of a cell's sides that is left out around it when it is looked at alone: its walls."""
FAINT_CONTRAST = 36.0
"""Least darkness of faint writing below its paper, in gray levels: at three tenths of the contrast
of the tally forms pens have 70, and the watermark of the forms as they are 25."""
LEAST_HEIGHT = 0.3
"""Share of a cell's height that faint writing has: a digit, no speck."""


def find_cell_ink(
    gray: Gray, cells: Sequence[Box], settings: InkSettings = InkSettings()
) -> tuple[CellInk, ...]:
    """Give each cell of a comb its writing.

    Ink is measured against the darkest around it, so that pencil fades to nothing beside a black
    field. A cell in which nothing was found is looked at once more, alone: a digit that is
    overlooked changes the number.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        The page or a part of it, 0 black to 255 white.
    cells : sequence of Box
        The cells of one comb, left to right, from wall to wall.
    settings : InkSettings

    Returns
    -------
    tuple of CellInk
        One a cell.

    Examples
    --------
    >>> page = np.full((80, 220), 240, np.uint8)
    >>> page[:, :90], page[20:60, (90, 150, 210)], page[30:50, 118:121] = 5, 60, 190
    >>> cells = Box(90, 20, 150, 60), Box(150, 20, 210, 60)
    >>> [bool(cell.ink.any()) for cell in find_cell_ink(page, cells)]
    [True, False]
    """
    ink = estimate_ink(gray, settings)
    found = split_cells(ink, cells)
    empty = [cell for cell, one in zip(cells, found, strict=True) if not one.ink.any()]
    if not empty:
        return found
    # What has the least contrast comes out at the threshold.
    full = FAINT_CONTRAST * 255 / settings.threshold
    faint = replace(settings, min_contrast=max(full, settings.min_contrast))
    mended = None
    for cell in empty:
        height, width = cell.bottom - cell.top, cell.right - cell.left
        inner = grow_box(cell, -round(INSIDE * width), -round(INSIDE * height))
        inner = clip_box(inner, gray.shape)
        part = slice(inner.top, inner.bottom), slice(inner.left, inner.right)
        alone = estimate_ink(gray[part], faint)
        parts = find_components(np.asarray(alone >= settings.threshold))
        if parts.heights.size and parts.heights.max() >= LEAST_HEIGHT * height:
            mended = ink.copy() if mended is None else mended
            mended[part] = alone
    return found if mended is None else split_cells(mended, cells)
