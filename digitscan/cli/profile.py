"""Where the time of a run goes: milliseconds a page, by function of the package."""

import cProfile
import pstats
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitscan.runrecord import RunRecord

_PACKAGE = Path(__file__).resolve().parents[1]
# Below this share of the whole nothing is to be gained.
_LEAST_SHARE = 0.01


def run_profiled(work: "Callable[[], RunRecord]") -> "RunRecord":
    """Do the work of a run in this process, and print to stderr where its time went.

    Functions of the package stand with the time inside them, what they call included, and with
    their own; decoders and networks are counted in the function that calls them. Measuring makes
    small functions look slower than they are.
    """
    profile = cProfile.Profile()
    record = profile.runcall(work)
    pages = max(1, record.tally.pages)
    sys.stderr.write(format_profile(pstats.Stats(profile), pages))
    return record


def format_profile(stats: pstats.Stats, pages: int) -> str:
    """Make a table of the functions of the package, the longest first."""
    total = stats.total_tt  # type: ignore[attr-defined]
    lines = [f"{'ms a page':>10} {'own':>10} {'calls':>8}  function\n"]
    entries = stats.stats.items()  # type: ignore[attr-defined]
    rows = sorted(
        (
            (inside, own, calls, f"{Path(file).relative_to(_PACKAGE).with_suffix('')}:{name}")
            for (file, _, name), (_, calls, own, inside, _) in entries
            if Path(file).is_relative_to(_PACKAGE) and inside >= _LEAST_SHARE * total
        ),
        reverse=True,
    )
    for inside, own, calls, name in rows:
        per_page = f"{1000 * inside / pages:10.2f} {1000 * own / pages:10.2f}"
        lines.append(f"{per_page} {calls / pages:8.1f}  {name}\n")
    return "".join(lines)
