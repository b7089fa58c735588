"""Pictures warped where they are learned: where the ink goes, how far, and how often."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from training.random_warp import LINE_WARP, TILE_WARP, RandomWarp, Warp, sample

pytestmark = pytest.mark.training

NOTHING = Warp(
    turn_deg=0.0, slant=0.0, wide=0.0, high=0.0, down_px=0.0, right_px=0.0, bend_px=0.0,
    knot_px=5.0, pen=0.0, as_it_is=0.0,
)  # fmt: skip


def draw_bars(count: int) -> np.ndarray:
    """Return tiles with one upright bar in the middle, uint8 (count, 28, 28, 1)."""
    tiles = np.zeros((count, 28, 28, 1), np.uint8)
    tiles[:, 4:24, 12:16] = 255
    return tiles


def warp_bars(count: int, seed: int, warp: Warp) -> np.ndarray:
    """Return warped bars, float32 (count, 28, 28)."""
    return np.asarray(RandomWarp(seed, warp)(draw_bars(count), training=True))[..., 0]


def measure_middles(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column of the middle of the ink of each tile."""
    ink = seen.sum(axis=(1, 2))
    rows = (seen.sum(axis=2) * np.arange(28)).sum(axis=1) / ink
    return rows, (seen.sum(axis=1) * np.arange(28)).sum(axis=1) / ink


def test_reading_sees_the_tiles_as_they_are() -> None:
    tiles = draw_bars(3)
    seen = np.asarray(RandomWarp(1, TILE_WARP)(tiles, training=False))
    assert seen.shape == (3, 28, 28, 1) and seen.dtype == np.float32
    np.testing.assert_array_equal(seen, tiles / np.float32(255))


def test_a_warp_of_nothing_changes_nothing() -> None:
    np.testing.assert_allclose(warp_bars(2, 1, NOTHING), draw_bars(2)[..., 0] / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "rows", "columns"),
    [
        pytest.param({"down_px": 3.0}, 3.0, 0.0, id="down"),
        pytest.param({"right_px": 3.0}, 0.0, 3.0, id="right"),
        pytest.param({"turn_deg": 15.0}, 0.0, 0.0, id="turned-about-the-middle"),
        pytest.param({"slant": 0.3}, 0.0, 0.0, id="slanted-about-the-middle"),
        pytest.param({"wide": 0.2, "high": 0.2}, 0.0, 0.0, id="stretched-about-the-middle"),
    ],
)
def test_ink_moves_as_far_as_it_may(change: dict[str, float], rows: float, columns: float) -> None:
    seen = warp_bars(300, 2, replace(NOTHING, **change))
    assert not np.allclose(seen, draw_bars(1)[0, ..., 0] / 255, atol=0.05)
    for middles, reach in zip(measure_middles(seen), (rows, columns), strict=True):
        assert np.abs(middles - 13.5).max() == pytest.approx(reach, abs=0.15)


def measure_ends(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle columns of the upper and of the lower end of each bar."""
    ends = seen[:, 3:8].sum(axis=1), seen[:, 20:25].sum(axis=1)
    upper, lower = ((end * np.arange(28)).sum(axis=1) / end.sum(axis=1) for end in ends)
    return upper, lower


def test_a_slanted_bar_leans_to_either_side() -> None:
    upper, lower = measure_ends(warp_bars(300, 3, replace(NOTHING, slant=0.3)))
    lean = (upper - lower) / 16
    assert lean.max() == pytest.approx(0.3, abs=0.03)
    assert lean.min() == pytest.approx(-0.3, abs=0.03)


def test_a_bend_moves_one_end_and_not_the_other() -> None:
    upper, lower = measure_ends(warp_bars(300, 4, replace(NOTHING, bend_px=2.0)))
    assert abs(np.corrcoef(upper, lower)[0, 1]) < 0.3
    assert 0.5 < upper.std() < 2.0


def test_a_pen_makes_strokes_thicker_and_thinner() -> None:
    ink = warp_bars(400, 5, replace(NOTHING, pen=0.5)).sum(axis=(1, 2)) / 80.0
    assert np.mean(np.abs(ink - 1.0) > 1e-4) == pytest.approx(0.5, abs=0.08)
    assert ink.max() > 1.3 and ink.min() < 0.88


def test_some_are_left_alone_and_no_two_alike() -> None:
    warp = RandomWarp(6, replace(TILE_WARP, as_it_is=0.2))
    tiles = draw_bars(1000)
    first, second = (np.asarray(warp(tiles, training=True)) for _ in range(2))
    alone = np.array([np.allclose(tile * 255, tiles[0], atol=0.01) for tile in first])
    assert abs(alone.mean() - 0.2) < 0.05
    assert not np.array_equal(first, second)


def test_the_same_seed_warps_alike() -> None:
    np.testing.assert_array_equal(*(warp_bars(5, 7, TILE_WARP) for _ in range(2)))


def test_the_digits_of_a_line_stay_in_their_places() -> None:
    lines = np.zeros((50, 40, 352, 1), np.uint8)
    lines[:, 8:32, 20:24] = lines[:, 8:32, 330:334] = 255
    seen = np.asarray(RandomWarp(8, LINE_WARP)(lines, training=True))[..., 0]
    assert seen.shape == (50, 40, 352)
    for first, last in ((0, 44), (310, 352)):
        ink = seen[:, :, first:last].sum(axis=(1, 2)) / 96.0
        assert ink.min() > 0.7
    assert float(seen[:, :, 60:300].max()) == 0.0


def test_beyond_the_edge_is_paper() -> None:
    ink = np.arange(1.0, 5.0, dtype=np.float32).reshape(1, 2, 2, 1)
    rows = np.array([[[0.0, 0.5], [-1.0, 1.0]]], np.float32)
    columns = np.array([[[0.5, 0.0], [0.0, 1.5]]], np.float32)
    np.testing.assert_allclose(
        np.asarray(sample(ink, rows, columns))[0, ..., 0], [[1.5, 2.0], [0.0, 2.0]]
    )
