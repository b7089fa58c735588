"""Pieces -> groups: every run of neighboring pieces that may be one digit, and its ink."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.imaging.cuts import Pieces
from digitscan.imaging.geometry import find_median
from digitscan.records import Box, Gray
from digitscan.settings import CutSettings


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of one region, in the order of their first, then last piece.

    Attributes
    ----------
    pieces : int
        Number of pieces of the region.
    spans : ndarray of int32, shape (M, 2)
        First piece and the one after the last of each group.
    shapes : ndarray of float32, shape (M, 4)
        left, top, right, bottom in text heights; top and bottom from the line's middle down.
    alone : ndarray of bool, shape (M,)
        True for the groups of one piece; these are the pieces, in order.
    worth : ndarray of bool, shape (M,)
        True where the group may be a digit and is worth a look by the network; False for marks
        too small (dots, commas, dashes).
    seams : ndarray of int32, shape (M,)
        On how many of its two sides the group was cut off its neighbor.
    """

    pieces: int
    spans: npt.NDArray[np.int32]
    shapes: npt.NDArray[np.float32]
    alone: npt.NDArray[np.bool_]
    worth: npt.NDArray[np.bool_]
    seams: npt.NDArray[np.int32]


def plan_groups(pieces: Pieces, settings: CutSettings = CutSettings()) -> Groups:
    """List every run of neighboring pieces that is small enough to be one digit.

    Parameters
    ----------
    pieces : Pieces
    settings : CutSettings

    Returns
    -------
    Groups
        Holds every single piece, so that there is always a way through the lattice.
    """
    boxes: list[list[int]] = pieces.boxes.tolist()
    fixed: list[bool] = pieces.fixed.tolist()
    height = max(pieces.text_height, 1.0)
    spans: list[tuple[int, int]] = []
    joined: list[tuple[int, int, int, int]] = []
    for first in range(len(boxes)):
        left, top, right, bottom = boxes[first]
        spans.append((first, first + 1))
        joined.append((left, top, right, bottom))
        for last in range(first + 1, min(first + settings.group, len(boxes))):
            one, other = boxes[last - 1], boxes[last]
            if (fixed[last - 1] or fixed[last]) and not _is_above(one, other):
                break
            if other[0] - right > settings.gap * height:
                break
            left, top = min(left, other[0]), min(top, other[1])
            right, bottom = max(right, other[2]), max(bottom, other[3])
            if right - left > settings.wide * height:
                break
            spans.append((first, last + 1))
            joined.append((left, top, right, bottom))
    shapes = np.array(joined, np.float32).reshape(-1, 4) / np.float32(height)
    middle = _middle(pieces.boxes) / height
    shapes[:, 1::2] -= np.float32(middle)
    tall = shapes[:, 3] - shapes[:, 1] >= settings.short
    ends = np.array(spans, np.int32).reshape(-1, 2)
    alone = ends[:, 1] - ends[:, 0] == 1
    seams = _find_seams(pieces)[ends].sum(axis=1, dtype=np.int32)
    return Groups(len(boxes), ends, shapes, np.asarray(alone), np.asarray(tall), seams)


def cut_groups(
    pieces: Pieces, groups: Groups, chosen: npt.NDArray[np.bool_] | None = None
) -> list[Gray]:
    """Cut out the ink of groups, other pieces left out.

    Parameters
    ----------
    pieces : Pieces
    groups : Groups
    chosen : ndarray of bool, shape (M,), optional
        Which groups; by default those worth a look.

    Returns
    -------
    list of ndarray of uint8, shape (h, w) each
        In the order of `groups`.
    """
    spans = groups.spans[groups.worth if chosen is None else chosen]
    if len(spans) == 0:
        return []
    # One more: a span may end after the last piece, where `reduceat` knows no piece to end before.
    boxes = np.concatenate([pieces.boxes, pieces.boxes[-1:]])
    corners = np.minimum.reduceat(boxes[:, :2], spans.ravel())[::2]
    ends = np.maximum.reduceat(boxes[:, 2:], spans.ravel())[::2]
    inks = []
    for (first, last), (left, top), (right, bottom) in zip(
        spans.tolist(), corners.tolist(), ends.tolist(), strict=True
    ):
        # One pixel more on each side: the soft edge belongs to the piece.
        window = np.s_[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1]
        inside = cv2.inRange(pieces.owner[window], first + 1, last)
        inks.append(np.asarray(cv2.bitwise_and(pieces.ink[window], inside), np.uint8))
    return inks


def locate_group(pieces: Pieces, first: int, last: int, region: Box) -> Box:
    """Return where a group stands on the page: its upright box, slanted back.

    Parameters
    ----------
    pieces : Pieces
    first, last : int
        First piece of the group and the one after its last.
    region : Box
        The region on the page, whose ink the pieces were cut from.

    Returns
    -------
    Box
        In pixels of the page, clipped to the region.
    """
    boxes = pieces.boxes[first:last]
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    center = (region.bottom - region.top) / 2
    # The middle row's shift serves the whole digit: its slanted outline is wider than its box.
    shift = pieces.origin + pieces.slant * ((top + bottom) / 2 - center)
    width = region.right - region.left
    start = min(max(round(float(left - shift)), 0), width - 1)
    end = min(max(round(float(right - shift)), start + 1), width)
    left, right = region.left + start, region.left + end
    return Box(left, region.top + int(top), right, region.top + int(bottom))


def _middle(boxes: npt.NDArray[np.int32]) -> float:
    """Return the row of the middle of the line: of its tall pieces, else of all."""
    if len(boxes) == 0:
        return 0.0
    heights = boxes[:, 3] - boxes[:, 1]
    tall = boxes[heights * 2 >= heights.max()]
    return find_median(tall[:, 1] + tall[:, 3]) / 2


def _find_seams(pieces: Pieces) -> npt.NDArray[np.bool_]:
    """Say of each gap between pieces, the outer two among them, whether it is a cut through ink."""
    same = pieces.component[1:] == pieces.component[:-1]
    return np.concatenate([[False], same, [False]])


def _is_above(one: list[int], other: list[int]) -> bool:
    """Say whether a piece stands above or below the one before it rather than beside it."""
    shared = min(one[2], other[2]) - max(one[0], other[0])
    return shared > 0.5 * min(one[2] - one[0], other[2] - other[0])
