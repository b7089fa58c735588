"""Read handwritten and printed numbers from scanned pages.

The library's face. Names are loaded when they are first used, so that `import digitscan` costs
nothing and needs neither OpenCV nor ONNX Runtime.

Examples
--------
Read every page of a file, without a CSV:

>>> from digitscan import Settings, read_scan
>>> Settings().scans.pdf_dpi
300
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitscan.batch import read_scan
    from digitscan.errors import DigitscanError, ExitCode, ScanError
    from digitscan.pipeline import read_page
    from digitscan.records import (
        Box,
        Candidate,
        Digit,
        Page,
        PageRef,
        PageResult,
        Reading,
        Region,
        Rejection,
        Status,
    )
    from digitscan.results import read_frame
    from digitscan.settings import Settings
    from digitscan.settings_file import load_settings

__version__ = "0.1.0"

_HOMES = {
    "digitscan.batch": ("read_scan",),
    "digitscan.errors": ("DigitscanError", "ExitCode", "ScanError"),
    "digitscan.pipeline": ("read_page",),
    "digitscan.records": (
        "Box",
        "Candidate",
        "Digit",
        "Page",
        "PageRef",
        "PageResult",
        "Reading",
        "Region",
        "Rejection",
        "Status",
    ),
    "digitscan.results": ("read_frame",),
    "digitscan.settings": ("Settings",),
    "digitscan.settings_file": ("load_settings",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Box",
    "Candidate",
    "Digit",
    "DigitscanError",
    "ExitCode",
    "Page",
    "PageRef",
    "PageResult",
    "Reading",
    "Region",
    "Rejection",
    "ScanError",
    "Settings",
    "Status",
    "load_settings",
    "read_frame",
    "read_page",
    "read_scan",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'digitscan' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
