"""Worker processes behind the interface of `concurrent.futures`.

The pool of the standard library gives up all its work when one process dies. A scan may well kill
the process that decodes it, so here a death, or a page that takes too long, costs that one task:
its future gets the error, a new process takes the place, and all other tasks go on. Processes
start by spawn on every system, so that none inherits threads or open files.
"""

import ctypes
import multiprocessing
import platform
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from digitscan.stderr import silence_libraries

P = ParamSpec("P")
T = TypeVar("T")

# Import of OpenCV and ONNX Runtime and loading of the models take 1 to 3 s on a loaded machine.
START_LIMIT_S = 120.0
# A process that dies before any has answered will do so again: after this many there is no point.
_HOPELESS_DEATHS = 3

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt`, from its `malloc.h`."""
_MOST_BYTES_AN_IMAGE, _BYTES_KEPT = 32 << 20, 64 << 20
"""An array larger than the first goes back to the system at once: glibc's manual names no higher
bound. So does what is free at the end of the heap beyond the second."""

_SPAWN = multiprocessing.get_context("spawn")


class WorkerDiedError(Exception):
    """The process of a task ended without an answer: it crashed, or the system ran short."""


class WorkerTimeoutError(Exception):
    """A task ran longer than allowed and its process was ended."""


@dataclass(slots=True)
class _Task:
    future: Future[Any]
    call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
    started: bool = False


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    connection: Connection
    ready: bool = False
    task: _Task | None = None
    deadline: float = field(default=float("inf"))


class InlineExecutor(Executor):
    """Run every task at once, in this process: one worker without the cost of starting one."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the task and return its finished future."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class WorkerPool(Executor):
    """Run tasks in spawned processes, each of which may die without harm to the others.

    Parameters
    ----------
    workers : int
        Number of processes; they start with the first tasks.
    setup : callable
        Called once in every process before its first task; can be pickled.
    timeout_s : float or None
        Longest time for one task, None for no limit.

    Examples
    --------
    >>> with WorkerPool(workers=1) as pool:
    ...     pool.submit(pow, 2, 10).result()
    1024
    """

    def __init__(
        self,
        workers: int,
        setup: Callable[[], None] | None = None,
        timeout_s: float | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"a pool has at least 1 worker, got {workers}")
        self._limit = workers
        self._setup = setup
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._tasks: deque[_Task] = deque()
        self._workers: list[_Worker] = []
        self._closing = False
        self._killed = False
        self._answers = 0
        self._deaths = 0
        self._alarm, self._bell = _SPAWN.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._dispatch, name="workers", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a task; its future may fail with `WorkerDiedError` or `WorkerTimeoutError`.

        Raises
        ------
        RuntimeError
            After shutdown.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closing:
                raise RuntimeError("the pool is shut down")
            self._tasks.append(_Task(future, (fn, args, kwargs)))
        self._ring()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the queued tasks finish, or with `cancel_futures` end every process now."""
        with self._lock:
            self._closing = True
            if cancel_futures:
                self._killed = True
                while self._tasks:
                    self._tasks.popleft().future.cancel()
        self._ring()
        if wait:
            self._thread.join()

    def process_ids(self) -> tuple[int, ...]:
        """Return the ids of the processes that run now."""
        return tuple(
            worker.process.pid for worker in tuple(self._workers) if worker.process.pid is not None
        )

    def _ring(self) -> None:
        try:
            self._bell.send_bytes(b"!")
        except OSError:  # the dispatcher has ended
            return

    def _dispatch(self) -> None:
        try:
            while not self._finished():
                self._assign()
                self._collect()
        finally:  # nobody may wait for ever, whatever ended this
            with self._lock:
                self._closing = True
                left = tuple(self._tasks)
            for task in left:
                task.future.cancel()
            for worker in self._workers:
                self._end(worker, WorkerDiedError("the pool was stopped"), kill=self._killed)
            self._workers.clear()
            self._bell.close()

    def _finished(self) -> bool:
        with self._lock:
            busy = any(worker.task for worker in self._workers)
            return self._killed or (self._closing and not self._tasks and not busy)

    def _assign(self) -> None:
        """Give every free worker a task, and start workers while tasks wait."""
        while True:
            free = next((worker for worker in self._workers if worker.task is None), None)
            if free is None and len(self._workers) >= self._limit:
                return
            with self._lock:
                task = self._tasks.popleft() if self._tasks else None
            if task is None:
                return
            if not task.started and not task.future.set_running_or_notify_cancel():
                continue
            task.started = True
            if self._deaths >= _HOPELESS_DEATHS and not self._answers:
                task.future.set_exception(
                    BrokenExecutor(
                        "no worker process could start; in a script of your own, call digitscan "
                        'under `if __name__ == "__main__":`'
                    )
                )
                continue
            worker = free or self._start()
            worker.task = task
            self._set_deadline(worker)
            try:
                worker.connection.send(task.call)
            except OSError:  # it died while it had nothing to do
                worker.task = None
                self._lose(worker, WorkerDiedError("died while idle"))
                with self._lock:
                    self._tasks.appendleft(task)
            except Exception as error:  # the task cannot be pickled
                worker.task = None
                task.future.set_exception(error)

    def _collect(self) -> None:
        """Wait for answers, deaths, timeouts or the bell."""
        nearest = min((worker.deadline for worker in self._workers), default=float("inf"))
        patience = None if nearest == float("inf") else max(0.0, nearest - time.monotonic())
        by_connection = {worker.connection: worker for worker in self._workers}
        for ready in wait([self._alarm, *by_connection], patience):
            if ready is self._alarm:
                self._alarm.recv_bytes()
                continue
            self._receive(by_connection[ready])  # type: ignore[index]
        now = time.monotonic()
        for worker in [worker for worker in self._workers if worker.deadline <= now]:
            limit = self._timeout_s if worker.ready else START_LIMIT_S
            worker.process.kill()
            self._lose(worker, WorkerTimeoutError(f"took longer than {limit:g} s"))

    def _receive(self, worker: _Worker) -> None:
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join()
            code = worker.process.exitcode
            self._lose(worker, WorkerDiedError(f"its process ended ({_describe_exit(code)})"))
            return
        if not worker.ready:
            worker.ready = True
            self._set_deadline(worker)
            return
        task, worker.task = worker.task, None
        self._set_deadline(worker)
        self._answers += 1
        if task is not None:
            good, value = answer
            if good:
                task.future.set_result(value)
            else:
                task.future.set_exception(value)

    def _set_deadline(self, worker: _Worker) -> None:
        limit = START_LIMIT_S if not worker.ready else self._timeout_s
        timed = worker.task is not None and limit is not None
        worker.deadline = time.monotonic() + limit if timed and limit else float("inf")

    def _start(self) -> _Worker:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_work, args=(theirs, self._setup), daemon=True)
        process.start()
        theirs.close()  # else the end of the process would not be seen
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _lose(self, worker: _Worker, error: Exception) -> None:
        self._workers.remove(worker)
        self._deaths += 1
        self._end(worker, error, kill=True)

    def _end(self, worker: _Worker, error: Exception, kill: bool) -> None:
        if kill:
            worker.process.kill()
        if worker.task is not None:
            worker.task.future.set_exception(error)
        worker.connection.close()  # a worker that waits for a task ends at this
        worker.process.join()


def _describe_exit(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


def bound_memory(more_bytes: int) -> None:
    """Let this process take so much more memory than it has, where the system is Linux.

    An allocation beyond fails: the page that asked for it is lost, and not what else runs on the
    machine. Elsewhere the system has no such bound.
    """
    if sys.platform != "linux":
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii")
    data_kib = next((line.split()[1] for line in status.splitlines() if line[:6] == "VmData"), None)
    if data_kib is None:  # a system that only looks like Linux
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = int(data_kib) * 1024 + more_bytes
    if soft == resource.RLIM_INFINITY or bound < soft:
        resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))


def keep_memory() -> None:
    """Let this process keep what it frees for its next page, where the C library is glibc.

    Left alone, it hands an image's memory back to the system and asks for it again with the next
    image: some 2000 page faults and 5 of 155 ms a cheque. The process has to be ours.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    allocator = ctypes.CDLL(None)
    allocator.mallopt(_M_MMAP_THRESHOLD, _MOST_BYTES_AN_IMAGE)
    allocator.mallopt(_M_TRIM_THRESHOLD, _BYTES_KEPT)


def _work(connection: Connection, setup: Callable[[], None] | None) -> None:
    """Answer tasks until the other end closes."""
    # Ctrl-C reaches the whole group; the parent alone decides what stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence_libraries()
    if setup is not None:
        setup()
    try:
        connection.send(None)
        while True:
            fn, args, kwargs = connection.recv()
            try:
                answer: tuple[bool, Any] = (True, fn(*args, **kwargs))
            except Exception as error:  # as text: not every exception survives the way back
                answer = (False, RuntimeError(f"{type(error).__name__}: {error}"))
            connection.send(answer)
    except (EOFError, OSError):
        return
