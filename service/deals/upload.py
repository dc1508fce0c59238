"""Marketing's file of deals becomes offers: all of it, or nothing and a list of what is wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from service.deals import keep
from service.deals.dates import Order
from service.deals.form import Form, read_form
from service.deals.keep import Change
from service.deals.meaning import Meaning
from service.deals.remarks import remarked
from service.deals.sentence import sentence
from service.deals.sheets import read_document
from service.deals.understood import Deal, Deals
from service.errors import InvalidInput, NotFound, Problem
from service.files.report import KEPT_PROBLEMS, Progress, silent
from service.store import catalogue
from service.store.offers import revisions, uploads
from service.store.session import Database
from service.store.tables.offer import Upload


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read where it does not say so itself.

    `encoding` is for text that is not Unicode, `dates` for days and months that could be either;
    `currency` is what amounts are shown in.
    """

    encoding: str = "cp1252"
    dates: Order = Order.ASK
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class UploadReport:
    """What a file of deals came to. `already_loaded`: these bytes came before and still stand."""

    rows: int
    added: int
    revised: int
    unchanged: int
    already_loaded: bool


@dataclass(frozen=True, slots=True)
class Understood:
    """One row of a file in words: where it stands, which deal it is, and what it does to it."""

    place: str
    supplier: str
    deal_id: str
    change: Change
    sentence: str


@dataclass(frozen=True, slots=True)
class SupplierTotal:
    """What a file asks of one supplier: deals, their budgets together, and how many have none."""

    supplier: str
    deals: int
    budget_cents: int
    without_budget: int
    circulation_max: int
    without_circulation: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What loading a file would do. Nothing is loaded while there are `faults`.

    `problems` are the first of the faults, `deals` the rows that have none, `notes` what was
    assumed in reading. `loaded_before` says who loaded these very bytes and when, or nothing.
    """

    name: str
    rows: int
    added: int
    revised: int
    unchanged: int
    faults: int
    loaded_before: str
    notes: tuple[str, ...]
    totals: tuple[SupplierTotal, ...]
    deals: tuple[Understood, ...]
    problems: tuple[Problem, ...]


def preview_deals(
    database: Database,
    name: str,
    body: bytes,
    *,
    reading: Reading | None = None,
    listed: int | None = None,
) -> Preview:
    """Say what loading a file would do; nothing is written. `listed`: at most so many deals.

    Raises InvalidInput when it cannot be read as a table of deals at all.
    """
    reading = reading or Reading()
    form = _form(name, body, reading)
    with database.read() as session:
        deals = _understood(session, form)
        standing = revisions.current(session)
        earlier = uploads.with_digest(session, form.document.sha256)
    frame = deals.frame.with_columns(keep.changes(deals.frame, standing))
    counts = Counter(frame["change"])
    shown = frame.head(frame.height if listed is None else listed)
    return Preview(
        name=name,
        rows=form.height,
        added=counts[Change.ADDED],
        revised=counts[Change.REVISED],
        unchanged=counts[Change.UNCHANGED],
        faults=len(form.faults),
        loaded_before=_loaded(earlier),
        notes=tuple(form.notes),
        totals=_totals(frame),
        deals=tuple(_in_words(form, deal, currency=reading.currency) for deal in deals.each(shown)),
        problems=tuple(form.problem(fault) for fault in form.faults[:KEPT_PROBLEMS]),
    )


def remarks_on(
    database: Database, name: str, body: bytes, *, reading: Reading | None = None
) -> bytes:
    """The same spreadsheet as an XLSX file with a column of remarks; nothing is loaded.

    A row with faults has them in it, with their remedies; any other what it was understood to
    mean. All other cells are as they came. Raises InvalidInput as `preview_deals` does.
    """
    reading = reading or Reading()
    form = _form(name, body, reading)
    with database.read() as session:
        deals = _understood(session, form)
    said = {
        (deal.table, deal.row): sentence(deal, currency=reading.currency)
        for deal in deals.each(deals.frame)
    }
    return remarked(form, said)


def load_deals(
    database: Database,
    path: Path,
    *,
    uploaded_by: str,
    reading: Reading | None = None,
    with_approval: bool = False,
    progress: Progress = silent,
) -> UploadReport:
    """Load a file of deals: XLSX, CSV or other separated text, or Parquet.

    Raises NotFound without the file, otherwise as `load_body` does.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path.name or path}.")
    try:
        body = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error.strerror}.") from None
    return load_body(
        database, path.name, body, uploaded_by=uploaded_by, reading=reading,
        with_approval=with_approval, progress=progress,
    )  # fmt: skip


def load_body(
    database: Database,
    name: str,
    body: bytes,
    *,
    uploaded_by: str,
    reading: Reading | None = None,
    with_approval: bool = False,
    progress: Progress = silent,
) -> UploadReport:
    """Load deals; nothing at all when any row is wrong.

    A deal is known by supplier and deal_id: a changed row becomes its next revision, which new
    lists use, while printed lists keep the revision they were printed with. The same bytes again
    change nothing, unless another file or the catalogue changed what they mean. With approval a
    revision waits as a draft. Raises InvalidInput with the faults by row and column, the first
    `KEPT_PROBLEMS` of them.
    """
    progress("reading", 0, 1)
    form = _form(name, body, reading or Reading())
    progress("reading", 1, 1)

    def act(session: Session) -> UploadReport:
        deals = _understood(session, form)
        if form.faults:
            raise InvalidInput(
                f"{name} has {_count_of(form.faults)}; no deal of it was loaded.",
                [form.problem(fault) for fault in form.faults[:KEPT_PROBLEMS]],
            )
        standing = revisions.current(session)
        change = keep.changes(deals.frame, standing)
        fresh = replace(deals, frame=deals.frame.filter(change != Change.UNCHANGED))
        earlier = uploads.with_digest(session, form.document.sha256)
        now = datetime.now(UTC)
        upload = earlier or Upload(
            name=name, sha256=form.document.sha256, uploaded_at=now, uploaded_by=uploaded_by,
            rows=deals.frame.height,
        )  # fmt: skip
        load = keep.Load(
            upload_id=earlier.id if earlier else uploads.add(session, upload),
            actor=uploaded_by,
            at=now,
            with_approval=with_approval,
        )
        progress("deals", 0, fresh.frame.height)
        keep.keep(session, fresh, standing, load, progress=progress)
        counts = Counter(change)
        return UploadReport(
            rows=deals.frame.height,
            added=counts[Change.ADDED],
            revised=counts[Change.REVISED],
            unchanged=counts[Change.UNCHANGED],
            already_loaded=bool(earlier) and fresh.frame.is_empty(),
        )

    return database.settle(act, busy="Others are loading the same deals; load the file again.")


def _form(name: str, body: bytes, reading: Reading) -> Form:
    document = read_document(name, body, encoding=reading.encoding)
    return read_form(document, dates_when_unclear=reading.dates)


def _understood(session: Session, form: Form) -> Deals:
    deals = Meaning(
        form,
        catalogue.products(session),
        suppliers=catalogue.supplier_ids(session),
        stores=catalogue.store_ids(session),
    ).deals()
    form.faults.sort(key=lambda fault: (fault.table, fault.row, fault.column or 0))
    return deals


def _count_of(faults: Sequence[object]) -> str:
    return "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"


def _loaded(upload: Upload | None) -> str:
    if upload is None:
        return ""
    return f"{upload.uploaded_at:%Y-%m-%d %H:%M} UTC by {upload.uploaded_by}, as {upload.name}"


def _in_words(form: Form, deal: Deal, *, currency: str) -> Understood:
    sheet = form.tables[deal.table].sheet
    return Understood(
        place=f"{sheet.name}!{deal.row + 1}" if sheet.name else str(deal.row + 1),
        supplier=deal.supplier,
        deal_id=deal.columns["deal_ref"],
        change=Change(deal.columns["change"]),
        sentence=sentence(deal, currency=currency),
    )


def _totals(deals: pl.DataFrame) -> tuple[SupplierTotal, ...]:
    budget, most = pl.col("budget_cents"), pl.col("circulation_max")
    totals = deals.group_by("supplier").agg(
        pl.len(), budget.sum(), budget.null_count().alias("no_budget"),
        most.sum(), most.null_count().alias("no_circulation"),
    )  # fmt: skip
    return tuple(SupplierTotal(*row) for row in totals.sort("supplier").iter_rows())
