"""Read a batch on an existing Dask cluster, through the interface of `concurrent.futures`.

The workers of the cluster need digitscan in the same version, and the scans under the same path or
address. Order, bytes and failures are those of a run on this machine, because the same functions
run: only the executor is another one.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any, ParamSpec, TypeVar

from digitscan.batch import Job, prepare_process
from digitscan.errors import OutputError, SettingsError
from digitscan.workers import WorkerDiedError

P = ParamSpec("P")
T = TypeVar("T")

# A scheduler in the same network answers within a second; a wrong address never does.
_CONNECT_S = 10


class ClusterExecutor(Executor):
    """Run tasks on a Dask cluster.

    Parameters
    ----------
    scheduler : str
        Address, `tcp://host:8786` for example.
    job : Job
        What the workers prepare themselves for.

    Attributes
    ----------
    workers : int
        Threads of the cluster when it was connected: how many tasks run at a time.

    Raises
    ------
    SettingsError
        If Dask is not installed.
    OutputError
        If the scheduler does not answer or has no workers.
    """

    def __init__(self, scheduler: str, job: Job) -> None:
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise SettingsError(
                "--engine dask needs a package that is not installed; install digitscan[dask]"
            ) from None
        try:
            self._client: Any = Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise OutputError(
                f"no Dask scheduler answers at {scheduler} ({error}); check --scheduler"
            ) from None
        self.workers = sum(self._client.nthreads().values())
        if self.workers == 0:
            self._client.close()
            raise OutputError(f"the Dask scheduler at {scheduler} has no workers; start some")
        self._job = job
        self._killed: type[Exception] = KilledWorker
        # Not pure: two pages that are the same are still two pages.
        self._inner: Any = self._client.get_executor(pure=False)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Send a task to the cluster, which runs it elsewhere if a worker dies of other causes."""
        outer: Future[T] = Future()
        inner = self._inner.submit(run_prepared, self._job, fn, args, kwargs)

        def pass_on(done: Future[T]) -> None:
            try:
                outer.set_result(done.result())
            except self._killed as error:
                outer.set_exception(WorkerDiedError(f"its Dask workers died ({error})"))
            except (Exception, CancelledError) as error:
                outer.set_exception(error)

        inner.add_done_callback(pass_on)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of the cluster, which stays as it is."""
        self._inner.shutdown(wait=wait and not cancel_futures)
        self._client.close()


def run_prepared(
    job: Job, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> T:
    """Run a task on a worker of the cluster, which is prepared for it on its first one."""
    prepare_process(job)
    return fn(*args, **kwargs)
