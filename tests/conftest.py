"""Switches and places that the tests share."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from digitscan.cli import run
from digitscan.pipeline import load_reader
from digitscan.reader import Reader
from digitscan.recognition.models import find_packages

# A deadline by the clock fails on a machine that does other work beside the tests.
hypothesis.settings.register_profile("digitscan", deadline=None)
hypothesis.settings.load_profile("digitscan")

# A shell starts what runs in its background with interrupts ignored, and children inherit that: the
# tests that interrupt a run would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]
needs_model = pytest.mark.skipif(not find_packages(), reason="no model package is installed")
Cli = Callable[..., int]
"""Takes the words of a command line and returns the exit code."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one switch under which golden files change."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them; look at the diff",
    )


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run the command line in this process and return its exit code."""

    def call(*words: object) -> int:
        monkeypatch.setattr(sys, "argv", ["digitscan", *map(str, words)])
        return run()

    return call


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are written instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of the committed samples."""
    return REPOSITORY / "samples"


@pytest.fixture(scope="session")
def reader() -> Reader:
    """Return the released networks."""
    return load_reader()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real scans; skips where they are not there."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real scans: {folder} is not there")
    return folder
