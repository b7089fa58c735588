"""Templates: what is where on a form and what it may say, from TOML, checked when loaded."""

import difflib
import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from digitscan.checkdigits import CheckDigit
from digitscan.errors import TemplateError
from digitscan.fields import DateOrder, FieldKind, Grammar, Grouping, MarkKind
from digitscan.forms.expressions import Rule, parse_rule
from digitscan.forms.tables import Faults, Table
from digitscan.names import printable
from digitscan.records import Box

MM_PER_INCH = 25.4
MOST_FIELDS = 200
"""More fields than any form has: a template is written by a person."""
_MOST_BYTES = 1_000_000


class FieldType(StrEnum):
    """What a field of a template holds."""

    DIGITS = "digits"
    NUMBER = "number"
    AMOUNT = "amount"
    DATE = "date"
    MICR = "micr"
    MARK = "mark"


class Writing(StrEnum):
    """How a field is filled in."""

    HAND = "hand"
    PRINT = "print"
    E13B = "e13b"


@dataclass(frozen=True, slots=True)
class Comb:
    """A row of equal one-digit boxes, wall to wall: its place on the reference, their number."""

    zone: Box
    cells: int


@dataclass(frozen=True, slots=True)
class Field:
    """A named place on a form.

    Attributes
    ----------
    name : str
    zone : Box
        Where it is, in pixels of the reference image.
    type : FieldType
    grammar : Grammar
        What it may say; of `mark` fields the default, which says nothing.
    writing : Writing
    cells : int
        Boxes of its comb; 0 where the field is no comb.
    combs : tuple of Comb
        The comb, or the several that stand apart, left to right: day, month and year; empty where
        the field is no comb.
    required : bool
        Whether an empty field is a fault of the form.
    """

    name: str
    zone: Box
    type: FieldType
    grammar: Grammar
    writing: Writing = Writing.HAND
    cells: int = 0
    combs: tuple["Comb", ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Template:
    """A form: its reference image, its fields and the rules across them.

    Attributes
    ----------
    name : str
    reference : Path
        The reference scan, as it can be opened.
    page : int
        Page of the reference scan, from 1.
    fields : tuple of Field
        In the order of the file.
    rules : tuple of Rule
    """

    name: str
    reference: Path
    page: int
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]


def load_template(path: str | os.PathLike[str]) -> Template:
    """Load a template and check it.

    Parameters
    ----------
    path : str or path
        The TOML file; the reference image is named in it, relative to it.

    Returns
    -------
    Template

    Raises
    ------
    TemplateError
        With every fault of the file, a line each: the file, the field and what would be right.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise TemplateError(f"{file}: over {_MOST_BYTES} bytes; that is no template")
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TemplateError(f"{file}: cannot be read: {error.strerror}; check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"{file}: is no valid TOML: {error}") from None
    template = parse_template(table, file)
    if not template.reference.is_file():
        raise TemplateError(
            f"{file}: reference {printable(str(template.reference))} does not exist; "
            "name an image beside the template"
        )
    return template


def parse_template(table: dict[str, Any], file: Path) -> Template:
    """Check a table as read from TOML and build the template.

    Parameters
    ----------
    table : dict
    file : Path
        What messages name; the reference is looked for beside it.

    Raises
    ------
    TemplateError
        With every fault, a line each.

    Examples
    --------
    >>> table = {"reference": "a.png", "field": [{"name": "total"}]}
    >>> parse_template(table, Path("f.toml"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    digitscan.errors.TemplateError: f.toml: field total: zone is missing; ...
    """
    faults = Faults(f"{file}")
    top = Table(table, faults, "")
    name = top.take("name", str, file.stem)
    reference = top.take("reference", str, "")
    if not reference:
        faults.add("", "reference is missing; name the image of a blank or clean form")
    page = top.take("page", int, 1)
    unit = top.choose("unit", ("px", "mm"), "px")
    dpi = top.take("dpi", float, 0.0)
    if unit == "mm" and not 10 <= dpi <= 2400:
        faults.add("", "unit mm needs dpi, the resolution of the reference, 10 to 2400")
    scale = dpi / MM_PER_INCH if unit == "mm" else 1.0
    entries = top.take("field", list, [])
    if not 1 <= len(entries) <= MOST_FIELDS:
        faults.add("", f"a template has 1 to {MOST_FIELDS} tables [[field]], got {len(entries)}")
    fields = [_parse_field(entry, index, scale, faults) for index, entry in enumerate(entries)]
    known = [field for field in fields if field is not None]
    names = [field.name for field in known]
    for repeated in sorted({name for name in names if names.count(name) > 1}):
        faults.add(f"field {repeated}", "name is used twice; names are unique")
    rules = _parse_rules(top.take("rules", dict, {}), known, faults)
    top.finish(("name", "reference", "page", "unit", "dpi", "field", "rules"))
    faults.raise_if_any()
    return Template(name, file.parent / reference, page, tuple(known), rules)


_FIELD_KEYS = (
    "name", "zone", "type", "writing", "cells", "required", "min_digits", "max_digits", "pattern",
    "check", "order", "year_digits", "first_day", "last_day", "grouping", "decimals",
    "decimal_mark",
)  # fmt: skip


def _parse_field(entry: Any, index: int, scale: float, faults: Faults) -> Field | None:
    if not isinstance(entry, dict):
        faults.add(f"field {index + 1}", "is no table; write [[field]]")
        return None
    name = entry.get("name")
    if not isinstance(name, str) or not name.isidentifier():
        faults.add(
            f"field {index + 1}",
            f"name is letters, digits and _, not beginning with a digit, got {name!r}",
        )
        return None
    place = f"field {name}"
    table = Table(entry, faults, place)
    table.finish(_FIELD_KEYS)
    kind = FieldType(table.choose("type", tuple(FieldType), "number"))
    writing = "e13b" if kind is FieldType.MICR else "hand"
    counts = _parse_cells(entry.get("cells", 0), kind, place, faults)
    cells = sum(counts)
    zones = _parse_zones(entry.get("zone"), counts, scale, place, faults)
    zone = _surround(zones) if zones else None
    combs = tuple(Comb(box, count) for box, count in zip(zones, counts, strict=False))
    field_writing = Writing(table.choose("writing", tuple(Writing), writing))
    required = table.take("required", bool, True)
    grammar = _parse_grammar(entry, kind, cells, place, faults)
    if zone is None or grammar is None:
        return None
    return Field(name, zone, kind, grammar, field_writing, cells, combs, required)


def _parse_cells(value: Any, kind: FieldType, place: str, faults: Faults) -> tuple[int, ...]:
    """Return the boxes of each comb of a field; nothing where it is no comb."""
    counts = value if isinstance(value, list) else [value]
    if value == 0 and not isinstance(value, bool):
        return ()
    several = isinstance(value, list)
    good = all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in counts)
    allowed = kind not in (FieldType.MICR, FieldType.MARK)
    if not good or not 2 <= sum(counts) <= 60 or not allowed:
        hint = "a list with the boxes of each comb" if several else "2 to 60"
        faults.add(place, f"cells is the number of boxes of a comb, {hint}, got {value}")
        return ()
    return tuple(counts)


def _parse_zones(
    value: Any, counts: tuple[int, ...], scale: float, place: str, faults: Faults
) -> tuple[Box, ...]:
    """Return the zone of a field, or of each of its combs; nothing where one is wrong."""
    several = isinstance(value, list) and len(value) > 0 and isinstance(value[0], list)
    if several and len(value) != len(counts):
        faults.add(
            place, f"zone lists {len(value)} combs and cells {len(counts)}; give one of each a comb"
        )
        return ()
    if not several and len(counts) > 1:
        faults.add(place, "cells lists several combs; give a zone for each: [[...], [...]]")
        return ()
    zones = [_parse_zone(one, scale, place, faults) for one in (value if several else [value])]
    return tuple(zone for zone in zones if zone is not None) if None not in zones else ()


def _surround(boxes: tuple[Box, ...]) -> Box:
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _parse_zone(value: Any, scale: float, place: str, faults: Faults) -> Box | None:
    wanted = "give [left, top, right, bottom]"
    if value is None:
        faults.add(place, f"zone is missing; {wanted}")
        return None
    if (
        not isinstance(value, list)
        or len(value) != 4
        or not all(isinstance(edge, int | float) and not isinstance(edge, bool) for edge in value)
    ):
        faults.add(place, f"zone is four numbers, got {value!r}; {wanted}")
        return None
    left, top, right, bottom = (round(edge * scale) for edge in value)
    if left < 0 or top < 0 or right <= left or bottom <= top or max(right, bottom) > 100_000:
        faults.add(place, f"zone {value} has no area on the reference; {wanted}")
        return None
    return Box(left, top, right, bottom)


def _parse_grammar(
    entry: dict[str, Any], kind: FieldType, cells: int, place: str, faults: Faults
) -> Grammar | None:
    """Build the grammar of a field from the keys that its table has."""
    make: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "min_digits": ("min_digits", int),
        "max_digits": ("max_digits", int),
        "pattern": ("patterns", lambda value: (value,) if isinstance(value, str) else tuple(value)),
        "check": ("check", CheckDigit),
        "order": ("orders", _parse_orders),
        "year_digits": ("year_digits", lambda v: (v,) if isinstance(v, int) else tuple(v)),
        "first_day": ("first_day", _parse_day),
        "last_day": ("last_day", _parse_day),
        "grouping": ("grouping", Grouping),
        "decimals": ("decimals", int),
        "decimal_mark": ("decimal_mark", MarkKind),
    }
    given: dict[str, Any] = {"kind": _KINDS[kind]}
    if cells:
        given["max_digits"] = cells
    for key, (name, convert) in make.items():
        if key in entry:
            try:
                given[name] = convert(entry[key])
            except (TypeError, ValueError) as error:
                faults.add(place, f"{key} is {entry[key]!r}: {error}")
                return None
    try:
        return Grammar(**given)
    except (TypeError, ValueError) as error:
        faults.add(place, str(error))
        return None


_KINDS = {
    FieldType.DIGITS: FieldKind.DIGITS,
    FieldType.NUMBER: FieldKind.NUMBER,
    FieldType.AMOUNT: FieldKind.AMOUNT,
    FieldType.DATE: FieldKind.DATE,
    FieldType.MICR: FieldKind.DIGITS,
    FieldType.MARK: FieldKind.DIGITS,
}


def _parse_orders(value: Any) -> tuple[DateOrder, ...]:
    return tuple(DateOrder(order) for order in ([value] if isinstance(value, str) else value))


def _parse_day(value: Any) -> date:
    if type(value) is not date:
        raise ValueError("write a day without quotes, as 2016-03-15")
    return value


def _parse_rules(table: dict[str, Any], fields: list[Field], faults: Faults) -> tuple[Rule, ...]:
    types = {field.name: field.type for field in fields}
    rules = []
    for name, text in table.items():
        place = f"rule {name}"
        try:
            rule = parse_rule(name, text if isinstance(text, str) else "")
        except ValueError as error:
            faults.add(place, str(error))
            continue
        wrong = [field for field in rule.fields if field not in types]
        for field in wrong:
            near = difflib.get_close_matches(field, types, 1)
            hint = f"did you mean {near[0]}?" if near else f"fields are {', '.join(types)}"
            faults.add(place, f"no field {field}; {hint}")
        if not wrong and (fault := _check_types(rule, types)):
            faults.add(place, fault)
        rules.append(rule)
    return tuple(rules)


def _check_types(rule: Rule, types: dict[str, FieldType]) -> str:
    """Return what is wrong with the types of a rule's fields, empty where nothing is."""
    used = {types[field] for field in rule.fields}
    if used & {FieldType.MARK, FieldType.MICR}:
        return "mark and micr fields have no number to compare"
    if rule.check is not None and used & {FieldType.DATE, FieldType.AMOUNT}:
        return "check digits are for digits and number fields"
    if FieldType.DATE in used:
        alone = all(len(part) == 1 and part[0].field for part in rule.sums)
        if used != {FieldType.DATE} or not alone:
            return "a date is compared with a date, as `issued <= due`"
    return ""
