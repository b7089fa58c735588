"""Scattered black pixels become gray again; whatever is written or printed stays."""

import cv2
import numpy as np
import pytest

from digitscan.imaging.dither import smooth_dither
from digitscan.records import Gray
from tests.benchmarks.distortions import dither as dither_ordered


def write_page(paper: int) -> Gray:
    page = np.full((400, 600), paper, np.uint8)
    for row in range(80, 400, 80):
        cv2.putText(page, "4711 0815", (40, row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (20,), 4)
    return page


def dither_diffused(page: Gray) -> Gray:
    """Hand the error of each pixel on to the next and the one below (after Floyd and Steinberg)."""
    values = page.astype(np.float64)
    for row in range(len(values)):
        for column in range(values.shape[1]):
            error = values[row, column]
            values[row, column] = 255 if error >= 128 else 0
            error -= values[row, column]
            if column + 1 < values.shape[1]:
                values[row, column + 1] += error / 2
            if row + 1 < len(values):
                values[row + 1, column] += error / 2
    return values.astype(np.uint8)


@pytest.mark.parametrize("paper", [150, 200, 225])
@pytest.mark.parametrize("dither", [dither_ordered, dither_diffused])
def test_paper_and_pen_of_a_dithered_page_are_told_apart_again(dither: object, paper: int) -> None:
    assert callable(dither)
    page = write_page(paper)
    mended = smooth_dither(dither(page))
    core = cv2.erode((page < 50).view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    away = cv2.dilate((page < 50).view(np.uint8), np.ones((9, 9), np.uint8)) == 0
    # Nine tenths of either: scattered black pixels fall on some neighborhoods twice.
    assert np.percentile(mended[core], 90) < 90 < np.percentile(mended[away], 10)


def threshold(page: Gray) -> Gray:
    return np.where(page > 128, 255, 0).astype(np.uint8)


def sprinkle(page: Gray) -> Gray:
    speckled = threshold(page)
    speckled[np.random.default_rng(1).random(page.shape) < 0.002] = 0
    return speckled


@pytest.mark.parametrize("draw", [lambda page: page, threshold, sprinkle])
def test_other_pages_stay_as_they_are(draw: object) -> None:
    assert callable(draw)
    page = draw(write_page(225))
    assert smooth_dither(page) is page


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 90), (90, 1), (41, 300)])
@pytest.mark.parametrize("gray", [0, 128, 255])
def test_any_size_is_looked_at(size: tuple[int, int], gray: int) -> None:
    page = np.full(size, gray, np.uint8)
    assert smooth_dither(page) is page
