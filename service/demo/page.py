"""The page of one household of the demonstration: its address, and that as a code in a terminal."""

import socket
from datetime import datetime

from service.digests import page_code, page_digest
from service.engine.render.marks import qr_modules
from service.settings import Settings
from service.store import lists
from service.store.session import Database

_PORT = 8000
_QUIET = 4
_HALVES = " ▄▀█"
# Documentation only (RFC 5737): a route to it is looked up, nothing is sent.
_ELSEWHERE = ("192.0.2.1", 9)


def give_page(database: Database, settings: Settings, list_code: str, *, now: datetime) -> str:
    """Let a code open the page of a list; the path that it leads by."""
    code = page_code(settings.code_key, list_code)
    with database.write() as session:
        digest = page_digest(settings.secret_key, code)
        lists.add_page(session, list_code, digest, at=now)
    return f"/l/{code}"


def address_here() -> str:
    """Where phones of the same network reach a service of this machine, or only itself does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            host = probe.getsockname()[0]
        except OSError:
            host = "127.0.0.1"
    return f"http://{host}:{_PORT}"


def in_terminal(url: str) -> list[str]:
    """A QR code of an address as lines of text, two rows of it a line, with its quiet zone."""
    rows = qr_modules(url)
    width = len(rows[0]) + 2 * _QUIET
    blank = (False,) * width
    side = (False,) * _QUIET
    padded = [blank] * _QUIET + [(*side, *row, *side) for row in rows] + [blank] * (_QUIET + 1)
    return [
        "".join(_HALVES[2 * above + below] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip(padded[::2], padded[1::2], strict=False)
    ]
