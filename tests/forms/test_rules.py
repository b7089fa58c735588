"""Joint decisions: restore what the rules tell, keep what truly does not add up."""

from decimal import Decimal
from itertools import product
from math import prod

import numpy as np
import pytest

from digitscan.forms.expressions import parse_rule
from digitscan.forms.rules import (
    BROKEN_SHARE,
    BROKEN_SPREAD,
    MOST_SETS,
    Decision,
    Option,
    decide_jointly,
    holds,
)

SUM = parse_rule("sum", "one + two = valid")
ALL = parse_rule("all", "valid + invalid = total")


def _options(*pairs: tuple[int, float]) -> list[Option]:
    return [Option(f"{value:03}", Decimal(value), share) for value, share in pairs]


def _form(**changes: list[Option]) -> dict[str, list[Option]]:
    form = {
        "one": _options((125, 0.98)),
        "two": _options((57, 0.98)),
        "valid": _options((182, 0.98)),
        "invalid": _options((3, 0.98)),
        "total": _options((185, 0.98)),
    }
    return form | changes


def test_form_that_adds_up_gains_confidence() -> None:
    found = decide_jointly(_form(), [SUM, ALL])
    assert all(one.choice == 0 and not one.broken for one in found.values())
    assert found["valid"].confidence > 0.99


def test_without_rules_the_ink_decides() -> None:
    found = decide_jointly(_form(), [])
    assert found["one"] == Decision(0, 0.98)


@pytest.mark.parametrize("field", ["one", "two", "valid", "invalid", "total"])
def test_unreadable_digit_is_restored(field: str) -> None:
    true = _form()[field][0].value
    assert true is not None
    # Its last digit may be any: ten readings alike, the true one not the first.
    others = [(int(true) // 10 * 10 + (int(true) + k) % 10, 0.1) for k in range(1, 11)]
    found = decide_jointly(_form(**{field: _options(*others)}), [SUM, ALL])
    chosen = others[found[field].choice][0]
    assert chosen == true
    assert found[field].repaired
    assert not found[field].broken
    assert 0.9 < found[field].confidence <= 1.0
    assert not any(one.broken for one in found.values())


def test_clearly_written_form_that_does_not_add_up_comes_out_as_such() -> None:
    form = _form(valid=_options((192, 0.999), (182, 0.0005)), total=_options((195, 0.999)))
    found = decide_jointly(form, [SUM, ALL])
    assert found["valid"].choice == 0
    assert {name for name, one in found.items() if one.broken == "sum"} == set(form)
    assert not found["valid"].repaired


def test_doubtful_repair_says_so() -> None:
    form = _form(valid=_options((192, 0.9), (182, 0.05)), total=_options((185, 0.9), (195, 0.05)))
    found = decide_jointly(form, [SUM, ALL])
    assert found["valid"].choice == 1
    assert found["valid"].repaired
    assert found["valid"].confidence < decide_jointly(_form(), [SUM, ALL])["valid"].confidence


def test_rules_that_share_no_field_do_not_meet() -> None:
    other = parse_rule("other", "x = y")
    form = _form(x=_options((1, 0.999)), y=_options((2, 0.999)))
    found = decide_jointly(form, [SUM, ALL, other])
    assert (found["x"].broken, found["one"].broken) == ("other", "")


def test_field_without_options_takes_part_in_no_rule() -> None:
    found = decide_jointly(_form(one=[]), [SUM, ALL])
    assert "one" not in found
    assert not found["valid"].broken


def test_check_digit_over_several_fields() -> None:
    routing = parse_rule("routing", "aba(bank branch)")
    bank = [Option("0210", Decimal(210), 0.9)]
    branch = [Option("00022", Decimal(22), 0.6), Option("00021", Decimal(21), 0.4)]
    found = decide_jointly({"bank": bank, "branch": branch}, [routing])
    assert (found["branch"].choice, found["branch"].repaired) == (1, True)


def test_many_options_are_trimmed_but_an_unreadable_digit_keeps_all_ten() -> None:
    doubted = _options((50, 0.9), *((k, 0.0002) for k in range(100, 400)))
    hidden = _options(*((10 * k, 0.1) for k in range(10)))
    form = {"one": doubted, "two": doubted, "valid": hidden}
    assert len(doubted) ** 2 * len(hidden) > MOST_SETS
    form["two"] = _options((40, 0.9), *((k, 0.0002) for k in range(500, 800)))
    found = decide_jointly(form, [SUM])
    assert (found["one"].choice, found["two"].choice, found["valid"].choice) == (0, 0, 9)


RULES = [SUM, ALL, parse_rule("most", "0 < total <= 9")]


@pytest.mark.parametrize("seed", range(5))
def test_the_most_probable_set_of_all_is_chosen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = ("one", "two", "valid", "invalid", "total")
    form = {
        name: _options(
            *zip(rng.permutation(9)[:4].tolist(), rng.dirichlet(np.ones(4)).tolist(), strict=True)
        )
        for name in names
    }
    weights = {}
    for chosen in product(range(4), repeat=5):
        options = {name: form[name][k] for name, k in zip(names, chosen, strict=True)}
        obeyed = [holds(rule, options) for rule in RULES]
        ways = (0.9 if one else BROKEN_SHARE * BROKEN_SPREAD for one in obeyed)
        weights[chosen] = prod(option.probability for option in options.values()) * prod(ways)
    best = max(weights, key=lambda chosen: weights[chosen])
    found = decide_jointly(form, RULES)
    assert tuple(found[name].choice for name in names) == best
    same = sum(weight for chosen, weight in weights.items() if chosen[2] == best[2])
    assert found["valid"].confidence == pytest.approx(same / sum(weights.values()))


@pytest.mark.parametrize(
    ("text", "value", "true"),
    [("a = 5", 5, True), ("a < 5", 5, False), ("a <= 5", 5, True), ("0 < a < 9", 9, False),
     ("a > 4", 5, True), ("a - 1 >= 4", 5, True), ("a = 5", None, False)],
)  # fmt: skip
def test_comparisons(text: str, value: int | None, true: bool) -> None:
    option = Option("5", None if value is None else Decimal(value), 1.0)
    assert holds(parse_rule("r", text), {"a": option}) is true
