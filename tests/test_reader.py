"""Both readers on lines of drawn digits: what each proposes, and what comes of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from digitscan.fields import FieldKind
from digitscan.imaging.binarize import estimate_ink
from digitscan.imaging.comb_cells import split_cells
from digitscan.imaging.cuts import join_cells
from digitscan.imaging.lines import PLAIN, VIEWS
from digitscan.line_lattices import MAX_PIECES, Line
from digitscan.reader import DISPUTED, Reader, map_reading, read_lines
from digitscan.recognition.ctc import FieldScores
from digitscan.records import Box, Digit, Floats, Gray, Reading, Region, Rejection
from digitscan.settings import ReadersSettings, Settings
from tests.drawings import PAPER, PEN, DrawnDigits, covers, draw_crop, load_drawn_reader
from tests.scripted import Screen, Script

DRAWN = load_drawn_reader()


class Counting:
    """Counts the tiles that the digit network is shown."""

    def __init__(self) -> None:
        self.tiles = 0
        self._inner = DrawnDigits()

    def classify(self, tiles: Floats) -> Floats:
        """Name them as drawn digits."""
        self.tiles += len(tiles)
        return self._inner.classify(tiles)


def make_line(
    gray: Gray, kind: FieldKind | None = FieldKind.DIGITS, left: int = 0, top: int = 0
) -> Line:
    """Make a line of a crop that was cut out of a page at (left, top)."""
    box = Box(left, top, left + gray.shape[1], top + gray.shape[0])
    return Line(Region(box), box, estimate_ink(gray), kind, gray)


def read_text(text: str, **changes: object) -> Reading:
    """Draw and read one line."""
    reader = replace(DRAWN, **changes)
    return read_lines((make_line(draw_crop(text)[0]),), reader)[0].reading


def test_no_line_gives_no_reading() -> None:
    assert read_lines((), DRAWN) == ()
    assert read_lines((), replace(DRAWN, strings=Script())) == ()


@pytest.mark.parametrize(
    "gray",
    [
        pytest.param(np.full((1, 1), PAPER, np.uint8), id="one-pixel-of-paper"),
        pytest.param(np.full((1, 1), PEN, np.uint8), id="one-pixel-of-ink"),
        pytest.param(np.full((40, 90), PAPER, np.uint8), id="paper"),
        pytest.param(np.full((40, 90), PEN, np.uint8), id="all-ink"),
    ],
)
def test_a_line_without_digits_is_rejected(gray: Gray) -> None:
    (found,) = read_lines((make_line(gray),), DRAWN)
    assert found.reading.rejection is Rejection.NO_DIGITS
    assert (found.reading.text, found.reading.confidence, found.reading.digits) == ("", 0.0, ())
    assert found.evidence is None


@pytest.mark.parametrize("text", ["5", "007", "0123456789", "9876543210", "1111"])
def test_the_lattice_reads_and_places_every_digit(text: str) -> None:
    gray, boxes = draw_crop(text)
    (found,) = read_lines((make_line(gray, left=100, top=50),), DRAWN)
    assert found.reading.text == text
    assert found.reading.rejection is None
    assert [digit.label for digit in found.reading.digits] == list(text)
    for digit, box in zip(found.reading.digits, boxes, strict=True):
        moved = Box(box.left + 100, box.top + 50, box.right + 100, box.bottom + 50)
        assert covers(digit.box, moved, 3)
        assert covers(moved, digit.box, 5)
    assert found.evidence is not None
    assert found.evidence.digits == len(text)
    assert found.evidence.strings is None


def test_lines_together_are_read_as_each_alone() -> None:
    lines = tuple(make_line(draw_crop(text)[0]) for text in ("12", "", "3456", "5", "0890"))
    together = read_lines(lines, DRAWN)
    assert [one.reading.text for one in together] == ["12", "", "3456", "5", "0890"]
    for line, one in zip(lines, together, strict=True):
        (alone,) = read_lines((line,), DRAWN)
        assert (alone.reading.text, alone.reading.digits) == (
            one.reading.text,
            tuple(
                replace(digit, confidence=own.confidence)
                for digit, own in zip(one.reading.digits, alone.reading.digits, strict=True)
            ),
        )
        assert alone.reading.confidence == pytest.approx(one.reading.confidence, rel=1e-4)


def test_a_thicket_of_strokes_is_not_shown_to_the_network() -> None:
    gray = np.full((40, 8 * (MAX_PIECES + 20)), PAPER, np.uint8)
    gray[10:30, 4::8] = gray[10:30, 5::8] = PEN
    counting = Counting()
    (found,) = read_lines((make_line(gray),), replace(DRAWN, digits=counting))
    assert found.reading.rejection is Rejection.NO_DIGITS
    assert counting.tiles == 0


@pytest.mark.parametrize(
    ("text", "kind", "digits", "value"),
    [
        pytest.param("12.50", FieldKind.AMOUNT, "1250", "12.50", id="amount"),
        pytest.param("007", FieldKind.DIGITS, "007", "007", id="digits"),
        pytest.param("24-03-2021", FieldKind.DATE, "24032021", "2021-03-24", id="date"),
    ],
)
def test_marks_give_the_value(text: str, kind: FieldKind, digits: str, value: str) -> None:
    (found,) = read_lines((make_line(draw_crop(text)[0], kind),), DRAWN)
    assert (found.reading.text, found.reading.value) == (digits, value)
    assert found.reading.rejection is None


def test_what_the_field_cannot_say_is_rejected() -> None:
    (found,) = read_lines((make_line(draw_crop("99999999")[0], FieldKind.DATE),), DRAWN)
    assert found.reading.rejection is Rejection.GRAMMAR


def test_agreement_of_the_readers_is_evidence() -> None:
    lines = (make_line(draw_crop("347")[0]),)
    (agreed,) = read_lines(lines, replace(DRAWN, strings=Script("347")))
    (differed,) = read_lines(lines, replace(DRAWN, strings=Script("341")))
    assert agreed.evidence is not None
    assert differed.evidence is not None
    assert (agreed.reading.text, agreed.evidence.agree) == ("347", True)
    assert not differed.evidence.agree
    assert agreed.reading.confidence > differed.reading.confidence


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        pytest.param(ReadersSettings(lattice_weight=1.0, strings_weight=0.0), "347", id="lattice"),
        pytest.param(ReadersSettings(lattice_weight=0.0, strings_weight=1.0), "341", id="strings"),
        pytest.param(ReadersSettings(lattice=False), "341", id="lattice-off"),
        pytest.param(ReadersSettings(strings=False), "347", id="strings-off"),
    ],
)
def test_the_heavier_reader_decides(weights: ReadersSettings, text: str) -> None:
    lines = (make_line(draw_crop("347")[0]),)
    reader = replace(DRAWN, strings=Script("341"))
    (found,) = read_lines(lines, reader, Settings(readers=weights))
    assert found.reading.text == text
    assert found.evidence is not None
    assert (found.evidence.lattice is None) == (not weights.lattice)
    assert (found.evidence.strings is None) == (not weights.strings)


@pytest.mark.parametrize(
    ("drawn", "share"),
    [
        pytest.param("1347", DISPUTED, id="a-first-1-lost"),
        pytest.param("51347", DISPUTED, id="a-first-1-behind-a-sign"),
        pytest.param("2347", 1.0, id="another-digit"),
        pytest.param("3471", 1.0, id="a-last-1"),
    ],
)
def test_a_number_whose_first_1_one_reader_passes_over_is_doubted(drawn: str, share: float) -> None:
    settings = Settings(readers=ReadersSettings(lattice_weight=0.01, strings_weight=1.0))
    reader = replace(DRAWN, strings=Script("347"))
    (found,) = read_lines((make_line(draw_crop(drawn)[0]),), reader, settings)
    assert found.reading.text == "347"
    assert found.evidence is not None
    odds = np.exp(found.evidence.posterior)
    assert found.reading.confidence == pytest.approx(share * odds, rel=1e-6)


def test_a_text_that_the_lattice_cannot_read_has_no_digits() -> None:
    settings = Settings(readers=ReadersSettings(lattice=False))
    reader = replace(DRAWN, strings=Script("55555"))
    (found,) = read_lines((make_line(draw_crop("347")[0]),), reader, settings)
    assert (found.reading.text, found.reading.digits) == ("55555", ())
    assert found.evidence is not None
    assert (found.evidence.quality, found.evidence.rubbish) == (-np.inf, 1.0)


def test_what_the_string_reader_takes_for_words_is_not_shown_to_the_digit_network() -> None:
    lines = tuple(make_line(draw_crop(text)[0]) for text in ("WRAP", "347120"))
    digits = Counting()
    reader = replace(DRAWN, digits=digits, strings=Script("", "347120"))
    found = read_lines(lines, reader, may_be_words=True)
    assert [one.reading.text for one in found] == ["", "347120"]
    assert found[0].blank > 0.9
    assert digits.tiles == 0


def test_what_the_word_screen_turns_away_is_not_shown_to_the_string_reader() -> None:
    lines = tuple(make_line(draw_crop(text)[0]) for text in ("WRAPPED", "347120"))
    strings = Script("347120")
    reader = replace(DRAWN, words=Screen(0.01, 0.9), strings=strings)
    words, number = read_lines(lines, reader, views=(PLAIN,), may_be_words=True)
    assert (words.reading.text, number.reading.text) == ("", "347120")
    assert strings.asked == 1
    assert words.blank == pytest.approx(0.99)
    assert number.number == pytest.approx(0.9)


def test_the_string_reader_looks_at_every_number_in_all_views() -> None:
    seen: list[tuple[int, ...]] = []

    class Count(Script):
        """Notes how many views of each line it is shown."""

        def score(self, fields: Sequence[Sequence[Floats]]) -> tuple[FieldScores, ...]:
            seen.append(tuple(len(views) for views in fields))
            return super().score(fields)

    reader = replace(DRAWN, strings=Count("347120", "3473"))
    lines = tuple(make_line(draw_crop(text)[0]) for text in ("347120", "3473"))
    read_lines(lines, reader)
    assert seen == [(1, 1), (len(VIEWS) - 1, len(VIEWS) - 1)]
    seen.clear()
    read_lines(lines, reader, views=(PLAIN,))
    assert seen == [(1, 1)]


def test_a_short_line_is_never_turned_away() -> None:
    reader = replace(DRAWN, words=Screen(0.01), strings=Script("4"))
    (found,) = read_lines((make_line(draw_crop("4")[0]),), reader, may_be_words=True)
    assert (found.reading.text, found.number) == ("4", pytest.approx(0.01))


def test_the_string_reader_alone_is_told_what_is_ink_alone() -> None:
    seen: dict[str, Floats] = {}

    class Watch(Script):
        """Notes the line that it is shown."""

        def score(self, fields: Sequence[Sequence[Floats]]) -> tuple[FieldScores, ...]:
            seen["strings"] = fields[0][0]
            return super().score(fields)

    class Look(Screen):
        """Notes the line that it is shown."""

        def share_numbers(self, lines: Sequence[Floats]) -> Floats:
            seen["words"] = lines[0]
            return super().share_numbers(lines)

    reader = replace(DRAWN, strings=Watch("3473"), words=Look(1.0))
    crop = make_line(draw_crop("3473")[0])
    for line, edge in ((crop, 0.0), (replace(crop, gray=None), 1.0)):
        read_lines((line,), reader, views=(PLAIN,), may_be_words=True)
        assert seen["strings"][[0, -1]].min() == seen["strings"][[0, -1]].max() == edge
        assert seen["words"][[0, -1]].max() == 0.0
        np.testing.assert_array_equal(seen["strings"][1:-1], seen["words"][1:-1])


def test_the_word_screen_is_not_asked_about_a_field() -> None:
    reader = replace(DRAWN, words=Screen(0.01), strings=Script("347120"))
    (found,) = read_lines((make_line(draw_crop("347120")[0]),), reader)
    assert (found.reading.text, found.number) == ("347120", 1.0)


@pytest.mark.parametrize(
    ("text", "may_be_words", "is_cut"),
    [
        pytest.param("347120", True, False, id="number-on-a-page"),
        pytest.param("34712", True, True, id="too-short"),
        pytest.param("347,120", True, True, id="separator"),
        pytest.param("3471203471", True, False, id="long-number"),
        pytest.param("3471203471-", True, True, id="long-number-with-a-sign-at-its-end"),
        pytest.param("347120", False, True, id="field"),
    ],
)
def test_what_the_string_reader_is_sure_of_is_not_cut(
    text: str, may_be_words: bool, is_cut: bool
) -> None:
    digits = Counting()
    reader = replace(DRAWN, digits=digits, strings=Script(text))
    drawn = "".join(filter(str.isdigit, text))
    (found,) = read_lines((make_line(draw_crop(drawn)[0]),), reader, may_be_words=may_be_words)
    assert (digits.tiles > 0, len(found.reading.digits) > 0) == (is_cut, is_cut)
    assert found.evidence is not None
    assert (found.evidence.lattice is not None) == is_cut


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param(None, "12222019", id="page"),
        pytest.param(FieldKind.DATE, "12222019", id="date"),
        pytest.param(FieldKind.DIGITS, "1212212019", id="code"),
    ],
)
def test_a_number_that_is_a_day_but_for_slashes_is_one(kind: FieldKind | None, text: str) -> None:
    """The string reader takes the slashes for digits; the lattice can pass over their ink."""
    reader = replace(DRAWN, strings=_Slashed("1212212019"))
    (found,) = read_lines((make_line(draw_crop("12/22/2019")[0], kind),), reader)
    assert found.reading.text == text


class _Slashed(Script):
    """Is nearly as sure of a slash, which it calls a sign, as of a 1."""

    def score(self, fields: Sequence[Sequence[Floats]]) -> tuple[FieldScores, ...]:
        """Spell the text with two doubtful signs."""
        rows = [field.views[0].copy() for field in super().score(fields)]
        for row in rows:
            row[[5, 11], 1], row[[5, 11], 12] = 0.6, 0.4
        return tuple(FieldScores((row,)) for row in rows)


def test_alternatives_share_what_the_first_leaves() -> None:
    found = read_text("170", digits=_Doubting())
    assert found.text
    assert found.alternatives
    assert found.confidence + sum(one.confidence for one in found.alternatives) <= 1 + 1e-9
    assert found.text not in [one.text for one in found.alternatives]


class _Doubting:
    """Thinks that a 1 may be a 7."""

    def __init__(self) -> None:
        self._inner = DrawnDigits()

    def classify(self, tiles: Floats) -> Floats:
        """Share what a 1 or a 7 has between both."""
        found = self._inner.classify(tiles)
        both = found[:, 1] + found[:, 7]
        found[:, 1], found[:, 7] = 0.6 * both, 0.4 * both
        return found


class _Mistaking:
    """Thinks that a 1 is rather a 7."""

    def __init__(self, share: float) -> None:
        self._inner = DrawnDigits()
        self._share = share

    def classify(self, tiles: Floats) -> Floats:
        """Give a 1 its share and a 7 the rest of what both have."""
        found = self._inner.classify(tiles)
        both = found[:, 1] + found[:, 7]
        found[:, 1], found[:, 7] = self._share * both, (1.0 - self._share) * both
        return found


@pytest.mark.parametrize(
    ("text", "share", "read"),
    [
        pytest.param("13032023", 0.3, "13032023", id="a-day-that-is-likely"),
        pytest.param("13032023", 0.005, "73032023", id="a-day-that-is-not"),
        pytest.param("1303202", 0.3, "7303202", id="seven-boxes"),
    ],
)
def test_eight_boxes_that_may_say_a_day_are_a_date(text: str, share: float, read: str) -> None:
    gray, boxes = draw_crop(text)
    line = make_line(gray, kind=None)
    cells = split_cells(line.ink, list(boxes))
    pieces = join_cells(line.ink.shape, [one.ink for one in cells], [one.box for one in cells])
    reader = replace(DRAWN, digits=_Mistaking(share))
    (found,) = read_lines((replace(line, cells=pieces),), reader)
    assert found.reading.text == read
    assert found.evidence is not None
    assert found.evidence.boxed


def test_the_images_are_not_modified() -> None:
    line = make_line(draw_crop("507")[0])
    assert line.gray is not None
    before = line.ink.copy(), line.gray.copy()
    line.ink.setflags(write=False)
    line.gray.setflags(write=False)
    reader: Reader = replace(DRAWN, strings=Script("507"))
    read_lines((line,), reader)
    assert np.array_equal(line.ink, before[0])
    assert np.array_equal(line.gray, before[1])


def test_boxes_go_back_and_stay_on_the_page() -> None:
    reading = Reading(
        Region(Box(0, 0, 8, 4), "digits"), "7", "7", 0.5, digits=(Digit(Box(2, 1, 4, 3), "7", 0.9),)
    )
    way = np.array([[1, 0, -3], [0, 1, 5], [0, 0, 1]], np.float64)
    moved = map_reading(reading, way, (8, 20))
    assert moved.region == Region(Box(0, 5, 5, 8), "digits")
    assert moved.digits[0].box == Box(0, 6, 1, 8)
    assert (moved.text, moved.confidence) == ("7", 0.5)
