"""Fetch a file by its address, and nothing that only this machine can reach.

A name is resolved once, every address it has is checked, and the connection is made to one of the
addresses checked: a name that changes in between leads nowhere else. Redirects begin again.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from threading import Timer
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from service.errors import InvalidInput
from service.files.pictures.addresses import Network, may_be_asked

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_BLOCK_BYTES = 65_536
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "larder"}


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What a fetch may take, redirects included, and the private networks it may go to."""

    most_bytes: int
    seconds: float
    networks: tuple[Network, ...] = ()


def fetch(url: str, limits: FetchLimits) -> bytes:
    """The body at an address.

    Raises InvalidInput with the reason when it may not be asked for, or cannot be had.
    """
    until = time.monotonic() + limits.seconds
    for _ in range(_MOST_REDIRECTS + 1):
        parts = _checked(url)
        found = _ask(parts, limits, until)
        if isinstance(found, bytes):
            return found
        following = urljoin(url, found)
        if parts.scheme == "https" and urlsplit(following).scheme != "https":
            raise InvalidInput("is redirected from https to an address without")
        url = following
    raise InvalidInput(f"is redirected more than {_MOST_REDIRECTS} times")


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("is no address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise InvalidInput("is no address that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("has a user or a password in its address, which is not sent")
    return parts


def _ask(parts: SplitResult, limits: FetchLimits, until: float) -> bytes | str:
    """The body, or where a redirect leads."""
    host = _host_name(parts)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    address = _resolve(host, port, limits)
    connection = _Pinned(host, port, address=address, secure=parts.scheme == "https", until=until)
    # Whoever sends a byte at a time is ended too.
    watch = Timer(max(0.0, until - time.monotonic()), connection.end)
    watch.daemon = True
    watch.start()
    try:
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        connection.request("GET", f"{target}?{query}" if query else target, headers=_HEADERS)
        with connection.getresponse() as response:
            if response.status in _REDIRECTS and (where := response.getheader("Location")):
                return where
            if response.status != http.client.OK:
                raise InvalidInput(f"was answered with status {response.status}")
            body = _body(response, limits)
        if connection.is_ended:
            raise TimeoutError
        return body
    except ssl.SSLCertVerificationError:
        raise InvalidInput(f"comes from {host}, whose certificate does not hold") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        if connection.is_ended or isinstance(error, TimeoutError):
            raise InvalidInput(f"did not come within {limits.seconds:g} seconds") from None
        raise InvalidInput(f"could not be fetched: {type(error).__name__}") from None
    finally:
        watch.cancel()
        connection.close()


def _host_name(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        return host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise InvalidInput("has a host whose name is not valid") from None


def _resolve(host: str, port: int, limits: FetchLimits) -> str:
    """An address of a host that may be asked. Raises InvalidInput unless all of them may be."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InvalidInput(f"comes from {host}, which is not known") from None
    addresses = [str(each[4][0]) for each in found]
    for text in addresses:
        if not may_be_asked(ipaddress.ip_address(text.partition("%")[0]), limits.networks):
            raise InvalidInput(
                f"comes from {host}, which is no public address; networks of your own are named in "
                "LARDER_PICTURE_NETWORKS"
            )
    return addresses[0]


def _body(response: http.client.HTTPResponse, limits: FetchLimits) -> bytes:
    if (response.getheader("Content-Encoding") or "identity").lower() != "identity":
        raise InvalidInput("came compressed, though that was not asked for")
    too_large = InvalidInput(f"has more than {limits.most_bytes:,} bytes")
    if (response.length or 0) > limits.most_bytes:
        raise too_large
    blocks: list[bytes] = []
    size = 0
    while block := response.read1(_BLOCK_BYTES):
        size += len(block)
        if size > limits.most_bytes:
            raise too_large
        blocks.append(block)
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(blocks)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, for a host of that name."""

    def __init__(self, host: str, port: int, *, address: str, secure: bool, until: float) -> None:
        super().__init__(host, port, timeout=max(0.001, until - time.monotonic()))
        self.default_port = 443 if secure else 80
        self.is_ended = False
        self._address = address
        self._secure = secure
        # `sock` is let go of once the headers are read.
        self._open: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the address, whatever the name leads to by now."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        self._open = self.sock
        if self._secure:
            # The handshake comes after, so that it can be ended.
            self.sock = _tls().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self._open = self.sock
            self.sock.do_handshake()

    def end(self) -> None:
        """End whatever the connection waits for."""
        self.is_ended = True
        if self._open is not None:
            try:
                self._open.shutdown(socket.SHUT_RDWR)
            except OSError:
                # It has ended by itself.
                return
