"""Failures are drawn, found and shown without any picture of real writing."""

from pathlib import Path

import numpy as np
import pytest

from digitscan.recognition.models import load_package
from digitscan.records import Floats
from training.failures import choose_varied, find_wrong_tiles, main, make_fields
from training.sources import LABELS

COUNTS = {"digits": 12, "groups": 3, "signs": 2, "marks": 1}


class Always:
    """Names every tile alike, surer of those with more ink."""

    def __init__(self, label: int) -> None:
        self.label = label

    def classify(self, tiles: Floats) -> Floats:
        sure = 0.5 + tiles.mean(axis=(1, 2, 3)) / 2
        rows = np.repeat((1 - sure[:, None]) / 10, 11, axis=1)
        rows[:, self.label] = sure
        return rows.astype(np.float32)


def test_rubbish_as_a_digit_and_digits_as_rubbish_are_failures() -> None:
    as_digits = find_wrong_tiles(Always(7), LABELS, COUNTS)
    assert {mistake.named for mistake in as_digits} == {"7"}
    assert sum(mistake.truth == "rubbish" for mistake in as_digits) == 6
    assert "7" not in {mistake.truth for mistake in as_digits}
    as_rubbish = find_wrong_tiles(Always(10), LABELS, COUNTS)
    assert len(as_rubbish) == 12
    sure = [mistake.confidence for mistake in as_rubbish]
    assert sure == sorted(sure, reverse=True)


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = make_fields(4), make_fields(4), make_fields(4, seed=1)
    assert [field.digits for field in first] == [field.digits for field in again]
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.crop, two.crop)
        assert one.digits.isdigit()
        assert one.crop.std() > 1
    assert [field.digits for field in first] != [field.digits for field in other]


def test_no_confusion_crowds_out_the_others() -> None:
    assert choose_varied("abcd", ["x", "x", "x", "y"], most=9, alike=1) == ["a", "d"]
    assert choose_varied("abcd", ["w", "x", "y", "z"], most=2) == ["a", "b"]
    assert choose_varied("", [], most=2) == []


def test_a_package_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 4
    assert str(tmp_path) in capsys.readouterr().err


def test_a_package_never_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = load_package("digits").path.parent
    copy = tmp_path / package.name
    copy.mkdir()
    for name in ("metadata.json", "model.onnx"):
        (copy / name).write_bytes((package / name).read_bytes())
    (copy / "failures.png").write_bytes(b"as released")
    assert main([str(copy)]) == 5
    assert "never changes" in capsys.readouterr().err
    assert (copy / "failures.png").read_bytes() == b"as released"
