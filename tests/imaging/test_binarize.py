"""Ink is what is darker than the paper around it, whatever the paper's gray."""

import numpy as np
import pytest

from digitscan.imaging.binarize import binarize, estimate_ink
from digitscan.records import Gray


def bar_on(paper: int, pen: int, size: int = 48) -> Gray:
    """An upright stroke, 4 px wide, in the middle of a square."""
    gray = np.full((size, size), paper, np.uint8)
    gray[10:-10, size // 2 - 2 : size // 2 + 2] = pen
    return gray


@pytest.mark.parametrize(
    "gray",
    [
        pytest.param(np.full((1, 1), 255, np.uint8), id="one-white-pixel"),
        pytest.param(np.zeros((1, 1), np.uint8), id="one-black-pixel"),
        pytest.param(np.full((1, 300), 200, np.uint8), id="one-row"),
        pytest.param(np.full((300, 1), 200, np.uint8), id="one-column"),
        pytest.param(np.full((64, 64), 255, np.uint8), id="blank"),
        pytest.param(np.zeros((64, 64), np.uint8), id="all-ink"),
        pytest.param(np.tile(np.linspace(180, 250, 200).astype(np.uint8), (60, 1)), id="shadow"),
        pytest.param(bar_on(200, 190), id="below-the-least-contrast"),
    ],
)
def test_paper_without_writing_has_no_ink(gray: Gray) -> None:
    found = binarize(gray)
    assert found.shape == gray.shape
    assert found.dtype == np.bool_
    assert not found.any()


@pytest.mark.parametrize(
    ("paper", "pen"),
    [
        pytest.param(255, 0, id="print"),
        pytest.param(205, 165, id="pencil"),
        pytest.param(120, 60, id="dark-paper"),
    ],
)
def test_a_stroke_is_full_ink_at_any_contrast(paper: int, pen: int) -> None:
    gray = bar_on(paper, pen)
    ink = estimate_ink(gray)
    assert ink.dtype == np.uint8
    assert ink[20:28, 23:25].min() == 255
    assert np.array_equal(binarize(gray), gray == pen)


def test_a_pattern_weaker_than_the_pen_is_paper() -> None:
    gray = bar_on(230, 60)
    gray[::6, :20] -= 40
    found = binarize(gray)
    assert found[24, 23]
    assert not found[:, :20].any()


def test_a_shadow_does_not_hide_the_stroke() -> None:
    shade = np.tile(np.linspace(1.0, 0.5, 48), (48, 1))
    gray = np.rint(bar_on(240, 80) * shade).astype(np.uint8)
    assert np.array_equal(binarize(gray), bar_on(240, 80) == 80)


def test_the_image_is_not_modified() -> None:
    gray = bar_on(200, 50)
    gray.setflags(write=False)
    before = gray.copy()
    estimate_ink(gray)
    assert np.array_equal(gray, before)
