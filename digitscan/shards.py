"""Share a batch among the jobs of a scheduler, and put their results together again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from digitscan.errors import OutputError, SettingsError
from digitscan.names import printable
from digitscan.results import ResultsFile, read_rows
from digitscan.rows import Row
from digitscan.runrecord import RunRecord, hash_file, read_record, write_record

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shard:
    """The share `number` of `count`: every `count`-th file, from the `number`-th on."""

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise SettingsError(
                f"shard {self.number}/{self.count} is none; expected i/n with i from 1 to n"
            )

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def parse_shard(text: str) -> Shard:
    """Read a shard from its written form.

    Raises
    ------
    SettingsError
        If it is not of the form i/n with i from 1 to n.

    Examples
    --------
    >>> parse_shard("2/8")
    Shard(number=2, count=8)
    """
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if match is None:
        raise SettingsError(f"shard {text!r} is none; expected i/n, for example 2/8")
    return Shard(int(match[1]), int(match[2]))


def take_share(files: Sequence[T], shard: Shard) -> tuple[T, ...]:
    """Return the files of one shard.

    Examples
    --------
    >>> take_share("abcde", Shard(2, 2))
    ('b', 'd')
    """
    return tuple(files[shard.number - 1 :: shard.count])


def merge_shards(parts: Sequence[Path], out: Path) -> RunRecord:
    """Join the results of all shards to what one run over all files would have written.

    Parameters
    ----------
    parts : sequence of Path
        Results files, each with its run record beside it, in any order.
    out : Path
        The results file to be written.

    Returns
    -------
    RunRecord
        The record of the whole, written beside `out`.

    Raises
    ------
    OutputError
        If a shard is missing, is there twice, does not fit its record, or was made with other
        settings, models or inputs than the rest.
    """
    ordered = _order_parts(parts)
    records = [record for _, record in ordered]
    sources = [_by_file(path) for path, _ in ordered]
    files = 0
    with ResultsFile(out) as results:
        for rows in _take_turns(sources):
            results.write_rows(rows)
            files += 1
        if files != sum(record.tally.files for record in records):
            raise OutputError(
                "two files of a shard have one name in the results, so their order is lost; "
                "rename them, or run the batch without --shard"
            )
        results.commit()
    whole = RunRecord.join(records, hash_file(out))
    write_record(out, whole)
    return whole


def _order_parts(parts: Sequence[Path]) -> list[tuple[Path, RunRecord]]:
    found: dict[int, tuple[Path, RunRecord]] = {}
    first: RunRecord | None = None
    for path in parts:
        record = read_record(path)
        shown = printable(str(path))
        if record.shard is None:
            raise OutputError(f"{shown} is no shard but a whole run; name the files of --shard")
        if hash_file(path) != record.results_sha256:
            raise OutputError(f"{shown} was changed after its run; make that shard again")
        first = first or record
        if record.plan_of_all() != first.plan_of_all():
            raise OutputError(
                f"{shown} was made with other settings, models or inputs than "
                f"{printable(str(parts[0]))}; make that shard again"
            )
        shard = parse_shard(record.shard)
        if shard.number in found:
            other = printable(str(found[shard.number][0]))
            raise OutputError(f"{shown} and {other} are both shard {shard}; name each once")
        found[shard.number] = (path, record)
    if first is None or first.shard is None:
        raise OutputError("there is nothing to merge; name the files of all shards")
    count = parse_shard(first.shard).count
    missing = [str(number) for number in range(1, count + 1) if number not in found]
    if missing:
        raise OutputError(
            f"shards {', '.join(missing)} of {count} are missing; run them, then merge again"
        )
    return [found[number] for number in range(1, count + 1)]


def _by_file(path: Path) -> Iterator[tuple[Row, ...]]:
    for _, rows in groupby(read_rows(path), key=lambda row: row["file"]):
        yield tuple(rows)


def _take_turns(sources: list[Iterator[tuple[Row, ...]]]) -> Iterator[tuple[Row, ...]]:
    """Take a file from every shard in turn, as they were dealt out."""
    while True:
        for source in sources:
            rows = next(source, None)
            if rows is None:  # the files are dealt out in turn, so the first to end is the last
                return
            yield rows
