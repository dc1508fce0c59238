"""One receipt as people look at it: what the bank says, and which claims it settled."""

from dataclasses import dataclass

from service.engine.clearing.matching import Application
from service.engine.clearing.standing import number_of
from service.errors import NotFound
from service.store.clearing import bank_receipts, claims
from service.store.session import Database
from service.store.tables.bank import BankFile, BankReceipt


@dataclass(frozen=True, slots=True)
class OneReceipt:
    """A receipt, the file that it came in, and what of it settled which claim, by its number."""

    receipt: BankReceipt
    file: BankFile | None
    settled: tuple[tuple[str, Application], ...]


def look_at_receipt(database: Database, number: int) -> OneReceipt:
    """A receipt by its number. Raises NotFound."""
    with database.read() as session:
        row = bank_receipts.get(session, number)
        if row is None:
            raise NotFound("There is no receipt %(receipt)s.", receipt=number)
        settled = []
        for each in bank_receipts.applications(session, [row.id]).get(row.id, ()):
            claim = claims.get(session, each.claim_id)
            named = None if claim is None else number_of(claim.series, claim.serial)
            settled.append((named or str(each.claim_id), each))
        return OneReceipt(row, bank_receipts.file(session, row.file_id), tuple(settled))
