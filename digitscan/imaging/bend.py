"""How a photographed sheet is bent -> the sheet as if it lay flat."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitscan.records import Box, Gray

Doubles = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64] | npt.NDArray[np.float32]

DEGREE = 3
"""Of the polynomials: a sheet that is rolled one way or the other, or lifted at a corner."""
ROUNDS, ROUGH_PX, FINE_PX, COOLING = 12, 12.0, 1.5, 0.7
"""Rounds of the fit, and pixels of the reduced page from which a point counts little: first and
last, and how fast one comes to the other. Features lie within a pixel or two of their place."""
RIDGE = 2e-4
"""Keeps the polynomials flat where there are no points, as a share of the points' weight."""
CLOSE_PX, LEAST_CLOSE = 3.0, 16
"""A bend is believed where so many points lie so close to it. On photographed cheques some 20 do;
of 188 pages, flat and bent, none is taken for a form that it is not."""
MOST_SHARE = 0.06
"""Of the longer side, by which a sheet is bent at most; beyond, it was chance."""
STRIP_PX = 256
"""Rows that are laid flat at once: the places of all pixels of an A4 page would take 200 MB."""
GRID_PX = 60
"""Distance of the points at which the bend is computed before it is spread over the page."""


@dataclass(frozen=True, slots=True)
class Bend:
    """By how much each point of a bent page lies beside its place on the flat one.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (10, 2)
        Of the polynomials in x and y that give the displacement in pixels.
    shape : tuple of int
        (H, W) of the page.
    support : int
        Points that it was found by.
    """

    coefficients: Doubles
    shape: tuple[int, int]
    support: int = 0


def fit_bend(flat: Points, bent: Points, shape: tuple[int, int], scale: float) -> Bend | None:
    """Fit a bend to pairs of points, of which some are wrong.

    Parameters
    ----------
    flat, bent : ndarray of float, shape (N, 2)
        Where points would be if the page were flat, and where they are, in reduced pixels.
    shape : tuple of int
        (H, W) of the page, not reduced.
    scale : float
        Reduced pixels in a pixel of the page.

    Returns
    -------
    Bend or None
        None where too few pairs agree with one.

    Notes
    -----
    Least squares, weighted anew in each round by how far the points are off (Geman and McClure),
    with a width that shrinks from round to round.
    """
    terms = _list_terms(flat / scale, shape)
    off = (bent - flat).astype(np.float64)
    weights, width = np.ones(len(flat)), ROUGH_PX
    coefficients = np.zeros((terms.shape[1], 2))
    for _ in range(ROUNDS):
        ridge = RIDGE * weights.sum() * np.eye(terms.shape[1])
        weighted = terms.T * weights
        coefficients = np.linalg.solve(weighted @ terms + ridge, weighted @ off)
        rest = np.linalg.norm(off - terms @ coefficients, axis=1)
        weights = 1.0 / (1.0 + (rest / width) ** 2) ** 2
        width = max(FINE_PX, COOLING * width)
    close = rest < CLOSE_PX
    most = np.abs(terms[close] @ coefficients).max(initial=0.0) / scale
    if np.count_nonzero(close) < LEAST_CLOSE or most > MOST_SHARE * max(shape):
        return None
    return Bend(coefficients / scale, shape, int(np.count_nonzero(close)))


def unbend_page(gray: Gray, bend: Bend) -> Gray:
    """Lay a bent page flat.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
    bend : Bend

    Returns
    -------
    ndarray of uint8, shape (H, W)

    Examples
    --------
    >>> page = np.full((200, 300), 250, np.uint8)
    >>> page[100:110] = 0
    >>> lifted = Bend(np.zeros((10, 2)), (200, 300))
    >>> lifted.coefficients[0, 1] = 20.0
    >>> np.flatnonzero(unbend_page(page, lifted)[:, 150] < 100).tolist()[::9]
    [80, 89]
    """
    height, width = gray.shape
    rows, columns = max(2, height // GRID_PX), max(2, width // GRID_PX)
    x, y = np.meshgrid(np.linspace(0, width - 1, columns), np.linspace(0, height - 1, rows))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    coarse = (displace(bend, points) - points).reshape(rows, columns, 2).astype(np.float32)
    # The grid begins and ends in the middles of pixels, which `cv2.resize` does not know; and
    # `cv2.remap` knows places to a thirty-second, too coarse for anything but displacements.
    across = np.linspace(0, columns - 1, width, dtype=np.float32)
    down = np.linspace(0, rows - 1, height, dtype=np.float32)
    flat = np.empty_like(gray)
    for top in range(0, height, STRIP_PX):
        strip = slice(top, min(height, top + STRIP_PX))
        grid_x, grid_y = np.meshgrid(across, down[strip])
        off_x, off_y = cv2.split(cv2.remap(coarse, grid_x, grid_y, cv2.INTER_LINEAR))
        place_x = np.asarray(off_x) + np.arange(width, dtype=np.float32)
        place_y = np.asarray(off_y) + np.arange(height, dtype=np.float32)[strip, np.newaxis]
        flat[strip] = cv2.remap(
            gray, place_x, place_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return flat


def locate_bend(bend: Bend, box: Box) -> Doubles:
    """Say how a part of the flat page lies on the bent one.

    Parameters
    ----------
    bend : Bend
    box : Box
        On the flat page, small enough to be bent no more.

    Returns
    -------
    ndarray of float64, shape (3, 3)
        Takes (x, y, 1) of the flat page to the bent one.
    """
    center = np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2])
    here, right, below = displace(bend, center + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    turn = np.stack([right - here, below - here], axis=1)
    return np.vstack([np.column_stack([turn, here - turn @ center]), [0.0, 0.0, 1.0]])


def displace(bend: Bend, points: Points) -> Doubles:
    """Take points (N, 2) of the flat page to the bent one."""
    return np.asarray(points + _list_terms(points, bend.shape) @ bend.coefficients)


def _list_terms(points: Points, shape: tuple[int, int]) -> Doubles:
    """Return the powers of x and y, each from -1 to 1 over the page, shape (N, 10)."""
    height, width = shape
    x, y = 2.0 * points[:, 0] / width - 1.0, 2.0 * points[:, 1] / height - 1.0
    powers = [(i, k) for i in range(DEGREE + 1) for k in range(DEGREE + 1 - i)]
    return np.stack([x**i * y**k for i, k in powers], axis=1).astype(np.float64)
