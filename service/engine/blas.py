"""Matrix products with one thread.

The products of the engine are small: a second thread would wait longer than it works, and the order
of additions would depend on the number of threads. Work is spread over processes instead.
"""

from functools import cache

from threadpoolctl import threadpool_limits


@cache
def use_one_thread() -> None:
    """Limit BLAS to one thread for the rest of the process. A second call does nothing."""
    threadpool_limits(limits=1, user_api="blas")
