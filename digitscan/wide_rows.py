"""One row a page, one column a field: the rows of a form laid side by side for a spreadsheet."""

from collections.abc import Sequence

from digitscan.errors import TemplateError
from digitscan.records import Status
from digitscan.rows import Row

PAGE_COLUMNS = {"file": str, "page": int, "status": str, "reason": str}
"""What stands before the fields."""


def list_wide_columns(fields: Sequence[str]) -> dict[str, type]:
    """Return the columns of wide rows and their types: text, whole number or probability.

    Parameters
    ----------
    fields : sequence of str
        Names of the fields of the templates, each once.

    Raises
    ------
    TemplateError
        If two columns would have one name.

    Examples
    --------
    >>> list(list_wide_columns(["total"]))[4:]
    ['total', 'total_confidence', 'total_status']
    """
    columns: dict[str, type] = dict(PAGE_COLUMNS)
    for field in fields:
        own = {field: str, f"{field}_confidence": float, f"{field}_status": str}
        for name in own:
            if name in columns:
                raise TemplateError(
                    f"field {field}: --wide has a column {name} already; rename the field"
                )
        columns |= own
    return columns


def join_rows(rows: Sequence[Row], fields: Sequence[str]) -> Row:
    """Lay the rows of one page side by side.

    Parameters
    ----------
    rows : sequence of Row
        All rows of a page, one a field, or the one of a page without readings.
    fields : sequence of str
        A page of another form leaves those of the others empty.

    Returns
    -------
    Row
        `status` is `read` where all fields are read or empty, `rejected` where one or the page is
        rejected, `empty` where all are, `failed` where the page could not be looked at.

    Examples
    --------
    >>> row = {"file": "a.png", "page": 1, "field": "total", "text": "007", "value": "007",
    ...        "confidence": 0.99, "status": "read", "reason": ""}
    >>> joined = join_rows([row], ["total"])
    >>> joined["status"], joined["total"], joined["total_confidence"], joined["total_status"]
    ('read', '007', 0.99, 'read')
    """
    first = rows[0]
    cells: dict[str, str | int | float | None] = {
        "file": first["file"],
        "page": first["page"],
        "status": str(_join_status([Status(str(row["status"])) for row in rows])),
        "reason": "" if first["field"] else first["reason"],
    }
    by_field = {row["field"]: row for row in rows}
    for field in fields:
        row = by_field.get(field)
        cells[field] = "" if row is None else row["value"] or row["text"]
        cells[f"{field}_confidence"] = None if row is None else row["confidence"]
        cells[f"{field}_status"] = "" if row is None else row["status"]
    return cells


def _join_status(statuses: Sequence[Status]) -> Status:
    for status in (Status.FAILED, Status.REJECTED, Status.READ):
        if status in statuses:
            return status
    return Status.EMPTY
