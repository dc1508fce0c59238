"""Work that is done in parts: here, in processes of this machine, or on a Dask cluster."""

from service.executors.each import Opened, each_done
from service.executors.select import open_executor

__all__ = ["Opened", "each_done", "open_executor"]
