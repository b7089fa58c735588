"""A page as its file stores it -> upright, dark on light, its grays whole, without streaks."""

from digitscan.imaging.dither import smooth_dither
from digitscan.imaging.geometry import turn_upright
from digitscan.imaging.positive import make_positive
from digitscan.imaging.streaks import mend_streaks
from digitscan.records import Gray, Page


def restore_page(page: Page) -> Gray:
    """Turn a page as its file says, make a positive of it, and mend what the scanner did.

    Parameters
    ----------
    page : Page

    Returns
    -------
    ndarray of uint8, shape (H, W) or (W, H)
    """
    positive = make_positive(turn_upright(page.image, page.orientation))
    return mend_streaks(smooth_dither(positive))
