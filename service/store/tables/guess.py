"""Unknown values that were presented, so that whoever guesses must wait."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment


class GuessKind(StrEnum):
    """The kinds of guesses, counted separately.

    `unknown`: an unknown code, card or phone; `replayed`: the same in a sale made offline;
    `waiting`: a redemption that was tried while its key had to wait; `log_in`: a person's password
    or code that was wrong.
    """

    UNKNOWN = "unknown"
    REPLAYED = "replayed"
    WAITING = "waiting"
    LOG_IN = "log_in"


class Guess(SQLModel, table=True):
    """A value presented with a key at a till, as a keyed digest, and when it was last counted.

    Of a log-in `key_id` is a number made of the e-mail address, `store_id` the network address, and
    the digest is random.
    """

    __table_args__ = (
        Index(None, "kind", "key_id", "guessed_at"),
        Index(None, "kind", "store_id", "guessed_at"),
    )

    key_id: int = Field(primary_key=True, sa_type=BigId)
    kind: str = Field(primary_key=True)
    store_id: str = Field(primary_key=True)
    terminal: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    guessed_at: datetime = Field(sa_type=UtcMoment)
