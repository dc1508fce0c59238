"""A real mail server for tests: what it took, and what it answers to whom."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from service.settings import Settings
from tests.served import free_port

USER, PASSWORD = "larder", "only the tests know"


@dataclass
class MailServer:
    """A mail server that takes everything, but for what `answers` says of RCPT and DATA.

    It never answers the command `halts`; `halted` is set when it comes to that.
    """

    port: int = 0
    taken: list[Message] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    halts: str = ""
    halted: threading.Event = field(default_factory=threading.Event)

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        answer = await self._answer("RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await self._answer("DATA")
        if answer.startswith("250") and isinstance(envelope.content, bytes):
            self.taken.append(message_from_bytes(envelope.content, policy=default))
        return answer

    async def _answer(self, command: str) -> str:
        if command == self.halts:
            self.halted.set()
            await asyncio.Event().wait()
        return self.answers.get(command, "250 OK")


@contextmanager
def mail_server(security: str = "none", *, folder: Path | None = None) -> Iterator[MailServer]:
    """A mail server on this machine; with TLS its certificate lies in the folder.

    After STARTTLS it takes messages only of whoever logs in as `USER`.
    """
    context = None if folder is None else _certified(folder)
    handler = MailServer(port=free_port())
    started = _TlsFirst if security == "tls" else Controller
    how: dict[str, Any] = {"ssl_context": context} if security == "tls" else {}
    if security == "starttls":
        how = {"tls_context": context, "require_starttls": True}
        how |= {"auth_required": True, "authenticator": _authenticate}
    controller = started(
        handler, hostname="127.0.0.1", port=handler.port, enable_SMTPUTF8=True, **how
    )
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


def smtp(server: MailServer, security: str = "none") -> dict[str, Any]:
    """The settings that send e-mails to a mail server."""
    return {
        "email_channel": "smtp", "smtp_host": "localhost", "smtp_port": server.port,
        "smtp_security": security, "message_from": "list@shop.example",
    }  # fmt: skip


def with_messages(settings: Settings, **update: Any) -> Settings:
    """The settings with others for messages."""
    return settings.model_copy(update=update)


class _TlsFirst(Controller):
    """A server that speaks TLS from the first byte, and looks whether it is up the same way."""

    def _trigger_server(self) -> None:
        with (
            socket.create_connection((self.hostname, self.port), 5) as plain,
            ssl._create_unverified_context().wrap_socket(plain) as wrapped,
        ):
            wrapped.recv(1024)


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    wanted = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=data == wanted, handled=False)


def _certified(folder: Path) -> ssl.SSLContext:
    """A certificate for this machine that nobody else vouches for, in `cert.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
