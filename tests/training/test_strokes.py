"""What is drawn must be figures: right topology, cropped, seeded, as long as the text."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from training.stroke_styles import DIGIT_STYLES, SCHOOLS, SIGN_STYLES, Style
from training.strokes import STYLES, draw_digit, draw_hand, draw_string

STEADY = replace(
    draw_hand(np.random.default_rng(0), height_px=60.0),
    pen=0.05,
    slant=0.05,
    aspect=1.1,
    turn_deg=0.0,
    wobble=0.0,
    tremor=0.0,
    pressure=0.0,
    strength=255.0,
    fading=0.0,
)


def count_holes(ink: np.ndarray) -> int:
    paper = np.pad(ink < 60, 1, constant_values=True).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    return int((stats[1:, cv2.CC_STAT_AREA] >= 9).sum()) - 1


@pytest.mark.parametrize(
    ("label", "least", "most"),
    [
        pytest.param(1, 0, 0, id="one-has-no-hole"),
        pytest.param(3, 0, 1, id="three-at-most-a-loop"),
        pytest.param(5, 0, 0, id="five-has-no-hole"),
        pytest.param(7, 0, 0, id="seven-has-no-hole"),
        pytest.param(8, 1, 3, id="eight-has-holes"),
    ],
)
def test_holes_are_those_of_the_digit(label: int, least: int, most: int) -> None:
    rng = np.random.default_rng(11)
    for _ in range(60):
        assert least <= count_holes(draw_digit(label, rng, STEADY)) <= most


@pytest.mark.parametrize("label", range(10))
def test_digit_is_cropped_ink(label: int) -> None:
    rng = np.random.default_rng(label)
    for _ in range(40):
        ink = draw_digit(label, rng)
        assert ink.dtype == np.uint8
        assert ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any()
        assert 120 < ink.max() <= 255
        assert 18 <= ink.shape[0] <= 110


def test_same_seed_draws_the_same_pixels() -> None:
    first = draw_string("31/12/2019", np.random.default_rng(5))
    again = draw_string("31/12/2019", np.random.default_rng(5))
    other = draw_string("31/12/2019", np.random.default_rng(6))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_wide_gap_keeps_figures_apart_and_negative_gap_joins_them() -> None:
    apart = draw_string("1111", np.random.default_rng(2), STEADY, gap=0.4, ligatures=0.0)
    joined = draw_string("8888", np.random.default_rng(2), STEADY, gap=-0.2, ligatures=0.0)
    assert cv2.connectedComponents((apart > 60).astype(np.uint8))[0] - 1 >= 4
    assert cv2.connectedComponents((joined > 60).astype(np.uint8))[0] - 1 == 1


def test_more_characters_are_wider() -> None:
    widths = [
        draw_string("5" * count, np.random.default_rng(4), STEADY, gap=0.1).shape[1]
        for count in (1, 2, 4, 8)
    ]
    assert all(2.5 * short > long > 1.6 * short for short, long in pairwise(widths))


def test_a_blank_widens_the_line() -> None:
    plain = draw_string("12", np.random.default_rng(4), STEADY, gap=0.1)
    blank = draw_string("1 2", np.random.default_rng(4), STEADY, gap=0.1)
    assert blank.shape[1] > plain.shape[1] + 10


def test_the_ligature_ties_zeros() -> None:
    loose = draw_string("00", np.random.default_rng(9), STEADY, gap=0.3, ligatures=0.0)
    tied = draw_string("00", np.random.default_rng(9), STEADY, gap=0.3, ligatures=1.0)
    assert (
        cv2.connectedComponents((tied > 60).astype(np.uint8))[0]
        < (cv2.connectedComponents((loose > 60).astype(np.uint8))[0])
    )


def test_a_comma_may_cross_the_foot_of_its_digit() -> None:
    apart, crossed = (
        draw_string("1,", np.random.default_rng(9), STEADY, gap=0.3, crossing=share)
        for share in (0.0, 1.0)
    )
    assert crossed.shape[1] < apart.shape[1]


@pytest.mark.parametrize("label", [-1, 10])
def test_no_digit_is_refused(label: int) -> None:
    with pytest.raises(ValueError, match="0 to 9"):
        draw_digit(label, np.random.default_rng(0))


@pytest.mark.parametrize("text", ["", "  ", "12Q", "٣"])
def test_text_that_cannot_be_drawn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="can be drawn"):
        draw_string(text, np.random.default_rng(0))


@pytest.mark.parametrize(
    "style",
    [pytest.param(style, id=f"{key}-{style.name}") for key in STYLES for style in STYLES[key]],
)
def test_every_style_stays_near_its_box(style: Style) -> None:
    assert len(style.weights) == len(SCHOOLS)
    assert min(style.weights) > 0.0
    for stroke in style.path.split("|"):
        for point in stroke.replace("!", "").split():
            x, y = (float(number) for number in point.split(","))
            # The longest comma hangs a third of a digit below the line.
            assert -10.0 <= x <= 90.0 and -10.0 <= y <= 133.0


def test_every_digit_and_sign_of_an_amount_has_styles() -> None:
    assert "".join(sorted(DIGIT_STYLES)) == "0123456789"
    assert all(len(styles) >= 5 for styles in DIGIT_STYLES.values())
    assert set(SIGN_STYLES) >= set(".,/-=*#$")
