"""Answers about the pieces of print batches."""

from pydantic import BaseModel


class BatchVoidOut(BaseModel):
    """A voided batch: the count of its voided lists, and what their offers' budgets got back."""

    batch_id: int
    lists: int
    released_cents: int


class UnmailedPieceOut(BaseModel):
    """A piece that is not mailed, with the state of its newest copy."""

    piece_id: str
    batch_id: int
    state: str
    reason: str


class ReconciliationOut(BaseModel):
    """The pieces of a batch and its reprints by state; the counts add up to `pieces`.

    `difference` is 0 when every piece is mailed or voided; `differences` is a page of the others.
    Send `cursor` as `after` for the next page.
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
    differences: list[UnmailedPieceOut]
    cursor: str | None


class RowFaultOut(BaseModel):
    """Why a row was refused: file, row and column, and what to do about it."""

    where: str
    detail: str
    remedy: str


class AcknowledgementOut(BaseModel):
    """The outcome of an acknowledgement file; `known` rows were taken before."""

    acknowledgement_id: int
    rows: int
    taken: int
    known: int
    refused: int
    faults: list[RowFaultOut]
