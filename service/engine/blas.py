"""One thread for matrix products.

The engine's products are small: a second thread waits longer than it works, and the order in which
a library adds depends on how many there are. Work is spread over processes instead, a shard each.
"""

from functools import cache

from threadpoolctl import threadpool_limits


@cache
def use_one_thread() -> None:
    """Hold the process's BLAS to one thread from now on; asked again, it does nothing."""
    threadpool_limits(limits=1, user_api="blas")
