"""What a row of the results is: its columns, and the way there from a page result.

The columns and their order are a contract with other programs; they are listed in the README and
held by a test.
"""

import re
from collections.abc import Mapping

from digitscan.names import printable
from digitscan.records import PageResult, Reading, Rejection, Status

COLUMNS = (
    "file",
    "page",
    "field",
    "text",
    "value",
    "confidence",
    "status",
    "reason",
    "left",
    "top",
    "right",
    "bottom",
    "alternatives",
)
MAX_ALTERNATIVES = 3

Row = Mapping[str, str | int | float | None]

# Cells that a spreadsheet would run. A quote before them marks text; a name that already starts
# with such a quote gets one more, so that nothing is ambiguous.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def make_rows(result: PageResult, field: str | None = None) -> tuple[Row, ...]:
    """Turn one page result into rows: one a reading, and one where there is none.

    Parameters
    ----------
    result : PageResult
    field : str or None
        Name of the field that a crop shows; it stands in a row without a reading.

    Examples
    --------
    >>> from digitscan.records import PageRef
    >>> row, = make_rows(PageResult(PageRef("/in/a.png", 1, "a.png"), Status.EMPTY, reason="blank"))
    >>> row["file"], row["status"], row["reason"], row["confidence"]
    ('a.png', 'empty', 'blank', None)
    """
    name = printable(result.ref.name)
    if result.readings:
        return tuple(_reading_row(name, result.ref.number, item) for item in result.readings)
    blank: Row = {
        **dict.fromkeys(COLUMNS),
        "file": name,
        "page": result.ref.number,
        "field": field or "",
        "text": "",
        "value": "",
        "status": str(result.status),
        "reason": result.reason,
        "alternatives": "",
    }
    return (blank,)


def _reading_row(name: str, page: int, reading: Reading) -> Row:
    box = reading.region.box
    alternatives = reading.alternatives[:MAX_ALTERNATIVES]
    return {
        "file": name,
        "page": page,
        "field": reading.region.field or "",
        "text": reading.text,
        "value": reading.value,
        "confidence": round(reading.confidence, 4),
        "status": str(_status_of(reading)),
        "reason": _reason_of(reading),
        "left": box.left,
        "top": box.top,
        "right": box.right,
        "bottom": box.bottom,
        "alternatives": " ".join(f"{item.text}:{item.confidence:.4f}" for item in alternatives),
    }


def _status_of(reading: Reading) -> Status:
    if reading.rejection is None:
        return Status.READ
    return Status.EMPTY if reading.rejection is Rejection.EMPTY else Status.REJECTED


def _reason_of(reading: Reading) -> str:
    if reading.rejection is Rejection.RULE:
        return f"{Rejection.RULE}:{reading.note}"
    if reading.rejection is Rejection.EMPTY:
        return reading.note
    return str(reading.rejection or reading.note)


def escape_cell(text: str) -> str:
    """Keep a spreadsheet from running a cell as a formula.

    Examples
    --------
    >>> escape_cell("=1+1.png"), escape_cell("scan.png"), escape_cell("-12.50")
    ("'=1+1.png", 'scan.png', '-12.50')
    """
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def unescape_cell(text: str) -> str:
    """Undo `escape_cell`.

    Examples
    --------
    >>> unescape_cell("'=1+1.png"), unescape_cell("'tis.png")
    ('=1+1.png', "'tis.png")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
