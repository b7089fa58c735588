"""Each source gives what its name says, in the number asked for."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.fonts import DIGITS, FONT_ROOT, find_fonts, load_glyphs, print_dots, stamp
from training.letters import load_letters
from training.rubbish import HALVES, NARROWEST, Groups, Marks, Signs, crop, join
from training.sources import (
    RUBBISH,
    DrawnDigits,
    Example,
    MnistDigits,
    Source,
    StoredInk,
    make_tiles,
)


class OneDigit:
    """Draws the same digit, a ring, again and again."""

    def __init__(self, label: int) -> None:
        self.label = label

    def draw(self, rng: np.random.Generator) -> Example:
        del rng  # the protocol's; always the same ring
        ink = np.zeros((40, 30), np.uint8)
        cv2.ellipse(ink, (15, 20), (12, 17), 0, 0, 360, 255, 4)
        return Example(ink, self.label)


def test_counts_are_kept_and_shuffled() -> None:
    sources: dict[str, Source] = {"a": OneDigit(3), "b": OneDigit(RUBBISH)}
    tiles, labels = make_tiles(sources, {"a": 30, "b": 10}, np.random.default_rng(0))
    assert tiles.shape == (40, 28, 28) and tiles.any(axis=(1, 2)).all()
    assert np.bincount(labels)[[3, 10]].tolist() == [30, 10]
    assert 3 in labels[-10:]


def test_an_unknown_source_is_named() -> None:
    with pytest.raises(ValueError, match=r"no source b; there are a"):
        make_tiles({"a": OneDigit(0)}, {"b": 1}, np.random.default_rng(0))


def test_stored_ink_refuses_what_does_not_fit() -> None:
    ink = np.full((2, 2), 255, np.uint8)
    with pytest.raises(ValueError, match="1 inks and 2 labels"):
        StoredInk([ink], np.zeros(2, np.uint8))
    with pytest.raises(ValueError, match="at least one"):
        StoredInk([], np.zeros(0, np.uint8))


def test_plain_digits_stay_as_they_are() -> None:
    tile = np.random.default_rng(0).integers(0, 255, (1, 28, 28), np.uint8)
    source = MnistDigits(tile, np.array([4], np.uint8), is_plain=True)
    tiles, labels = make_tiles({"plain": source}, {"plain": 3}, np.random.default_rng(1))
    np.testing.assert_array_equal(tiles, np.repeat(tile, 3, axis=0))
    assert labels.tolist() == [4, 4, 4]


def test_drawn_digits_have_all_labels() -> None:
    rng = np.random.default_rng(0)
    assert {DrawnDigits().draw(rng).label for _ in range(100)} == set(range(10))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(Signs(), id="signs"),
        pytest.param(Marks(), id="marks"),
        pytest.param(Groups(OneDigit(0)), id="groups"),
        pytest.param(Groups(OneDigit(1)), id="groups-of-ones"),
    ],
)
def test_rubbish_has_ink_and_the_label_rubbish(source: Source) -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        example = source.draw(rng)
        assert example.label == RUBBISH and example.ink.any() and example.ink.ndim == 2


def test_a_half_is_no_bar_and_ones_have_none() -> None:
    assert 1 not in HALVES
    rng = np.random.default_rng(2)
    for _ in range(100):
        ink = Groups(OneDigit(0))._draw_half(rng)
        assert ink.shape[1] > NARROWEST * ink.shape[0]


@pytest.mark.parametrize(("gap", "width"), [(-1.0, 3), (0.0, 4), (3.0, 7)])
def test_joined_ink_stands_on_one_line(gap: float, width: int) -> None:
    low, high = np.full((2, 2), 9, np.uint8), np.full((5, 2), 7, np.uint8)
    joined = join([low, high], np.array([gap]))
    assert joined.shape == (5, width)
    assert joined[-1, 0] == 9 and joined[0, 0] == 0 and joined[0, -1] == 7


def test_no_ink_crops_to_nothing() -> None:
    assert crop(np.zeros((4, 4), np.uint8)).shape == (0, 0)


def test_letters_that_look_like_digits_are_left_out(tmp_path: Path) -> None:
    page = np.full((60, 60), 230, np.uint8)
    cv2.putText(page, "K", (12, 48), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 30, 4)
    png = cv2.imencode(".png", page)[1].tobytes()
    (tmp_path / "letters").mkdir()
    with zipfile.ZipFile(tmp_path / "letters" / "letters.zip", "w") as archive:
        for name in ("CAP_K_0.png", "CAP_O_0.png", "SMALL_l_0.png", "SMALL_k_0.png"):
            archive.writestr(name, png)
    letters = load_letters(tmp_path)
    assert len(letters) == 2
    assert all(20 < ink.shape[0] <= 40 and ink.max() > 200 for ink in letters)


def test_absent_letters_are_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert load_letters(tmp_path / "nowhere") == ()
    assert "github.com" in caplog.text


def test_absent_fonts_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert load_glyphs(tmp_path) == {}
    assert "apt-get install fonts-dejavu" in caplog.text


def test_installed_fonts_give_all_digits() -> None:
    if not find_fonts():
        pytest.skip(f"no font of the listed packages under {FONT_ROOT}")
    sources = load_glyphs()
    assert set(sources) == {"printed", "dots", "stamped", "printed-rubbish"}
    rng = np.random.default_rng(0)
    for name in ("printed", "dots", "stamped"):
        labels = {sources[name].draw(rng).label for _ in range(200)}
        assert labels == set(range(10)), name
    assert len(DIGITS) == 10


def test_dots_do_not_touch_beside_empty_cells() -> None:
    cells = np.zeros((14, 6), np.uint8)
    cells[:2, :2] = cells[-2:, -2:] = 255
    dots = print_dots(cells, 7)
    assert dots[:9, :9].any() and dots[-9:, -9:].any() and not dots[12:24].any()


def test_a_stamp_is_fainter_within() -> None:
    pressed = stamp(np.full((20, 20), 255, np.uint8))
    assert pressed[10, 10] < pressed.max() <= 255
