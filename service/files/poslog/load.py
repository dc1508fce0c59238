"""Load POSLog transactions as purchase history."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from pydantic import SecretStr
from sqlmodel import Session

from service.currencies import minor_digits
from service.digests import normal_identity
from service.engine.reading import PLAIN, Reading
from service.errors import Problem
from service.files import rows
from service.files.basket_signs import BasketSigns, SourceWords
from service.files.lost_zeros import ask_about_zeros
from service.files.poslog.held import HeldChunk, HeldSales
from service.files.poslog.sale import Refused, Sale, read_sale
from service.files.poslog.stream import transactions
from service.files.report import LoadReport, Progress, silent
from service.files.staging import staging
from service.store import baskets, catalogue, erasures, identities
from service.store.session import Database
from service.store.tables.household import IdentityKind

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "store_id": pl.String,
    "terminal": pl.String,
    "business_date": pl.Date,
    "number": pl.String,
    "household_id": pl.Int64,
    "purchased_at": pl.Datetime("us", "UTC"),
    "line": pl.Int64,
    "gtin": pl.Int64,
    "quantity_milli": pl.Int64,
    "unit": pl.String,
    "amount_cents": pl.Int64,
    "code": pl.String,
}
Reference = tuple[str, str, date, str]


@dataclass(frozen=True, slots=True)
class _ResolvedSale:
    """A sale with its time in UTC, its business date and its household."""

    sale: Sale
    reference: Reference
    at: datetime
    household_id: int | None


class _UnclearError(Exception):
    """A fault of a sale that only the database shows."""

    def __init__(self, field: str, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.field = field
        self.detail = detail
        self.remedy = remedy


def load_poslog(
    database: Database,
    path: Path,
    *,
    timezone: str,
    currency: str,
    secret_key: SecretStr,
    reading: Reading = PLAIN,
    accept: str = "",
    progress: Progress = silent,
) -> LoadReport:
    """Add the sales of a POSLog file (`.xml`, `.xml.gz`) to history.

    The file is first read to its end, so that nothing of a broken file is loaded. A transaction is
    loaded whole or refused whole; the report counts lines. Store, workstation, business date and
    sequence number identify a transaction, so loading the file again changes nothing. Times without
    an offset are in the zone of their store, or in `timezone` for a new store. Card and customer
    numbers must belong to a known household, or the transaction is refused. Raises NotFound and
    InvalidInput as `stream.transactions` does, and NotAccepted unless `accept` accepts the notes
    that ask, which are those of other files of baskets.
    """
    with staging() as staged:
        held = HeldSales(staged.folder)
        with database.read() as session:
            stores = set(catalogue.store_ids(session))
            prices = catalogue.prices(session)
        signs = BasketSigns(prices, reading.others, _words(currency))
        reader = _FileReader(path, currency, reading)
        named: set[str] = set()
        for chunk in reader.chunks(staged.report):
            held.add(*chunk)
            named.update(sale.store_id for sale in chunk.sales)
            _look(signs, chunk.sales)
            progress("read", chunk.done, chunk.total)
        reader.say(staged.report, timezone)
        ask_about_zeros(staged, "stores", named, stores)
        signs.say(staged)
        staged.require_accepted(path, accept)
        for sales, done, total in held.chunks():
            _load(database, sales, staged.report, timezone=timezone, key=secret_key)
            progress("baskets", done, total)
        return staged.report


def _words(currency: str) -> SourceWords:
    return SourceWords("file line", f"the amounts may not be in whole {currency}", "")


class _FileReader:
    """Reads the sales of a file, and counts what a person should know of them."""

    def __init__(self, path: Path, currency: str, reading: Reading) -> None:
        self._path = path
        self._currency = currency
        self._exponent = minor_digits(currency)
        self._reading = reading
        self._not_sales = 0
        self._without_offset = 0

    def chunks(self, report: LoadReport) -> Iterator[HeldChunk]:
        """The sales in chunks, at least one; the faults of others go into the report."""
        chunk: list[Sale] = []
        held_lines = 0
        name = str(self._path)
        for node, done, total in transactions(self._path, name):
            read = read_sale(node, file=name, currency=self._currency, exponent=self._exponent,
                             reading=self._reading)  # fmt: skip
            if read is None:
                self._not_sales += 1
            elif isinstance(read, Refused):
                report.read += read.lines
                report.refuse(read.problems, read.lines)
            else:
                chunk.append(read)
                held_lines += len(read.lines)
                self._without_offset += read.at.tzinfo is None
            if held_lines >= rows.CHUNK_ROWS:
                yield HeldChunk(chunk, done, total)
                chunk, held_lines = [], 0
        size = self._path.stat().st_size
        yield HeldChunk(chunk, size, size)

    def say(self, report: LoadReport, timezone: str) -> None:
        """Add the notes on how the file was read."""
        if self._not_sales:
            report.note(
                f"{self._not_sales:,} transactions are no sales (voided, cancelled, training, "
                "control)"
            )
        if self._without_offset:
            report.note(
                f"{self._without_offset:,} transactions have no offset from UTC; the zone of their "
                f"store was applied ({timezone} for a store that was not known)"
            )


def _look(signs: BasketSigns, sales: Sequence[Sale]) -> None:
    """Look at the lines of sales; a time without an offset is taken for UTC, a day more or less."""
    heads = pl.DataFrame(
        {
            rows.ROW: [sale.file_line for sale in sales],
            "purchased_at": [_as_utc(sale.at) for sale in sales],
            "lines": [len(sale.lines) for sale in sales],
        },
        {rows.ROW: pl.Int64, "purchased_at": pl.Datetime("us", "UTC"), "lines": pl.Int64},
    )
    lines = [line for sale in sales for line in sale.lines]
    at = np.repeat(np.arange(heads.height), heads["lines"].to_numpy())
    frame = heads[at].with_columns(
        pl.Series("quantity", [line.quantity_milli for line in lines], pl.Int64) / 1000,
        pl.Series("unit", [line.unit for line in lines], pl.String),
        pl.Series("amount_cents", [line.amount_cents for line in lines], pl.Int64),
    )
    sold = pl.DataFrame(
        [
            pl.Series("gtin", [line.gtin for line in lines], pl.Int64),
            pl.Series("code", [line.code for line in lines], pl.String),
        ]
    )
    signs.look(frame, sold)


def _as_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _load(
    database: Database,
    sales: Sequence[Sale],
    report: LoadReport,
    *,
    timezone: str,
    key: SecretStr,
) -> None:
    """Add sales in one transaction of the database."""
    if not sales:
        return
    with database.write() as session:
        stores = sorted({sale.store_id for sale in sales})
        catalogue.ensure_stores(session, stores, timezone=timezone)
        zones = {
            store: ZoneInfo(zone) for store, zone in catalogue.store_zones(session, stores).items()
        }
        known = _households(session, sales, key)
        resolved: dict[Reference, _ResolvedSale] = {}
        for sale in sales:
            report.read += len(sale.lines)
            try:
                each = _resolve(sale, zones[sale.store_id], known)
            except _UnclearError as unclear:
                problem = Problem(f"{sale.where}, {unclear.field}", unclear.detail, unclear.remedy)
                report.refuse((problem,), max(len(sale.lines), 1))
                continue
            first = resolved.setdefault(each.reference, each)
            if first is each:
                continue
            if first.sale.lines == sale.lines:
                report.known += len(sale.lines)
            else:
                report.refuse((_duplicate_reference(sale),), max(len(sale.lines), 1))
        added, others = baskets.add_whole_baskets(session, _frame(resolved.values()))
    by_reference = {_reference_key(reference): each.sale for reference, each in resolved.items()}
    refused = [by_reference[other] for other in others]
    report.taken += added
    lines = sum(len(each.sale.lines) for each in resolved.values())
    report.known += lines - added - sum(len(sale.lines) for sale in refused)
    for sale in refused:
        report.refuse((_duplicate_reference(sale),), len(sale.lines))


def _reference_key(reference: Reference) -> tuple[str, str, str, str]:
    store, terminal, day, number = reference
    return store, terminal, day.isoformat(), number


def _duplicate_reference(sale: Sale) -> Problem:
    detail = "another transaction has this store, workstation, date and number"
    return Problem(sale.where, detail, "number each transaction of a workstation's day once")


def _resolve(sale: Sale, zone: ZoneInfo, known: Mapping[str, int | None]) -> _ResolvedSale:
    """Raises _UnclearError for a time that is ambiguous or a household that is not known."""
    at = sale.at if sale.at.tzinfo is not None else _in_zone(sale.at, zone)
    day = sale.business_date or at.astimezone(zone).date()
    reference = (sale.store_id, sale.terminal, day, sale.number)
    return _ResolvedSale(sale, reference, at.astimezone(UTC), _household(sale, known))


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """The time in UTC of a store's clock.

    Raises _UnclearError for the hour that occurs twice when clocks are put back, and for the hour
    that is skipped when they are put forward.
    """
    local = moment.replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise _UnclearError(
            "EndDateTime",
            f"{moment.isoformat()!r} is not one moment on the clocks of {zone.key}",
            "export it with its offset, as 2017-11-25T17:04:00-05:00",
        )
    return local


def _household(sale: Sale, known: Mapping[str, int | None]) -> int | None:
    if not sale.customers:
        return None
    found = {known[each] for each in sale.customers if each in known}
    if len(found) > 1:
        found.discard(None)
    if len(found) == 1:
        return found.pop()
    if found:
        raise _UnclearError(
            "LoyaltyAccount", "its cards belong to two households", "correct the cards' households"
        )
    # Messages go into logs, so they must not show a card number.
    shown = f"...{sale.customers[0][-4:]}"
    raise _UnclearError(
        "LoyaltyAccount",
        f"no household has the card or number {shown}",
        "load the households and their cards first",
    )


def _households(session: Session, sales: Sequence[Sale], key: SecretStr) -> dict[str, int | None]:
    """The household of every known card or customer number.

    A number is a card, with or without leading zeros, or else the retailer's own number of the
    household. Nobody is behind those of households that were erased.
    """
    numbers = {each for sale in sales for each in sale.customers}
    if not numbers:
        return {}
    digests = {
        number: [
            known.digest
            for form in dict.fromkeys((number, number.lstrip("0")))
            if normal_identity(IdentityKind.CARD, form)
            for known in identities.known_as(key, IdentityKind.CARD, form, country="")
        ]
        for number in numbers
    }
    cards = identities.ids_by_digest(
        session, IdentityKind.CARD, [digest for forms in digests.values() for digest in forms]
    )
    refs = identities.ids_by_ref(session, numbers)
    found: dict[str, int | None] = {}
    for number, forms in digests.items():
        household = next((cards[digest] for digest in forms if digest in cards), refs.get(number))
        if household is not None:
            found[number] = household
    left = {number: forms for number, forms in digests.items() if number not in found}
    gone = erasures.erased_among(
        session, key, left, [each for form in left.values() for each in form]
    )
    for number, forms in left.items():
        if number in gone.refs or not set(forms).isdisjoint(gone.cards):
            found[number] = None
    return found


def _frame(resolved: Iterable[_ResolvedSale]) -> pl.DataFrame:
    columns: dict[str, list[object]] = {name: [] for name in _SCHEMA}
    for each in resolved:
        store, terminal, day, number = each.reference
        for line in each.sale.lines:
            columns["store_id"].append(store)
            columns["terminal"].append(terminal)
            columns["business_date"].append(day)
            columns["number"].append(number)
            columns["household_id"].append(each.household_id)
            columns["purchased_at"].append(each.at)
            columns["line"].append(line.line)
            columns["gtin"].append(line.gtin)
            columns["quantity_milli"].append(line.quantity_milli)
            columns["unit"].append(line.unit)
            columns["amount_cents"].append(line.amount_cents)
            columns["code"].append(line.code)
    return pl.DataFrame(columns, schema=_SCHEMA)
