"""Stand-ins for the networks: small functions that read a page in a known way.

They stand in a module of their own because worker processes import them by name.
"""

import os
import signal
import time
from dataclasses import replace

import numpy as np

from digitscan.batch import ReadPage
from digitscan.records import Box, Page, PageResult, Reading, Region, Status
from digitscan.settings import Settings


def load_darkness(_settings: Settings) -> ReadPage:
    """Read the darkest value of a page as its number, and an all-white page as empty."""

    def read(page: Page, field: str | None) -> PageResult:
        darkest = int(page.image.min())
        if darkest == 255:
            return PageResult(page.ref, Status.EMPTY, reason="blank")
        box = Box(0, 0, page.image.shape[1], page.image.shape[0])
        reading = Reading(Region(box, field), f"{darkest:03d}", str(darkest), 1.0)
        return PageResult(page.ref, Status.READ, (reading,))

    return read


def load_doubt(_settings: Settings) -> ReadPage:
    """Read as `load_darkness`, the darker the page the less sure: 0 to 1 from black to white."""
    darkness = load_darkness(_settings)

    def read(page: Page, field: str | None) -> PageResult:
        result = darkness(page, field)
        return replace(
            result,
            readings=tuple(
                replace(one, confidence=int(one.value) / 255) for one in result.readings
            ),
        )

    return read


def load_moody(settings: Settings) -> ReadPage:
    """Read as `load_darkness`, but do what the name of the file says."""
    darkness = load_darkness(settings)

    def read(page: Page, field: str | None) -> PageResult:
        name = page.ref.name
        if "crash" in name and page.ref.number == 1:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        if "once" in name and not os.path.exists(page.ref.scan + ".seen"):
            with open(page.ref.scan + ".seen", "wb"):
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        if "hang" in name:
            time.sleep(600)
        if "slow" in name:
            time.sleep(0.2)
        if "memory" in name:
            raise MemoryError("no room for the page")
        if "bug" in name:
            raise ZeroDivisionError("a bug in the reader")
        return darkness(page, field)

    return read


def load_broken(_settings: Settings) -> ReadPage:
    """Fail as a missing model does."""
    raise RuntimeError("no model here")


def count_page_faults() -> int:
    """Take the memory of a page's images again, and count what the system had to give."""
    import resource

    def take() -> int:
        images = [np.ones((600, 1200), np.uint8) for _ in range(8)]
        return sum(image.size for image in images)

    take()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    take()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
