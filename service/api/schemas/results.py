"""What was shown of results."""

from datetime import datetime

from pydantic import BaseModel


class ShowingOut(BaseModel):
    """One showing: `digest` is that of the release's record, `sha256` of the bytes shown."""

    shown_at: datetime
    supplier_id: int
    subject: str
    number: int
    digest: str
    shown_to: str
    form: str
    sha256: str


class ShowingsOut(BaseModel):
    """Some showings, the newest first."""

    showings: list[ShowingOut]
