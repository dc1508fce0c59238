"""Households as shown."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

from service.api.schemas.lists import ReasonOut


class ListSummaryOut(BaseModel):
    """A list among the lists of a household."""

    id: int
    state: str
    valid_from: date
    valid_to: date
    offers: int
    reminders: int
    worth_cents: int


class HouseholdOut(BaseModel):
    """A household, without its name, address, cards and phones."""

    household_id: str
    language: str
    mail_consent: bool
    baskets: int
    lists: list[ListSummaryOut]


class NextListDocumentOut(BaseModel):
    """What a household's next list would be: a draft. It has no code, and no till knows it."""

    household_id: str
    state: Literal["draft"]
    as_of: date
    written_at: datetime
    reasons: list[ReasonOut]
    document: dict[str, Any]
