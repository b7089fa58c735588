"""A page as its file stores it -> upright, dark on light, without streaks of the scanner."""

from digitscan.imaging.geometry import turn_upright
from digitscan.imaging.positive import make_positive
from digitscan.imaging.streaks import mend_streaks
from digitscan.records import Gray, Page


def restore_page(page: Page) -> Gray:
    """Turn a page as its file says, make a positive of it, and take out the scanner's streaks.

    Parameters
    ----------
    page : Page

    Returns
    -------
    ndarray of uint8, shape (H, W) or (W, H)
    """
    return mend_streaks(make_positive(turn_upright(page.image, page.orientation)))
