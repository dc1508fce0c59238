"""Files are read apart: what goes wrong there ends one process, and its sender learns why."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.errors import Busy, FileTooLarge, NotAccepted, Problem
from service.files.apart import Apart, Limits
from service.store.session import Database

pytestmark = pytest.mark.slow


def say(database: Database, name: str, body: bytes, *, last: str) -> tuple[int, str]:
    return os.getpid(), f"{database.url} {name} {body.decode()} {last}"


def refuse(database: Database, name: str, body: bytes) -> None:
    raise NotAccepted(name, asked=["a note"], digest="0123")


def fail(database: Database, name: str, body: bytes) -> None:
    raise BaseException("what a library raises that gave up on a file")


def hoard(database: Database, name: str, body: bytes) -> int:
    return len(bytearray(10**10))


def die(database: Database, name: str, body: bytes) -> None:
    os.abort()


def spin(database: Database, name: str, body: bytes) -> None:
    while True:
        pass


def test_an_act_is_done_apart_whatever_becomes_of_it(tmp_path: Path) -> None:
    apart = Apart(Limits(memory_mib=256, cpu_seconds=4))
    database = Database(f"sqlite:///{tmp_path}/larder.db")
    (tmp_path / "body").write_bytes(b"content")

    def do(act: Callable[..., Any], **kwargs: str) -> Any:
        return asyncio.run(apart.run(act, database, "a.csv", tmp_path / "body", **kwargs))

    first, text = do(say, last="word")
    assert (first == os.getpid(), text) == (False, f"{database.url} a.csv content word")
    with pytest.raises(NotAccepted) as refused:
        do(refuse)
    assert (refused.value.detail, refused.value.asked, refused.value.digest) == (
        "a.csv", ("a note",), "0123",
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="could not be read"):
        do(fail)
    with pytest.raises(FileTooLarge, match="256 MiB of memory or 4 seconds"):
        do(hoard)
    assert do(say, last="word")[0] == first
    for act in (die, spin):
        with pytest.raises(FileTooLarge):
            do(act)
    assert do(say, last="word")[0] != first
    apart.close()
    database.dispose()


def test_an_error_is_the_same_beyond_the_pipe() -> None:
    error = Busy("busy", [Problem("here", "is wrong", "mend it")])
    kind, args, state = error.__reduce__()
    again = kind(*args)
    again.__dict__.update(state)
    assert (type(again), again.detail, again.problems, str(again)) == (
        Busy, "busy", error.problems, "busy",
    )  # fmt: skip
