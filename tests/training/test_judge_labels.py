"""Labels judged by networks that never saw them: the list, and what it keeps out of a training."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

from digitscan.errors import NoPagesError
from training import judge_labels, pools, string_feed
from training.amounts import load_amounts
from training.config import CONFIGS
from training.doubted import leave_out, load_doubted, write_doubted
from training.judge_labels import divide, judge, main
from training.pools import load_sources
from training.real_digits import BoxedDigits
from training.string_feed import Feed, make_fed

pytestmark = pytest.mark.training


def test_the_list_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "doubted.csv"
    assert load_doubted(path) == frozenset()
    doubted = frozenset({("b.jpg", 0), ("a.jpg", 11), ("a.jpg", 2)})
    write_doubted(doubted, path)
    assert path.read_text() == "file,place\na.jpg,2\na.jpg,11\nb.jpg,0\n"
    assert load_doubted(path) == doubted


def test_each_amount_is_judged_once_and_by_its_neighbors(small_data: Path) -> None:
    amounts = load_amounts(small_data, "fit")
    parts = divide(amounts)
    assert sorted(each.file for part in parts for each in part) == [each.file for each in amounts]
    assert parts[0][:2] == (amounts[0], amounts[4])


def test_no_part_is_judged_by_a_network_that_saw_it(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda count, **_: ThreadPoolExecutor(count))
    shown: list[set[str]] = []
    judged: list[set[str]] = []
    draw = BoxedDigits.__post_init__

    def note_shown(self: BoxedDigits) -> None:
        draw(self)
        shown.append({self.amounts[index].file for index, _ in self._digits})

    def note_judged(_: object, amounts: tuple) -> tuple:  # type: ignore[type-arg]
        judged.append({amount.file for amount in amounts})
        return ((amounts[0].file, 0),)

    monkeypatch.setattr(BoxedDigits, "__post_init__", note_shown)
    monkeypatch.setattr(judge_labels, "find_doubted", note_judged)
    small = replace(CONFIGS["doubting"], widths=(2, 2, 4), epochs=1, tiles=64, batch=32)
    found = judge(small_data, tmp_path, small)
    assert len(shown) == len(judged) == 4
    for seen, part in zip(shown, judged, strict=True):
        assert not seen & part and len(seen | part) == 80
    assert len(found) == 4


def test_doubted_amounts_are_drawn_by_no_source(
    strings_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    amounts = load_amounts(strings_data, "fit")
    doubted = frozenset((amount.file, 0) for amount in amounts[:78])
    assert leave_out(amounts, doubted) == amounts[78:]
    sources = load_sources(strings_data, 7, doubted=doubted)
    for name in ("real", "real-groups"):
        assert (
            {each.file for each in sources[name].amounts}
            == {  # type: ignore[attr-defined]
                each.file for each in amounts[78:]
            }
        )
    copied: list[int] = []
    monkeypatch.setattr(string_feed, "load_sources", lambda _, kept, __: copied.append(len(kept)))
    make_fed(Feed(strings_data, 3, doubted=doubted), 3)
    assert copied == [2]


def test_missing_amounts_are_named(
    only_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NoPagesError, match="no amounts"):
        judge(only_mnist, tmp_path, CONFIGS["doubting"])
    assert main(["--data", str(only_mnist), "--out", str(tmp_path / "list.csv")]) != 0
    assert "no amounts" in capsys.readouterr().err
