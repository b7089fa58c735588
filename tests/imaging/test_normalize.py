"""The frame of MNIST: 20 px of ink in 28, at its center of mass, whatever the size it came in."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitscan.imaging.normalize import normalize_tile, normalize_tiles
from tests.drawings import draw_ink

Ink = npt.NDArray[np.uint8]


def dot(height: int = 1, width: int = 1, strength: int = 255) -> Ink:
    """Ink of one strength everywhere."""
    return np.full((height, width), strength, np.uint8)


def measure_center(tile: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Row and column of the center of mass."""
    rows, columns = np.indices(tile.shape)
    return float((rows * tile).sum() / tile.sum()), float((columns * tile).sum() / tile.sum())


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(np.zeros((0, 0), np.uint8), id="no-pixel"),
        pytest.param(np.zeros((9, 0), np.uint8), id="no-column"),
        pytest.param(dot(strength=0), id="one-pixel-of-paper"),
        pytest.param(dot(30, 20, 0), id="paper"),
        pytest.param(dot(30, 20, 39), id="faint-ink"),
    ],
)
def test_no_ink_is_an_empty_tile(ink: Ink) -> None:
    tile = normalize_tile(ink)
    assert tile.shape == (28, 28)
    assert tile.dtype == np.float32
    assert not tile.any()


@pytest.mark.parametrize(
    ("ink", "rows", "columns"),
    [
        pytest.param(dot(), 20, 20, id="one-pixel"),
        pytest.param(dot(60, 60), 20, 20, id="all-ink"),
        pytest.param(dot(40, 4), 20, 2, id="bar"),
        pytest.param(dot(4, 40), 2, 20, id="dash"),
        pytest.param(dot(3000, 3), 20, 1, id="hair"),
        pytest.param(dot(3, 3000), 1, 20, id="rule"),
    ],
)
def test_the_longer_side_fills_twenty_pixels(ink: Ink, rows: int, columns: int) -> None:
    tile = normalize_tile(ink)
    assert (tile.any(axis=1).sum(), tile.any(axis=0).sum()) == (rows, columns)
    assert tile.max() == 1.0
    assert measure_center(tile) == pytest.approx((14, 14), abs=0.51)


@pytest.mark.parametrize("digit", list("0123456789"))
def test_where_a_digit_stands_changes_nothing(digit: str) -> None:
    ink = draw_ink(digit, 40)
    moved = np.pad(ink, ((3, 17), (29, 2)))
    assert np.array_equal(normalize_tile(moved), normalize_tile(ink))


@pytest.mark.parametrize("times", [2, 3, 5, 8])
@pytest.mark.parametrize("digit", list("0123456789"))
def test_how_large_a_digit_is_changes_little(digit: str, times: int) -> None:
    large = draw_ink(digit, 240)
    small = cv2.resize(large, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)
    usual, other = normalize_tile(large), normalize_tile(np.asarray(small, np.uint8))
    # The place is rounded to whole pixels and may fall on either side.
    change = min(
        float(np.abs(np.roll(other, (down, across), (0, 1)) - usual).sum() / usual.sum())
        for down in (-1, 0, 1)
        for across in (-1, 0, 1)
    )
    # A digit may come out a pixel narrower or wider, which is 0.3 of the ink of a 1.
    assert change < 0.35


def test_heavy_ink_on_one_side_stays_in_the_frame() -> None:
    ink = np.zeros((40, 40), np.uint8)
    ink[:, 0] = 60
    ink[0] = 60
    ink[30:, 30:] = 255
    tile = normalize_tile(ink)
    assert (tile.any(axis=1).sum(), tile.any(axis=0).sum()) == (20, 20)


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(np.zeros((5, 5, 1), np.uint8), id="three-dimensions"),
        pytest.param(np.zeros(5, np.uint8), id="one-dimension"),
        pytest.param(np.zeros((5, 5), np.float32), id="floats"),
        pytest.param(np.zeros((5, 5), bool), id="mask"),
    ],
)
def test_what_is_no_ink_is_refused(ink: Ink) -> None:
    with pytest.raises(ValueError, match=r"ink is uint8 \(h, w\), got"):
        normalize_tile(ink)


def test_a_batch_is_its_tiles() -> None:
    inks = [draw_ink("4", 30), dot(strength=0), dot(9, 3)]
    for ink in inks:
        ink.setflags(write=False)
    tiles = normalize_tiles(inks)
    assert tiles.shape == (3, 28, 28, 1)
    assert tiles.dtype == np.float32
    for tile, ink in zip(tiles, inks, strict=True):
        assert np.array_equal(tile[:, :, 0], normalize_tile(ink))


def test_a_view_is_read_as_its_copy() -> None:
    wide = cv2.resize(draw_ink("5", 40), None, fx=2, fy=2)
    assert np.array_equal(normalize_tile(wide[::2, ::2]), normalize_tile(wide[::2, ::2].copy()))


@pytest.mark.realdata
def test_mnist_is_in_the_frame_already(mnist_digits: npt.NDArray[np.uint8]) -> None:
    """Its digits were scaled and centered so; only the faintest edges may be seen otherwise."""
    given = mnist_digits.astype(np.float32) / 255
    change = np.array(
        [
            np.abs(normalize_tile(digit) - own).sum() / own.sum()
            for digit, own in zip(mnist_digits, given, strict=True)
        ]
    )
    assert np.median(change) == 0
    assert np.percentile(change, 99) < 0.03
