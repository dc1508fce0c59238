"""What is answered about the pieces of print batches."""

from pydantic import BaseModel


class BatchVoidOut(BaseModel):
    """A voided batch: the lists that died with it, and what their offers got back."""

    batch_id: int
    lists: int
    released_cents: int


class StandingOut(BaseModel):
    """A piece that is not mailed: where its newest copy stands."""

    piece_id: str
    batch_id: int
    state: str
    reason: str


class ReconciliationOut(BaseModel):
    """Where the pieces of a batch and its reprints stand; the counts add up to `pieces`.

    `difference` is 0 when every piece is mailed (or voided); `differences` names the others, and
    `cursor` is sent as `after` for more of them.
    """

    batch_id: int
    pieces: int
    outstanding: int
    printed: int
    spoiled: int
    reprinted: int
    mailed: int
    returned: int
    voided: int
    difference: int
    differences: list[StandingOut]
    cursor: str | None


class RowFaultOut(BaseModel):
    """Why a row was refused: file, row and column, and what to do about it."""

    where: str
    detail: str
    remedy: str


class AcknowledgementOut(BaseModel):
    """What an acknowledgement file came to; `known` rows were taken before."""

    acknowledgement_id: int
    rows: int
    taken: int
    known: int
    refused: int
    faults: list[RowFaultOut]
