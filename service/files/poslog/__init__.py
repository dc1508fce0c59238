"""Loads ARTS/OMG POSLog XML, versions 2 to 6: the transaction logs of tills, as history."""

from service.files.poslog.load import load_poslog
from service.files.poslog.stream import is_poslog

__all__ = ["is_poslog", "load_poslog"]
