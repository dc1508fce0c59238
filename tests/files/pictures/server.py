"""A web server of pictures on this machine, with the tricks that real ones play."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Any

from PIL import Image


def picture(width: int = 40, height: int = 30, kind: str = "PNG", **saved: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new(saved.pop("mode", "RGB"), (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    out = BytesIO()
    image.save(out, kind, **saved)
    return out.getvalue()


class _Tricks(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        {
            "/redirect": self._redirect,
            "/drip": self._drip,
            "/endless": self._endless,
            "/cut": self._cut,
            "/gone": self._gone,
        }.get(path, self._picture)(query)

    def _picture(self, _: str) -> None:
        body = picture()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        for _turn in range(200):
            self.wfile.write(b".")
            time.sleep(0.05)

    def _endless(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        for _turn in range(1000):
            self.wfile.write(bytes(65_536))

    def _cut(self, _: str) -> None:
        body = picture()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:40])

    def _gone(self, _: str) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked went away, as was meant."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server that runs meanwhile, without a slash at its end."""
    server = _Quiet(("127.0.0.1", 0), _Tricks)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
