"""Streaks of a dirty scanner go; whatever ends, leans or crosses within the page stays."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.imaging.streaks import LEAST_PX, mend_streaks
from digitscan.records import Gray


def write_page(height: int = 900, width: int = 1200) -> Gray:
    """Write lines on pale, grainy paper, in a box that ends at the margins."""
    page = np.full((height, width), 225, np.uint8)
    page -= np.random.default_rng(1).integers(0, 6, page.shape, np.uint8)
    for row in range(150, height - 40, 150):
        cv2.putText(page, "4711 0815 2359", (60, row), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (40,), 4)
    cv2.rectangle(page, (30, 20), (width - 30, height - 20), (60,), 2)
    return page


def darken(page: Gray, first: int, count: int, share: float) -> Gray:
    """Leave a share of the light of some columns."""
    streaked = page.copy()
    streaked[:, first : first + count] = (page[:, first : first + count] * share).astype(np.uint8)
    return streaked


def blacken(page: Gray, first: int, count: int) -> Gray:
    streaked = page.copy()
    streaked[:, first : first + count] = 25
    return streaked


def whiten(page: Gray, first: int, count: int) -> Gray:
    streaked = page.copy()
    streaked[:, first : first + count] = 255
    return streaked


@pytest.mark.parametrize(
    ("streak", "most_changed"),
    [
        # Where nothing shows through, ink is guessed from both sides.
        pytest.param(lambda page: blacken(page, 301, 1), 100, id="black-1"),
        pytest.param(lambda page: blacken(page, 301, 3), 300, id="black-3"),
        pytest.param(lambda page: whiten(page, 301, 2), 300, id="white-2"),
        pytest.param(lambda page: blacken(blacken(page, 301, 2), 800, 2), 200, id="two"),
        pytest.param(lambda page: darken(page, 301, 3, 0.6), 0, id="gray-3"),
        pytest.param(lambda page: darken(page, 301, 3, 0.8), 0, id="pale-3"),
    ],
)
@pytest.mark.parametrize("is_across", [False, True])
def test_a_streak_is_taken_out(
    streak: Callable[[Gray], Gray], most_changed: int, is_across: bool
) -> None:
    page = write_page()
    streaked = streak(page)
    if is_across:
        mended = mend_streaks(np.ascontiguousarray(streaked.T)).T
    else:
        mended = mend_streaks(streaked)
    assert np.count_nonzero(cv2.absdiff(page, streaked) > 15) > 700
    assert np.count_nonzero(cv2.absdiff(page, np.ascontiguousarray(mended)) > 15) <= most_changed


def test_ink_shows_through_a_gray_streak() -> None:
    page = write_page()
    page[100:300, 300:305] = 40
    mended = mend_streaks(darken(page, 301, 3, 0.5))
    assert (mended[100:300, 300:305] < 60).all()


def draw_rule(page: Gray) -> Gray:
    page[30:-30, 300:303] = 30
    return page


def draw_leaning_rule(page: Gray) -> Gray:
    cv2.line(page, (300, 0), (302, len(page)), (30,), 3)
    return page


def draw_table(page: Gray) -> Gray:
    page[:, 300:303] = page[:, 600:603] = 30
    page[200:203] = page[400:403] = 30
    return page


def draw_bar(page: Gray) -> Gray:
    page[:, 300:320] = 30
    return page


@pytest.mark.parametrize("draw", [draw_rule, draw_leaning_rule, draw_table, draw_bar])
def test_what_belongs_to_the_page_stays(draw: Callable[[Gray], Gray]) -> None:
    page = draw(write_page())
    assert mend_streaks(page) is page


def test_a_tall_one_in_a_crop_stays() -> None:
    crop = np.full((LEAST_PX - 1, 600), 230, np.uint8)
    crop[:, 300:304] = 30
    assert mend_streaks(crop) is crop


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (400, 20), (20, 400), (300, 37)])
@pytest.mark.parametrize("gray", [0, 128, 255])
def test_any_size_is_looked_at(size: tuple[int, int], gray: int) -> None:
    page = np.full(size, gray, np.uint8)
    assert mend_streaks(page) is page


def test_no_real_page_has_streaks(real_data: Path) -> None:
    files = [*real_data.glob("cheques/*.jpg"), *real_data.glob("tally_forms/*.jpg")]
    for file in sorted(files):
        page = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8)
        assert mend_streaks(page) is page, file.name
