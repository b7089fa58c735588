"""Calibrating confidence on invented evidence, and the package that comes of it."""

import json
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from digitscan.errors import OutputError
from digitscan.recognition.confidence import (
    Calibration,
    Evidence,
    Readers,
    estimate_confidence,
    parse_calibration,
)
from digitscan.recognition.models import load_package
from digitscan.records import Box
from training.amounts import Amount
from training.confidence_release import release
from training.metrics import bin_confidences, estimate_calibration_error
from training.weighing import (
    LABEL_NOISE,
    Fit,
    Sample,
    cross_validate,
    fit_weighing,
    keep_own,
    list_figures,
    splice,
    vary_crop,
)


def _invent(readers: Readers, count: int, seed: int, noise: float) -> list[Sample]:
    """Readers that claim twice the log-odds that they have, and some wrong labels."""
    dice = np.random.default_rng(seed)
    samples = []
    for crop in range(count):
        odds = float(dice.normal(3.0, 2.0))
        claimed = -log(1.0 + exp(-2.0 * odds))
        evidence = Evidence(
            digits=int(dice.integers(2, 7)),
            posterior=claimed,
            runner_up=log(-np.expm1(claimed)),
            lattice=None if readers is Readers.STRINGS else claimed,
            strings=None if readers in (Readers.LATTICE, Readers.CELLS) else claimed,
            quality=-float(dice.exponential()),
            boxed=readers is Readers.CELLS,
        )
        truly = dice.random() < 1.0 / (1.0 + exp(-odds))
        samples.append(
            Sample(crop, crop % 2 == 1, evidence, bool(truly and dice.random() >= noise))
        )
    return samples


@pytest.fixture(scope="module")
def fits() -> list[Fit]:
    return [fit_weighing(_invent(readers, 600, 5, LABEL_NOISE), readers) for readers in Readers]


@pytest.mark.parametrize("place", range(len(Readers)))
def test_claims_become_probabilities(fits: list[Fit], place: int) -> None:
    fit = fits[place]
    fresh = _invent(list(Readers)[place], 4000, 6, 0.0)
    calibration = Calibration((fit.weighing,))
    stated = np.array([estimate_confidence(one.evidence, calibration) for one in fresh])
    right = np.array([one.right for one in fresh])
    assert estimate_calibration_error(bin_confidences(stated, right)) < 0.04
    claimed = np.array([exp(one.evidence.posterior) for one in fresh])
    assert estimate_calibration_error(bin_confidences(claimed, right)) > 0.05


def test_neighbors_are_predicted_by_a_fit_to_others() -> None:
    """A block that contradicts all others is predicted as the others say."""
    values = np.linspace(-1.0, 1.0, 120)[:, None] * np.ones((1, 1))
    right = values[:, 0] > 0
    turned = right.copy()
    turned[:20] = True
    crops = np.arange(120)
    assert np.allclose(
        cross_validate(values, right, crops, 1.0)[:20],
        cross_validate(values, turned, crops, 1.0)[:20],
    )


def test_one_block_cannot_be_cross_validated() -> None:
    with pytest.raises(ValueError, match="one block"):
        cross_validate(np.zeros((5, 1)), np.ones(5, np.bool_), np.arange(5), 1.0)


def test_a_variant_keeps_the_writing_and_its_input() -> None:
    crop = np.full((50, 150), 210, np.uint8)
    crop[15:35, 40:110] = 30
    before = crop.copy()
    first = vary_crop(crop, np.random.default_rng(1))
    again = vary_crop(crop, np.random.default_rng(1))
    other = vary_crop(crop, np.random.default_rng(2))
    assert np.array_equal(crop, before)
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)
    for varied in (first, other):
        assert varied.dtype == np.uint8
        assert abs(varied.shape[0] - 50) < 15
        assert np.count_nonzero(varied < 120) == pytest.approx(20 * 70, rel=0.35)


def test_a_box_keeps_its_own_strokes_and_drops_those_that_hang_in() -> None:
    ink = np.zeros((10, 30), np.uint8)
    ink[1:9, 3:5] = 255
    ink[2, 8:25] = 200
    left, right = keep_own(ink, (Box(0, 0, 12, 10), Box(7, 0, 30, 10)), 128)
    assert left[5, 3] == 255
    assert left[2, 8:].max() == 0
    assert right[2].max() == 200


def test_a_box_whose_ink_is_joined_to_its_neighbors_stays_as_it_is() -> None:
    ink = np.zeros((10, 30), np.uint8)
    ink[4:6] = 255
    (cut,) = keep_own(ink, (Box(10, 0, 20, 10),), 128)
    np.testing.assert_array_equal(cut, ink[:, 10:20])


def test_a_splice_is_both_crops_on_one_line() -> None:
    first, second = np.full((40, 60), 200, np.uint8), np.full((80, 90), 120, np.uint8)
    first[10:30, 20:30] = 20
    second[20:60, 30:50] = 20
    one = Amount("a", first, "1", (Box(20, 10, 30, 30),))
    other = Amount("b", second, "7", (Box(30, 20, 50, 60),))
    joined = splice(one, other)
    rows, columns = np.nonzero(joined < 150)
    assert (rows.min(), rows.max()) == (10, 29)
    assert np.count_nonzero(columns < 14) == pytest.approx(20 * 10, rel=0.05)
    assert np.count_nonzero(columns >= 14) == pytest.approx(20 * 10, rel=0.1)
    assert int(np.median(joined)) == 200


def test_the_package_loads_and_says_the_same(tmp_path: Path, fits: list[Fit]) -> None:
    data = tmp_path / "data"
    (data / "cheque_amounts").mkdir(parents=True)
    (data / "cheque_amounts" / "truth.csv").write_text("file,digits\n", encoding="utf-8")
    folder = tmp_path / "confidence-7"
    release(folder, data, fits, ["held"])
    package = load_package(folder)
    assert (package.name, package.version) == ("confidence", "7")
    calibration = parse_calibration(package.onnx)
    assert calibration.weighings == tuple(fit.weighing for fit in fits)
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    assert {row["metric"] for row in metadata["results"]} >= {"ece", "exact"}
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for metric, value, _ in list_figures(fits[0], ["held"]):
        assert f"| {metric} | {value} |" in card
    for readers in Readers:
        assert (folder / f"reliability_{readers.value}.png").stat().st_size > 1000
    with pytest.raises(OutputError, match="never change"):
        release(folder, data, fits, ["held"])
