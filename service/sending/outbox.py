"""The outbox: messages are put into it with what they belong to, and go out from it.

A message is held by one process while it goes out, and `handing` from just before the channel
has its text until the channel has answered. A process that dies before is followed by another; one
that dies in between leaves it `unsure`, and it is not sent a second time (decision 61).
"""

import json
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from service.errors import LarderError
from service.sealing import MESSAGES, Sealer
from service.sending.channel import Channel, NotSent, Outgoing, Refused, Unreachable, Unsure
from service.sending.file import FileChannel
from service.sending.smtp import SmtpChannel
from service.settings import Settings
from service.store import messages
from service.store.session import Database
from service.store.tables.message import Message, MessageState, MessageWay

logger = logging.getLogger("larder.messages")

KEPT = timedelta(days=30)
"""How long it is known that a message went out."""

_AT_ONCE = 20
_KEY_BYTES = 16
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Written:
    """A message to be sent: for what, on which way, where to, what; no use after `expires_at`."""

    household_id: int
    purpose: str
    way: MessageWay
    to: str
    subject: str
    body: str
    expires_at: datetime


def put(session: Session, settings: Settings, written: Written, *, now: datetime) -> None:
    """Put a message into the outbox, in the caller's transaction."""
    content = json.dumps([written.to, written.subject, written.body])
    row = Message(
        key=secrets.token_hex(_KEY_BYTES),
        household_id=written.household_id,
        purpose=written.purpose,
        way=written.way.value,
        sealed=Sealer(settings.secret_key, MESSAGES).seal(content),
        state=MessageState.WAITING.value,
        made_at=now,
        expires_at=written.expires_at,
        next_at=now,
        attempts=0,
        problem="",
    )
    messages.add(session, row)


def channel_of(settings: Settings, way: MessageWay) -> Channel | None:
    """By what messages go out on a way; None where they do not."""
    kind = settings.email_channel if way is MessageWay.EMAIL else settings.sms_channel
    if kind == "smtp":
        return SmtpChannel(settings)
    return FileChannel(settings.messages_folder) if kind else None


def send_due(database: Database, settings: Settings) -> int:
    """Send what is due, a few messages; how many were taken. Safe to run in many processes."""
    now = datetime.now(UTC)
    with database.read() as session:
        if not messages.is_any_due(session, now=now):
            return 0
    until = now + timedelta(seconds=settings.lease_seconds)
    with database.write() as session:
        messages.end_overdue(session, now=now)
        held = messages.hold(session, limit=_AT_ONCE, now=now, until=until)
    for row in held:
        _send(database, settings, row)
    return len(held)


def forget_messages(database: Database, *, now: datetime) -> None:
    """Remove what is known of messages that ended long ago."""
    with database.write() as session:
        messages.forget(session, before=now - KEPT)


def _send(database: Database, settings: Settings, row: Message) -> None:
    try:
        is_mine = _go_out(database, settings, row)
    except Unreachable as error:
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**row.attempts)
        logger.warning("message %d did not go out: %s", row.id, error.why)
        with database.write() as session:
            messages.try_again(
                session, row, next_at=datetime.now(UTC) + pause, problem=error.why
            )  # fmt: skip
    except NotSent as error:
        state = MessageState.UNSURE if isinstance(error, Unsure) else MessageState.REFUSED
        logger.warning("message %d is %s: %s", row.id, state.value, error.why)
        _end(database, row, state, problem=error.why)
    else:
        if is_mine:
            _end(database, row, MessageState.SENT)


def _go_out(database: Database, settings: Settings, row: Message) -> bool:
    """Send a message; False when another process has it by now, or it is gone."""
    channel = channel_of(settings, MessageWay(row.way))
    if channel is None:
        raise Unreachable("no channel is set for this way")
    try:
        to, subject, body = json.loads(Sealer(settings.secret_key, MESSAGES).open(row.sealed))
    except LarderError:
        raise Refused("LARDER_SECRET_KEY is another than it was written under") from None
    outgoing = Outgoing(row.key, MessageWay(row.way), to, subject, body, row.made_at)
    with channel.prepare(outgoing) as hand_over:
        # As long as the channel may take, and then some: only a dead process is overtaken.
        most = timedelta(seconds=settings.lease_seconds + 2 * settings.smtp_seconds)
        with database.write() as session:
            if not messages.begin(session, row, until=datetime.now(UTC) + most):
                return False
        hand_over()
    return True


def _end(database: Database, row: Message, state: MessageState, *, problem: str = "") -> None:
    with database.write() as session:
        messages.end(session, row, state, at=datetime.now(UTC), problem=problem)
