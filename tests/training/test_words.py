"""The word screen from made lines to a package that the reader takes."""

from pathlib import Path

import numpy as np
import pytest

from digitscan.imaging.lines import LINE_PX
from digitscan.recognition.models import load_package
from digitscan.recognition.words import WordScreen
from training import words
from training.texts import LOOK_ALIKES, make_text
from training.words import build_words, main

pytestmark = pytest.mark.training


def test_network_is_small_and_takes_any_width() -> None:
    network = build_words()
    assert network.count_params() < 120_000
    for width in (48, 120):
        assert network(np.zeros((2, LINE_PX, width, 1), np.float32)).shape == (2, 2)


@pytest.mark.parametrize("seed", range(20))
def test_made_up_texts_cannot_be_a_number(seed: int) -> None:
    letters = [
        character for character in make_text(np.random.default_rng(seed)) if character.isalpha()
    ]
    plain = [letter for letter in letters if letter not in LOOK_ALIKES]
    assert len(plain) >= max(2, len(letters) / 2)


def test_trains_and_releases(
    strings_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(words, "WARM_UP", 1)
    common = ["--data", str(strings_data), "--limit", "6"]
    run, out = tmp_path / "run", tmp_path / "words-1"
    assert main([*common, "train", str(run), "--steps", "2"]) == 0
    assert main([*common, "release", str(run), str(out)]) == 0
    assert "words rejected" in capsys.readouterr().out
    screen = WordScreen(load_package(out))
    share = screen.share_numbers([np.zeros((LINE_PX, 64, 1), np.float32)])
    assert 0.0 < share[0] < 1.0
    assert main([*common, "release", str(run), str(out)]) == 5


def test_release_without_a_training_is_refused(tmp_path: Path) -> None:
    assert main(["release", str(tmp_path), str(tmp_path / "words-1")]) == 4
