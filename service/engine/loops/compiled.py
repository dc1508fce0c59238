"""The decorators that compile plain loops to machine code, cached on disk for every process."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_UN, lockf
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast
from zlib import crc32

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., object])

LOOPS = Path(__file__).parent
LOCK = "larder-loops.lock"
_thread = threading.RLock()


def compiled(loop: Loop) -> Loop:
    """Compile on first call, cache the machine code on disk, release the interpreter lock."""
    dispatcher = _dispatcher(loop, cache=True)
    # Numba dates the cached machine code by the file of the loop only, so it would not notice a
    # change in a loop that this one calls from another file.
    dispatcher._cache._cache_file._source_stamp = sources_digest(room_of(loop))
    compile_now, folder = dispatcher.compile, dispatcher._cache.cache_path

    def compile_alone(signature: Any) -> object:
        if (known := dispatcher.overloads.get(signature)) is not None:
            return known.entry_point
        with alone(folder, loop.__qualname__), without_collections():
            return compile_now(signature)

    dispatcher.compile = compile_alone
    return cast("Loop", dispatcher)


def inner(loop: Loop) -> Loop:
    """A loop that only other loops call.

    Its machine code becomes part of theirs: it needs no wrapper for Python and no file of its own.
    """
    return cast("Loop", _dispatcher(loop, no_cpython_wrapper=True))


def _dispatcher(loop: Loop, **options: bool) -> Any:
    """The loop as Numba compiles it.

    Loops allocate nothing and return no array, so none counts references (`_nrt`): that would be
    half of the code to compile.
    """
    options |= {"nogil": True, "no_cfunc_wrapper": True, "_nrt": False}
    return njit(error_model="numpy", **options)(loop)  # type: ignore[call-overload]


@contextmanager
def without_collections() -> Iterator[None]:
    """Keep the garbage collector from walking, again and again, through what a compiler makes."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def room_of(loop: Callable[..., object]) -> Path:
    """The folder of the engine that a loop belongs to, with all that it may call."""
    file, engine = Path(loop.__code__.co_filename), LOOPS.parent
    return engine / file.relative_to(engine).parts[0] if file.is_relative_to(engine) else LOOPS


@cache
def sources_digest(room: Path) -> str:
    """A digest of all files of a room and of this one.

    After a change in one every loop of the room is compiled again.
    """
    digest = sha256()
    for path in sorted({*room.rglob("*.py"), *LOOPS.rglob("*.py")}):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def alone(folder: str, loop: str) -> Iterator[None]:
    """Keep all other threads and processes from compiling this loop into the folder.

    Numba would confuse its files when two processes compile a loop for different types at once;
    whoever waits here finds the work done. Loops that call each other are locked from the outside
    in, so there is no deadlock.
    """
    with _thread:
        file, place = _lock_file(folder), crc32(loop.encode())
        lockf(file, LOCK_EX, 1, place)
        try:
            yield
        finally:
            lockf(file, LOCK_UN, 1, place)


@cache
def _lock_file(folder: str) -> int:
    """The lock file, never closed: closing a file would release all locks on it."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return os.open(Path(folder) / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
