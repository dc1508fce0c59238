"""Work that is done in parts: here, in processes of this machine, or on a Dask cluster."""

from service.executors.each import Opened, Opener, each_done
from service.executors.local import in_process
from service.executors.select import open_executor

__all__ = ["Opened", "Opener", "each_done", "in_process", "open_executor"]
