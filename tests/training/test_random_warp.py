"""Tiles warped on the accelerator: where the ink goes, how far, and how often."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from training.random_warp import AS_IT_IS, SHIFT_PX, RandomWarp

pytestmark = pytest.mark.training


def draw_bars(count: int) -> np.ndarray:
    """Return tiles with one upright bar in the middle, uint8 (count, 28, 28)."""
    tiles = np.zeros((count, 28, 28), np.uint8)
    tiles[:, 4:24, 12:16] = 255
    return tiles


def test_reading_sees_the_tiles_as_they_are() -> None:
    tiles = draw_bars(3)
    seen = np.asarray(RandomWarp(1)(tiles, training=False))
    assert seen.shape == (3, 28, 28, 1) and seen.dtype == np.float32
    np.testing.assert_array_equal(seen[..., 0], tiles / np.float32(255))


def test_ink_is_kept_and_stays_near_its_place() -> None:
    tiles = draw_bars(400)
    seen = np.asarray(RandomWarp(2)(tiles, training=True))[..., 0]
    ink = seen.sum(axis=(1, 2)) / 80.0
    assert ink.min() > 0.7 and ink.max() < 1.35 and abs(ink.mean() - 1.0) < 0.05
    columns = (seen.sum(axis=1) * np.arange(28)).sum(axis=1) / seen.sum(axis=(1, 2))
    rows = (seen.sum(axis=2) * np.arange(28)).sum(axis=1) / seen.sum(axis=(1, 2))
    for places in (columns, rows):
        # The stretch moves what is shifted by its own share more.
        assert np.abs(places - 13.5).max() < 1.2 * SHIFT_PX
        assert places.std() > 0.3 * SHIFT_PX


def test_some_are_left_alone_and_no_two_alike() -> None:
    tiles = draw_bars(1000)
    warp = RandomWarp(3)
    first, second = (np.asarray(warp(tiles, training=True))[..., 0] for _ in range(2))
    alone = np.array([np.array_equal(tile * 255, tiles[0]) for tile in first])
    assert abs(alone.mean() - AS_IT_IS) < 0.05
    assert not np.array_equal(first, second)


def test_the_same_seed_warps_alike() -> None:
    tiles = draw_bars(5)
    found = [np.asarray(RandomWarp(4)(tiles, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*found)
