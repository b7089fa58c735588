"""Scans by address: a file system in memory and a web server of this machine."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digitscan.batch import Job
from digitscan.errors import NoPagesError, PageTooLargeError, SettingsError, UnreadableScanError
from digitscan.records import PageRef
from digitscan.runrecord import read_record
from digitscan.runs import Run, Watcher, execute
from digitscan.scans import count_pages, find_scans, identify_scan, load_page
from digitscan.scans.remote import fetch, show_address
from digitscan.settings import ScanSettings
from digitscan.verification import verify_results
from tests.readers import load_darkness
from tests.scanfiles import encode, encrypted_pdf, pattern, pdf, pdf_image, tiff_g4, write

fsspec = pytest.importorskip("fsspec", reason="the extra `remote` is not installed")
pytest.importorskip("aiohttp", reason="the extra `remote` is not installed")

GRAY = pattern()
FILES = {
    "b/2.PNG": encode(GRAY, "PNG"),
    "b/10 &.tif": tiff_g4([GRAY, 255 - GRAY, GRAY]),
    "a.pdf": pdf([b"q 240 0 0 144 0 0 cm /Im Do Q"] * 2, images={"Im": pdf_image(GRAY)}),
    "c.jpg": encode(GRAY, "JPEG"),
    "d.png": b"",
    "e.pdf": encrypted_pdf(),
    ".hidden.png": b"",
    "notes.txt": b"",
}
NAMES = ["a.pdf", "b/10 &.tif", "b/2.PNG", "c.jpg", "d.png", "e.pdf"]
JOB = Job(load=load_darkness)


class _Server(http.server.SimpleHTTPRequestHandler):
    """Give out files, and count how often each was fetched."""

    fetched: list[str] = []  # noqa: RUF012, of one server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.fetched.append(self.path)
        super().do_GET()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "in", FILES)


@pytest.fixture
def web(folder: Path) -> Iterator[str]:
    """Serve the folder, and return its address."""
    handler = functools.partial(_Server, directory=str(folder.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        _Server.fetched.clear()
        yield f"http://127.0.0.1:{server.server_port}/in"
        server.shutdown()
        thread.join()


@pytest.fixture
def memory() -> Iterator[str]:
    files = fsspec.filesystem("memory")
    files.pipe({f"/in/{name}": data for name, data in FILES.items()})
    yield "memory://in"
    files.rm("/in", recursive=True)


def run(source: object, out: Path, **options: object) -> bytes:
    execute(Run((str(source),), str(out), **{"job": JOB, "workers": 1, **options}))  # type: ignore[arg-type]
    return out.read_bytes()


def test_addresses_are_listed_as_folders_are(folder: Path, memory: str, web: str) -> None:
    assert [scan.name for scan in find_scans([folder])] == NAMES
    assert [scan.name for scan in find_scans([memory])] == NAMES
    assert [scan.name for scan in find_scans([web])] == NAMES
    assert [scan.name for scan in find_scans([web + "/b/"])] == ["10 &.tif", "2.PNG"]


def test_of_several_inputs_each_name_starts_with_its_address(folder: Path, memory: str) -> None:
    found = [scan.name for scan in find_scans([memory + "/b", str(folder / "b"), memory])]
    assert found[:2] == ["memory://in/b/10 &.tif", "memory://in/b/2.PNG"]
    assert found[2:4] == [f"{folder.as_posix()}/b/{name}" for name in ("10 &.tif", "2.PNG")]
    assert found[4:] == [f"memory://in/{name}" for name in NAMES if not name.startswith("b/")]


def test_a_named_file_may_have_any_suffix(memory: str) -> None:
    (scan,) = find_scans([memory + "/notes.txt"])
    assert (scan.path, scan.name) == ("memory://in/notes.txt", "notes.txt")


def test_results_are_those_of_the_same_files_on_disk(
    folder: Path, memory: str, web: str, tmp_path: Path
) -> None:
    expected = run(folder, tmp_path / "disk.csv")
    assert run(memory, tmp_path / "memory.csv") == expected
    assert run(web, tmp_path / "web.csv") == expected
    assert run(web, tmp_path / "two.csv", workers=2) == expected
    checked = verify_results(tmp_path / "web.csv", [web], 20, load_darkness)
    assert checked.files_read_again == len(NAMES)


def test_a_file_of_many_pages_is_fetched_once(web: str) -> None:
    address = web + "/b/10%20%26.tif"
    assert count_pages(address) == 3
    pages = [load_page(PageRef(address, number, "x")) for number in (1, 2, 3)]
    assert [int(page.image[20, 20]) for page in pages] == [0, 255, 0]
    assert _Server.fetched == ["/in/b/10%20&.tif"]


def test_a_file_written_anew_is_fetched_anew(memory: str) -> None:
    address = memory + "/c.jpg"
    before = identify_scan(address)
    assert fetch(address, 10**6) == FILES["c.jpg"]
    fsspec.filesystem("memory").pipe("/in/c.jpg", b"new")
    assert identify_scan(address) != before
    assert fetch(address, 10**6) == b"new"


def test_an_input_that_changes_during_the_run_is_named(memory: str, tmp_path: Path) -> None:
    class Meddler(Watcher):
        def page(self, _rows: object) -> None:
            files = fsspec.filesystem("memory")
            files.pipe({"/in/c.jpg": b"other", "/in/f.png": b""})

    execute(Run((memory,), str(tmp_path / "x.csv"), JOB, workers=1), Meddler())
    changed = read_record(tmp_path / "x.csv").changed_inputs
    assert changed == ("f.png was added", "c.jpg was rewritten")


def test_a_file_beyond_the_bound_is_not_fetched(memory: str, web: str) -> None:
    limits = ScanSettings(max_file_megabytes=0.001)
    for address in (memory, web):
        with pytest.raises(PageTooLargeError, match=r"^a\.pdf has more than 0\.001 MB; raise"):
            load_page(PageRef(address + "/a.pdf", 1, "a.pdf"), limits)
    assert _Server.fetched == []


def test_what_is_not_there_is_said(memory: str, web: str) -> None:
    for address in (memory, web):
        with pytest.raises(NoPagesError, match="none cannot be read: it is not there"):
            find_scans([address + "/none"])
        with pytest.raises(UnreadableScanError, match=r"^none\.png cannot be fetched: it is not"):
            load_page(PageRef(address + "/none.png", 1, "none.png"))


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(NoPagesError, match=r"http://127\.0\.0\.1:9/in cannot be read: "):
        find_scans(["http://127.0.0.1:9/in"])


@pytest.mark.parametrize(
    ("address", "error", "words"),
    [
        ("nonsense://x", SettingsError, "Protocol not known: nonsense"),
        ("zip://a.png::file:///x.zip", NoPagesError, "an address within an address"),
    ],
)
def test_addresses_that_nothing_opens_are_refused(
    address: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        find_scans([address])


def test_names_hold_no_password_and_no_signature() -> None:
    assert show_address("ftp://me:secret@host:21/a/b.png") == "ftp://host:21/a/b.png"
    assert show_address("https://host/a.png?X-Signature=secret") == "https://host/a.png"
    assert show_address("s3://bank/march/50%.png") == "s3://bank/march/50%.png"


def test_a_signed_address_of_a_file_keeps_its_signature_to_itself(web: str) -> None:
    address = web + "/c.jpg?signature=secret"
    (scan,) = find_scans([address])
    assert (scan.path, scan.name) == (address, "c.jpg")
    assert np.array_equal(load_page(PageRef(address, 1, "c")).image.shape, GRAY.shape)
