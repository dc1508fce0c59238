"""Who may log in to the SFTP server, and what a connection may be made with."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh

from service.meters import SFTP_CLIENTS

logger = logging.getLogger("larder.sftp")

_MOST_CLIENTS = 32
_LOG_IN_SECONDS = 30
_ALIVE_SECONDS, _ALIVE_TIMES = 30, 3
"""A client that says nothing, also when asked, is gone after a minute and a half."""
_CIPHERS = [
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
]
_MAC = [
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "umac-128-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "umac-128@openssh.com",
]
_KEX = [
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp521",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp256",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
]
_SIGNATURES = [
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-512",
]
"""What a connection may be made with: nothing that rests on SHA-1 or MD5."""


def options(folder: Path) -> dict[str, Any]:
    """What a server that knows the keys in `folder` asks of its clients."""
    return {
        "server_factory": partial(_KeyLogin, folder / "authorized_keys", set()),
        "server_host_keys": [host_key(folder)],
        "password_auth": False,
        "kbdint_auth": False,
        "gss_host": None,
        "login_timeout": _LOG_IN_SECONDS,
        "keepalive_interval": _ALIVE_SECONDS,
        "keepalive_count_max": _ALIVE_TIMES,
        "kex_algs": _KEX,
        "encryption_algs": _CIPHERS,
        # What is compressed by a stranger may grow without bounds.
        "compression_algs": ["none"],
        "mac_algs": _MAC,
        "signature_algs": _SIGNATURES,
        "agent_forwarding": False,
        "x11_forwarding": False,
    }


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The host key in `folder`; made when it is missing, readable by its owner only."""
    path = folder / "host_key"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        key = asyncssh.generate_private_key("ssh-ed25519", comment="larder")
        unfinished = folder / "host_key.part"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(key.export_private_key())
        unfinished.replace(path)
        key.write_public_key(str(folder / "host_key.pub"))
    return asyncssh.read_private_key(str(path))


class _KeyLogin(asyncssh.SSHServer):
    """Admits clients with a key of `authorized_keys`, under any user name."""

    def __init__(self, allowed: Path, connected: "set[asyncssh.SSHServerConnection]") -> None:
        self._allowed = allowed
        self._connected = connected
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Keep the connection, which the keys are set on, unless there are too many."""
        self._connection = conn
        self._connected.add(conn)
        SFTP_CLIENTS.set(len(self._connected))
        if len(self._connected) > _MOST_CLIENTS:
            logger.warning("more than %d clients are connected: one is refused", _MOST_CLIENTS)
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Make room for another."""
        if self._connection is not None:
            self._connected.discard(self._connection)
            SFTP_CLIENTS.set(len(self._connected))

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        """Read the keys again; without the file nobody can log in."""
        assert self._connection is not None
        try:
            self._connection.set_authorized_keys(str(self._allowed))
        except (OSError, ValueError) as error:
            logger.error("%s cannot be read: %s", self._allowed, error)
        return True
