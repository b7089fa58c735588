"""Templates: what a good one holds, and every fault named with file, field and remedy."""

# A table reads better with a fault on each line.
# ruff: noqa: E501

from datetime import date
from pathlib import Path

import pytest

from digitscan.checkdigits import CheckDigit
from digitscan.errors import TemplateError
from digitscan.fields import DateOrder, FieldKind
from digitscan.forms.template import FieldType, Writing, load_template, parse_template
from digitscan.records import Box

GOOD = """
reference = "form.png"

[[field]]
name = "issued"
zone = [10, 20, 210, 50]
type = "date"
cells = 8
order = "DMY"
first_day = 2010-01-01
last_day = 2030-12-31

[[field]]
name = "routing"
zone = [10, 60, 210, 90]
type = "digits"
check = "aba"
required = false

[[field]]
name = "line"
zone = [0, 300, 400, 340]
type = "micr"

[rules]
"""


def _write(folder: Path, text: str) -> Path:
    (folder / "form.png").write_bytes(b"")
    file = folder / "bank.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_good_template_is_read_whole(tmp_path: Path) -> None:
    template = load_template(_write(tmp_path, GOOD))
    assert template.name == "bank"
    assert template.reference == tmp_path / "form.png"
    issued, routing, line = template.fields
    assert (issued.zone, issued.cells, issued.type) == (Box(10, 20, 210, 50), 8, FieldType.DATE)
    assert issued.grammar.kind is FieldKind.DATE
    assert issued.grammar.orders == (DateOrder.DAY_FIRST,)
    assert issued.grammar.last_day == date(2030, 12, 31)
    assert (routing.grammar.check, routing.required) == (CheckDigit.ABA, False)
    assert (line.type, line.writing) == (FieldType.MICR, Writing.E13B)


def test_millimetres_are_turned_into_pixels(tmp_path: Path) -> None:
    text = GOOD.replace('"form.png"', '"form.png"\nunit = "mm"\ndpi = 254', 1)
    template = load_template(_write(tmp_path, text))
    assert template.fields[0].zone == Box(100, 200, 2100, 500)


def test_rules_are_parsed(tmp_path: Path) -> None:
    text = GOOD + 'far = "0 < routing"\n'
    (rule,) = load_template(_write(tmp_path, text)).rules
    assert (rule.name, rule.fields) == ("far", ("routing",))


FAULTS = [
    pytest.param("reference = 3", ["reference is a text, got 3"], id="reference-type"),
    pytest.param("", ["reference is missing", "1 to 200 tables"], id="nothing"),
    pytest.param(GOOD.replace("zone = [10, 20, 210, 50]", ""), ["field issued: zone is missing"], id="no-zone"),
    pytest.param(GOOD.replace("210, 50", "5, 50"), ["field issued: zone", "no area"], id="empty-zone"),
    pytest.param(GOOD.replace("210, 50", "50"), ["field issued: zone is four numbers"], id="three-edges"),
    pytest.param(GOOD.replace('"date"', '"dat"'), ["field issued: type is one of", "did you mean date?"], id="type"),
    pytest.param(GOOD.replace("cells = 8", "cels = 8"), ["unknown key cels; did you mean cells?"], id="key"),
    pytest.param(GOOD.replace("cells = 8", "cells = 1"), ["cells is the number of boxes"], id="one-cell"),
    pytest.param(GOOD.replace("2010-01-01", '"2010-01-01"'), ["first_day", "without quotes"], id="day"),
    pytest.param(GOOD.replace("2010-01-01", "2040-01-01"), ["field issued: no day lies between"], id="window"),
    pytest.param(GOOD.replace('"DMY"', '"DYM"'), ["field issued: order is 'DYM'"], id="order"),
    pytest.param(GOOD.replace('"aba"', '"abba"'), ["field routing: check is 'abba'"], id="check"),
    pytest.param(GOOD.replace('"routing"', '"issued"'), ["name is used twice"], id="twice"),
    pytest.param(GOOD.replace('"routing"', '"1st"'), ["field 2: name is letters"], id="name"),
    pytest.param(GOOD.replace("required = false", "required = 1"), ["required is true or false, got 1"], id="bool"),
    pytest.param('unit = "mm"\n' + GOOD, ["unit mm needs dpi"], id="mm-without-dpi"),
    pytest.param(GOOD + 'a = "routin = 3"', ["rule a: no field routin; did you mean routing?"], id="rule-field"),
    pytest.param(GOOD + 'a = "routing + = 3"', ["rule a: `routing + = 3`: a field or a number"], id="rule-syntax"),
    pytest.param(GOOD + 'a = "line = 3"', ["rule a: mark and micr fields"], id="rule-type"),
    pytest.param(GOOD + 'a = "issued = 3"', ["rule a: a date is compared with a date"], id="rule-date"),
    pytest.param(GOOD + 'a = "luhn(issued)"', ["rule a: check digits are for"], id="rule-check"),
    pytest.param("reference = [", ["is no valid TOML"], id="toml"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_fault_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    file = _write(tmp_path, text)
    with pytest.raises(TemplateError) as caught:
        load_template(file)
    message = str(caught.value)
    assert str(file) in message
    for word in words:
        assert word in message


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"date"', '"dat"').replace('"aba"', '"abba"').replace("form.png", "")
    with pytest.raises(TemplateError) as caught:
        load_template(_write(tmp_path, text))
    assert len(str(caught.value).splitlines()) >= 3


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"none\.toml.*cannot be read"):
        load_template(tmp_path / "none.toml")
    file = _write(tmp_path, GOOD)
    (tmp_path / "form.png").unlink()
    with pytest.raises(TemplateError, match=r"form\.png does not exist"):
        load_template(file)


def test_a_field_may_have_several_combs() -> None:
    entry = {
        "name": "day",
        "type": "date",
        "zone": [[10, 10, 30, 20], [40, 10, 60, 20]],
        "cells": [2, 4],
    }
    table = {"reference": "a.png", "field": [entry]}
    (field,) = parse_template(table, Path("f.toml")).fields
    assert [(comb.zone.left, comb.cells) for comb in field.combs] == [(10, 2), (40, 4)]
    assert (field.zone, field.cells, field.grammar.max_digits) == (Box(10, 10, 60, 20), 6, 6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cells": [2, 4, 2]}, "zone lists 2 combs and cells 3"),
        ({"cells": [2, 0]}, "a list with the boxes of each comb"),
        ({"zone": [10, 10, 30, 20]}, "give a zone for each"),
        ({"zone": [[10, 10, 30, 20], [40, 10, 40, 20]]}, "has no area"),
    ],
)
def test_combs_that_do_not_fit_together_are_refused(
    change: dict[str, object], message: str
) -> None:
    entry = {"name": "day", "zone": [[10, 10, 30, 20], [40, 10, 60, 20]], "cells": [2, 4]}
    table = {"reference": "a.png", "field": [{**entry, **change}]}
    with pytest.raises(TemplateError, match=message):
        parse_template(table, Path("f.toml"))
