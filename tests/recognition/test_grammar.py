"""What a field may say: amounts, dates, patterns, and the N-best list under a grammar."""

from datetime import date, timedelta
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitscan.checkdigits import CheckDigit, append_check_digit, has_check_digit
from digitscan.fields import (
    DateOrder,
    FieldKind,
    Grammar,
    Grouping,
    Hypothesis,
    Mark,
    MarkKind,
    split_pattern,
)
from digitscan.recognition.dates import drop_slashes, find_day
from digitscan.recognition.grammar import (
    NOTE_CHECK_DIGIT,
    NOTE_GRAMMAR,
    allows_prefix,
    apply_grammar,
    count_digits,
    guess_kind,
    have_sense,
    is_allowed,
    normalize_value,
)

AMOUNT = Grammar(kind=FieldKind.AMOUNT)
DATE = Grammar(kind=FieldKind.DATE)
DAY_FIRST = Grammar(kind=FieldKind.DATE, orders=(DateOrder.DAY_FIRST,))
MONTH_FIRST = Grammar(kind=FieldKind.DATE, orders=(DateOrder.MONTH_FIRST,))


def see(written: str) -> Hypothesis:
    """Turn a number as written into what a reader delivers: digits, and marks between them."""
    text, marks = "", []
    for character in written:
        if character.isdigit():
            text += character
        else:
            marks.append(Mark(len(text), MarkKind(character)))
    return Hypothesis(text, 0.0, tuple(marks))


@pytest.mark.parametrize(
    ("written", "value", "fits"),
    [
        pytest.param("", "", True, id="nothing"),
        pytest.param("7", "7", True, id="one-digit"),
        pytest.param("233", "233", True, id="no-mark"),
        pytest.param("233.00", "233.00", True, id="decimal-dot"),
        pytest.param("233,00", "233.00", True, id="decimal-comma"),
        pytest.param("233-00", "233.00", True, id="decimal-dash"),
        pytest.param("233?00", "233.00", True, id="unknown-before-two-is-decimal"),
        pytest.param("233 00", "23300", False, id="space-is-no-decimal-mark"),
        pytest.param("1,234", "1234", True, id="one-group"),
        pytest.param("1.234.567", "1234567", True, id="threes-with-dots"),
        pytest.param("1,234,567.89", "1234567.89", True, id="threes-and-cents"),
        pytest.param("1.234.567,89", "1234567.89", True, id="european"),
        pytest.param("12,34,567.00", "1234567.00", True, id="indian"),
        pytest.param("1 234 567", "1234567", True, id="spaces"),
        pytest.param("88,000/-", "88000", True, id="indian-tail"),
        pytest.param("88000=", "88000", True, id="equals-tail"),
        pytest.param("88000.-", "88000", True, id="dot-dash-tail"),
        pytest.param("2,233.00/-", "2233.00", True, id="cents-and-tail"),
        pytest.param("=-1.500", "1500", True, id="fillers-before"),
        pytest.param("233^50", "233.50", True, id="raised-cents"),
        pytest.param("1,233.^50", "1233.50", True, id="raised-cents-behind-a-dot"),
        pytest.param("^50", "0.50", True, id="cents-alone"),
        pytest.param("233 00/100", "233.00", True, id="cents-over-a-hundred"),
        pytest.param("233^00/100", "233.00", True, id="raised-cents-over-a-hundred"),
        pytest.param("123,45,678/-", "12345678", True, id="lakhs-without-crores"),
        pytest.param("1234,56,78,901", "12345678901", False, id="first-group-too-long-for-crores"),
        pytest.param("1,2345", "12345", False, id="group-of-four"),
        pytest.param("1234,567", "1234567", False, id="first-group-too-long"),
        pytest.param("12.5", "125", False, id="one-decimal-is-none"),
        pytest.param("1,23,45", "123.45", False, id="groups-missed-before-cents"),
        pytest.param("123/456", "123456", False, id="slash-parts-no-groups"),
    ],
)
def test_amounts(written: str, value: str, fits: bool) -> None:
    seen = see(written)
    assert normalize_value(seen.text, AMOUNT, seen.marks) == value
    assert have_sense(seen.text, AMOUNT, seen.marks) is fits


@pytest.mark.parametrize(
    ("written", "grouping", "fits"),
    [
        ("123,456", Grouping.THREES, True),
        ("123,456", Grouping.INDIAN, False),
        ("1,23,456", Grouping.INDIAN, True),
        ("1,23,456", Grouping.THREES, False),
        ("12,345", Grouping.INDIAN, True),
    ],
)
def test_groupings(written: str, grouping: Grouping, fits: bool) -> None:
    seen = see(written)
    grammar = Grammar(kind=FieldKind.AMOUNT, grouping=grouping)
    assert have_sense(seen.text, grammar, seen.marks) is fits


def test_a_currency_without_cents_has_no_decimal_mark() -> None:
    seen = see("1.50")
    assert normalize_value("150", Grammar(kind=FieldKind.AMOUNT, decimals=0), seen.marks) == "150"


def test_a_set_decimal_mark_keeps_the_other_one_from_deciding() -> None:
    grammar = Grammar(kind=FieldKind.AMOUNT, decimal_mark=MarkKind.COMMA)
    assert normalize_value("12345", grammar, see("123,45").marks) == "123.45"
    assert normalize_value("12345", grammar, see("123.45").marks) == "12345"


@given(whole=st.integers(0, 10**12), cents=st.integers(0, 99), european=st.booleans())
def test_a_formatted_amount_comes_back(whole: int, cents: int, european: bool) -> None:
    written = f"{whole:,}.{cents:02d}"
    if european:
        written = written.translate(str.maketrans(",.", ".,"))
    seen = see(written)
    assert normalize_value(seen.text, AMOUNT, seen.marks) == f"{whole}.{cents:02d}"
    assert have_sense(seen.text, AMOUNT, seen.marks)


@given(
    text=st.text("0123456789", max_size=9),
    marks=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(MarkKind))),
)
def test_no_mark_adds_or_loses_a_digit(text: str, marks: list[tuple[int, MarkKind]]) -> None:
    placed = tuple(Mark(min(after, len(text)), kind) for after, kind in marks)
    value = normalize_value(text, AMOUNT, placed).replace(".", "")
    assert value in (text, "0" + text, text.removesuffix("100"))


@pytest.mark.parametrize(
    ("written", "grammar", "value"),
    [
        pytest.param("15032016", DATE, "2016-03-15", id="ddmmyyyy"),
        pytest.param("12/22/2019", DATE, "2019-12-22", id="only-month-first-exists"),
        pytest.param("03042019", DATE, "2019-04-03", id="ambiguous-takes-the-first-order"),
        pytest.param("03042019", MONTH_FIRST, "2019-03-04", id="the-order-decides"),
        pytest.param("20160315", DATE, "2016-03-15", id="yyyymmdd"),
        pytest.param("150316", DATE, "2016-03-15", id="ddmmyy"),
        pytest.param("150349", DATE, "2049-03-15", id="year-49-is-2049"),
        pytest.param("150350", DATE, "1950-03-15", id="year-50-is-1950"),
        pytest.param("5/3/16", DATE, "2016-03-05", id="short-parts"),
        pytest.param("5-3-2016", DATE, "2016-03-05", id="short-parts-long-year"),
        pytest.param("2011/1/5", DATE, "2011-01-05", id="separators-before-places"),
        pytest.param("29022016", DATE, "2016-02-29", id="leap-day"),
        pytest.param("29022015", DATE, None, id="no-leap-day"),
        pytest.param("31042016", DATE, None, id="no-31st-of-april"),
        pytest.param("00012016", DATE, None, id="no-day-zero"),
        pytest.param("15032150", DATE, None, id="beyond-the-window"),
        pytest.param("12222019", DAY_FIRST, None, id="no-month-22"),
        pytest.param("1503201", DATE, None, id="seven-digits"),
        pytest.param("", DATE, None, id="nothing"),
        pytest.param(
            "150316",
            Grammar(kind=FieldKind.DATE, year_digits=(4,)),
            None,
            id="short-year-not-allowed",
        ),
    ],
)
def test_dates(written: str, grammar: Grammar, value: str | None) -> None:
    seen = see(written)
    assert is_allowed(seen.text, grammar, seen.marks) is (value is not None)
    assert normalize_value(seen.text, grammar, seen.marks) == (value or seen.text)


def test_the_window_is_closed_on_both_sides() -> None:
    grammar = Grammar(kind=FieldKind.DATE, first_day=date(2016, 3, 1), last_day=date(2016, 3, 31))
    assert is_allowed("01032016", grammar)
    assert is_allowed("310316", grammar)
    assert not is_allowed("29022016", grammar)
    assert not is_allowed("01042016", grammar)


@given(
    day=st.dates(date(1950, 1, 1), date(2049, 12, 31)),
    order=st.sampled_from(DateOrder),
    short=st.booleans(),
    slash=st.booleans(),
)
def test_every_day_comes_back_in_every_order(
    day: date, order: DateOrder, short: bool, slash: bool
) -> None:
    layout = {"DMY": "%d/%m/%Y", "MDY": "%m/%d/%Y", "YMD": "%Y/%m/%d"}[order]
    written = day.strftime(layout.replace("%Y", "%y") if short else layout)
    seen = see(written if slash else written.replace("/", ""))
    grammar = Grammar(kind=FieldKind.DATE, orders=(order,))
    assert find_day(seen.text, seen.marks, grammar) == day
    assert all(allows_prefix(seen.text[:end], grammar) for end in range(len(seen.text) + 1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_digits": 0}, "lengths"),
        ({"min_digits": 5, "max_digits": 4}, "lengths"),
        ({"patterns": ("12x",)}, "place 3"),
        ({"patterns": ("",)}, "at least one place"),
        ({"patterns": ("[0-3",)}, "place 1"),
        ({"patterns": ("[]",)}, "place 1"),
        ({"patterns": ("[9-0]",)}, "backwards"),
        ({"decimals": 1}, "decimals"),
        ({"decimal_mark": MarkKind.SPACE}, "comma or a dot"),
        ({"kind": FieldKind.DATE, "orders": ()}, "order"),
        ({"kind": FieldKind.DATE, "year_digits": (3,)}, "year"),
        ({"kind": FieldKind.DATE, "first_day": date(2050, 1, 1)}, "no day"),
        ({"kind": FieldKind.DATE, "first_day": date(1949, 12, 31)}, "century"),
    ],
)
def test_a_grammar_that_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grammar(**changes)  # type: ignore[arg-type]


def test_a_window_of_a_long_time_is_fine_with_full_years() -> None:
    Grammar(kind=FieldKind.DATE, year_digits=(4,), first_day=date(1850, 1, 1))


def test_records_refuse_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="behind the end"):
        Hypothesis("12", 0.0, (Mark(3),))
    with pytest.raises(ValueError, match="at most 0"):
        Hypothesis("12", 0.5)
    with pytest.raises(ValueError, match="at most 0"):
        Hypothesis("12", float("nan"))
    with pytest.raises(ValueError, match="0 or more"):
        Mark(-1)


def test_patterns() -> None:
    assert split_pattern("0[13-5]#") == ("0", "1345", "0123456789")
    grammar = Grammar(patterns=("0836##", "[13]009"))
    assert is_allowed("083654", grammar)
    assert is_allowed("3009", grammar)
    assert not is_allowed("2009", grammar)
    assert not is_allowed("08365", grammar)
    assert not is_allowed("0836544", grammar)
    assert count_digits(grammar) == (4, 6)


@pytest.mark.parametrize("text", ["", " ", "12 3", "12a", "\uff11\uff12\uff13"])
def test_only_digits_are_allowed(text: str) -> None:
    assert not is_allowed(text, Grammar())


GRAMMARS = [
    Grammar(min_digits=2, max_digits=4),
    Grammar(patterns=("0#[13]", "12")),
    Grammar(check=CheckDigit.LUHN, max_digits=5),
    AMOUNT,
    DAY_FIRST,
    Grammar(kind=FieldKind.DATE, orders=(DateOrder.YEAR_FIRST,), first_day=date(2010, 1, 1)),
]


@pytest.mark.parametrize("grammar", GRAMMARS)
@given(text=st.text("0123456789", max_size=8))
def test_pruning_by_prefix_loses_no_allowed_text(grammar: Grammar, text: str) -> None:
    if is_allowed(text, grammar):
        least, most = count_digits(grammar)
        assert least <= len(text) <= most
        assert all(allows_prefix(text[:end], grammar) for end in range(len(text) + 1))


def test_prefixes_prune() -> None:
    assert not allows_prefix("32", DAY_FIRST)
    assert not allows_prefix("3113", DAY_FIRST)
    assert not allows_prefix("123", Grammar(max_digits=2))
    assert not allows_prefix("1", Grammar(patterns=("0##",)))
    assert not allows_prefix("0x", Grammar())


def _list(**shares: float) -> tuple[Hypothesis, ...]:
    return tuple(Hypothesis(text[1:], log(share)) for text, share in shares.items())


def test_without_anything_forbidden_nothing_changes() -> None:
    found = apply_grammar(_list(_12=0.5, _13=0.3), Grammar())
    assert [item.text for item in found.hypotheses] == ["12", "13"]
    assert exp(found.hypotheses[0].log_probability) == pytest.approx(0.5)
    assert (found.allowed, found.note) == (2, "")


def test_the_best_allowed_wins_and_the_others_stay() -> None:
    found = apply_grammar(_list(_1234=0.6, _123=0.3, _124=0.1), Grammar(max_digits=3))
    assert [item.text for item in found.hypotheses] == ["123", "124", "1234"]
    assert (found.allowed, found.note) == (2, NOTE_GRAMMAR)
    assert exp(found.hypotheses[0].log_probability) == pytest.approx(0.3 / 0.406)


def test_a_check_digit_that_decides_says_so() -> None:
    grammar = Grammar(check=CheckDigit.LUHN, min_digits=11)
    found = apply_grammar(_list(_79927398718=0.7, _79927398713=0.2), grammar)
    assert found.hypotheses[0].text == "79927398713"
    assert found.note == NOTE_CHECK_DIGIT
    # a text of a wrong length is no work of the check digit
    found = apply_grammar(_list(_7992739871=0.7, _79927398713=0.2), grammar)
    assert found.note == NOTE_GRAMMAR


def test_nothing_allowed_keeps_the_reading_and_says_zero() -> None:
    found = apply_grammar(_list(_31022016=0.9, _31022015=0.1), DAY_FIRST)
    assert found.allowed == 0
    assert found.hypotheses[0].text == "31022016"
    assert found.note == ""


def test_an_allowed_text_that_the_ink_denies_is_not_certain() -> None:
    found = apply_grammar(_list(_31022016=0.9999, _21022016=0.0001), DAY_FIRST)
    assert found.hypotheses[0].text == "21022016"
    assert exp(found.hypotheses[0].log_probability) < 0.02


def test_an_empty_list_stays_empty() -> None:
    found = apply_grammar((), AMOUNT)
    assert (found.hypotheses, found.allowed, found.note) == ((), 0, "")


def test_probabilities_too_small_for_a_float_do_no_harm() -> None:
    found = apply_grammar((Hypothesis("1", -2000.0), Hypothesis("123", -1900.0)), Grammar())
    assert [item.text for item in found.hypotheses] == ["123", "1"]


numbers = st.text("0123456789", min_size=1, max_size=8)
shares = st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=6)


@given(raw=shares, grammar=st.sampled_from(GRAMMARS), data=st.data())
def test_a_verdict_is_a_distribution_led_by_the_allowed(
    raw: list[float], grammar: Grammar, data: st.DataObject
) -> None:
    count = len(raw)
    texts = data.draw(st.lists(numbers, min_size=count, max_size=count, unique=True))
    scale = max(1.0, sum(raw))
    given_list = tuple(
        Hypothesis(text, log(share / scale)) for text, share in zip(texts, raw, strict=True)
    )
    found = apply_grammar(given_list, grammar)
    assert sorted(item.text for item in found.hypotheses) == sorted(texts)
    judged = [is_allowed(item.text, grammar) for item in found.hypotheses]
    assert judged == sorted(judged, reverse=True)
    assert sum(judged) == found.allowed
    assert sum(exp(item.log_probability) for item in found.hypotheses) <= 1.0 + 1e-9
    for part in (found.hypotheses[: found.allowed], found.hypotheses[found.allowed :]):
        scores = [item.log_probability for item in part]
        assert scores == sorted(scores, reverse=True)


@given(st.integers(10**7, 10**8 - 1))
def test_one_misread_digit_is_mended_by_the_check_digit(payload: int) -> None:
    true = append_check_digit(str(payload), CheckDigit.VERHOEFF)
    wrong = str((int(true[0]) + 3) % 10) + true[1:]
    found = apply_grammar(
        (Hypothesis(wrong, log(0.6)), Hypothesis(true, log(0.35))),
        Grammar(check=CheckDigit.VERHOEFF),
    )
    assert not has_check_digit(wrong, CheckDigit.VERHOEFF)
    assert (found.hypotheses[0].text, found.note) == (true, NOTE_CHECK_DIGIT)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("12/22/2019", FieldKind.DATE),
        ("5-3-16", FieldKind.DATE),
        ("2019.12.22", FieldKind.DATE),
        ("1,234,567", FieldKind.AMOUNT),
        ("233.00", FieldKind.AMOUNT),
        ("12-34-5678", FieldKind.NUMBER),
        ("12345", FieldKind.NUMBER),
        ("88000/-", FieldKind.NUMBER),
        ("", FieldKind.NUMBER),
    ],
)
def test_separators_tell_what_a_number_is(written: str, kind: FieldKind) -> None:
    assert guess_kind(see(written)) is kind


def test_a_century_has_as_many_dates_as_days() -> None:
    days = (date(2049, 12, 31) - date(1950, 1, 1)) // timedelta(days=1) + 1
    allowed = sum(
        is_allowed(f"{day:02d}{month:02d}{year}", DAY_FIRST)
        for year in range(1950, 2050)
        for month in range(1, 13)
        for day in range(1, 32)
    )
    assert allowed == days


@pytest.mark.parametrize(
    ("text", "day"),
    [
        pytest.param("0812312024", "08232024", id="two-slashes"),
        pytest.param("0872372024", "08232024", id="as-sevens"),
        pytest.param("081232024", "08232024", id="first-slash"),
        pytest.param("082312024", "08232024", id="second-slash"),
        pytest.param("2016103115", "20160315", id="year-first"),
        pytest.param("3110212016", None, id="no-such-day"),
        pytest.param("0832332024", None, id="no-slashes"),
        pytest.param("08232024", None, id="a-day-as-it-is"),
        pytest.param("1081231202", None, id="other-places"),
        pytest.param("08123120241", None, id="too-long"),
    ],
)
def test_slashes_that_were_read_as_digits(text: str, day: str | None) -> None:
    assert drop_slashes(text, Grammar(kind=FieldKind.DATE)) == day
