"""The error tree and the exit codes: a stable interface, published in the README."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a finished process tells its caller. Never renumbered."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    NO_PAGES = 3
    MODEL = 4
    OUTPUT = 5
    SOME_PAGES_FAILED = 6
    INTERRUPTED = 130


class DigitscanError(Exception):
    """Base of every error that digitscan raises on purpose; the message says the next step."""

    exit_code = ExitCode.INTERNAL


class SettingsError(DigitscanError):
    """A settings file or value is wrong: bad key, type or range."""

    exit_code = ExitCode.USAGE


class TemplateError(DigitscanError):
    """A form template is wrong; the message names the file, the field and what would be right."""

    exit_code = ExitCode.USAGE


class TruthError(DigitscanError):
    """Results or true values cannot be compared, or are too few to prove anything."""

    exit_code = ExitCode.USAGE


class NoPagesError(DigitscanError):
    """There is nothing to read at the given path."""

    exit_code = ExitCode.NO_PAGES


class ModelError(DigitscanError):
    """A model package is missing, its hash differs or its ports differ."""

    exit_code = ExitCode.MODEL


class OutputError(DigitscanError):
    """The results cannot be written."""

    exit_code = ExitCode.OUTPUT


class ScanError(DigitscanError):
    """One scan or page cannot be looked at; recorded as a row, the batch goes on.

    `reason` is the short stable word that the results file holds.
    """

    exit_code = ExitCode.SOME_PAGES_FAILED
    reason = "unreadable"


class UnreadableScanError(ScanError):
    """The file is damaged, empty, encrypted, not permitted, or not what its name says."""


class UnsupportedScanError(ScanError):
    """The file is sound, but of a kind that digitscan does not read."""

    reason = "unsupported"


class PageTooLargeError(ScanError):
    """The page has more pixels, or the file more pages, than the settings allow."""

    reason = "too-large"
