"""A page turned one way and reduced, with its lines of writing: how it is looked at."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.broad_combs import choose_combs, find_broad_combs
from digitscan.imaging.combs import Comb, find_combs
from digitscan.imaging.deskew import estimate_skew_deg
from digitscan.imaging.geometry import rotate_page, scale_box, stored_from_upright, turn_upright
from digitscan.imaging.page_size import choose_factor, enlarge_page, reduce_page
from digitscan.imaging.regions import (
    USUAL_PX,
    Lines,
    Writing,
    find_lines,
    find_writing,
    measure_height,
    share_on_lines,
)
from digitscan.imaging.squared import divide_out_squares, find_squares, lies_among
from digitscan.records import Gray, Mask
from digitscan.settings import InkSettings, Settings

FINE, SMALL_PX = 2, 10.0
"""A page that was reduced by more than the first, and half of whose writing is lower than the
second, is a sheet with a cheque on it, or a photograph with its table: of 20 cheques on A4 it is 7
to 9 px high, turned on a black table of one and a half times their size 8 to 10, alone 11 to 12."""

COARSE_PX, ZOOM = 16.0, 2
"""A page of no more than the usual long side, half of whose writing is lower, is enlarged: of 20
cheques at 100 dpi (0.34 of their size) 71 instead of 58 of 76 values are found, at 0.45 and 0.5 74
and 72 instead of 70 and 69. Of the values on 48 drawn forms with thick rules, a third of them at
150 dpi with print of 15 px, 520 are found, with 14 px for this 510. Drawn cheques at 200 dpi, with
writing 18 to 22 px high, are not."""


@dataclass(frozen=True, slots=True)
class PageView:
    """A page turned one way, reduced, with its lines of writing.

    Attributes
    ----------
    gray : ndarray of uint8, shape (H, W)
        The page, turned, enlarged where it was coarse, its skew and squares taken out.
    way : ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of `gray` to the page as it was given.
    small, ink : ndarray of uint8, shape (h, w)
        `gray` reduced by `factor`, and its ink strength.
    factor : int
    zoom : int
        By how much `gray` is larger than the page as it was given.
    lines : Lines
        Of writing, in pixels of `small`.
    combs : tuple of Comb
        Rows of boxes, in pixels of `gray`.
    rules : ndarray of bool, shape (h, w)
        True on rules across the reduced page.
    skew_deg : float
        That was taken out, positive counter-clockwise as the eye sees the page.
    """

    gray: Gray
    way: npt.NDArray[np.float64]
    small: Gray
    ink: Gray
    factor: int
    zoom: int
    lines: Lines
    combs: tuple[Comb, ...]
    rules: Mask
    skew_deg: float


def view_first(gray: Gray, dpi: float | None, settings: Settings) -> PageView:
    """View a page as it lies, at the size that its writing asks for.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    dpi : float or None
        Resolution of the page, where its file says it.
    settings : Settings
    """
    factor = choose_factor(gray.shape, dpi, settings.regions)
    view = view_page(gray, 0, settings, factor)
    height = measure_height(view.lines)
    if factor > FINE and height < SMALL_PX:
        return view_page(gray, 0, settings, factor - 1)
    if max(gray.shape) <= settings.regions.long_side_px and height < COARSE_PX:
        large = (ZOOM * gray.shape[0], ZOOM * gray.shape[1])
        return view_page(gray, 0, settings, choose_factor(large, None, settings.regions), ZOOM)
    return view


def view_page(
    gray: Gray, quarters: int, settings: Settings, factor: int = 1, zoom: int = 1
) -> PageView:
    """Turn a page by quarters, take its skew out, and find its lines of writing.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    quarters : int
        0 to 3, as `imaging.geometry.turn_upright` turns.
    settings : Settings
    factor, zoom : int
        By which the page is reduced to find its lines, and enlarged before.
    """
    turned = enlarge_page(turn_upright(gray, 1, quarters), zoom)
    way = stored_from_upright(gray.shape, 1, quarters) @ np.diag([1 / zoom, 1 / zoom, 1.0])
    reduced = _reduce(turned, settings, factor)
    skew_deg = estimate_skew_deg(np.asarray(reduced.ink >= settings.ink.threshold))
    if abs(skew_deg) < settings.regions.min_skew_deg:
        skew_deg = 0.0
    else:
        turned, back = rotate_page(turned, -skew_deg)
        way, reduced = way @ back, _reduce(turned, settings, factor)
    writing = _find_writing(reduced.ink, turned.shape, settings, factor)
    combs = _find_combs(reduced.small, writing, factor)
    squares = find_squares(combs, writing.parts.boxes * factor)
    if squares:
        turned = divide_out_squares(turned, squares)
        reduced = _reduce(turned, settings, factor)
        writing = _find_writing(reduced.ink, turned.shape, settings, factor)
        combs = [comb for comb in combs if not lies_among(comb, squares)]
    lines = find_lines(writing.parts, settings.regions)
    return PageView(
        turned, way, *reduced, factor, zoom, lines, tuple(combs), writing.rules, skew_deg
    )


def turn_view(view: PageView, gray: Gray, quarters: int, settings: Settings) -> PageView:
    """View the page of a view turned by quarters, at the same size."""
    return view_page(gray, quarters, settings, view.factor, view.zoom)


def lies_on_side(view: PageView, side: PageView) -> bool:
    """Say whether more of the writing runs across once the page is turned by a quarter.

    On its side writing makes chains too: up to 0.82 of it, where upright pages have 0.74 and more.
    Turned, each of 130 cheques and forms on its side makes more.
    """
    return share_on_lines(side.lines) > share_on_lines(view.lines)


class _Reduced(NamedTuple):
    """A page reduced, gray, and its ink strength."""

    small: Gray
    ink: Gray


def _reduce(gray: Gray, settings: Settings, factor: int) -> _Reduced:
    small = reduce_page(gray, factor)
    return _Reduced(small, estimate_ink(small, _reduce_ink(settings, factor)))


def _find_writing(ink: Gray, shape: tuple[int, int], settings: Settings, factor: int) -> Writing:
    """Find the writing in the reduced ink of a page of some shape."""
    # A sheet that was kept fine for its small writing has rules no longer than a small page.
    is_fine = factor < choose_factor(shape, None, settings.regions)
    return find_writing(np.asarray(ink >= settings.ink.threshold), USUAL_PX if is_fine else None)


def _find_combs(small: Gray, writing: Writing, factor: int) -> list[Comb]:
    """Find the rows of boxes of a reduced page, in pixels of the page."""
    combs = choose_combs(find_broad_combs(writing.walls, writing.rules), find_combs(small))
    return [
        Comb(scale_box(comb.box, factor), tuple(scale_box(cell, factor) for cell in comb.cells))
        for comb in combs
    ]


def _reduce_ink(settings: Settings, factor: int) -> InkSettings:
    """Return the ink settings for a reduced page, where a security pattern has no pen beside it."""
    return replace(
        settings.ink,
        stroke_px=max(6, settings.ink.stroke_px // factor),
        neighborhood_px=max(8, settings.ink.neighborhood_px // factor),
        min_share=max(settings.ink.min_share, settings.regions.min_ink_share),
    )
