"""What every channel does with a message, and what may become of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.store.tables.message import MessageWay


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way. `key` is its name for ever; `to` an e-mail address or +NUMBER."""

    key: str
    way: MessageWay
    to: str
    subject: str
    body: str
    made_at: datetime


class NotSent(Exception):
    """The message did not go out. `why` names no address: it is stored and logged."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Unreachable(NotSent):
    """It did not go out now; it may later."""


class Refused(NotSent):
    """It bounced: this address takes no message, now or later."""


class Unsure(NotSent):
    """The way broke after the message was handed over: nobody knows whether it went out."""


class Channel(Protocol):
    """A way for messages to go out."""

    def prepare(self, message: Outgoing) -> AbstractContextManager[Callable[[], None]]:
        """All up to the message itself; what it gives hands the message over.

        Both raise Unreachable and Refused, when the message certainly did not go out; handing over
        raises Unsure.
        """
        ...
