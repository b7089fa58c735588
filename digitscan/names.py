"""File names as text: what can be printed, written and opened."""

from pathlib import PurePosixPath


def printable(text: str) -> str:
    r"""Make any file name valid UTF-8: a byte that is none becomes `\xff`.

    Examples
    --------
    >>> printable("caf\udce9.png")
    'caf\\xe9.png'
    """
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a lone surrogate in a Windows name stands for no byte
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def inner_path(name: str) -> PurePosixPath:
    """Turn the name of a scan into a path that stays below any folder it is put in.

    Examples
    --------
    >>> inner_path("../a/b.png").as_posix(), inner_path("C:/a.png").as_posix()
    ('_/a/b.png', 'C_/a.png')
    """
    shown = printable(name).replace("\\", "_").replace(":", "_")
    parts = ("_" if part == ".." else part for part in shown.split("/"))
    return PurePosixPath(*(part for part in parts if part not in ("", ".")))
