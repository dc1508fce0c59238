"""The one decorator that turns a plain loop into machine code."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled(loop: Loop) -> Loop:
    """Compile on first call, keep the machine code on disk, release the interpreter lock.

    Loops that call each other stand in one file: the cache on disk is keyed by the file of the
    caller alone and would not notice a change in another file.
    """
    return cast("Loop", njit(cache=True, nogil=True, error_model="numpy")(loop))
