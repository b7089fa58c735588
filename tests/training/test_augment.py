"""Augmented ink stays one tile of ink: same seed same tile, input untouched, never blank."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.augment import (
    Augmentation,
    Ink,
    add_neighbor,
    augment_ink,
    change_stroke,
    clip_to_writing,
    scan,
    soil,
    warp,
)

STILL = Augmentation(**dict.fromkeys(Augmentation.__slots__, 0.0))
ALWAYS = Augmentation(
    **dict.fromkeys(Augmentation.__slots__, 1.0)  # every fault in every tile
)


def make_bar() -> Ink:
    canvas = np.zeros((48, 48), np.uint8)
    canvas[7:41, 22:26] = 255
    return canvas


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(np.full((1, 1), 255, np.uint8), id="one-pixel"),
        pytest.param(np.full((40, 40), 255, np.uint8), id="all-ink"),
        pytest.param(np.full((90, 3), 200, np.uint8), id="bar"),
        pytest.param(np.full((3, 90), 200, np.uint8), id="dash"),
    ],
)
@pytest.mark.parametrize("strength", [STILL, ALWAYS], ids=["still", "all-faults"])
def test_any_ink_makes_a_tile(ink: Ink, strength: Augmentation) -> None:
    before = ink.copy()
    for seed in range(20):
        tile = augment_ink(ink, np.random.default_rng(seed), strength, neighbor=make_bar())
        assert tile.shape == (28, 28) and tile.dtype == np.uint8 and tile.any()
    assert np.array_equal(ink, before)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_same_seed_makes_the_same_tile(seed: int) -> None:
    first, again = (augment_ink(make_bar(), np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(first, again)


def test_without_faults_the_ink_is_only_framed() -> None:
    tile = augment_ink(make_bar(), np.random.default_rng(0), STILL)
    rows, columns = np.nonzero(tile > 60)
    assert int(np.ptp(rows)) + 1 == 20
    assert int(np.ptp(columns)) + 1 <= 4


def test_a_warped_bar_keeps_about_its_ink() -> None:
    bar = make_bar()
    sums = [warp(bar, np.random.default_rng(seed), Augmentation()).sum() for seed in range(50)]
    assert 0.8 < np.mean(sums) / bar.sum() < 1.2


def test_a_hairline_is_not_thinned_away() -> None:
    line = np.zeros((48, 48), np.uint8)
    line[:, 20] = 255
    assert np.array_equal(change_stroke(line, -1.0), line)


def test_a_neighbor_adds_ink_at_one_side_and_takes_none() -> None:
    bar = make_bar()
    ring = np.full((40, 30), 255, np.uint8)
    for seed in range(20):
        both = add_neighbor(bar, ring, np.random.default_rng(seed))
        assert (both >= bar).all()
        added = np.flatnonzero((both > bar).any(axis=0))
        assert added.size == 0 or added.max() <= 26 or added.min() >= 20


def test_soil_and_scan_leave_their_input() -> None:
    bar = make_bar()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scan(soil(bar, rng, ALWAYS), rng, ALWAYS)
    assert np.array_equal(bar, make_bar())


def test_clipping_takes_what_is_far_from_the_writing() -> None:
    canvas = make_bar()
    canvas[10, 5] = 60
    canvas[10, 26] = 60
    clipped = clip_to_writing(canvas)
    assert clipped[10, 5] == 0 and clipped[10, 26] == 60


def test_faint_ink_is_not_clipped_to_nothing() -> None:
    faint = np.full((5, 5), 50, np.uint8)
    assert np.array_equal(clip_to_writing(faint), faint)


def test_no_ink_stays_no_ink() -> None:
    blank = np.zeros((48, 48), np.uint8)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert scan(soil(blank, rng, ALWAYS), rng, ALWAYS).shape[0] > 0
        tile = augment_ink(np.ones((3, 3), np.uint8), rng, ALWAYS)
        assert tile.shape == (28, 28)
