"""A classifier with known answers is measured: every figure on the page can be counted by hand."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitscan.errors import ModelError
from digitscan.recognition.models import ModelPackage, Port
from digitscan.records import Floats
from training.evaluate import evaluate_package, load_sets
from training.evaluation_page import Evaluation, list_results, table_sets, write_evaluation
from training.measure import LabeledTiles, best_symbols, estimate_speed, measure_symbols

DIGITS = tuple("0123456789")


class CornerClassifier:
    """Names a tile by its first two pixels: the label's number over 100, and the confidence."""

    def __init__(self, labels: int = 11) -> None:
        self.labels = labels
        self.batches: list[int] = []

    def classify(self, tiles: Floats) -> Floats:
        self.batches.append(len(tiles))
        named = np.rint(100 * tiles[:, 0, 0, 0]).astype(int)
        sure = tiles[:, 0, 1, 0]
        rows = np.repeat((1 - sure[:, None]) / (self.labels - 1), self.labels, axis=1)
        rows[np.arange(len(tiles)), named] = sure
        return rows.astype(np.float32)


def make_tiles(named: list[int], sure: list[float]) -> Floats:
    tiles = np.zeros((len(named), 28, 28, 1), np.float32)
    tiles[:, 0, 0, 0] = np.array(named) / 100
    tiles[:, 0, 1, 0] = sure
    return tiles


def make_set(
    name: str, truth: list[int], named: list[int], sure: list[float], crops: bool = False
) -> LabeledTiles:
    origins = tuple(f"{name} {number}" for number in range(len(truth)))
    scans = (np.full((30, 20), 200, np.uint8),) * len(truth) if crops else ()
    return LabeledTiles(
        name, name.upper(), make_tiles(named, sure), np.array(truth, np.int64), origins, scans
    )


def make_package(labels: tuple[str, ...]) -> ModelPackage:
    port = Port("x", "float32", (None, 28, 28, 1))
    return ModelPackage(
        "digits", "9", Path("digits-9/model.onnx"), b"onnx", "ab" * 32, port, port, labels, 1.0, {}
    )


EASY = make_set("easy", [1, 7, 7, 4], [1, 7, 7, 4], [0.9, 0.95, 0.99, 0.9])
# One 1 taken for a 7 with certainty, one 9 held for rubbish: its best digit is then 0, by order.
HARD = make_set("hard", [1, 9, 2, 3], [7, 10, 2, 3], [0.99, 0.9, 0.8, 0.95], crops=True)
RUBBISH = {
    "halves": make_tiles([3, 10], [0.85, 0.9]),
    "marks": make_tiles([8, 10], [0.97, 0.9]),
    "none": make_tiles([], []),
}


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate_package(
        make_package((*DIGITS, "rubbish")),
        CornerClassifier(),
        (EASY, HARD),
        RUBBISH,
        "2026-01-02",
        round_s=0.01,
    )


def test_each_set_is_counted(evaluation: Evaluation) -> None:
    easy, hard = evaluation.measurements
    assert (easy.right, easy.count, easy.called_rubbish) == (4, 4, 0)
    assert (hard.right, hard.count, hard.called_rubbish) == (2, 4, 1)
    assert hard.confusions[1, 7] == 1
    assert hard.confusions[9, 0] == 1
    assert hard.scores.recall[2] == 1.0


def test_worst_mistakes_come_first_with_their_crop(evaluation: Evaluation) -> None:
    assert evaluation.mistakes[0] == ()
    worst, next_worst = evaluation.mistakes[1]
    assert (worst.truth, worst.named, worst.origin) == ("1", "7", "hard 0")
    assert worst.confidence == pytest.approx(0.99)
    assert worst.crop is not None
    assert worst.crop.shape == (30, 20)
    assert next_worst.confidence == pytest.approx(0.01, abs=1e-6)


def test_rubbish_is_held_against_each_sets_threshold(evaluation: Evaluation) -> None:
    easy, hard = evaluation.rubbish["easy"], evaluation.rubbish["hard"]
    # The four easy digits stay at a threshold of 0.9: the 8 at 0.97 passes, the 3 at 0.85 not.
    assert {kind: found.rejected for kind, found in easy.items()} == {
        "halves": 1.0,
        "marks": 0.5,
        "all": 0.75,
    }
    # A digit held for rubbish pulls the threshold down to 0.01: nothing is rejected any more.
    assert hard["all"].threshold == pytest.approx(0.01, abs=1e-6)
    assert hard["all"].rejected == 0.0


def test_results_are_rows_of_metadata(evaluation: Evaluation) -> None:
    rows = list_results(evaluation)
    assert all(set(row) == {"metric", "value", "set", "date"} for row in rows)
    assert {row["date"] for row in rows} == {"2026-01-02"}
    values = {(row["set"], row["metric"]): row["value"] for row in rows}
    assert values["easy", "accuracy"] == 1.0
    assert values["hard", "accuracy"] == 0.5
    assert values["hard", "called_rubbish"] == 0.25
    # The most certain tile of the hard set is wrong: nothing can be accepted.
    assert values["hard", "accepted_at_1_percent_error"] == 0.0
    assert values["easy", "accepted_at_1_percent_error"] == 1.0
    assert values["easy", "rubbish_all_rejected_at_99_percent_kept"] == 0.75
    assert values["batches of 64", "tiles_per_second_one_core"] > 0


def test_files_are_written(evaluation: Evaluation, tmp_path: Path) -> None:
    page = write_evaluation(evaluation, tmp_path / "out")
    text = page.read_text(encoding="utf-8")
    # Two sets with confusions and reliability, mistakes of one of them, and the reject curve.
    assert text.count("data:image/png;base64,") == 6
    assert "2 of 4 right: 50.00 %" in text
    names = {path.name for path in page.parent.iterdir()}
    assert "hard-mistakes.png" in names
    assert "easy-mistakes.png" not in names
    with (page.parent / "hard-confusions.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["true", *DIGITS]
    assert rows[2] == ["1", "0", "0", "0", "0", "0", "0", "0", "1", "0", "0"]
    assert json.loads((page.parent / "results.json").read_text()) == list_results(evaluation)
    sheet = cv2.imread(str(page.parent / "hard-mistakes.png"))
    assert sheet.std() > 10


def test_table_names_wrong_tiles(evaluation: Evaluation) -> None:
    assert [row[:3] for row in table_sets(evaluation).rows] == [
        ("easy", "4", "0"),
        ("hard", "4", "2"),
    ]


def test_a_model_without_rubbish_has_no_rubbish_table() -> None:
    found = evaluate_package(
        make_package(DIGITS), CornerClassifier(10), (EASY,), RUBBISH, "2026-01-02", round_s=0.01
    )
    assert found.rubbish == {}
    assert found.measurements[0].called_rubbish == 0


def test_other_symbols_are_named_by_their_labels(tmp_path: Path) -> None:
    tiles = make_set("two", [0, 1, 1], [0, 0, 1], [0.9, 0.8, 0.9])
    found = evaluate_package(
        make_package(("A", "B", "rubbish")), CornerClassifier(3), (tiles,), {}, "", round_s=0.01
    )
    assert found.measurements[0].confusions.tolist() == [[1, 0], [1, 1]]
    assert (found.mistakes[0][0].truth, found.mistakes[0][0].named) == ("B", "A")
    write_evaluation(found, tmp_path)
    assert (tmp_path / "two-confusions.csv").read_text() == "true,A,B\nA,1,0\nB,1,1\n"


def test_rubbish_stands_last_and_columns_agree() -> None:
    with pytest.raises(ModelError, match="digits-9 names rubbish, a: rubbish"):
        evaluate_package(make_package(("rubbish", "a")), CornerClassifier(2), (EASY,), {}, "")
    with pytest.raises(ModelError, match="gives other columns than its labels"):
        evaluate_package(make_package(DIGITS), CornerClassifier(11), (EASY,), {}, "")


def test_what_names_no_tiles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"training\.evaluate_strings"):
        load_sets(make_package(("a", "b")), tmp_path)


def test_speed_is_timed_in_batches_of_64() -> None:
    classifier = CornerClassifier()
    assert estimate_speed(classifier, EASY.tiles, rounds=2, round_s=0.01) > 0
    assert set(classifier.batches) == {64}


@pytest.mark.parametrize(
    ("tiles", "probabilities"),
    [
        pytest.param(make_set("none", [], [], []), np.zeros((0, 11)), id="no-tiles"),
        pytest.param(EASY, np.zeros((3, 11)), id="too-few-rows"),
        pytest.param(EASY, np.zeros(4), id="no-columns"),
    ],
)
def test_measure_symbols_refuses(tiles: LabeledTiles, probabilities: Floats) -> None:
    with pytest.raises(ValueError, match="tiles, probabilities"):
        measure_symbols(tiles, probabilities)


def test_labeled_tiles_match_their_labels() -> None:
    with pytest.raises(ValueError, match="bad: 1 tiles, 2 labels, 2 origins"):
        make_set("bad", [1, 2], [1], [0.9])
    with pytest.raises(ValueError, match="bad: 2 tiles, 1 crops"):
        LabeledTiles(
            "bad", "", make_tiles([1, 2], [1, 1]), np.array([1, 2]), ("a", "b"),
            (np.zeros((2, 2), np.uint8),),
        )  # fmt: skip


def test_confidence_is_not_scaled_up_for_rubbish() -> None:
    row = np.array([[0.1, 0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0.7]], np.float32)
    confidence, named = best_symbols(row)
    assert named.tolist() == [1]
    assert confidence[0] == pytest.approx(0.2)
