"""Gray drawn by scattered black pixels (dither) -> gray again."""

import cv2
import numpy as np

from digitscan.records import Gray

STEP_PX = 16
"""Every so many rows and columns tell whether a page has any gray."""
BLACK, WHITE, MOST_GRAY = 48, 208, 0.1
"""Gray levels between which a pixel is neither, and the share of such above which a page is not
dithered: dithered pages have none, also through JPEG at quality 60."""
BANDS, BAND_PX = 6, 40
"""Bands of the page in which black pixels are counted, and their rows."""
LEAST_ALONE = 0.2
"""Share of the black pixels that stand alone, without one above, below or on either side. On ten
cheques dithered by error diffusion and by Bayer's matrix, at 100 to 300 dpi, 0.49 and more, at
three fifths of their light 0.28; on 1,026 pages and crops that are not dithered, thresholded pages
among them, 0.12 and less."""
SIGMA_PX = 1.0
"""Of the smoothing. Of ten cheques dithered in four ways 137 of 156 values are then found, with 1.4
122, as they are 80; by template 36 of 40 amounts, as they are 3."""


def smooth_dither(gray: Gray) -> Gray:
    """Smooth a page whose grays are drawn by scattered pixels, as fax machines draw them.

    Parameters
    ----------
    gray : ndarray of uint8, shape (H, W)
        0 black to 255 white, dark writing on a light ground.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        `gray` itself where it is not dithered.

    Examples
    --------
    >>> page = np.full((40, 40), 255, np.uint8)
    >>> page[10:30, 20:24] = 0
    >>> dithered = page.copy()
    >>> dithered[::4, ::4] = 0
    >>> smooth_dither(page) is page, int(smooth_dither(dithered)[6, 6])
    (True, 252)
    """
    sample = gray[::STEP_PX, ::STEP_PX]
    has_gray = np.mean((sample > BLACK) & (sample < WHITE)) > MOST_GRAY
    if has_gray or _share_alone(gray) < LEAST_ALONE:
        return gray
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), SIGMA_PX), np.uint8)


def _share_alone(gray: Gray) -> float:
    """Say what share of the black pixels has no black neighbor."""
    tops = np.linspace(0, max(0, len(gray) - BAND_PX), BANDS).astype(int)
    alone = count = 0
    for top in sorted(set(tops)):
        black = gray[top : top + BAND_PX] < 128
        inner = black[1:-1, 1:-1]
        beside = black[:-2, 1:-1] | black[2:, 1:-1] | black[1:-1, :-2] | black[1:-1, 2:]
        alone += int(np.count_nonzero(inner & ~beside))
        count += int(np.count_nonzero(inner))
    return alone / max(1, count)
