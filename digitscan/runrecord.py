"""The record of a run, beside its results: what was read, with what, how it ended.

`results.csv` has `results.run.json`. The record tells everything that the results depend on, so a
second run can be compared with it, and the SHA-256 of the results, so a change is seen.
"""

import dataclasses
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from digitscan.errors import OutputError
from digitscan.journal import explain_full_disk
from digitscan.names import printable
from digitscan.rows import Row

FORMAT = 1
PLAN = ("settings", "models", "templates", "or_whole", "field")
"""What results depend on, beside their inputs."""
_PLAIN_NUMBER = re.compile(r"\d{1,40}(\.\d{1,4})?")
_BLOCK_BYTES = 1 << 20


@dataclass(slots=True)
class Tally:
    """Counts over the rows of a run, kept while they are written.

    Attributes
    ----------
    files, pages, rows : int
    statuses : Counter
        Rows by status: read, rejected, empty, failed.
    reasons : Counter
        Rows by status and reason, `failed unreadable` for example.
    totals : dict
        By field, the sum of the accepted values that are plain numbers: a control total, to be
        compared with the one that was keyed or counted elsewhere.
    """

    files: int = 0
    pages: int = 0
    rows: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    totals: dict[str, Decimal] = field(default_factory=dict)

    def add(self, rows: Sequence[Row]) -> None:
        """Count the rows of one page."""
        self.files += rows[0]["page"] == 1
        self.pages += 1
        self.rows += len(rows)
        for row in rows:
            self.statuses[str(row["status"])] += 1
            if row["reason"]:
                self.reasons[f"{row['status']} {row['reason']}"] += 1
            if row["status"] == "read" and _PLAIN_NUMBER.fullmatch(str(row["value"])):
                name = str(row["field"])
                self.totals[name] = self.totals.get(name, Decimal(0)) + Decimal(str(row["value"]))

    def join(self, other: Self) -> None:
        """Add the counts of another run."""
        self.files += other.files
        self.pages += other.pages
        self.rows += other.rows
        self.statuses += other.statuses
        self.reasons += other.reasons
        for name, total in other.totals.items():
            self.totals[name] = self.totals.get(name, Decimal(0)) + total


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run was and how it ended; times are UTC, in ISO 8601."""

    version: str
    plan: Mapping[str, Any]
    inputs_sha256: str
    shard: str | None
    tally: Tally
    results_sha256: str
    start: str
    end: str
    seconds: float
    changed_inputs: tuple[str, ...] = ()

    def plan_of_all(self) -> tuple[Any, ...]:
        """Return what the shards of one batch have in common."""
        count = self.shard.partition("/")[2] if self.shard else None
        return (self.version, dict(self.plan), self.inputs_sha256, count)

    @classmethod
    def join(cls, records: Sequence["RunRecord"], results_sha256: str) -> "RunRecord":
        """Make the record of a whole batch from those of its shards."""
        tally = Tally()
        for record in records:
            tally.join(record.tally)
        return dataclasses.replace(
            records[0],
            shard=None,
            tally=tally,
            results_sha256=results_sha256,
            start=min(record.start for record in records),
            end=max(record.end for record in records),
            seconds=sum(record.seconds for record in records),
            changed_inputs=tuple(name for record in records for name in record.changed_inputs),
        )


def record_path(results: Path) -> Path:
    """Return where the record of a results file lies.

    Examples
    --------
    >>> record_path(Path("out/results.csv")).as_posix()
    'out/results.run.json'
    """
    return results.with_suffix(".run.json")


def write_record(results: Path, record: RunRecord) -> None:
    """Write a record beside its results, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = record_path(results)
    tally = record.tally
    content = {
        "format": FORMAT,
        "version": record.version,
        **record.plan,
        "shard": record.shard,
        "inputs_sha256": record.inputs_sha256,
        "results": printable(results.name),
        "results_sha256": record.results_sha256,
        "counts": {
            "files": tally.files,
            "pages": tally.pages,
            "rows": tally.rows,
            "status": dict(sorted(tally.statuses.items())),
            "reason": dict(sorted(tally.reasons.items())),
        },
        "control_totals": {name: str(total) for name, total in sorted(tally.totals.items())},
        "changed_inputs": list(record.changed_inputs),
        "start": record.start,
        "end": record.end,
        "seconds": round(record.seconds, 3),
        "pages_per_second": round(tally.pages / record.seconds, 3) if record.seconds else None,
    }
    temporary = path.with_name(f".{path.name}.part")
    with explain_full_disk(path):
        with temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())  # the journal goes next, so a power cut must not take this
        os.replace(temporary, path)


def read_record(results: Path) -> RunRecord:
    """Read the record that lies beside a results file.

    Raises
    ------
    OutputError
        If it is missing or no record.
    """
    path = record_path(results)
    shown = printable(str(path))
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}, expected {FORMAT}")
        counts = content["counts"]
        totals = {name: Decimal(total) for name, total in content["control_totals"].items()}
        return RunRecord(
            version=content["version"],
            plan={name: content[name] for name in PLAN},
            inputs_sha256=content["inputs_sha256"],
            shard=content["shard"],
            tally=Tally(
                counts["files"],
                counts["pages"],
                counts["rows"],
                Counter(counts["status"]),
                Counter(counts["reason"]),
                totals,
            ),
            results_sha256=content["results_sha256"],
            start=content["start"],
            end=content["end"],
            seconds=content["seconds"],
            changed_inputs=tuple(content["changed_inputs"]),
        )
    except FileNotFoundError:
        raise OutputError(
            f"{shown} is missing; it is written beside the results and belongs with them"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise OutputError(f"{shown} is no run record ({error}); restore it from a copy") from None


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    OutputError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise OutputError(
            f"{printable(str(path))} cannot be read: {error.strerror}; check the path"
        ) from None
    return digest.hexdigest()


def hash_texts(texts: Iterable[str]) -> str:
    """Return the SHA-256 of a list of texts, none of which can be mistaken for two."""
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
