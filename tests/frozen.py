"""A way to a PostgreSQL server that can be frozen: bytes go nowhere, and nobody is told.

So looks a cable that is cut, a server that is stopped, and a firewall that forgot a connection.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote

from sqlalchemy import make_url

from tests.served import PATIENCE_SECONDS


@dataclass
class Way:
    """The way: the address of the database by it, and whether it is open."""

    url: str
    loop: asyncio.AbstractEventLoop
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let nothing through until the block ends."""
        self.loop.call_soon_threadsafe(self.is_open.clear)
        yield
        self.loop.call_soon_threadsafe(self.is_open.set)


@contextmanager
def way_to(url: str) -> Iterator[Way]:
    """A way over TCP to the server of this address, which listens in a folder."""
    address = make_url(url)
    path = f"{address.query['host']}/.s.PGSQL.5432"
    ready = threading.Event()
    ways: list[Way] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await ways[0].is_open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(path)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))
        for each in (writer, there[1]):
            each.close()

    async def listen() -> None:
        server = await asyncio.start_server(connect, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        user = quote(address.username or "")
        url = f"postgresql+psycopg://{user}:@127.0.0.1:{port}/{address.database}"
        ways.append(Way(url, asyncio.get_running_loop()))
        ways[0].is_open.set()
        ready.set()
        await ways[0].is_over.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(listen()))
    thread.start()
    assert ready.wait(PATIENCE_SECONDS)
    try:
        yield ways[0]
    finally:
        ways[0].loop.call_soon_threadsafe(ways[0].is_over.set)
        thread.join()
