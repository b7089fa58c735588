"""Fields read by a reader with known answers: every figure on the page can be counted by hand."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitscan.imaging.lines import VIEWS
from digitscan.recognition.models import ModelPackage, Port
from digitscan.recognition.strings import StringCandidate
from digitscan.records import Floats
from training.evaluate_strings import evaluate_reader, main
from training.fields_page import FieldsEvaluation, list_field_results, write_fields_evaluation
from training.line_pictures import draw_misreads
from training.measure_fields import NONE, SYMBOLS, Outcome, align_digits, measure_fields
from training.measured_fields import Field, load_fields


class ListedReader:
    """Gives the texts of a list one by one, each with its probability."""

    def __init__(self, answers: Sequence[tuple[str, float]]) -> None:
        self._answers = list(answers)
        self.views: list[int] = []

    def score(self, fields: Sequence[Sequence[Floats]]) -> Any:
        self.views += [len(views) for views in fields]
        return fields

    def read(self, scores: Sequence[Any], count: int) -> tuple[tuple[StringCandidate, ...], ...]:
        found = [self._answers.pop(0) for _ in scores]
        return tuple((StringCandidate(text, float(np.log(sure))),)[:count] for text, sure in found)


def draw_field(name: str, digits: str) -> Field:
    gray = np.full((50, 200), 220, np.uint8)
    cv2.putText(gray, digits, (8, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 40, 3)
    return Field(name, gray, digits)


@pytest.fixture(scope="module")
def evaluation() -> FieldsEvaluation:
    port = Port("x", "float32", (None, 40, None, 1))
    package = ModelPackage(
        "strings", "9", Path("strings-9/model.onnx"), b"onnx", "ab" * 32, port, port, (), 1.0, {}
    )
    sets = {
        "held": [draw_field("a", "12"), draw_field("b", "700"), draw_field("c", "5")],
        "apart": [draw_field("d", "30")],
        "date": [],
    }
    # One zero of 700 is lost, 5 is taken for 63: a made-up 6, or a 3.
    reader = ListedReader([("12", 0.9), ("70", 0.6), ("63", 0.8), ("30", 0.99)])
    found = evaluate_reader(package, reader, sets, "2026-01-02")
    assert reader.views == [len(VIEWS)] * 4
    return found


def test_each_set_is_counted(evaluation: FieldsEvaluation) -> None:
    assert [found.name for found in evaluation.measurements] == ["held", "apart"]
    held, apart = evaluation.measurements
    assert (held.right, held.count, held.digits, held.edits) == (1, 3, 6, 3)
    assert held.confusions[0, NONE] == 1
    assert held.confusions[5, 3] == 1
    assert held.confusions[NONE, 6] == 1
    assert held.scores.recall[0] == 0.5
    assert (apart.exact, apart.edits) == (1.0, 0)


def test_misread_fields_come_most_certain_first(evaluation: FieldsEvaluation) -> None:
    assert [
        (row.origin, row.digits, row.text) for row in evaluation.misreads[0]
    ] == [("c", "5", "63"), ("b", "700", "70")]  # fmt: skip
    assert evaluation.misreads[0][0].line.shape[0] == 40
    assert evaluation.misreads[1] == ()


def test_files_are_written(evaluation: FieldsEvaluation, tmp_path: Path) -> None:
    page = write_fields_evaluation(evaluation, tmp_path / "out")
    text = page.read_text(encoding="utf-8")
    # Two sets with confusions and reliability, misread fields of one, and the reject curve.
    assert text.count("data:image/png;base64,") == 6
    assert "1 of 3 exact: 33.3 %" in text
    names = {path.name for path in page.parent.iterdir()}
    assert {"held-misread.png", "apart-confusions.csv", "results.json"} <= names
    assert "apart-misread.png" not in names
    with (page.parent / "held-confusions.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["true", *SYMBOLS]
    assert rows[-1][7] == "1"
    values = {
        (row["set"], row["metric"]): row["value"]
        for row in json.loads((page.parent / "results.json").read_text())
    }
    assert len(values) == len(list_field_results(evaluation))
    assert values["held", "exact"] == 0.333333
    assert values["held", "digit_edits_per_digit"] == 0.5
    assert values["apart", "accepted_at_0.1_percent_error"] == 1.0


@pytest.mark.parametrize(
    ("digits", "text", "edits"),
    [
        pytest.param("", "", 0, id="nothing"),
        pytest.param("12", "", 2, id="all-lost"),
        pytest.param("", "7", 1, id="all-made-up"),
        pytest.param("1000", "100", 1, id="a-lost-zero"),
        pytest.param("123", "193", 1, id="one-for-another"),
        pytest.param("17", "417", 1, id="one-more-at-the-left"),
        pytest.param("12", "21", 2, id="exchanged"),
    ],
)
def test_digits_are_set_side_by_side(digits: str, text: str, edits: int) -> None:
    pairs = align_digits(digits, text)
    assert "".join(SYMBOLS[own] for own, _ in pairs if own != NONE) == digits
    assert "".join(SYMBOLS[read] for _, read in pairs if read != NONE) == text
    assert sum(own != read for own, read in pairs) == edits
    assert (NONE, NONE) not in pairs


def test_a_probability_a_last_bit_too_high_counts_as_one() -> None:
    found = measure_fields("held", "Held", [Outcome("a", "1", 1.0000001, "1")], 1.0)
    assert found.calibration_error == 0.0


def test_nothing_is_not_measured_or_drawn() -> None:
    with pytest.raises(ValueError, match="total > 0"):
        measure_fields("held", "Held", [], 1.0)
    with pytest.raises(ValueError, match="at least one field"):
        draw_misreads([])


def test_fields_are_the_amounts_of_their_part(small_data: Path) -> None:
    held = load_fields(small_data, "held")
    assert len(held) == 20
    assert all(field.digits.isdigit() and field.crop.ndim == 2 for field in held)
    assert load_fields(small_data, "account") == ()


def test_cheques_are_cut_by_their_boxes_and_uncertain_ones_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "cheques"
    folder.mkdir()
    page = np.full((60, 90), 200, np.uint8)
    page[10:20, 30:50] = 7
    cv2.imwrite(str(folder / "one.png"), page)
    (folder / "truth.csv").write_text(
        "file,amount,amount_box,uncertain\none.png,12,30 10 50 20,\none.png,34,0 0 9 9,amount\n"
    )
    (field,) = load_fields(tmp_path, "amount")
    assert (field.name, field.digits, field.crop.shape) == ("one.png amount", "12", (10, 20))
    assert field.crop.max() == 7


def test_without_a_package_or_fields_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--package", str(tmp_path)]) == 4
    assert "no model package" in capsys.readouterr().err
