"""What the benchmarks of drawn sheets share: a sheet becomes a scan, and rows are accepted."""

from collections.abc import Sequence
from pathlib import Path

import cv2

from digitscan import Settings
from digitscan.records import Page, PageRef, Reading
from digitscan.scans.decode import load_page
from samples.paper import Sheet

NOISE, JPEG_QUALITY = 3.0, 85
"""Gray levels of a sensor's noise, and what scanners compress to."""


def scan_sheet(sheet: Sheet, turn_deg: float, folder: Path, settings: Settings) -> Page:
    """Scan a sheet to a JPEG file in a folder, and load it as `digitscan process` does."""
    path = folder / "sheet.jpg"
    image = sheet.scan(turn_deg=turn_deg, noise=NOISE)
    cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return load_page(PageRef(str(path), 1, path.name), settings.scans)


def list_accepted(rows: Sequence[Reading], settings: Settings) -> list[Reading]:
    """List the rows that are accepted: neither rejected nor less sure than the settings ask for."""
    least = settings.confidence.min_confidence
    return [row for row in rows if not row.rejection and row.confidence >= least]
