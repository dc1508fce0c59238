"""Messages that are shown once, on the page after an act. The browser keeps them, signed."""

import base64
import binascii
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from service.pages.cookies import FLASH, Jar
from service.pages.signing import sign, signed
from service.settings import Settings

_MOST_CHARACTERS = 600


class Tone(StrEnum):
    """How a message is meant."""

    DONE = "done"
    WARNING = "warning"
    ERROR = "error"


class Message(NamedTuple):
    """A message, in the language of its reader."""

    text: str
    tone: Tone = Tone.DONE


def leave(response: Response, jar: Jar, settings: Settings, *messages: Message) -> None:
    """Leave messages for the next page."""
    written = [[message.text[:_MOST_CHARACTERS], message.tone] for message in messages]
    packed = base64.urlsafe_b64encode(json.dumps(written).encode()).decode()
    jar.set(response, FLASH, sign(settings, jar.site, packed), seconds=60)


def left(request: Request, jar: Jar, settings: Settings) -> Sequence[Message]:
    """The messages that were left; none when there are none or they were not written here."""
    packed = signed(settings, jar.site, jar.read(request, FLASH))
    try:
        written = json.loads(base64.urlsafe_b64decode(packed)) if packed else []
    except (ValueError, binascii.Error):
        return []
    return [Message(text, Tone(tone)) for text, tone in written]
