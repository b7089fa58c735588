"""Labelled crops in every layout, and every way a user's folder can be wrong."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import NoPagesError, SettingsError
from training.own_digits import load_crop, load_own_digits


def write_crop(path: Path, digit: int, height: int = 40, inverted: bool = False) -> None:
    """Draw a digit as a printed numeral on gray paper."""
    image = np.full((60, 44), 210, np.uint8)
    cv2.putText(image, str(digit), (6, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3)
    image = cv2.resize(image, (round(44 * height / 60), height), interpolation=cv2.INTER_AREA)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), 255 - image if inverted else image)


def write_folders(folder: Path, counts: dict[int, int]) -> None:
    for digit, count in counts.items():
        for number in range(count):
            write_crop(folder / str(digit) / f"{number}.png", digit)


def test_sub_folders(tmp_path: Path) -> None:
    write_folders(tmp_path, {0: 4, 7: 8})
    (tmp_path / "7" / "notes.txt").write_text("not a crop")
    own = load_own_digits(tmp_path, held_share=0.25)
    assert np.bincount(own.train_labels, minlength=10)[[0, 7]].tolist() == [3, 6]
    assert np.bincount(own.held.truth, minlength=10)[[0, 7]].tolist() == [1, 2]
    assert own.held.tiles.shape == (3, 28, 28, 1)
    assert own.held.tiles.max() > 0.9
    assert len(own.held.crops) == 3


def test_names_and_csv_agree_with_sub_folders(tmp_path: Path) -> None:
    write_folders(tmp_path / "a", {3: 3, 5: 3})
    rows = ["file,label"]
    for digit in (3, 5):
        for number in range(3):
            write_crop(tmp_path / "b" / f"{digit}-{number}.png", digit)
            rows.append(f"b/{digit}-{number}.png,{digit}")
    (tmp_path / "own.csv").write_text("\n".join(rows))
    layouts = [load_own_digits(tmp_path / name) for name in ("a", "b", "own.csv")]
    for own in layouts:
        assert sorted(own.train_labels.tolist()) == [3, 3, 5, 5]
        np.testing.assert_array_equal(own.held.truth, layouts[0].held.truth)
        np.testing.assert_array_equal(own.held.tiles, layouts[0].held.tiles)


def test_the_seed_decides_the_split(tmp_path: Path) -> None:
    write_folders(tmp_path, {1: 12})
    names = {load_own_digits(tmp_path, seed=seed).held.origins for seed in (0, 0, 1, 2)}
    assert 1 < len(names) <= 3


def test_train_and_held_share_no_crop(tmp_path: Path) -> None:
    # Every crop has a height of its own, so that the inks tell them apart.
    for number in range(8):
        write_crop(tmp_path / "4" / f"{number}.png", 4, height=20 + number)
    own = load_own_digits(tmp_path, held_share=0.5)
    held = {crop.shape for crop in own.held.crops}
    assert held.isdisjoint(ink.shape for ink in own.train_inks)
    assert len(own.train_inks) == len(held) == 4


def test_a_lone_digit_trains(tmp_path: Path) -> None:
    write_folders(tmp_path, {1: 1, 2: 2})
    own = load_own_digits(tmp_path)
    assert own.held.truth.tolist() == [2]
    assert own.train_labels.tolist() == [1, 2]


def test_large_scans_give_the_same_tile(tmp_path: Path) -> None:
    for name, height in (("small", 48), ("large", 480)):
        for number in range(2):
            write_crop(tmp_path / name / "5" / f"{number}.png", 5, height)
    small, large = (load_own_digits(tmp_path / name).held for name in ("small", "large"))
    assert large.crops[0].shape[0] == 48
    assert np.abs(small.tiles - large.tiles).mean() < 0.02


def test_blank_crops_are_left_out_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_folders(tmp_path, {8: 3})
    cv2.imwrite(str(tmp_path / "8" / "blank.png"), np.full((40, 30), 200, np.uint8))
    with caplog.at_level(logging.WARNING):
        own = load_own_digits(tmp_path)
    assert own.train_labels.size + own.held.truth.size == 3
    assert "blank.png has no ink and is left out" in caplog.text


def test_white_on_black_is_refused(tmp_path: Path) -> None:
    write_crop(tmp_path / "7.png", 7, inverted=True)
    with pytest.raises(SettingsError, match=r"7\.png looks like white writing on black"):
        load_crop(tmp_path / "7.png")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "7-1.png").write_bytes(b"no image")
    with pytest.raises(SettingsError, match=r"7-1\.png is no image"):
        load_own_digits(tmp_path)


@pytest.mark.parametrize("name", ["a7.png", "77.png", "scan.png"])
def test_a_name_must_say_the_digit(tmp_path: Path, name: str) -> None:
    write_crop(tmp_path / name, 7)
    with pytest.raises(SettingsError, match=f"{name} does not say which digit"):
        load_own_digits(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name,digit\na.png,7\n", "wants columns file and label", id="columns"),
        pytest.param("file,label\na.png,x\n", "line 2: a label is 0 to 9, got 'x'", id="letter"),
        pytest.param("file,label\na.png,12\n", "line 2: a label is 0 to 9", id="two-digits"),
        pytest.param("file,label\nmissing.png,1\n", r"missing\.png is no image", id="no-file"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_own_digits(tmp_path / "own.csv")


def test_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(NoPagesError, match="holds 0 labelled crops"):
        load_own_digits(tmp_path)
    with pytest.raises(NoPagesError, match="no folder or CSV file at"):
        load_own_digits(tmp_path / "missing")
    write_folders(tmp_path, {1: 1, 2: 1})
    with pytest.raises(NoPagesError, match="no digit has two"):
        load_own_digits(tmp_path)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_held_share_is_a_share(tmp_path: Path, share: float) -> None:
    with pytest.raises(ValueError, match="held_share lies between 0 and 1"):
        load_own_digits(tmp_path, held_share=share)
