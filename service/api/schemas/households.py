"""Households as shown."""

from datetime import date

from pydantic import BaseModel


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
