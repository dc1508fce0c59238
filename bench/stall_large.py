"""How long large bodies keep the event loop from others, by whatever thread they are read.

    python -m bench.stall_large

Replays of 16 MiB, of sales and of all that only looks like them, baskets of a MiB with more parts
than any has, and the largest bodies of calls that take only a few fields. `turn` is the CPU of the
longest turn of the loop (`bench.stall`); `late` is how late the loop came back at most, so that
what another thread did without letting it go on is in it: the less of the time that went by,
without the loop's own wait for a core, and of the CPU that the process used meanwhile. Both are too
much on a machine that has other things to do, so that the least of several tries is printed.
"""

import asyncio
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

from bench.stall import MOST_MS, Turns, post, serving
from bench.till_shop import STORE, body, fill, settings_of
from service.admin.keys import add_key
from service.api.app import prepare_process
from service.api.till.bodies import LARGE_BYTES
from service.store import migrate
from service.store.session import Database
from service.store.tables.access import Role

TIMES = 3
SIZE = 16_777_216
_EVERY_SECONDS = 0.001


class Lateness:
    """How late a loop comes back, but for its own wait for a core."""

    def __init__(self) -> None:
        self._longest = 0.0

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            began, waited, used = time.perf_counter(), _waited(), time.process_time()
            await asyncio.sleep(_EVERY_SECONDS)
            late = time.perf_counter() - began - (_waited() - waited)
            least = min(late, time.process_time() - used)
            self._longest = max(self._longest, least - _EVERY_SECONDS)

    def longest_ms(self) -> float:
        """What it was, and forget it."""
        longest, self._longest = self._longest, 0.0
        return longest * 1000


def _waited() -> float:
    """Seconds that this thread was ready to run and had no core (Linux)."""
    told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text()
    return int(told.split()[1]) / 1e9


def sale(number: int, *, lines: int = 20, discounts: int = 0) -> dict[str, object]:
    """A sale that shows nothing, with so many lines and discounts."""
    sent = body(1)
    given = {"line": 1, "list_code": "9" * 28, "list_line": 1, "units": 1, "amount_cents": 1}
    sold = [{**sent["lines"][0], "line": line} for line in range(1, lines + 1)]
    named = {**sent["transaction"], "number": f"large{number}"}
    more = {"discounts": [given] * discounts} if discounts else {}
    return {**sent, "transaction": named, "presented": [], "lines": sold, **more}


def replays() -> Iterator[tuple[str, str, bytes]]:
    """What is sent as a replay: its name, its media type and the body."""
    plain, arrays = "application/x-ndjson", "application/json"
    large = [json.dumps({**sale(number, lines=1000, discounts=1000)}) for number in range(20)]
    yield "the largest sales", plain, "\n".join(large).encode()[:SIZE]
    small = [json.dumps({**sale(100 + number), "discounts": []}) for number in range(300)]
    yield (
        "300 sales, padded",
        arrays,
        f"[{','.join(each.ljust(SIZE // 301) for each in small)}]".encode(),
    )
    unknown = json.dumps({**sale(0), **{f"x{number}": 1 for number in range(15_000)}})
    yield "sales of unknown parts", plain, "\n".join([unknown] * (SIZE // len(unknown))).encode()
    yield "one text", arrays, b'["' + b"x" * (SIZE - 4) + b'"]'
    yield "one line", plain, b'{"' + b"x" * (SIZE - 4) + b'"}'
    yield "blanks", plain, b" " * (SIZE - 2) + b"{}"
    yield "lines without a sale", plain, b"\n" * (SIZE - 2) + b"{}"
    yield "brackets", arrays, b"[" * SIZE
    yield "empty arrays", arrays, b"[" + b"[]," * (SIZE // 3 - 2) + b"[]]"
    yield "escapes", arrays, b'["' + b'\\"' * (SIZE // 2 - 4) + b'"]'


def baskets() -> Iterator[tuple[str, str, bytes]]:
    """What is sent as a basket."""
    for name, sent in (
        ("1,000 lines", sale(900, lines=1000)),
        ("300,000 empty arrays", {**sale(901), "x": [[]] * 300_000}),
        ("80,000 unknown parts", {**sale(902), **{f"x{each}": 1 for each in range(80_000)}}),
        ("2,000 unknown parts", {**sale(903), **{f"x{each}": 1 for each in range(2_000)}}),
    ):
        yield name, "application/json", json.dumps(sent, separators=(",", ":")).encode()


def forms() -> Iterator[tuple[str, str, bytes]]:
    """What is sent where a few fields are expected."""
    size = LARGE_BYTES - 2
    unknown = ",".join(f'"{each:x}":1' for each in range(size // 8))
    yield "unknown parts", "application/json", b"{" + unknown.encode() + b"}"
    yield "empty arrays", "application/json", b"[" + b"[]," * (size // 3 - 1) + b"[]]"
    yield "brackets", "application/json", b"[" * size


def bench(url: str) -> float:
    """The worst of all, in ms."""
    turns, late = Turns(), Lateness()
    database = Database(url)
    migrate.upgrade(database)
    till = add_key(database, settings_of(url), role=Role.POS, store_id=STORE)[1]
    marketing = add_key(database, settings_of(url), role=Role.MARKETING)[1]
    fill(database, 2, 1)
    database.dispose()
    prepare_process()
    worst = 0.0
    print(f"  {'ms':36}{'turn':>8}{'late':>8}{'bytes':>13}  status")
    with (
        serving(url, turns, beside=late.watch) as address,
        httpx2.Client(base_url=address, timeout=900) as http,
    ):
        sent = (
            ("/v1/replays", till, replays()),
            ("/v1/redemptions", till, baskets()),
            ("/v1/cycles", marketing, forms()),
        )
        for path, key, bodies in sent:
            for name, kind, content in bodies:
                found = []
                for _ in range(TIMES):
                    turns.longest_ms()
                    late.longest_ms()
                    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
                    answer = post(http, path, content, headers=headers)
                    found.append((turns.longest_ms(), late.longest_ms()))
                turn, lateness = (min(each) for each in zip(*found, strict=True))
                worst = max(worst, turn, lateness)
                print(f"  {name:36}{turn:8.1f}{lateness:8.1f}{len(content):13,}"
                      f"  {answer.status_code}", flush=True)  # fmt: skip
    return worst


def main() -> None:
    """Measure."""
    folder = Path(tempfile.mkdtemp(prefix="larder-stall-"))
    try:
        worst = bench(f"sqlite:///{folder}/larder.db")
        print(f"  the worst {worst:.1f} ms; {'ok' if worst <= MOST_MS else f'above {MOST_MS} ms'}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
