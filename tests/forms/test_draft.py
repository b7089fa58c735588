"""A draft is a template that loads, with what was found in it."""

import tomllib
from pathlib import Path

import pytest

from digitscan.forms.draft import Proposal, draft_template, join_dates
from digitscan.forms.template import FieldType, parse_template
from digitscan.records import Box


def comb(left: int, top: int, cells: int) -> Proposal:
    return Proposal(FieldType.NUMBER, (Box(left, top, left + 40 * cells, top + 50),), (cells,))


def test_a_draft_is_a_template() -> None:
    proposals = [
        comb(500, 203, 3),
        Proposal(FieldType.MARK, (Box(100, 300, 120, 320),)),
        Proposal(FieldType.NUMBER, (Box(100, 200, 400, 250),)),
        Proposal(FieldType.DATE, (Box(0, 9, 40, 30), Box(60, 9, 99, 30)), (2, 4)),
    ]
    text = draft_template('the "old" bank\n', "old.png", proposals)
    template = parse_template(tomllib.loads(text), Path("old.toml"))
    assert template.name == 'the "old" bank\n'
    assert template.reference == Path("old.png")
    found = [(field.name, field.zone.left, field.cells) for field in template.fields]
    assert found == [
        ("date_01", 0, 6),
        ("number_01", 100, 0),
        ("number_02", 500, 3),
        ("mark_01", 100, 0),
    ]
    assert [comb.cells for comb in template.fields[0].combs] == [2, 4]
    assert [field.required for field in template.fields] == [True, True, True, False]


@pytest.mark.parametrize(
    ("rows", "types"),
    [
        pytest.param([comb(0, 0, 8)], ["date"], id="one-row"),
        pytest.param([comb(0, 0, 2), comb(99, 4, 2), comb(200, 2, 4)], ["date"], id="apart"),
        pytest.param([comb(200, 2, 4), comb(99, 4, 2), comb(0, 0, 2)], ["date"], id="any-order"),
        pytest.param([comb(0, 0, 2), comb(99, 60, 2), comb(200, 0, 4)], ["number"] * 3, id="lines"),
        pytest.param([comb(0, 0, 3), comb(0, 90, 3)], ["number"] * 2, id="counts"),
        pytest.param([], [], id="none"),
    ],
)
def test_day_month_and_year_are_one_field(rows: list[Proposal], types: list[str]) -> None:
    assert [str(one.type) for one in join_dates(rows)] == types
