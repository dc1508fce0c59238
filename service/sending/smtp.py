"""The channel that gives messages to a mail server (RFC 5321, 3207 and 4954)."""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from service.sending.channel import Outgoing, Refused, Unreachable, Unsure
from service.settings import Settings
from service.store.tables.message import MessageWay

_GO_AHEAD = 354
_PERMANENT = 500
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class SmtpChannel:
    """Gives messages to the mail server of the settings, one connection each."""

    settings: Settings

    @contextmanager
    def prepare(self, message: Outgoing) -> Iterator[Callable[[], None]]:
        """Connect, log in, and name sender and receiver; handing over sends the text."""
        to = _address(message, self.settings.sms_gateway)
        try:
            with self._connected() as server:
                _name(server, self.settings.message_from, to)
                content = _content(message, self.settings.message_from, to)
                yield lambda: _hand_over(server, content)
        except smtplib.SMTPAuthenticationError as error:
            raise Unreachable(f"the mail server refuses the log-in: {error.smtp_code}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"the mail server: {type(error).__name__}") from error

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        settings = self.settings
        where = (settings.smtp_host, settings.smtp_port)
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if settings.smtp_security == "tls":
            server = smtplib.SMTP_SSL(*where, timeout=settings.smtp_seconds, context=context)
        else:
            server = smtplib.SMTP(*where, timeout=settings.smtp_seconds)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            yield server
        finally:
            # What became of the message is known by now, however the server takes leave.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()


def _address(message: Outgoing, gateway: str) -> str:
    if message.way is MessageWay.SMS:
        return f"{message.to.removeprefix('+')}@{gateway}"
    local, _, domain = message.to.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise Refused("the address is none") from None


def _name(server: smtplib.SMTP, sender: str, to: str) -> None:
    """Say who sends and who receives."""
    options = []
    if not (sender + to).isascii():
        if not server.has_extn("smtputf8"):
            raise Refused("the mail server takes no address with such letters")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    _require(server.mail(sender, options))
    _require(server.rcpt(to))


def _content(message: Outgoing, sender: str, to: str) -> bytes:
    mail = EmailMessage(policy=SMTP.clone(utf8=not (sender + to).isascii()))
    mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2]}>"
    mail["Date"] = format_datetime(message.made_at)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = message.subject
    # RFC 3834: nobody who is away answers a machine.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    return bytes(mail)


def _hand_over(server: smtplib.SMTP, content: bytes) -> None:
    try:
        answer = server.data(content)
    except smtplib.SMTPDataError as error:
        _require((error.smtp_code, error.smtp_error))
    except (OSError, smtplib.SMTPException) as error:
        raise Unsure(f"the mail server: {type(error).__name__}") from error
    else:
        _require(answer)


def _require(answer: tuple[int, bytes | str]) -> None:
    """Raise what a mail server's answer means: only its codes, for its text may name an address."""
    code, text = answer
    if 200 <= code < _GO_AHEAD:
        return
    said = text.encode() if isinstance(text, str) else text
    found = _ENHANCED.search(said)
    why = f"the mail server: {code}{' ' + found[0].decode() if found else ''}"
    raise (Refused if code >= _PERMANENT else Unreachable)(why)
