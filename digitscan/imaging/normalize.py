"""The MNIST frame: one digit's ink, centered in 28 x 28. Written once, for training and reading."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Floats

FRAME_PX = 28
"""Side of a tile."""
DIGIT_PX = 20
"""Longer side of the digit in its tile; true of 59,846 of the 60,000 MNIST training digits."""
CENTER_PX = 14.0
"""Row and column of the center of mass: mean over the MNIST training digits 13.996 and 14.007."""
FAINT = 40
"""Ink below this strength (of 255) does not widen a digit's bounding box.

The soft edge that `binarize.estimate_ink` leaves around a stroke is about one pixel of 20 to 40;
counting it would make thin digits smaller than the hard-edged digits of MNIST."""
_ROWS, _COLUMNS = np.indices((FRAME_PX, FRAME_PX)).reshape(2, -1)
_WEIGHTS: Floats = np.stack([np.ones_like(_ROWS), _COLUMNS, _ROWS], axis=1).astype(np.float32)
"""1, column and row of each pixel of a tile, which give its mass and moments."""


def normalize_tile(ink: npt.NDArray[np.uint8]) -> Floats:
    """Bring the ink of one digit into the MNIST frame.

    The ink's bounding box is scaled so that its longer side is 20 pixels, aspect kept, and placed
    so that its center of mass is at (14, 14) of a 28 x 28 tile: the frame of LeCun, Bottou,
    Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998. The shift
    is by whole pixels, as it was in MNIST.

    Parameters
    ----------
    ink : ndarray of uint8, shape (h, w)
        Ink strength, 0 paper to 255 full ink, any size.

    Returns
    -------
    ndarray of float32, shape (28, 28)
        0.0 paper to 1.0 full ink. All 0.0 where there is no ink.

    Raises
    ------
    ValueError
        If `ink` is not a two-dimensional uint8 array.

    Examples
    --------
    >>> bar = np.zeros((50, 9), np.uint8)
    >>> bar[5:45, 3:6] = 255
    >>> tile = normalize_tile(bar)
    >>> tile.shape, int(tile.any(axis=1).sum())
    ((28, 28), 20)
    """
    tile: Floats = normalize_tiles([ink])[0, :, :, 0]
    return tile


def normalize_tiles(inks: Sequence[npt.NDArray[np.uint8]]) -> Floats:
    """Bring many digits into the frame, as one batch for the network.

    Parameters
    ----------
    inks : sequence of ndarray of uint8, shape (h, w) each
        As for `normalize_tile`.

    Returns
    -------
    ndarray of float32, shape (N, 28, 28, 1)

    Examples
    --------
    >>> normalize_tiles([]).shape
    (0, 28, 28, 1)
    """
    bounds = np.array([_find_bounds(ink) for ink in inks], np.int64).reshape(-1, 4)
    longer = np.maximum(bounds[:, 2:].max(axis=1), 1)
    sizes = np.maximum(np.rint(bounds[:, 2:] * (DIGIT_PX / longer)[:, np.newaxis]), 1)
    corners = np.zeros((len(inks), FRAME_PX, FRAME_PX), np.uint8)
    edges = np.column_stack([bounds, sizes.astype(np.int64)]).tolist()
    for corner, ink, (left, top, width, height, across, down) in zip(
        corners, inks, edges, strict=True
    ):
        if width:
            digit = ink[top : top + height, left : left + width]
            way = cv2.INTER_AREA if max(width, height) > DIGIT_PX else cv2.INTER_LINEAR
            cv2.resize(digit, (across, down), corner[:down, :across], interpolation=way)
    tiles = np.zeros_like(corners)
    places = _place_centers(corners, sizes).tolist()
    for tile, corner, (left, top), edge in zip(tiles, corners, places, edges, strict=True):
        across, down = edge[4:]
        tile[top : top + down, left : left + across] = corner[:down, :across]
    return tiles[..., np.newaxis].astype(np.float32) / np.float32(255)


def _find_bounds(ink: npt.NDArray[np.uint8]) -> Sequence[int]:
    """Return left, top, width and height of the ink that is not faint; zeros where all is."""
    if ink.ndim != 2 or ink.dtype != np.uint8:
        raise ValueError(f"ink is uint8 (h, w), got {ink.dtype} {ink.shape}")
    return cv2.boundingRect((ink >= FAINT).view(np.uint8))


def _place_centers(
    corners: npt.NDArray[np.uint8], sizes: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Return left and top of each digit, drawn in the corner of its tile, in the frame.

    `sizes` is the width and height of each.
    """
    # Whole numbers below 2 ** 24: exact in float32.
    ink = corners.reshape(-1, 1, FRAME_PX * FRAME_PX).astype(np.float32)
    # A product for each tile: for one of all tiles BLAS wakes threads of its own, which go on
    # spinning for longer than all of this takes.
    moments = np.asarray((ink @ _WEIGHTS)[:, 0], np.float64)
    places = np.rint(CENTER_PX - moments[:, 1:] / np.maximum(moments[:, :1], 1))
    # A center of mass far from the box's middle would push ink out of the frame: keep it whole.
    return np.clip(places, 0, FRAME_PX - sizes).astype(np.int64)
