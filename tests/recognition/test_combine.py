"""Two readers weigh in: by their weights, down to a floor, and their agreement is told."""

import numpy as np
import pytest

from digitscan.recognition.combine import BEYOND, FIRM, FLOOR, Reals, combine_readers
from digitscan.settings import ReadersSettings

NEVER = -np.inf


def logs(*probabilities: float) -> Reals:
    """Return the logarithms; of 0 it is minus infinity."""
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities, np.float64))


@pytest.mark.parametrize(
    ("lattice", "strings", "texts", "agree"),
    [
        pytest.param(logs(0.2, 0.8), None, ("b", "a"), False, id="lattice-alone"),
        pytest.param(None, logs(0.2, 0.8), ("b", "a"), False, id="strings-alone"),
        pytest.param(logs(0.9, 0.1), logs(0.9, 0.1), ("a", "b"), True, id="agreed"),
        pytest.param(logs(0.6, 0.4), logs(0.1, 0.9), ("b", "a"), False, id="strings-surer"),
        pytest.param(logs(0.999, 0.001), logs(0.4, 0.6), ("a", "b"), False, id="lattice-surer"),
        pytest.param(logs(0.5, 0.5), logs(0.5, 0.5), ("a", "b"), True, id="even"),
    ],
)
def test_the_surer_reader_decides(
    lattice: Reals | None, strings: Reals | None, texts: tuple[str, ...], agree: bool
) -> None:
    found = combine_readers(("a", "b"), lattice, strings, 1.0)
    assert found.texts == texts
    assert found.agree == agree
    assert (found.lattice is None, found.strings is None) == (lattice is None, strings is None)


def test_one_text_alone_is_certain() -> None:
    found = combine_readers(("7",), np.array([-3.0]), np.array([-9.0]), 1.0)
    assert found.posterior.tolist() == [0.0]
    assert found.agree


def test_both_readers_off_is_refused() -> None:
    with pytest.raises(ValueError, match="one of the two readers must be on"):
        combine_readers(("7",), None, None, 1.0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("weights", [(0.0, 1.0), (0.5, 1.0), (2.0, 0.3)])
def test_the_posterior_is_the_weighed_product(
    temperature: float, weights: tuple[float, float]
) -> None:
    scores = np.array([-3.5, -1.0, -2.5])  # none is beyond `FIRM`
    strings = logs(0.5, 0.2, 0.01)
    settings = ReadersSettings(lattice_weight=weights[0], strings_weight=weights[1])
    found = combine_readers(("a", "b", "c"), scores, strings, temperature, settings)
    lattice = np.exp(scores / temperature) / np.exp(scores / temperature).sum()
    product = lattice ** weights[0] * np.exp(strings) ** weights[1]
    expected = dict(zip("abc", np.log(product / product.sum()), strict=True))
    assert dict(zip(found.texts, found.posterior, strict=True)) == pytest.approx(expected)
    assert found.lattice is not None
    alone = dict(zip("abc", np.log(lattice), strict=True))
    assert dict(zip(found.texts, found.lattice, strict=True)) == pytest.approx(alone)
    assert (np.diff(found.posterior) <= 0).all()
    assert np.exp(found.posterior).sum() == pytest.approx(1.0)


def test_a_reader_has_no_say_below_the_floor() -> None:
    """What the lattice cannot read at all is no worse than what it finds next to impossible."""
    strings = logs(0.3, 0.3)
    never = combine_readers(("a", "b"), np.array([0.0, NEVER]), strings, 1.0)
    hardly = combine_readers(("a", "b"), np.array([0.0, FLOOR - 50]), strings, 1.0)
    assert never.posterior == pytest.approx(hardly.posterior)
    behind = never.posterior[1] - never.posterior[0]
    assert behind == pytest.approx(ReadersSettings().lattice_weight * FLOOR)
    assert never.lattice is not None
    assert never.lattice.tolist() == [0.0, NEVER]


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        pytest.param(-1.0, -1.0, id="likely"),
        pytest.param(FIRM, FIRM, id="just-firm"),
        pytest.param(FIRM - 4.0, FIRM - 4.0 * BEYOND, id="a-part-of-the-rest"),
        pytest.param(-1e6, FLOOR, id="nothing-beyond"),
    ],
)
def test_the_lattice_is_not_believed_to_the_letter(said: float, counted: float) -> None:
    found = combine_readers(("a", "b"), np.array([0.0, said]), logs(0.3, 0.3), 1.0)
    odds = dict(zip(found.texts, found.posterior, strict=True))
    best = -np.log1p(np.exp(said))  # what the lattice leaves the other text
    behind = ReadersSettings().lattice_weight * (counted - best)
    assert odds["b"] - odds["a"] == pytest.approx(behind, abs=0.2)


def test_what_is_known_before_weighs_with_both_readers() -> None:
    prior = np.array([0.0, -2.0])
    settings = ReadersSettings(lattice_weight=0.5, strings_weight=1.0)
    even, strings = logs(0.5, 0.5), logs(0.4, 0.4)
    both = combine_readers(("a", "b"), even, strings, 1.0, settings, prior)
    assert both.posterior[1] - both.posterior[0] == pytest.approx(-2.0 * 1.5)
    assert both.strings == pytest.approx(strings + prior)
    assert both.lattice == pytest.approx(even)
    alone = combine_readers(("a", "b"), None, strings, 1.0, settings, prior)
    assert alone.posterior[1] - alone.posterior[0] == pytest.approx(-2.0)


def test_a_very_sure_string_reader_overrules_a_lattice_without_a_path() -> None:
    found = combine_readers(("a", "b"), np.array([NEVER, 0.0]), logs(1.0, 1e-30), 1.0)
    assert found.texts[0] == "a"


def test_where_the_lattice_has_no_path_at_all_the_strings_decide() -> None:
    found = combine_readers(("a", "b"), np.array([NEVER, NEVER]), logs(0.1, 0.7), 1.0)
    assert found.texts == ("b", "a")
    assert found.posterior == pytest.approx(logs(0.875, 0.125))
    assert found.lattice is not None
    assert found.lattice == pytest.approx(logs(0.5, 0.5))


def test_the_candidates_of_the_strings_keep_their_share_of_all_texts() -> None:
    found = combine_readers(("a", "b"), None, logs(0.2, 0.1), 1.0)
    assert found.strings == pytest.approx(logs(0.2, 0.1))
    assert found.posterior == pytest.approx(logs(2 / 3, 1 / 3))


def test_equal_texts_stay_in_their_order() -> None:
    assert combine_readers(("b", "a", "c"), np.zeros(3), np.zeros(3) - 1, 1.0).texts == (
        "b",
        "a",
        "c",
    )


def test_the_scores_are_not_modified() -> None:
    lattice, strings = np.array([-1.0, NEVER]), logs(0.5, 0.1)
    lattice.setflags(write=False)
    strings.setflags(write=False)
    combine_readers(("a", "b"), lattice, strings, 2.0)
    assert lattice.tolist() == [-1.0, NEVER]
