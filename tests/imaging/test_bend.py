"""A bend is found from points of which some are wrong, and a bent page is laid flat by it."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.bend import Bend, displace, fit_bend, locate_bend, unbend_page
from digitscan.records import Box, Gray

SHAPE = (800, 1200)
Doubles = npt.NDArray[np.float64]


def roll(points: Doubles) -> Doubles:
    """Take points of the flat page to one that is rolled: by 15 px down in the middle."""
    x, y = points.T
    down = 15 * np.sin(np.pi * x / SHAPE[1])
    return np.stack([x + 6 * np.sin(np.pi * y / SHAPE[0]), y + down], axis=1)


def choose_points(count: int = 200) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(1)
    return (rng.random((count, 2)) * (SHAPE[1], SHAPE[0])).astype(np.float32)


def draw_page() -> Gray:
    page = np.full(SHAPE, 235, np.uint8)
    for row in range(80, 800, 90):
        cv2.putText(page, "4711 0815 2359 17", (60, row), cv2.FONT_HERSHEY_SIMPLEX, 2, (30,), 3)
    return page


@pytest.mark.parametrize("wrong", [0, 20, 60])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_bend_is_found_among_wrong_points(wrong: int, scale: float) -> None:
    flat = choose_points()
    bent = roll(flat.astype(np.float64))
    bent += np.random.default_rng(2).normal(0, 1.0, bent.shape)
    bent[:wrong] = choose_points(400)[200 : 200 + wrong]
    bend = fit_bend(flat * scale, (bent * scale).astype(np.float32), SHAPE, scale)
    assert bend is not None
    inside = np.array([[x, y] for x in range(100, 1200, 100) for y in range(80, 800, 80)], float)
    assert np.abs(displace(bend, inside) - roll(inside)).max() < 1.5


def test_points_by_chance_are_no_bend() -> None:
    flat, bent = choose_points(), choose_points(400)[200:]
    assert fit_bend(flat, bent, SHAPE, 1.0) is None


def test_few_points_are_no_bend() -> None:
    flat = choose_points(15)
    assert fit_bend(flat, roll(flat.astype(np.float64)).astype(np.float32), SHAPE, 1.0) is None


def make_bend() -> Bend:
    flat = choose_points()
    bend = fit_bend(flat, roll(flat.astype(np.float64)).astype(np.float32), SHAPE, 1.0)
    assert bend is not None
    return bend


def test_a_bent_page_is_laid_flat() -> None:
    page, bend = draw_page(), make_bend()
    x, y = np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0]))
    places = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
    # The page bent: each of its pixels shows the flat page where it came from, found by iteration.
    source = places.copy()
    for _ in range(8):
        source += places - displace(bend, source)
    way = source.astype(np.float32).reshape(*SHAPE, 2)
    bent = cv2.remap(page, way[..., 0].copy(), way[..., 1].copy(), cv2.INTER_LINEAR)
    inner = slice(40, -40), slice(40, -40)
    off = np.mean(cv2.absdiff(page, np.asarray(bent, np.uint8))[inner] > 60)
    rest = np.mean(cv2.absdiff(page, unbend_page(np.asarray(bent, np.uint8), bend))[inner] > 60)
    assert off > 0.05
    assert rest < 0.01


def test_a_box_lies_on_the_bent_page_where_its_corners_do() -> None:
    bend, box = make_bend(), Box(300, 200, 420, 240)
    corners = np.array([[300, 200], [420, 200], [420, 240], [300, 240]], float)
    moved = np.column_stack([corners, np.ones(4)]) @ locate_bend(bend, box).T
    assert np.abs(moved[:, :2] - displace(bend, corners)).max() < 1.0
