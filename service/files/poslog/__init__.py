"""ARTS/OMG POSLog XML as history: what tills write of their transactions, versions 2 to 6."""

from service.files.poslog.load import load_poslog
from service.files.poslog.stream import is_poslog

__all__ = ["is_poslog", "load_poslog"]
