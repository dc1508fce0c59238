"""What all pages of clearing share: who may open them, and what day it is."""

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Form

from service.engine.rights import Right
from service.errors import NotFound
from service.pages.visitor import Member, may
from service.settings import Settings

PATH = "/clearing"
ROWS = 50
NEWEST = ("newest",)
_LARGEST_ID = 2**63 - 1

Clears = Annotated[Member, Depends(may(Right.CLEAR_MONEY))]
Word = Annotated[str, Form(max_length=200)]
Note = Annotated[str, Form(max_length=2_000)]


def today(settings: Settings) -> date:
    """Today where the retailer is."""
    return now().astimezone(ZoneInfo(settings.timezone)).date()


def now() -> datetime:
    """The moment of an act."""
    return datetime.now(UTC)


def known(number: int) -> int:
    """A number of a row, as an address has it. Raises NotFound for one that no row can have."""
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such page.")
    return number
