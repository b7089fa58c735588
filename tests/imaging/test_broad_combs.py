"""Rows of boxes with walls as broad as strokes: which walls make one, and where its cells are."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from digitscan.imaging.broad_combs import choose_combs, find_broad_combs
from digitscan.imaging.combs import Comb
from digitscan.imaging.geometry import rotate_page
from digitscan.imaging.regions import find_writing
from digitscan.records import Box, Mask


def draw(lefts: list[int], top: int = 40, height: int = 60, thick: int = 8) -> Mask:
    """Draw walls whose left sides are given, joined by rules above and below."""
    ink = np.zeros((200, 700), bool)
    right = max(lefts) + thick
    for row in (top, top + height - thick):
        ink[row : row + thick, min(lefts) : right] = True
    for left in lefts:
        ink[top : top + height, left : left + thick] = True
    return ink


def find(ink: Mask) -> tuple[Comb, ...]:
    """Find the combs of a page of 1250 px on its long side."""
    page = np.zeros((800, 1250), bool)
    page[: ink.shape[0], : ink.shape[1]] = ink
    writing = find_writing(page)
    return find_broad_combs(writing.walls, writing.rules)


@pytest.mark.parametrize(
    ("lefts", "cells"),
    [
        pytest.param([20, 70, 120, 170, 220, 270], [5], id="even"),
        pytest.param([20, 70, 120, 220, 270], [5], id="one-wall-hidden"),
        pytest.param([20, 120, 170, 220], [4], id="the-second-wall-hidden"),
        pytest.param([20, 70, 120, 270, 320], [2], id="two-walls-hidden"),
        pytest.param([20, 70, 150, 180, 290], [], id="uneven"),
        pytest.param([20, 220, 420], [], id="a-table"),
        pytest.param([20, 70, 120, 170, 190, 240, 290, 340], [3, 3], id="two-side-by-side"),
    ],
)
def test_walls_in_a_row_are_a_comb(lefts: list[int], cells: list[int]) -> None:
    assert [len(comb.cells) for comb in find(draw(lefts))] == cells


def test_cells_go_from_middle_to_middle_of_walls_and_rules() -> None:
    (comb,) = find(draw([20, 70, 120, 170]))
    assert comb.box == Box(24, 44, 174, 96)
    assert comb.cells == (Box(24, 44, 74, 96), Box(74, 44, 124, 96), Box(124, 44, 174, 96))


def test_rows_below_each_other_are_two_combs() -> None:
    lefts = [20, 70, 120, 170, 220]
    both = draw(lefts) | draw(lefts, top=120)
    assert [comb.box.top for comb in find(both)] == [44, 124]


def test_a_page_askew_keeps_its_row() -> None:
    gray = np.where(draw(list(range(20, 600, 50))), 0, 255).astype(np.uint8)
    turned, _ = rotate_page(gray, 0.8)
    (comb,) = find(turned < 128)
    assert len(comb.cells) == 11


def test_tall_strokes_between_two_rules_are_no_walls() -> None:
    ink = draw([20, 420])
    for left in (100, 150, 200):
        ink[54:86, left : left + 8] = True
    assert find(ink) == ()
    assert find_broad_combs(np.zeros((9, 9), bool), np.zeros((9, 9), bool)) == ()


def test_digits_that_touch_a_wall_do_not_end_the_comb() -> None:
    gray = np.where(draw([20, 70, 120, 170, 220, 270]), 0, 255).astype(np.uint8)
    cv2.line(gray, (150, 60), (172, 80), 0, 4)
    cv2.line(gray, (172, 80), (150, 88), 0, 4)
    assert [len(comb.cells) for comb in find(gray < 128)] == [5]


def make_comb(left: int, right: int, count: int) -> Comb:
    edges = np.linspace(left, right, count + 1).astype(int).tolist()
    cells = tuple(Box(one, 40, two, 100) for one, two in pairwise(edges))
    return Comb(Box(left, 40, right, 100), cells)


@pytest.mark.parametrize(
    ("broad", "thin", "wanted"),
    [
        pytest.param([(20, 120, 2)], [(20, 420, 8)], [8], id="strokes-in-a-thick-frame"),
        pytest.param([(20, 420, 8)], [(20, 120, 2)], [8], id="strokes-between-broad-walls"),
        pytest.param([(20, 420, 8)], [(22, 424, 4)], [8], id="alike"),
        pytest.param([(20, 120, 2)], [(300, 400, 2)], [2, 2], id="two-places"),
    ],
)
def test_of_two_that_meet_one_is_chosen(
    broad: list[tuple[int, int, int]], thin: list[tuple[int, int, int]], wanted: list[int]
) -> None:
    chosen = choose_combs([make_comb(*one) for one in broad], [make_comb(*one) for one in thin])
    assert [len(comb.cells) for comb in chosen] == wanted
