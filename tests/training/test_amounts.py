"""The parts of the amounts: whole blocks, nobody in two, and a message where they are absent."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import NoPagesError
from digitscan.records import Box
from training.amounts import CORRECTED, load_amounts, split_blocks


@pytest.fixture()
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "cheque_amounts"
    folder.mkdir()
    rows = ["file,digits,boxes,part"]
    for number in range(102):
        part = "apart" if number >= 100 else "train"
        name = f"{number:04}.png"
        cv2.imwrite(str(folder / name), np.full((20, 50), 200, np.uint8))
        rows.append(f'{name},07,"-2,3,10,12 30,3,40,12",{part}')
    (folder / "truth.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_parts_are_whole_blocks(data: Path) -> None:
    files = {part: [item.file for item in load_amounts(data, part)] for part in ("fit", "held")}
    assert files["held"] == [f"{number:04}.png" for number in range(80, 100)]
    assert files["fit"] == [f"{number:04}.png" for number in range(80)]


def test_the_part_apart_is_in_no_other(data: Path) -> None:
    apart = {item.file for item in load_amounts(data, "apart")}
    assert apart == {"0100.png", "0101.png"}
    assert not apart & {item.file for item in load_amounts(data, "train")}


def test_wrong_labels_are_corrected_and_never_those_apart(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CORRECTED, "0003.png", "41")
    monkeypatch.setitem(CORRECTED, "0100.png", "41")
    digits = {part: [item.digits for item in load_amounts(data, part)] for part in ("fit", "apart")}
    assert digits["fit"][:5] == ["07", "07", "07", "41", "07"]
    assert digits["apart"] == ["07", "07"]


def test_boxes_are_clipped_and_zeros_kept(data: Path) -> None:
    amount = load_amounts(data, "apart")[0]
    assert amount.digits == "07"
    assert amount.boxes == (Box(0, 3, 8, 15), Box(30, 3, 50, 15))
    assert not amount.image.flags.writeable


def test_absent_data_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NoPagesError, match=r"--data.*ORAND-CAR-A"):
        load_amounts(tmp_path)


def test_a_lost_crop_is_named(data: Path) -> None:
    (data / "cheque_amounts" / "0101.png").unlink()
    with pytest.raises(NoPagesError, match=r"0101\.png"):
        load_amounts(data, "apart")


def test_an_unknown_part_is_refused(data: Path) -> None:
    with pytest.raises(ValueError, match="fit, held, train, apart"):
        load_amounts(data, "test")


@pytest.mark.parametrize(("count", "last"), [(0, 0), (1, 0), (80, 0), (99, 19), (580, 100)])
def test_every_file_is_in_one_part(count: int, last: int) -> None:
    files = [f"{number:06}" for number in range(count)]
    fit, held = split_blocks(files)
    assert sorted(fit + held) == files
    assert len(held) == last
