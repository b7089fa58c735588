"""What was found on a blank form -> the text of a template to be edited."""

from collections.abc import Sequence
from dataclasses import dataclass

from digitscan.forms.template import FieldType
from digitscan.records import Box

DATE_PARTS = ((2, 2, 4), (4, 2, 2), (2, 2, 2))
"""Boxes of day, month and year where they stand apart on one line."""
DATE_CELLS = 8
"""Boxes of a date in one row."""

_HEAD = """\
# Draft made by `digitscan template new`; a zone is left, top, right, bottom in pixels.
# Delete what is no field, give the rest names, types and what they may say:
# digits, number, amount, date, micr or mark. Look at it with `digitscan template check`.
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place where a field may be.

    Attributes
    ----------
    type : FieldType
    zones : tuple of Box
        One, or one for each comb of a field whose combs stand apart.
    cells : tuple of int
        Boxes of each comb; empty where there is none.
    """

    type: FieldType
    zones: tuple[Box, ...]
    cells: tuple[int, ...] = ()


def join_dates(combs: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Join the combs of day, month and year, and call them and rows of eight boxes dates.

    Parameters
    ----------
    combs : sequence of Proposal
        One comb each.

    Returns
    -------
    tuple of Proposal
        From the top of the form to its bottom, left to right.

    Examples
    --------
    >>> row = [Proposal(FieldType.NUMBER, (Box(100 * k, 0, 100 * k + 80, 40),), (n,))
    ...        for k, n in enumerate((2, 2, 4))]
    >>> [(one.type.value, one.cells) for one in join_dates(row)]
    [('date', (2, 2, 4))]
    """
    rest = _order(combs)
    joined = []
    while rest:
        first = rest[0]
        parts = [one for one in rest[:3] if _are_level(first, one)]
        cells = tuple(one.cells[0] for one in parts)
        rest = rest[3:] if cells in DATE_PARTS else rest[1:]
        if cells in DATE_PARTS:
            joined.append(Proposal(FieldType.DATE, tuple(one.zones[0] for one in parts), cells))
        elif first.cells == (DATE_CELLS,):
            joined.append(Proposal(FieldType.DATE, first.zones, first.cells))
        else:
            joined.append(first)
    return tuple(joined)


def draft_template(name: str, reference: str, proposals: Sequence[Proposal]) -> str:
    """Write a template with fields of numbered names.

    Parameters
    ----------
    name : str
        Of the form.
    reference : str
        File name of the reference image, beside the template.
    proposals : sequence of Proposal

    Returns
    -------
    str
        TOML.

    Examples
    --------
    >>> total = Proposal(FieldType.NUMBER, (Box(10, 20, 70, 50),), (3,))
    >>> print(draft_template("bill", "bill.png", [total]).partition("[[field]]")[2])
    <BLANKLINE>
    name = "number_01"
    type = "number"
    zone = [10, 20, 70, 50]
    cells = 3
    <BLANKLINE>
    """
    parts = [_HEAD, f"name = {_quote(name)}\n", f"reference = {_quote(reference)}\n"]
    counts: dict[FieldType, int] = {}
    for one in _order(proposals):
        counts[one.type] = counts.get(one.type, 0) + 1
        parts.append("\n" + _draft_field(f"{one.type}_{counts[one.type]:02d}", one))
    return "".join(parts)


def _draft_field(name: str, one: Proposal) -> str:
    zones = [f"[{box.left}, {box.top}, {box.right}, {box.bottom}]" for box in one.zones]
    several = len(zones) > 1
    lines = ["[[field]]", f'name = "{name}"', f'type = "{one.type}"']
    lines.append(f"zone = [{', '.join(zones)}]" if several else f"zone = {zones[0]}")
    if one.cells:
        lines.append(f"cells = {list(one.cells) if several else one.cells[0]}")
    if one.type is FieldType.MARK:
        lines.append("required = false")
    return "\n".join(lines) + "\n"


def _order(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Order proposals as they are read: by lines, each from left to right."""
    rest = sorted(proposals, key=lambda one: one.zones[0].top)
    ordered: list[Proposal] = []
    while rest:
        line = [one for one in rest if _are_level(rest[0], one)]
        ordered += sorted(line, key=lambda one: one.zones[0].left)
        rest = [one for one in rest if one not in line]
    return ordered


def _are_level(one: Proposal, other: Proposal) -> bool:
    first, second = one.zones[0], other.zones[0]
    height = first.bottom - first.top
    return max(abs(first.top - second.top), abs(first.bottom - second.bottom)) <= 0.25 * height


def _quote(text: str) -> str:
    """Write a text as a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
