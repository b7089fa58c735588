"""The word screen: what it promises, and what the released one says of drawn lines."""

import numpy as np
import pytest

from digitscan.errors import ModelError
from digitscan.imaging.lines import normalize_line
from digitscan.line_strings import WORDS
from digitscan.recognition.models import load_package
from digitscan.recognition.words import WordScreen
from training.strokes import draw_string

NUMBERS = ("1,250/-", "712000", "12/03/2019", "45870", "9107462")


@pytest.fixture(scope="module")
def screen() -> WordScreen:
    return WordScreen(load_package("words"))


def _draw(text: str, seed: int) -> np.ndarray:
    return normalize_line(255 - draw_string(text, np.random.default_rng(seed), gap=0.1))


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_go_on_to_the_string_reader(screen: WordScreen, text: str) -> None:
    share = screen.share_numbers([_draw(text, seed) for seed in range(8)])
    assert (share >= WORDS).all()


@pytest.mark.parametrize("text", ["Hat", "KEMTAN", "Fruehar", "UNMATCHED"])
def test_most_words_go_no_further(screen: WordScreen, text: str) -> None:
    share = screen.share_numbers([_draw(text, seed) for seed in range(8)])
    assert np.mean(share < 0.5) >= 0.7


def test_a_line_is_judged_alike_in_any_company(screen: WordScreen) -> None:
    lines = [_draw(text, 3) for text in (*NUMBERS, "KEMTAN")]
    together = screen.share_numbers(lines)
    alone = [screen.share_numbers([line])[0] for line in lines]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_nothing_in_nothing_out(screen: WordScreen) -> None:
    assert screen.share_numbers([]).shape == (0,)


def test_another_network_is_refused() -> None:
    with pytest.raises(ModelError, match="a word screen names"):
        WordScreen(load_package("strings"))
