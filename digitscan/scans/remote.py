"""Scans by address: list, describe and fetch what lies on a web server or in an object store.

An address is `scheme://...`: whatever fsspec, the extra `remote`, has a file system for. A file is
fetched whole, into memory and within the bound of the settings, so that nothing is asked of a
server but to give out files, and every format is decoded as from a disk.
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from digitscan.errors import (
    DigitscanError,
    NoPagesError,
    PageTooLargeError,
    SettingsError,
    UnreadableScanError,
)
from digitscan.names import printable

# Two letters at least: `C:` is a drive of Windows.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WEB = ("http", "https")
# What the file systems call a mark that changes with the content of a file.
_MARKS = (
    "ETag",
    "etag",
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "modified",
    "created",
)
_UNKNOWN = -1


def is_address(path: str) -> bool:
    """Say whether a scan is named by an address rather than by a path.

    Examples
    --------
    >>> is_address("s3://bank/march"), is_address("/scans/march"), is_address("C://scans")
    (True, False, False)
    """
    return _ADDRESS.match(path) is not None


def show_address(address: str) -> str:
    """Return an address as results and messages may show it: without password and signature.

    Examples
    --------
    >>> show_address("https://me:secret@scans.example/march/a%20b.png?signature=123")
    'https://scans.example/march/a b.png'
    """
    parts = urlsplit(address)
    if parts.scheme not in _WEB and "@" not in parts.netloc:
        return printable(address)
    host = parts.netloc.rpartition("@")[2]
    return printable(f"{parts.scheme}://{host}{unquote(parts.path)}")


def list_address(address: str, suffixes: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """List the files below an address, in the order of `find_scans`.

    Parameters
    ----------
    address : str
        Of a folder, or of a file: one that ends in a suffix of `suffixes` is not asked about.
    suffixes : frozenset of str
        In lower case, with their dot.

    Returns
    -------
    tuple of (str, str)
        Address and name of each file; names are relative to the folder, and empty for a file.

    Raises
    ------
    NoPagesError
        If there is nothing at the address or it cannot be listed.
    SettingsError
        If there is no file system for such addresses.
    """
    shown = show_address(address)
    if "::" in address:
        raise NoPagesError(f"{shown} is an address within an address; give a plain one")
    is_file = any(shown.lower().endswith(suffix) for suffix in suffixes)
    with _explained(NoPagesError, f"{shown} cannot be read"):
        files, root = _locate(address)
        files.invalidate_cache()  # a listing of an hour ago is none of what is there now
        if is_file or not files.isdir(root):
            files.info(root)
            return ((address, ""),)
        web = urlsplit(address).scheme in _WEB
        return tuple(
            (f"{address.rstrip('/')}/{inner}", unquote(inner) if web else inner)
            for inner in _walk(files, root.rstrip("/"), "", "/?#" if web else "/")
        )


def describe_address(address: str) -> tuple[int, int]:
    """Return the bytes of a file, -1 where the server does not say, and what changes with it.

    Raises
    ------
    UnreadableScanError
        If it is not there or not permitted.
    """
    with _explained(UnreadableScanError, "cannot be fetched"):
        files, path = _locate(address)
        info = files.info(path)
        size = info.get("size")
        marks = repr([info.get(name) for name in _MARKS])
        return _UNKNOWN if size is None else int(size), zlib.crc32(marks.encode())


def fetch(address: str, max_bytes: int) -> bytes:
    """Return the content of a file.

    The last file is kept: its pages are read one after the other, and asked for one by one.

    Raises
    ------
    UnreadableScanError
        If it is not there, not permitted or breaks off.
    PageTooLargeError
        If it has more than `max_bytes`.
    """
    identity = describe_address(address)
    if identity[0] > max_bytes:
        raise PageTooLargeError(_too_large(max_bytes))
    return _fetch(address, max_bytes, identity)


@lru_cache(maxsize=1)
def _fetch(address: str, max_bytes: int, identity: tuple[int, int]) -> bytes:
    with _explained(UnreadableScanError, "cannot be fetched"):
        files, path = _locate(address)
        data = bytearray()
        with files.open(path, "rb") as file:
            # A server may send without end, and a stream gives what it has, not what is asked for.
            while part := file.read(max_bytes + 1 - len(data)):
                data += part
                if len(data) > max_bytes:
                    raise PageTooLargeError(_too_large(max_bytes))
    if identity[0] not in (_UNKNOWN, len(data)):
        raise UnreadableScanError(f"broke off after {len(data)} of {identity[0]} bytes; run again")
    return bytes(data)


def _too_large(max_bytes: int) -> str:
    return f"has more than {max_bytes / 1e6:g} MB; raise scans.max_file_megabytes or split the file"


def _walk(files: Any, root: str, inner: str, strange: str) -> Iterator[str]:
    """Yield the files below a folder, relative to the root, depth first and by code point.

    A page of a web server also links to its parent, to orders of itself and to elsewhere: such
    links are not below the folder or have a sign of `strange` in their name.
    """
    folder = f"{root}/{inner}" if inner else root
    listed: dict[str, str] = {}
    for entry in files.ls(folder, detail=True):
        place = entry["name"].rstrip("/")
        name = place.removeprefix(folder + "/")
        if place != name and name and not name.startswith(".") and not set(name) & set(strange):
            listed[name] = entry["type"]
    for name, kind in sorted(listed.items()):
        below = f"{inner}/{name}" if inner else name
        if kind == "directory":
            yield from _walk(files, root, below, strange)
        else:
            yield below


def _locate(address: str) -> tuple[Any, str]:
    """Return the file system of an address and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise SettingsError(
            "reading from an address needs a package that is not installed; "
            "install digitscan[remote]"
        ) from None
    try:
        files, path = url_to_fs(address)
    except (ImportError, ValueError) as error:  # it names the package, or the schemes it knows
        raise SettingsError(f"{show_address(address)} cannot be opened: {error}") from None
    return files, path


@contextmanager
def _explained(kind: type[DigitscanError], said: str) -> Iterator[None]:
    """Turn whatever a file system raises into an error of the given kind."""
    try:
        yield
    except DigitscanError:
        raise
    except FileNotFoundError:
        raise kind(f"{said}: it is not there; check the address") from None
    except Exception as error:  # each file system, and the network below it, has its own
        word = str(error) or type(error).__name__
        raise kind(f"{said}: {printable(word)}; check address and permissions") from None
