"""Loads a file of deals as offers: all of it, or nothing and a list of its faults."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from service.deals.agreed import agreement_notes
from service.deals.corrections import Correction, correct
from service.deals.describe import describe_deal
from service.deals.faulty_rows import FaultyRow, rows_with_faults
from service.deals.form import Form
from service.deals.form_reader import read_form
from service.deals.interpret import Interpreter
from service.deals.interpreted import InterpretedDeal, InterpretedDeals
from service.deals.picture import Picture, picture_each, zip_pictures
from service.deals.printable import PrintCheck, Printing
from service.deals.remarks import write_remarks
from service.deals.sheets import read_document
from service.deals.store_deals import Change, LoadContext, find_changes, store_deals
from service.errors import InvalidInput, NotFound, Problem
from service.files.dates import Order
from service.files.notes import Note, digest_notes, require_accepted
from service.files.report import KEPT_PROBLEMS, Progress, silent
from service.notice import Count, Notice
from service.settings import Settings
from service.store import catalogue, households
from service.store.actor import Actor
from service.store.offers import revisions, uploads
from service.store.session import Database
from service.store.tables.offer import Upload

_FAULTY_ROWS = 200


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a file where its content does not decide.

    `encoding` is for text that is not Unicode, `dates` for dates that are ambiguous; `currency` is
    what amounts are in, `printing` how the deals are printed. Deals that ended before `as_of`, by
    default today, are noted, and those that can be used for less than the `list_days` of lists.
    `corrections` are cells that are read as another text than the file has. With `only_suppliers`
    every row must be of one of these, and is of the only one where it does not say.
    """

    encoding: str = "cp1252"
    dates: Order = Order.ASK
    currency: str = "USD"
    as_of: date | None = None
    list_days: int = 0
    printing: Printing = field(default_factory=Printing)
    corrections: tuple[Correction, ...] = ()
    only_suppliers: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        encoding: str | None = None,
        dates: Order | None = None,
        corrections: tuple[Correction, ...] = (),
    ) -> "ReadOptions":
        """What the settings say, where nothing else was asked for."""
        return cls(
            encoding=encoding or settings.deals_encoding,
            dates=dates or Order(settings.deals_dates),
            currency=settings.currency,
            list_days=settings.mail_lead_days + settings.validity_days,
            printing=Printing(settings.layout, settings.language, settings.offers_per_list),
            corrections=corrections,
        )


@dataclass(frozen=True, slots=True)
class UploadReport:
    """The result of loading a file of deals.

    `already_loaded`: the same bytes were loaded before and change nothing. `notes` are those of the
    preview: what was assumed in reading the file.
    """

    rows: int
    added: int
    revised: int
    unchanged: int
    already_loaded: bool
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewedDeal:
    """One row of a file in words: its place, its deal, and how loading it changes the deal."""

    place: str
    supplier: str
    deal_id: str
    change: Change
    sentence: str


@dataclass(frozen=True, slots=True)
class SupplierTotal:
    """Totals of one supplier in a file: deals, the sum of budgets, and how many have no budget."""

    supplier: str
    deals: int
    budget_cents: int
    without_budget: int
    circulation_max: int
    without_circulation: int


@dataclass(frozen=True, slots=True)
class HeaderUse:
    """What a header was taken for: the column of the form, empty for a header that is not used."""

    sheet: str
    cell: str
    header: str
    column: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What loading a file would do. Nothing is loaded while there are `faults`.

    `problems` are the first of the faults, `faulty` the first rows with faults, `deals` the rows
    without, `headers` what each header was taken for, `notes` what was assumed in reading, and
    `accept` the digest that accepts those of them that ask. `loaded_before` says who loaded the
    same bytes and when, or is empty.
    """

    name: str
    rows: int
    added: int
    revised: int
    unchanged: int
    faults: int
    loaded_before: str
    notes: tuple[Note, ...]
    accept: str
    headers: tuple[HeaderUse, ...]
    totals: tuple[SupplierTotal, ...]
    deals: tuple[PreviewedDeal, ...]
    problems: tuple[Problem, ...]
    faulty: tuple[FaultyRow, ...]


def preview_deals(
    database: Database,
    name: str,
    body: bytes,
    *,
    options: ReadOptions | None = None,
    listed: int | None = None,
    progress: Progress = silent,
) -> Preview:
    """Preview loading a file; nothing is written. `listed` is the most deals to return.

    Raises InvalidInput when it cannot be read as a table of deals at all.
    """
    options = options or ReadOptions()
    progress("reading", 0, 1)
    form = _read_form(name, body, options)
    progress("deals", 0, form.height)
    with database.read() as session:
        deals = _interpret(session, form, options)
        current = revisions.current(session)
        earlier = uploads.with_digest(session, form.document.sha256)
        agreed = agreement_notes(session, deals.frame)
    frame = deals.frame.with_columns(find_changes(deals.frame, current))
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
        notes=(*form.notes, *agreed),
        accept=digest_notes(form.document.sha256, form.notes),
        headers=tuple(_header_uses(form)),
        totals=_totals(frame),
        deals=tuple(
            _preview_deal(form, deal, currency=options.currency) for deal in deals.each(shown)
        ),
        problems=tuple(form.problem(fault) for fault in form.faults[:KEPT_PROBLEMS]),
        faulty=rows_with_faults(form, most=_FAULTY_ROWS),
    )


def preview_pictures(
    database: Database,
    name: str,
    body: bytes,
    *,
    options: ReadOptions | None = None,
    listed: int | None = None,
) -> Iterator[Picture]:
    """The rows without faults as they will be printed, each in the languages of its texts.

    `listed` is the most rows. Nothing is written. Raises InvalidInput as `preview_deals` does.
    """
    options = options or ReadOptions()
    form = _read_form(name, body, options)
    with database.read() as session:
        deals = _interpret(session, form, options)
    shown = deals.frame.head(deals.frame.height if listed is None else listed)
    rows = [{**row, **deals.goods(row)} for row in shown.iter_rows(named=True)]
    return picture_each(rows, deals.terms, options.printing, currency=options.currency)


def pack_pictures(
    database: Database,
    name: str,
    body: bytes,
    *,
    options: ReadOptions | None = None,
    listed: int | None = None,
) -> bytes:
    """The same pictures as a ZIP."""
    return zip_pictures(preview_pictures(database, name, body, options=options, listed=listed))


def add_remarks(
    database: Database, name: str, body: bytes, *, options: ReadOptions | None = None
) -> bytes:
    """Add a column of remarks to a spreadsheet and return it as XLSX; nothing is loaded.

    The remark of a row lists its faults with their remedies, or describes the deal. All other cells
    are unchanged. Raises InvalidInput as `preview_deals` does.
    """
    options = options or ReadOptions()
    form = _read_form(name, body, options)
    with database.read() as session:
        deals = _interpret(session, form, options)
    descriptions = {
        (deal.table, deal.row): describe_deal(deal, currency=options.currency)
        for deal in deals.each(deals.frame)
    }
    return write_remarks(form, descriptions)


def load_deals(
    database: Database,
    path: Path,
    *,
    uploaded_by: Actor,
    options: ReadOptions | None = None,
    with_approval: bool = False,
    accept: str = "",
    progress: Progress = silent,
) -> UploadReport:
    """Load a file of deals: XLSX, CSV or other separated text, or Parquet.

    Raises NotFound if the file is missing, otherwise the errors of `load_body`.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path.name or path}.")
    try:
        body = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            "%(name)s cannot be read: %(reason)s.", name=path.name, reason=error.strerror or ""
        ) from None
    return load_body(
        database, path.name, body, uploaded_by=uploaded_by, options=options,
        with_approval=with_approval, accept=accept, progress=progress,
    )  # fmt: skip


def load_body(
    database: Database,
    name: str,
    body: bytes,
    *,
    uploaded_by: Actor,
    options: ReadOptions | None = None,
    with_approval: bool = False,
    accept: str = "",
    progress: Progress = silent,
) -> UploadReport:
    """Load deals; nothing at all when any row has a fault.

    Supplier and deal_id identify a deal. A changed row becomes its next revision, which new lists
    use; printed lists keep their revision. Loading the same bytes again changes nothing,
    unless another file or the catalogue changed what they mean. With approval a revision
    waits as a draft. Raises InvalidInput with the faults by row and column, the first
    `KEPT_PROBLEMS` of them, and NotAccepted unless `accept` accepts the notes that ask
    (`files.notes.require_accepted`).
    """
    progress("reading", 0, 1)
    options = options or ReadOptions()
    form = _read_form(name, body, options)
    progress("reading", 1, 1)
    # Read before the transaction that writes: while that lasts, SQLite's tills wait.
    with database.read() as session:
        deals = _interpret(session, form, options)
    if form.faults:
        raise _faulty(name, form)
    require_accepted(name, form.document.sha256, form.notes, accept)

    def act(session: Session) -> UploadReport:
        current = revisions.current(session)
        change = find_changes(deals.frame, current)
        changed = replace(deals, frame=deals.frame.filter(change != Change.UNCHANGED))
        earlier = uploads.with_digest(session, form.document.sha256)
        now = datetime.now(UTC)
        upload = earlier or Upload(
            name=name, sha256=form.document.sha256, uploaded_at=now,
            uploaded_by=uploaded_by.name, person_id=uploaded_by.person_id,
            rows=deals.frame.height,
        )  # fmt: skip
        load = LoadContext(
            upload_id=earlier.id if earlier else uploads.add(session, upload),
            by=uploaded_by,
            at=now,
            with_approval=with_approval,
        )
        progress("deals", 0, changed.frame.height)
        store_deals(session, changed, current, load, progress=progress)
        counts = Counter(change)
        return UploadReport(
            rows=deals.frame.height,
            added=counts[Change.ADDED],
            revised=counts[Change.REVISED],
            unchanged=counts[Change.UNCHANGED],
            already_loaded=bool(earlier) and changed.frame.is_empty(),
            notes=(*form.notes, *agreement_notes(session, deals.frame)),
        )

    return database.settle(
        act, busy=Notice("Others are loading the same deals; load the file again.")
    )


def _read_form(name: str, body: bytes, options: ReadOptions) -> Form:
    document = correct(read_document(name, body, encoding=options.encoding), options.corrections)
    only = options.only_suppliers
    return read_form(
        document,
        dates_when_unclear=options.dates,
        currency=options.currency,
        supplier=only[0] if len(only) == 1 else "",
    )


def _interpret(session: Session, form: Form, options: ReadOptions) -> InterpretedDeals:
    has_regions = any("target_regions" in grid.columns for grid in form.grids)
    prints = PrintCheck(form, options.printing)
    prints.check_texts()
    deals = Interpreter(
        form,
        catalogue.products(session),
        suppliers=catalogue.supplier_ids(session),
        stores=catalogue.store_ids(session),
        regions=households.region_names(session) if has_regions else (),
        as_of=options.as_of or datetime.now(UTC).date(),
        list_days=options.list_days,
        only_suppliers=options.only_suppliers,
    ).interpret()
    deals = prints.without_unprintable(deals, currency=options.currency)
    prints.note_small_print(deals)
    form.faults.sort(key=lambda fault: (fault.table, fault.row, fault.column or 0))
    return deals


def _faulty(name: str, form: Form) -> InvalidInput:
    problems = [form.problem(fault) for fault in form.faults[:KEPT_PROBLEMS]]
    if len(form.faults) == 1:
        return InvalidInput("%(name)s has 1 fault; no deal of it was loaded.", problems, name=name)
    return InvalidInput(
        "%(name)s has %(number)s faults; no deal of it was loaded.",
        problems,
        name=name,
        number=Count(len(form.faults)),
    )


def _loaded(upload: Upload | None) -> str:
    if upload is None:
        return ""
    return f"{upload.uploaded_at:%Y-%m-%d %H:%M} UTC by {upload.uploaded_by}, as {upload.name}"


def _preview_deal(form: Form, deal: InterpretedDeal, *, currency: str) -> PreviewedDeal:
    sheet = form.tables[deal.table].sheet
    return PreviewedDeal(
        place=f"{sheet.name}!{deal.row + 1}" if sheet.name else str(deal.row + 1),
        supplier=deal.supplier,
        deal_id=deal.columns["deal_ref"],
        change=Change(deal.columns["change"]),
        sentence=describe_deal(deal, currency=currency),
    )


def _header_uses(form: Form) -> Iterator[HeaderUse]:
    for table in form.tables:
        columns = {place: name for name, place in table.columns.items()}
        for place, header in sorted(table.headers.items()):
            cell = table.sheet.address(table.last, place)
            yield HeaderUse(
                table.sheet.name, cell.rpartition("!")[2], header, columns.get(place, "")
            )


def _totals(deals: pl.DataFrame) -> tuple[SupplierTotal, ...]:
    budget, most = pl.col("budget_cents"), pl.col("circulation_max")
    totals = deals.group_by("supplier").agg(
        pl.len(), budget.sum(), budget.null_count().alias("no_budget"),
        most.sum(), most.null_count().alias("no_circulation"),
    )  # fmt: skip
    return tuple(SupplierTotal(*row) for row in totals.sort("supplier").iter_rows())
