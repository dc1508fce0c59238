"""The CPU that processes have used, to the microsecond."""

import time
from collections.abc import Sequence

import psutil

# How Linux names another process's clock of user and system time (`CPUCLOCK_SCHED`); what psutil
# reads is rounded to ten milliseconds.
_CLOCK = 2


def cpu(processes: Sequence[psutil.Process]) -> float:
    """Seconds of user and system time so far, of processes and their children."""
    total = 0.0
    for process in processes:
        for each in (process, *process.children(recursive=True)):
            total += _used(each)
    return total


def _used(process: psutil.Process) -> float:
    if psutil.LINUX:
        try:
            return time.clock_gettime((~process.pid << 3) | _CLOCK)
        except OSError:
            return 0.0
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
