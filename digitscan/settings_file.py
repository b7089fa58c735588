"""Settings from and to TOML, checked key by key before the first page.

A field of a settings section tells its own bounds: `field(default=0.5, metadata={"min": 0,
"max": 1})`, or `metadata={"choices": ("a", "b")}`. Everything else follows from its type.
"""

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

from digitscan.errors import OutputError, SettingsError
from digitscan.names import printable
from digitscan.settings import Settings

T = TypeVar("T")


def load_settings(path: str | os.PathLike[str]) -> Settings:
    """Read settings from a TOML file; what it leaves out keeps its default.

    Raises
    ------
    SettingsError
        If the file cannot be read, is no TOML, or holds an unknown key, a wrong type or a value
        out of range. The message names the file, the key and what would be right.
    """
    shown = os.fspath(path)
    try:
        with open(path, "rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise SettingsError(
            f"settings file {shown} cannot be read: {error.strerror}; check the path"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"settings file {shown} is no valid TOML: {error}; "
            "print a valid one with `digitscan settings`"
        ) from None
    return parse_settings(table, shown)


def parse_settings(table: dict[str, Any], source: str = "settings") -> Settings:
    """Check a table of sections and build the settings from it.

    Raises
    ------
    SettingsError
        As `load_settings`; `source` is what the message names.

    Examples
    --------
    >>> parse_settings({"scans": {"pdf_dpi": 200}}).scans.pdf_dpi
    200
    >>> parse_settings({"scans": {"pdf_dip": 200}})
    Traceback (most recent call last):
    ...
    digitscan.errors.SettingsError: settings: unknown key scans.pdf_dip; did you mean scans.pdf_dpi?
    """
    return _build(Settings, table, source, "")


def dump_settings(settings: Settings) -> str:
    """Write settings as TOML that `load_settings` reads back to the same settings.

    Examples
    --------
    >>> print(dump_settings(Settings()).splitlines()[0])
    [scans]
    """
    lines: list[str] = []
    for section in dataclasses.fields(settings):
        value = getattr(settings, section.name)
        lines.append(f"[{section.name}]")
        for item in dataclasses.fields(value):
            entry = getattr(value, item.name)
            if entry is not None:  # TOML has no null: what is left out is None again
                lines.append(f"{item.name} = {_literal(entry)}")
        lines.append("")
    return "\n".join(lines)


def write_settings(path: Path, text: str) -> None:
    """Write TOML to a settings file: whole, or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            f"settings file {printable(str(path))} cannot be written: {error.strerror}; "
            "choose another path"
        ) from None


def _build(kind: type[T], table: Any, source: str, prefix: str) -> T:
    """Build a dataclass from a table; `prefix` is where the table stands, `scans.` for example."""
    if not isinstance(table, dict):
        raise SettingsError(f"{source}: {prefix[:-1]} is a section, write it as [{prefix[:-1]}]")
    fields = {item.name: item for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, value in table.items():
        key = prefix + name
        if name not in fields:
            raise SettingsError(f"{source}: unknown key {key}{_suggest(name, prefix, fields)}")
        hint = hints[name]
        if dataclasses.is_dataclass(hint):
            values[name] = _build(typing.cast(type, hint), value, source, key + ".")
        else:
            values[name] = _check(value, hint, fields[name].metadata, f"{source}: {key}")
    return kind(**values)


def _suggest(name: str, prefix: str, fields: dict[str, Any]) -> str:
    near = difflib.get_close_matches(name, fields, n=1)
    if near:
        return f"; did you mean {prefix}{near[0]}?"
    return f"; expected one of {', '.join(prefix + right for right in fields)}"


def _check(value: Any, hint: Any, bounds: typing.Mapping[str, Any], key: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):  # a type or None
        hint = next(option for option in arguments if option is not type(None))
        return _check(value, hint, bounds, key)
    if origin is tuple:
        if not isinstance(value, list):
            raise SettingsError(f"{key} is {value!r}, expected a list")
        return tuple(_check(item, arguments[0], bounds, key) for item in value)
    if hint is float and type(value) is int:
        value = float(value)
    if type(value) is not hint:  # not isinstance: True is no number
        raise SettingsError(f"{key} is {value!r}, expected {_NAMES[hint]}")
    choices, low, high = bounds.get("choices"), bounds.get("min"), bounds.get("max")
    if choices is not None and value not in choices:
        raise SettingsError(f"{key} is {value!r}, expected one of {', '.join(map(repr, choices))}")
    # the comparisons are written so that not-a-number fails them
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise SettingsError(f"{key} is {value!r}, expected {_range(low, high)}")
    return value


_NAMES = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text in quotation marks",
}


def _range(low: Any, high: Any) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"{low} to {high}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_escape(char) for char in value) + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return repr(value)


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return f"\\u{ord(char):04x}" if ord(char) < 32 or ord(char) == 127 else char
