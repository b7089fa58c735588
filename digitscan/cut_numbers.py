"""Readings of a page -> those that the end of the page may have cut off are withheld."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitscan.fitted_form import Fit
from digitscan.imaging.cut_off import Ground, is_cut_off, is_on_page
from digitscan.recognition.micr import DELIMITERS
from digitscan.records import Box, Gray, Reading, Rejection

MARGIN, MICR_MARGIN, BOX = 0.6, 1.6, 1.05
"""Paper beside a number that is whole, in heights of its digits, in symbols of a MICR line, which
has gaps of a symbol, and in boxes, with the last one's wall. On 10 cheques, cut at seven places on
either side or with one of seven corners folded, none of 649 accepted readings is a part of its
number, where 77 of 755 were; on 40 whole ones and 10 forms one reading is rejected, of print."""


def withhold_cut(
    readings: Sequence[Reading], gray: Gray, ground: Ground, fit: Fit | None = None
) -> tuple[Reading, ...]:
    """Reject what may be a part of its number, the rest being off the page.

    Parameters
    ----------
    readings : sequence of Reading
        Boxes in pixels of the page.
    gray : ndarray of uint8, shape (H, W)
    ground : Ground
        Of the page, from `imaging.cut_off.find_ground`.
    fit : Fit, optional
        Where the readings are fields of a form: one whose zone is all on the page is not cut.

    Returns
    -------
    tuple of Reading
        Those that may be cut with the rejection `cut-off`.
    """
    whole: set[str | None] = set()
    if fit is not None:
        to_page = fit.registration.to_page
        whole = {
            field.name
            for field in fit.form.template.fields
            if is_on_page(gray.shape, ground, field.zone, to_page)
        }
    return tuple(
        replace(reading, rejection=Rejection.CUT_OFF)
        if reading.rejection is None
        and reading.region.field not in whole
        and _may_be_cut(reading, gray, ground)
        else reading
        for reading in readings
    )


def _may_be_cut(reading: Reading, gray: Gray, ground: Ground) -> bool:
    """Say whether too little paper is beside a number, the way that it is written."""
    if not reading.text:
        return False
    box, sizes = reading.region.box, [digit.box for digit in reading.digits]
    if len(reading.text) > 1 and box.bottom - box.top > box.right - box.left:
        gray, ground = gray.T, Ground(ground.mask.T, ground.step)
        box, *sizes = (Box(one.top, one.left, one.bottom, one.right) for one in (box, *sizes))
    height_px = float(np.median([one.bottom - one.top for one in sizes or [box]]))
    cell_px = (box.right - box.left) / len(reading.text)
    is_micr = not set(reading.text).isdisjoint(DELIMITERS)
    margin_px = MICR_MARGIN * cell_px if is_micr else MARGIN * height_px
    sizes.sort(key=lambda one: one.left + one.right)
    ends = (sizes[0], sizes[-1]) if sizes else None
    cell_px = BOX * max(cell_px, height_px)
    return is_cut_off(gray, ground, box, round(margin_px), round(cell_px), ends)
