"""Take checked values out of TOML tables, and gather what is wrong with them."""

import difflib
from typing import Any

from digitscan.errors import TemplateError

_KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class Faults:
    """Gathers the faults of a file, so that one run shows them all.

    Parameters
    ----------
    file : str
        What every line begins with.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._lines: list[str] = []

    def add(self, place: str, what: str) -> None:
        """Note a fault at a place of the file; an empty place is the file itself."""
        self._lines.append(": ".join(part for part in (self._file, place, what) if part))

    def raise_if_any(self) -> None:
        """Raise `TemplateError` with a line for each fault, if there is one."""
        if self._lines:
            raise TemplateError("\n".join(self._lines))


class Table:
    """Takes typed values out of a TOML table and names what does not belong.

    Parameters
    ----------
    table : dict
    faults : Faults
        Where what is wrong is noted.
    place : str
        Where in the file the table stands.
    """

    def __init__(self, table: dict[str, Any], faults: Faults, place: str) -> None:
        self._table = table
        self._faults = faults
        self._place = place

    def take(self, key: str, kind: type, default: Any) -> Any:
        """Return a value of the wanted type; a fault and the default where it is of another."""
        value = self._table.get(key, default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            wanted = {
                str: "a text",
                int: "a whole number",
                float: "a number",
                bool: "true or false",
            }
            self._faults.add(
                self._place, f"{key} is {wanted.get(kind, kind.__name__)}, got {value!r}"
            )
            return default
        return value

    def choose(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of the choices; a fault and the default where it is none."""
        value: str = self.take(key, str, default)
        if value not in choices:
            near = difflib.get_close_matches(value, choices, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self._faults.add(
                self._place, f"{key} is one of {', '.join(choices)}, got {value!r}{hint}"
            )
            return default
        return value

    def finish(self, known: tuple[str, ...]) -> None:
        """Note every key that is not known, with the nearest one."""
        for key in self._table:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                self._faults.add(self._place, f"unknown key {key}; {hint}")
