"""A Dask cluster as an executor; imported only where one is used.

Whoever reaches a scheduler without TLS runs what it likes on all workers, so plain TCP has to be
asked for by a setting of its own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    InvalidStateError,
)
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from distributed import Client, Security
from distributed.scheduler import KilledWorker

from service.errors import Conflict, LarderError, Misconfigured, Problem
from service.executors.each import Opened
from service.executors.sources import sources_digest
from service.settings import ExecutorSettings

_ENCRYPTED, _PLAIN = "tls://", "tcp://"
_SECONDS = 30
_FILES = ("scheduler_ca_file", "scheduler_cert_file", "scheduler_key_file")


@contextmanager
def cluster(settings: ExecutorSettings) -> Iterator[Opened]:
    """The workers of the scheduler that the settings name, those that are there and that come.

    Raises Misconfigured when it is not said how to reach it, Conflict when it is not reached.
    """
    security = security_of(settings)
    try:
        client = Client(
            settings.scheduler,
            security=security,
            timeout=_SECONDS,
            set_as_default=False,
            name="larder",
        )
    except (OSError, TimeoutError) as error:
        raise Conflict(
            "The scheduler %(address)s was not reached: %(why)s",
            address=settings.scheduler,
            why=str(error) or type(error).__name__,
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_SECONDS)
        except TimeoutError:
            raise Conflict(
                "The scheduler %(address)s has no workers.", address=settings.scheduler
            ) from None
        yield Opened(
            _Workers(client),
            ahead=2 * max(1, sum(client.nthreads().values())),
            lost=(BrokenExecutor, CancelledError, KilledWorker),
        )


class _Workers(Executor):
    """Gives tasks to workers that run this version only.

    A result that its worker took with it when it died is waited for again: the client's own
    executor takes it for an error, because its task is not done any more.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._digest = sources_digest()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See `Executor`."""
        held = self._client.submit(_do, self._digest, fn, *args, pure=False, **kwargs)
        future: Future[Any] = Future()
        future.add_done_callback(partial(_give_up, held))
        held.add_done_callback(partial(_pass_on, future))
        return future


def _give_up(held: Any, future: Future[Any]) -> None:
    """Cancel a task that nobody waits for."""
    if future.cancelled():
        held.cancel()
        future.set_running_or_notify_cancel()


def _pass_on(future: Future[Any], held: Any) -> None:
    """Give the result of a task, or its error, to who waits for it."""
    try:
        result = held.result()
    except (Exception, CancelledError) as error:
        _settle(future.set_exception, error)
    else:
        _settle(future.set_result, result)


def _settle(settle: Callable[[Any], None], found: Any) -> None:
    # Who waited for it may have given up meanwhile.
    with suppress(InvalidStateError):
        settle(found)


def _do(digest: str, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if sources_digest() != digest:
        raise Conflict("A worker of the cluster runs another version of Larder; nothing was done.")
    return fn(*args, **kwargs)


def security_of(settings: ExecutorSettings) -> Security:
    """How the scheduler is talked to. Raises Misconfigured when that is not said, or not safe."""
    address = settings.scheduler
    if address.startswith(_PLAIN):
        if not settings.scheduler_unencrypted:
            raise _wrong(
                "scheduler",
                "is not encrypted: whoever reaches it can run anything on its workers",
                "use tls://, or set LARDER_SCHEDULER_UNENCRYPTED=true on a network of its own",
            )
        return Security(require_encryption=False)
    if not address.startswith(_ENCRYPTED):
        raise _wrong("scheduler", "is not the address of a scheduler", "give tls://host:port")
    for name in _FILES:
        path = getattr(settings, name)
        if path is None:
            raise _wrong(name, "is not set", "a tls:// scheduler needs all three files")
        if not path.is_file():
            raise _wrong(name, f"{path} is not a file", "give the path of a PEM file")
    ca, certificate, key = (str(getattr(settings, name)) for name in _FILES)
    return Security(
        require_encryption=True,
        tls_ca_file=ca,
        tls_client_cert=certificate,
        tls_client_key=key,
    )


def _wrong(name: str, detail: str, remedy: str) -> LarderError:
    return Misconfigured(
        "The cluster cannot be used.", [Problem(f"LARDER_{name.upper()}", detail, remedy)]
    )
