"""A web server of pictures on this machine, with the tricks that real ones play."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image


def picture(width: int = 40, height: int = 30, kind: str = "PNG", **saved: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new(saved.pop("mode", "RGB"), (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    out = BytesIO()
    image.save(out, kind, **saved)
    return out.getvalue()


def own_certificate(folder: Path) -> Path:
    """A file of a key and a certificate for this machine, which nobody signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "own.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


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
        for _turn in range(2000):
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
def serving(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a server that runs meanwhile, without a slash at its end."""
    server = _Quiet(("127.0.0.1", 0), _Tricks)
    if tls is not None:
        # The handshake is the handler's, which closes what fails.
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
