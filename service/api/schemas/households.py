"""A household as it is shown."""

from datetime import date

from pydantic import BaseModel


class ListSummaryOut(BaseModel):
    """A list in a listing."""

    id: int
    state: str
    valid_from: date
    valid_to: date
    offers: int
    reminders: int
    worth_cents: int


class HouseholdOut(BaseModel):
    """A household as the service knows it, without how to reach it."""

    household_id: str
    language: str
    mail_consent: bool
    baskets: int
    lists: list[ListSummaryOut]
