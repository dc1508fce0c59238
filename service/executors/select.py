"""The executor that the settings ask for."""

import importlib
from contextlib import AbstractContextManager

from service.errors import Misconfigured, Problem
from service.executors.each import Opened
from service.executors.local import in_process, pool
from service.settings import ExecutorSettings


def open_executor(settings: ExecutorSettings) -> AbstractContextManager[Opened]:
    """This process, a pool of `LARDER_PROCESSES`, or the cluster of `LARDER_SCHEDULER`.

    Raises Misconfigured where that cannot be used.
    """
    if settings.executor == "dask":
        try:
            module = importlib.import_module("service.executors.cluster")
        except ModuleNotFoundError as error:
            raise Misconfigured(
                "The cluster cannot be used.",
                [Problem("LARDER_EXECUTOR", f"{error.name} is not installed",
                         "install larder[cluster]")],
            ) from None  # fmt: skip
        opened: AbstractContextManager[Opened] = module.cluster(settings)
        return opened
    return open_local(settings)


def open_local(settings: ExecutorSettings) -> AbstractContextManager[Opened]:
    """This process, or a pool of `LARDER_PROCESSES`: for work that needs the database."""
    return in_process() if settings.processes == 1 else pool(settings.processes)
