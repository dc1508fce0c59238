"""Lists as shown."""

from datetime import date
from typing import Any

from pydantic import BaseModel


class ReasonOut(BaseModel):
    """Why a line is on a list."""

    line: int
    text: str
    reason: str


class ListOut(BaseModel):
    """A list as printed, and which of its lines were redeemed; a draft has no code."""

    id: int
    code: str | None
    household_id: str
    state: str
    valid_from: date
    valid_to: date
    redeemed_lines: list[int]
    reasons: list[ReasonOut]
    document: dict[str, Any]
