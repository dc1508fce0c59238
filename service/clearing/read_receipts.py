"""Read a file of a bank or a payer, whatever kind it is of, and keep what it says."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from service.clearing.receipts import LoadedFile, load_advices, load_receipts
from service.files.clearing.bank_csv import read_bank_csv
from service.files.clearing.bank_file import read_head
from service.files.clearing.bank_layouts import bank_layout
from service.files.clearing.camt import is_camt, read_camt
from service.files.clearing.remittance import read_remittances
from service.files.clearing.x12 import is_x12
from service.files.names import file_name
from service.files.text_form import TextOptions
from service.store.actor import Actor
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class BankForm:
    """What a file does not say itself, and is read by: its layout, account, currency, encoding.

    `books` is the currency of the books; `currency` is that of the file where it names none.
    """

    books: str
    layout: str = "plain"
    account: str = ""
    currency: str = ""
    encoding: str = ""


def load_bank_file(
    database: Database, path: Path, form: BankForm, *, shown: str, by: Actor, now: datetime
) -> LoadedFile:
    """Keep the receipts or advices of a file; its content says which kind it is.

    `shown` is what errors call it. Raises InvalidInput that says where and what, FileTooLarge, and
    NotFound for a file or a layout that is not there.
    """
    head = read_head(path)
    currency = form.currency or form.books
    if is_x12(head):
        advices = read_remittances(path, shown, currency=currency)
        return load_advices(database, path, advices, by=by, now=now)
    if is_camt(head):
        kind, found = "camt_053", read_camt(path, shown)
    else:
        kind = form.layout
        found = read_bank_csv(
            path,
            shown,
            bank_layout(form.layout),
            account=form.account,
            currency=currency,
            options=TextOptions(encoding=form.encoding),
        )
    return load_receipts(
        database, path, kind, found.receipts, currency=form.books, notes=found.notes, by=by, now=now
    )


def load_sent_file(
    database: Database, name: str, body: bytes, *, form: BankForm, by: Actor, now: datetime
) -> LoadedFile:
    """The same for a file that was sent."""
    with tempfile.TemporaryDirectory(prefix="larder-receipts-") as folder:
        path = Path(folder) / (file_name(name) or "receipts")
        path.write_bytes(body)
        return load_bank_file(database, path, form, shown=name, by=by, now=now)
