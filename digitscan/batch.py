"""Many pages: hand them to workers, keep their order, turn every failure into a result.

Only names go to a worker and only records come back; pixels never cross a process border. One
worker and many run through the same interface, a `concurrent.futures.Executor`, and give the same
results in the same order.
"""

import dataclasses
import functools
import logging
import os
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from digitscan.errors import ScanError
from digitscan.records import PageRef, PageResult, Rejection, Status
from digitscan.settings import ConfidenceSettings, Settings
from digitscan.workers import (
    InlineExecutor,
    WorkerDiedError,
    WorkerPool,
    WorkerTimeoutError,
    bound_memory,
    keep_memory,
)

if TYPE_CHECKING:
    from digitscan.records import Page
    from digitscan.scans import ScanFile

log = logging.getLogger(__name__)

T = TypeVar("T")
ReadPage = Callable[["Page", str | None], PageResult]
"""What reads one decoded page; the second argument names the field that a crop shows."""

# Tasks handed out ahead for each worker: enough that none waits while results come in unevenly.
_AHEAD = 8
# Deaths of its process before a page is held to be the cause; each costs a process's start of 1 s.
_ATTEMPTS = 3
# Finished pages that may wait for a slow one before them: records of a few hundred bytes each.
_HELD_BACK = 8
# What a worker may take for a page: the largest has 8 bytes a pixel as 16-bit color with alpha, and
# as many twice while it is brought to gray; beside it, what the networks take for many numbers.
_BYTES_A_PIXEL = 24
_BYTES_A_WORKER = 256 << 20


def load_page_reader(settings: Settings) -> ReadPage:
    """Load the models and return what reads a page with them.

    Raises
    ------
    ModelError
        If a model package is missing or its hash or ports differ.
    """
    from digitscan import pipeline

    reader = pipeline.load_reader(settings)

    def read(page: "Page", field_name: str | None) -> PageResult:
        return pipeline.read_page(page, reader, settings, field_name)

    return read


@dataclass(frozen=True, slots=True)
class Job:
    """What is done with every page of a run; sent to the workers, so all of it can be pickled.

    Attributes
    ----------
    settings : Settings
    field : str or None
        Name of the field where every image is the crop of one; None reads whole pages.
    debug_dir : str or None
        Folder for the drawings of every page.
    load : callable
        Loads the models and returns the reader of one page; called once in every process.
    """

    settings: Settings = field(default_factory=Settings)
    field: str | None = None
    debug_dir: str | None = None
    load: Callable[[Settings], ReadPage] = load_page_reader


def make_executor(
    workers: int, job: Job, page_timeout_s: float | None = None, isolate: bool = False
) -> Executor:
    """Return the executor of a run: this process for one worker, a pool of processes for more.

    A time limit needs a process that can be ended, and so does a page that may end its process:
    with a limit, or to `isolate`, even a single worker is a process of its own.

    Raises
    ------
    ModelError
        If a model package is missing or damaged: before any process starts.
    """
    if workers == 1 and page_timeout_s is None and not isolate:
        prepare_process(job)
        return InlineExecutor()
    job.load(job.settings)
    return WorkerPool(workers, functools.partial(prepare_worker, job), page_timeout_s)


def read_scans(
    scans: Iterable["ScanFile"], job: Job, executor: Executor, workers: int = 1
) -> Iterator[PageResult]:
    """Read every page of every scan and yield the results in the order of the input.

    A file that cannot be opened, a page that cannot be decoded and a page that kills its worker
    give a failed result and nothing else stops. Memory is bounded: at most a few tasks a worker
    are handed out, and a few results wait for the ones before them.

    Parameters
    ----------
    scans : iterable of ScanFile
        Taken one by one, never all at once.
    job : Job
    executor : Executor
        Where the work is done; any that is compatible with `concurrent.futures`.
    workers : int
        How many tasks it runs at a time.

    Yields
    ------
    PageResult
        At least one a file.
    """
    window = 1 if isinstance(executor, InlineExecutor) else _AHEAD * workers
    files = iter(scans)
    first_pages: deque[tuple[ScanFile, _Task[tuple[int, PageResult]]]] = deque()

    def top_up() -> None:
        """Hand out first pages of further files, ahead of those that are waited for."""
        most = 1 if window == 1 else _HELD_BACK * window
        open_tasks = sum(not task.done() for _, task in first_pages)
        while open_tasks < window and len(first_pages) < most:
            scan = next(files, None)
            if scan is None:
                return
            call = functools.partial(read_first, job, scan.path, scan.name)
            first_pages.append((scan, _Task(executor, call)))
            open_tasks += 1

    while True:
        top_up()
        if not first_pages:
            return
        scan, task = first_pages.popleft()
        ref = PageRef(scan.path, 1, scan.name)
        count, result = _finish_first(task, ref, job, executor)
        yield result
        waiting: deque[tuple[_Task[PageResult], PageRef]] = deque()
        for number in range(2, count + 1):
            ref = PageRef(scan.path, number, scan.name)
            waiting.append((_Task(executor, functools.partial(read_one, job, ref)), ref))
            if len(waiting) >= window:
                yield _finish(*waiting.popleft())
        while waiting:
            top_up()
            yield _finish(*waiting.popleft())


def read_scan(
    scan: str | os.PathLike[str], settings: Settings | None = None, field: str | None = None
) -> tuple[PageResult, ...]:
    """Read every page of one scan file, in this process.

    Parameters
    ----------
    scan : str or path
        An image or PDF.
    settings : Settings, optional
        The defaults where left out. The models are loaded once for the same settings.
    field : str, optional
        Name of the field where the image is the crop of one; whole pages where left out.

    Returns
    -------
    tuple of PageResult
        One a page; a page that cannot be read has status `failed` with its reason, like an
        unreadable file.

    Raises
    ------
    NoPagesError
        If the path does not exist.
    ModelError
        If a model package is missing or damaged.
    """
    from digitscan.scans import find_scans

    job = Job(settings or Settings(), field)
    return tuple(read_scans(find_scans([scan]), job, InlineExecutor()))


def read_first(job: Job, path: str, name: str) -> tuple[int, PageResult]:
    """Count the pages of a file and read its first one: most files have no other."""
    from digitscan.scans import count_pages

    ref = PageRef(path, 1, name)
    try:
        count = count_pages(path, job.settings.scans)
    except Exception as error:
        return 1, explain_failure(ref, error)
    return count, read_one(job, ref)


def read_one(job: Job, ref: PageRef) -> PageResult:
    """Decode and read one page; whatever happens to it is told in its result."""
    from digitscan.scans import load_page

    read = reader_for(job.load, job.settings)
    try:
        page = load_page(ref, job.settings.scans, reduce=True)
        result = withhold_unsure(read(page, job.field), job.settings.confidence)
    except Exception as error:
        return explain_failure(ref, error)
    if job.debug_dir is not None:
        from digitscan.overlay import write_overlay

        try:
            write_overlay(Path(job.debug_dir), page, result)
        except Exception as error:
            log.warning("%s#%d has no overlay: %s", ref.name, ref.number, error)
    return _enlarge(result, page)


def _enlarge(result: PageResult, page: "Page") -> PageResult:
    """Give boxes in pixels of the scan where the page was decoded at a reduced scale."""
    if page.stored_shape is None:
        return result
    import numpy as np

    from digitscan.reader import map_reading

    (height, width), (rows, columns) = page.stored_shape, page.image.shape
    way = np.diag([width / columns, height / rows, 1.0])
    readings = (map_reading(reading, way, page.stored_shape) for reading in result.readings)
    return dataclasses.replace(result, readings=tuple(readings))


def withhold_unsure(result: PageResult, settings: ConfidenceSettings) -> PageResult:
    """Reject the accepted readings whose confidence is below the least that is asked for.

    Compared as the results show it, to four decimals, so that a threshold that was found in a
    results file means the same readings.

    Examples
    --------
    >>> from digitscan.records import Box, Reading, Region
    >>> reading = Reading(Region(Box(0, 0, 9, 9)), "7", "7", 0.4)
    >>> page = PageResult(PageRef("a.png", 1, "a.png"), Status.READ, (reading,))
    >>> withhold_unsure(page, ConfidenceSettings(min_confidence=0.5)).status.value
    'rejected'
    """
    readings = tuple(
        dataclasses.replace(reading, rejection=Rejection.LOW_CONFIDENCE)
        if reading.rejection is None and round(reading.confidence, 4) < settings.min_confidence
        else reading
        for reading in result.readings
    )
    status = result.status
    if status is Status.READ and all(reading.rejection is not None for reading in readings):
        status = Status.REJECTED
    return dataclasses.replace(result, status=status, readings=readings)


@functools.lru_cache(maxsize=1)
def reader_for(load: Callable[[Settings], ReadPage], settings: Settings) -> ReadPage:
    """Load the models once in a process, however many pages it reads."""
    return load(settings)


def prepare_process(job: Job) -> None:
    """Give OpenCV one thread, silence and bounds in a process that reads pages; load the models.

    Raises
    ------
    ModelError
        If a model package is missing or its hash or ports differ.
    """
    # A second line of defence behind the headers; OpenCV looks at it when it is loaded.
    limit = str(int(job.settings.scans.max_megapixels * 1e6))
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", limit)
    import cv2

    cv2.setNumThreads(1)
    # Its warnings about damaged files name no file; the rows of the results do.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    reader_for(job.load, job.settings)


def prepare_worker(job: Job) -> None:
    """Prepare a process that does nothing else, and bound what a page can make it take."""
    keep_memory()
    prepare_process(job)
    bound_memory(_BYTES_A_WORKER + int(_BYTES_A_PIXEL * job.settings.scans.max_megapixels * 1e6))


def explain_failure(ref: PageRef, error: BaseException) -> PageResult:
    """Turn an error into a failed result with a short stable reason and a message."""
    if isinstance(error, ScanError):
        reason = error.reason
    elif isinstance(error, MemoryError):
        reason = "out-of-memory"
    elif isinstance(error, WorkerTimeoutError):
        reason = "timeout"
    elif isinstance(error, WorkerDiedError):
        reason = "crashed"
    else:
        reason = "internal-error"
        log.debug("%s#%d failed", ref.name, ref.number, exc_info=error)
        return PageResult(ref, Status.FAILED, reason=reason, message=_locate(error))
    return PageResult(ref, Status.FAILED, reason=reason, message=str(error))


def _locate(error: BaseException) -> str:
    """Say what a bug was and where: the traceback does not leave the process of a worker."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{where}; run this file alone with -v to see more"


def _finish(task: "_Task[PageResult]", ref: PageRef) -> PageResult:
    try:
        return task.result()
    except (WorkerDiedError, WorkerTimeoutError) as error:
        return explain_failure(ref, error)


def _finish_first(
    task: "_Task[tuple[int, PageResult]]", ref: PageRef, job: Job, executor: Executor
) -> tuple[int, PageResult]:
    """Wait for a first page; where it took its worker along, count the pages without reading it."""
    try:
        return task.result()
    except (WorkerDiedError, WorkerTimeoutError) as error:
        from digitscan.scans import count_pages

        result = explain_failure(ref, error)
        try:
            return executor.submit(count_pages, ref.scan, job.settings.scans).result(), result
        except Exception:  # the file itself is the trouble, and has its row
            return 1, result


class _Task(Generic[T]):
    """A task that is done again where its process died.

    A process also dies of what is no fault of its page: the system is short of memory, somebody
    ends it. A page that is the cause does it every time and then has its failed row.
    """

    def __init__(self, executor: Executor, call: Callable[[], T]) -> None:
        self._executor = executor
        self._call = call
        self._future = executor.submit(call)

    def done(self) -> bool:
        return self._future.done()

    def result(self) -> T:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._future.result()
            except WorkerDiedError:
                self._future = self._executor.submit(self._call)
        return self._future.result()
