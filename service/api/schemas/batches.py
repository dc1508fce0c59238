"""Print batches as requested and shown."""

from datetime import datetime

from pydantic import BaseModel, Field

from service.api.schemas.wire import Wire
from service.publish import LeftOutReason


class BatchIn(Wire):
    """A batch to publish: the cycle whose lists are printed.

    `revise` replaces a batch that was not picked up by its next revision.
    """

    cycle_id: int = Field(strict=True, ge=1, le=2**63 - 1)
    revise: bool = Field(default=False, strict=True)


class BatchFileOut(BaseModel):
    """One file of a batch."""

    name: str
    bytes: int
    sha256: str


class NotMailedOut(BaseModel):
    """A household whose letter a package leaves out; what is empty does not apply.

    `duplicate_of` is the household that is mailed at the same address.
    """

    household_id: str
    piece_id: str
    reason: LeftOutReason
    duplicate_of: str
    detail: str


class BatchOut(BaseModel):
    """A print batch. Its files can be fetched until it is voided, replaced or purged.

    `left_out` counts the lists that were not printed, by reason. `reprint_of` is the batch that a
    reprint belongs to.
    """

    id: int
    name: str
    cycle_id: int
    revision: int
    state: str
    pieces: int
    pages: int
    published_at: datetime | None
    reprint_of: int | None
    picked_up_at: datetime | None
    received_at: datetime | None
    purged_at: datetime | None
    left_out: dict[str, int]
    files: list[BatchFileOut]
