"""The ways to cut: at every thin place and from every notch, left to right."""

import numpy as np
import pytest

from digitscan.imaging.cut_paths import find_cut_paths
from digitscan.records import Mask
from digitscan.settings import CutSettings

HEIGHT = 40.0
REACH = CutSettings().notch_reach * HEIGHT


def bar(left: int, right: int, top: int = 0, bottom: int = 40, width: int = 90) -> Mask:
    """A box of ink, 40 rows high where nothing else is said."""
    mask = np.zeros((40, width), bool)
    mask[top:bottom, left:right] = True
    return mask


def ring(center: float, across: float = 18.0, width: int = 90) -> Mask:
    """A 0 of 40 rows, its wall 4 px thick."""
    rows, columns = np.mgrid[:40, :width]
    outer = ((columns - center) / across) ** 2 + ((rows - 19.5) / 20) ** 2 <= 1
    inner = ((columns - center) / (across - 4)) ** 2 + ((rows - 19.5) / 16) ** 2 <= 1
    return np.asarray(outer & ~inner)


def cut(own: Mask) -> np.ndarray:
    return find_cut_paths(own, own * np.uint8(255), HEIGHT)


def test_one_pixel_is_not_cut() -> None:
    assert cut(np.ones((1, 1), bool)).shape == (0, 1)


@pytest.mark.parametrize(
    ("own", "column", "reach"),
    [
        pytest.param(bar(0, 30) | bar(60, 90) | bar(30, 60, 18, 22), 45, 2, id="joined"),
        pytest.param(ring(20) | ring(55), 37.5, 2, id="touching-rings"),
        pytest.param(ring(20) | ring(50), 35, 2, id="rings-that-share-a-wall"),
        pytest.param(ring(22) | ring(46), 34, 3, id="rings-that-overlap"),
        pytest.param(ring(24, 14) | bar(38, 84, 30, 40), 38, 5, id="ring-on-a-foot"),
    ],
)
def test_digits_that_meet_are_cut_apart(own: Mask, column: float, reach: float) -> None:
    middles = cut(own).mean(axis=1)
    assert np.abs(middles - column).min() <= reach


@pytest.mark.parametrize("turned", [False, True])
def test_a_way_from_a_notch_leans_to_the_notch_across(turned: bool) -> None:
    own = bar(0, 90, 0, 40)
    rows, columns = np.mgrid[:40, :90]
    own &= ~((np.abs(columns - 42) < 8 - rows) | (np.abs(columns - 48) < rows - 31))
    own = own[:, ::-1] if turned else own
    ends = cut(own)[:, [0, -1]].tolist()
    assert ([47, 41] if turned else [42, 48]) in ends


@pytest.mark.parametrize("seed", range(6))
def test_ways_go_from_left_to_right_and_never_cross(seed: int) -> None:
    rng = np.random.default_rng(seed)
    own = np.kron(rng.random((8, 18)) > 0.4, np.ones((5, 5), bool))
    ways = cut(np.asarray(own, bool))
    assert ways.dtype == np.int64
    assert (np.diff(ways, axis=0) >= 0).all()
    assert ((ways >= 0) & (ways < own.shape[1])).all()
