"""The exit codes: a stable interface, none ever renumbered."""

import pytest

from digitscan import errors
from digitscan.errors import ExitCode


def test_exit_codes_keep_their_numbers() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "INTERNAL": 1,
        "USAGE": 2,
        "NO_PAGES": 3,
        "MODEL": 4,
        "OUTPUT": 5,
        "SOME_PAGES_FAILED": 6,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.DigitscanError, ExitCode.INTERNAL),
        (errors.SettingsError, ExitCode.USAGE),
        (errors.TemplateError, ExitCode.USAGE),
        (errors.NoPagesError, ExitCode.NO_PAGES),
        (errors.ModelError, ExitCode.MODEL),
        (errors.OutputError, ExitCode.OUTPUT),
        (errors.ScanError, ExitCode.SOME_PAGES_FAILED),
    ],
)
def test_every_error_carries_its_code(error: type[errors.DigitscanError], code: ExitCode) -> None:
    assert error("words").exit_code is code


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.UnreadableScanError, "unreadable"),
        (errors.UnsupportedScanError, "unsupported"),
        (errors.PageTooLargeError, "too-large"),
    ],
)
def test_errors_of_a_page_carry_the_word_of_their_row(
    error: type[errors.ScanError], reason: str
) -> None:
    assert issubclass(error, errors.ScanError)
    assert error.reason == reason
