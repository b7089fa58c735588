"""What the string reader is trained on: papers, hands, clutter, and labels that fit the ink."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from digitscan.errors import NoPagesError
from digitscan.imaging.lines import LINE_PX
from digitscan.recognition.ctc import LABELS
from digitscan.recognition.line_batches import WIDTHS
from digitscan.recognition.strings import STRIDE
from training.amounts import DEFAULT_DATA, load_amounts
from training.string_data import Batch, BatchPool, make_batches, make_line, pack
from training.string_feed import Feed, feed_batches
from training.string_fields import (
    ALONE,
    make_alone,
    make_comb,
    make_crop,
    make_field,
    make_numberless,
    remove_printed,
    take_real,
)
from training.string_layout import choose_hand
from training.string_numbers import choose_number, may_be_date, punctuate
from training.string_signs import Text, name_signs
from training.string_sources import (
    Sources,
    clean_ink,
    cut_to_ink,
    erase_writing,
    even_slant,
    load_sources,
    sort_by_pen,
)

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def sources(strings_data: Path) -> Sources:
    amounts = load_amounts(strings_data, "fit")
    return load_sources(strings_data, amounts, np.random.default_rng(1))


def test_sources_hold_every_digit_of_every_hand(sources: Sources) -> None:
    assert set(sources.hands) == {"real", "mnist", "strokes"}
    for patches in sources.hands.values():
        assert set(patches) == set("0123456789")
        assert all(len(choices) > 0 for choices in patches.values())
    # An O is a 0 to a reader: it is no letter to train rejection with.
    assert len(sources.letters) == 3


def test_missing_letters_are_named(only_mnist: Path) -> None:
    with pytest.raises(NoPagesError, match=r"letters\.zip"):
        load_sources(only_mnist, (), np.random.default_rng(1))


@pytest.mark.parametrize(
    "make", [make_crop, make_field, make_alone, make_comb, make_numberless, take_real]
)
def test_crops_are_gray_and_say_digits(make, sources: Sources) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(2)
    for _ in range(40):
        crop, text, is_alone = make(sources, rng)
        assert is_alone == (make is make_alone) or make is make_crop
        assert crop.dtype == np.uint8
        assert crop.ndim == 2
        assert min(crop.shape) >= 2
        assert set(text.characters) <= set("0123456789,-")
        if make is make_numberless:
            assert text.digits == ""


def test_spliced_runs_of_a_real_crop_keep_their_digits(sources: Sources) -> None:
    rng = np.random.default_rng(3)
    truths = {amount.digits for amount in sources.amounts}
    for _ in range(60):
        text = take_real(sources, rng).text
        digits = text.digits
        assert not text.is_signed
        assert any(
            digits in truth or any(digits.endswith(truth[:k]) for k in (1, 2, 3))
            for truth in truths
        )


def test_punctuation_keeps_the_digits_in_order() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        number = choose_number(rng)
        text = punctuate(number, rng)
        assert "".join(character for character in text if character.isdigit()) == number
        assert name_signs(text).digits == number


@pytest.mark.parametrize(
    ("number", "may"),
    [
        pytest.param("31122019", True, id="day-first"),
        pytest.param("12312019", True, id="month-first"),
        pytest.param("13132019", False, id="no-month"),
        pytest.param("12001999", False, id="no-day"),
        pytest.param("01011949", False, id="too-long-ago"),
        pytest.param("010149", True, id="short-year"),
        pytest.param("1205", False, id="too-short"),
    ],
)
def test_dates_are_told_from_amounts(number: str, may: bool) -> None:
    assert may_be_date(number) is may


def test_amounts_are_grouped_as_in_india_too() -> None:
    rng = np.random.default_rng(4)
    written = {punctuate("12100000", rng) for _ in range(400)}
    assert any("1,21,00,000" in text for text in written)
    assert any("12,100,000" in text for text in written)
    assert any("121,00,000" in text for text in written)
    assert any("121,000.00" in text for text in written)


def test_a_line_is_written_with_one_pen() -> None:
    # The place in the list stands for the pen.
    patches = {
        digit: [np.full((4, 4), pen, np.uint8) for pen in range(60)] for digit in "0123456789"
    }
    rng = np.random.default_rng(8)
    for _ in range(30):
        hand = choose_hand(patches, "12,34", rng)
        assert set(hand) == set("1234")
        pens = [int(patch[0, 0]) for choices in hand.values() for patch in choices]
        assert max(pens) - min(pens) < 10


def test_patches_lean_alike_and_are_sorted_by_pen() -> None:
    upright = np.zeros((40, 60), np.uint8)
    upright[:, 28:31] = 255
    leaning = np.zeros((40, 60), np.uint8)
    for row in range(40):
        leaning[row, 45 - row // 2 : 54 - row // 2] = 255
    thin, broad = sort_by_pen(even_slant({"1": [leaning, upright]}))["1"]
    for patch in (thin, broad):
        top, foot = (float(np.flatnonzero(row > 127).mean()) for row in (patch[5], patch[-6]))
        # The mean of the two slants: both lean half as far as the leaning one did.
        assert top - foot == pytest.approx(8, abs=2)
    assert (thin > 127).sum() < (broad > 127).sum()


@pytest.mark.parametrize(
    ("written", "named"),
    [
        pytest.param("712,000/-", "712,000-", id="tail"),
        pytest.param("$1'250.50", "-1,250,50", id="currency-and-decimals"),
        pytest.param("12 500._", "12500-", id="blank"),
        pytest.param("=7,", "-7-", id="comma-at-the-end"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_signs_are_named(written: str, named: str) -> None:
    assert name_signs(written).characters == named


def test_same_seed_makes_the_same_batches(sources: Sources) -> None:
    first, again = (list(islice(make_batches(sources, 7), 2)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.lines, other.lines)
        np.testing.assert_array_equal(one.labels, other.labels)
    other_seed = next(make_batches(sources, 8))
    assert not np.array_equal(other_seed.lines, first[0].lines)


@pytest.mark.skipif(
    not (DEFAULT_DATA / "mnist").is_dir(), reason=f"no MNIST at {DEFAULT_DATA}"
)  # Other processes know nothing of the small one that tests make.
def test_processes_make_the_batches_in_turn() -> None:
    feed = Feed(data=DEFAULT_DATA, seed=3, columns=64, widths=(640,))
    made, again = (list(islice(feed_batches(feed, processes=2), 3)) for _ in range(2))
    for one, other in zip(made, again, strict=True):
        np.testing.assert_array_equal(one.lines, other.lines)
        np.testing.assert_array_equal(one.labels, other.labels)
    assert not np.array_equal(made[0].lines, made[1].lines)


def test_a_process_that_ends_is_not_waited_for(
    only_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.string_feed.PATIENCE_S", 0.2)
    with pytest.raises(RuntimeError, match="exit code 1"):
        next(feed_batches(Feed(data=only_mnist, seed=3), processes=1))


def test_lines_leave_room_for_their_digits(sources: Sources) -> None:
    rng = np.random.default_rng(6)
    for _ in range(50):
        line, text = make_line(sources, rng)
        assert line.shape[0] == LINE_PX
        assert line.shape[1] // STRIDE > len(text.characters)


def test_lines_of_ink_alone_are_marked(sources: Sources) -> None:
    rng = np.random.default_rng(7)
    lines = [make_line(sources, rng)[0] for _ in range(200)]
    marked = [bool((line[[0, -1]] == 1.0).all()) for line in lines]
    assert abs(np.mean(marked) - ALONE) < 0.1


def test_rules_are_taken_out_of_ink_alone() -> None:
    ink = np.zeros((40, 200), np.uint8)
    ink[4:36, 60:64] = ink[4:36, 120:124] = 255
    ruled = ink.copy()
    ruled[33:35] = 255
    np.testing.assert_array_equal(remove_printed(ruled)[:, :50], 0)
    np.testing.assert_array_equal(remove_printed(ink), ink)


def test_packed_lines_are_filled_up_with_paper() -> None:
    lines = [
        (np.ones((LINE_PX, 48, 1), np.float32), Text("1,2")),
        (np.ones((LINE_PX, 20, 1), np.float32), Text("", is_signed=False)),
    ]
    batch = pack(lines, WIDTHS[1])
    assert batch.lines.shape == (2, LINE_PX, WIDTHS[1], 1)
    assert batch.lines[1, :, 20:].max() == 0.0
    assert batch.lines[0, :, :48].min() == 255
    assert batch.labels[:, :4].tolist() == [[1, LABELS.index(","), 2, 0], [0, 0, 0, 0]]
    assert batch.lengths.tolist() == [3, 0]
    assert batch.signed.tolist() == [True, False]


def test_pool_hands_batches_out_again_only_so_often() -> None:
    paper = np.zeros((LINE_PX, 16, 1), np.float32)
    batches = (pack([(paper, Text(str(k)))], 48) for k in range(10))
    pool = BatchPool(batches, size=4, reuse=2.0, seed=0)
    taken = [int(pool.take(step).labels[0, 0]) for step in range(1, 11)]
    assert pool.made == 6
    assert set(taken) <= set(range(10))


def test_what_stops_the_making_of_batches_reaches_the_training() -> None:
    def make() -> Iterator[Batch]:
        yield pack([(np.zeros((LINE_PX, 16, 1), np.float32), Text("1"))], 48)
        raise RuntimeError("a process that made lines ended")

    pool = BatchPool(make(), size=4, reuse=1.0, seed=0)
    pool.take(1)
    with pytest.raises(RuntimeError, match="made lines ended"):
        pool.take(2)


def test_patches_are_cut_and_cleaned() -> None:
    gray = np.full((40, 60), 200, np.uint8)
    gray[10:30, 20:24] = 60
    gray[:, 50] = 190
    ink = clean_ink(gray)
    assert ink[:, 50].max() == 0
    assert cut_to_ink(ink).shape == (20, 4)
    assert cut_to_ink(np.zeros((5, 6), np.uint8)).shape == (5, 6)
    assert erase_writing(gray)[15:25, 18:26].min() > 150
