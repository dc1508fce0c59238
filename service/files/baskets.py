"""Load purchase history from a file of lines: separated text, XLSX or Parquet."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
from pydantic import SecretStr

from service.engine.reading import PLAIN, Reading
from service.engine.scanned import Scanned
from service.errors import Problem
from service.files import rows
from service.files.basket_layouts import PLAIN_LAYOUT
from service.files.basket_rows import (
    BasketCompleter,
    BasketOptions,
    date_order,
    file_columns,
    notes_of,
    zone_of,
)
from service.files.basket_signs import BasketSigns
from service.files.dates import Order
from service.files.lost_zeros import ask_about_zeros
from service.files.moments import MomentReader
from service.files.report import KEPT_PROBLEMS, LoadReport, Progress, silent
from service.files.staging import Staging, staging
from service.store import baskets, catalogue, erasures, households
from service.store.session import Database

COLUMNS = file_columns(PLAIN_LAYOUT, MomentReader(None, Order.ASK))
PLAIN_OPTIONS = BasketOptions()

_STAGED = (
    rows.ROW, "store_id", "terminal", "basket_id", "household_id", "purchased_at", "line",
    "gtin", "quantity", "unit", "amount_cents", "code",
)  # fmt: skip
_MOST_CODES = 500_000
_FLOAT = r"^(\d+)\.0+$"
_NUMBER_ONCE = "number each transaction of a till's day once"


def load_baskets(
    database: Database,
    path: Path,
    *,
    timezone: str,
    reading: Reading = PLAIN,
    options: BasketOptions = PLAIN_OPTIONS,
    language: str = "en",
    accept: str = "",
    progress: Progress = silent,
    secret_key: SecretStr | None = None,
) -> LoadReport:
    """Add the purchase lines of a file; each chunk of rows is committed when it is done.

    Loading a file again adds no duplicates: store, terminal, business date (the local date of the
    store), basket_id and line identify a line. Unknown stores are added, in the time zone
    `timezone`. An unknown household is a fault of the row, unless the layout adds households (in
    `language`), or it was erased, which `secret_key` tells: then the basket is nobody's; an unknown
    GTIN is accepted, and so is what is no GTIN. A line of another
    household's basket, and one that is there with other contents, is a fault. The file is read to
    its end first. Raises as `rows.read` does, and NotAccepted unless `accept` accepts the notes
    that ask.
    """
    with staging() as staged:
        added = _read(database, staged, path, reading, options, progress, secret_key)
        staged.require_accepted(path, accept)
        if added:
            with database.write() as session:
                households.ensure(session, added, language=language)
        return _store(database, staged, path, timezone, progress)


def _read(
    database: Database,
    staged: Staging,
    path: Path,
    reading: Reading,
    options: BasketOptions,
    progress: Progress,
    secret_key: SecretStr | None,
) -> list[str]:
    """Read the file into `staged`; the households that are to be added."""
    order, reason = date_order(path, options)
    reader = MomentReader(zone_of(options.zone), order)
    with database.read() as session:
        people = _People(path, households.ids_by_ref(session), adds=options.layout.adds_households)
        stores = set(catalogue.store_ids(session))
        prices = catalogue.prices(session)
    completer = BasketCompleter(path, options, reader, prices)
    signs = BasketSigns(prices, reading.others)
    goods = _Goods(reading)
    named: set[str] = set()
    columns = file_columns(options.layout, reader)
    for chunk in rows.read(path, columns, options=options.text, rules=options.layout.rules):
        whole, problems = completer.complete(chunk.rows)
        whole = people.without_erased(database, secret_key, whole)
        lost = chunk.rows.height - whole.height
        good, unknown = people.find(whole)
        sold = goods.sold(good)
        signs.look(good, sold)
        named.update(good["store_id"].unique())
        units = {text: reading.unit(text) for text in good["unit"].unique()}
        lines = good.with_columns(
            sold["gtin"], sold["code"],
            good["unit"].replace_strict(units, return_dtype=pl.String),
        ).select(_STAGED)  # fmt: skip
        staged.add(chunk, lines)
        staged.report.refuse(tuple(problems), lost)
        staged.report.refuse(unknown, whole.height - good.height)
        progress("read", chunk.done, chunk.total)
    for text in notes_of(options, reader, completer, reason):
        staged.report.note(text)
    ask_about_zeros(staged, "stores", named, stores)
    people.say(staged)
    signs.say(staged)
    return people.added()


class _Goods:
    """Reads the codes of rows; a code is read once for many chunks."""

    def __init__(self, reading: Reading) -> None:
        self._read = reading.goods.read
        self._known: dict[str, Scanned] = {}

    def sold(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The key of each row's product, and what was written where the key does not say it."""
        if len(self._known) > _MOST_CODES:
            self._known.clear()
        known, read = self._known, self._read
        texts = frame["gtin"]
        known.update({text: read(text) for text in texts.unique() if text not in known})
        found = [known[text] for text in texts]
        codes = pl.Series("code", [code for _, code in found], pl.String)
        if "own_code" in frame.columns:
            own = frame["own_code"]
            codes = codes.zip_with(own.eq(""), own).alias("code")
        return pl.DataFrame([pl.Series("gtin", [gtin for gtin, _ in found], pl.Int64), codes])


class _People:
    """Finds the households of rows."""

    def __init__(self, path: Path, ids: Mapping[str, int], *, adds: bool) -> None:
        self._path = path
        self._ids = ids
        self._adds = adds
        self._new: dict[str, None] = {}
        self._floats = 0
        self._erased = 0

    def without_erased(
        self, database: Database, key: SecretStr | None, frame: pl.DataFrame
    ) -> pl.DataFrame:
        """The rows, those of households that were erased without a household."""
        if key is None:
            return frame
        unknown = frame["household_id"].filter(self._unknown(frame["household_id"])).unique()
        with database.read() as session:
            gone = erasures.erased_among(session, key, unknown).refs
        if not gone:
            return frame
        is_gone = pl.col("household_id").is_in(gone).fill_null(False)
        self._erased += frame.filter(is_gone).height
        return frame.with_columns(pl.when(~is_gone).then("household_id").alias("household_id"))

    def find(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Problem, ...]]:
        """The rows whose household is known or none, and the faults of the others."""
        is_unknown = self._unknown(frame["household_id"])
        if not is_unknown.any():
            return frame, ()
        bare = frame["household_id"].str.replace(_FLOAT, "${1}")
        helped = is_unknown & ~self._unknown(bare)
        if helped.any():
            self._floats += int(helped.sum())
            frame = frame.with_columns(
                pl.when(helped).then(bare).otherwise("household_id").alias("household_id")
            )
            is_unknown = is_unknown & ~helped
        if self._adds:
            new = frame.filter(is_unknown)["household_id"].unique(maintain_order=True)
            self._new |= dict.fromkeys(new)
            return frame, ()
        problems = tuple(
            Problem(
                f"{self._path}, row {row}, column household_id",
                f"there is no household {name[:60]!r}",
                "load the households first, or leave the cell empty",
            )
            for row, name in frame.filter(is_unknown)
            .select(rows.ROW, "household_id")
            .head(KEPT_PROBLEMS)
            .iter_rows()
        )
        return frame.filter(~is_unknown), problems

    def _unknown(self, refs: pl.Series) -> pl.Series:
        unknown = [ref for ref in refs.unique() if ref is not None and ref not in self._ids]
        return refs.is_in(unknown) & refs.is_not_null()

    def say(self, staged: Staging) -> None:
        """Add the notes on households."""
        if self._floats:
            staged.ask(
                f"{self._floats:,} lines name their household as a spreadsheet's number (25.0 is "
                "taken for 25)"
            )
        if self._erased:
            staged.report.note(
                f"{self._erased:,} lines are of households that were erased, and count as nobody's"
            )
        if self._new:
            staged.ask(
                f"{len(self._new):,} households are not known and are added, without a name, an "
                "address and consent"
            )

    def added(self) -> list[str]:
        """The households to add, in the order of the file."""
        return list(self._new)


def _store(
    database: Database, staged: Staging, path: Path, timezone: str, progress: Progress
) -> LoadReport:
    report = staged.report
    with database.read() as session:
        ids = households.ids_by_ref(session)
    for chunk in staged.chunks():
        stores = sorted(chunk.rows["store_id"].unique().to_list())
        with database.write() as session:
            catalogue.ensure_stores(session, stores, timezone=timezone)
            zones = catalogue.store_zones(session, stores)
        # Between two transactions: while one lasts, SQLite's tills wait.
        lines, problems = _without_conflicts(path, _basket_lines(chunk.rows, zones, ids))
        with database.write() as session:
            added = baskets.add_baskets(session, lines)
        problems += _stored_conflicts(path, lines, added)
        refused = chunk.rows.height - lines.height + len(added.others) + len(added.changed)
        report.taken += added.lines
        report.known += chunk.rows.height - refused - added.lines
        report.refuse(tuple(problems), refused)
        progress("baskets", chunk.done, chunk.total)
    return report


def _without_conflicts(path: Path, lines: pl.DataFrame) -> tuple[pl.DataFrame, list[Problem]]:
    """The lines without those that contradict an earlier one of this chunk, and their faults."""
    key = ["store_id", "terminal", "business_date", "number"]
    problems: list[Problem] = []
    owners = lines.select(*key, "household_id").unique(maintain_order=True).drop_nulls()
    if owners.select(key).is_duplicated().any():
        first = owners.unique(key, keep="first", maintain_order=True).rename(
            {"household_id": "owner"}
        )
        owned = lines.join(first, on=key, how="left", maintain_order="left")
        wrong = (pl.col("household_id") != pl.col("owner")).fill_null(False)
        problems += _other_household(path, owned.filter(wrong))
        lines = owned.filter(~wrong).drop("owner")
    again = lines.select(*key, "line").is_duplicated()
    if again.any():
        contents = ["gtin", "quantity_milli", "amount_cents"]
        kept = lines.unique([*key, "line", *contents], keep="first", maintain_order=True)
        other = kept.filter(~pl.struct(*key, "line").is_first_distinct())
        problems += _other_contents(path, other)
        # Lines that are there twice and alike stay: they count as known.
        wrong_rows = lines.join(other.select(*key, "line", *contents),
                                on=[*key, "line", *contents], how="semi")[rows.ROW]  # fmt: skip
        lines = lines.filter(~pl.col(rows.ROW).is_in(wrong_rows.to_list()))
    return lines, problems


def _stored_conflicts(path: Path, lines: pl.DataFrame, added: baskets.AddedLines) -> list[Problem]:
    if not (added.others or added.changed):
        return []
    others = lines.filter(pl.col(rows.ROW).is_in(added.others))
    changed = lines.filter(pl.col(rows.ROW).is_in(added.changed))
    return _other_household(path, others) + _other_contents(path, changed)


def _other_household(path: Path, lines: pl.DataFrame) -> list[Problem]:
    return [
        Problem(f"{path}, row {row}, column basket_id",
                f"another household has the transaction {number[:60]!r}", _NUMBER_ONCE)
        for row, number in lines.select(rows.ROW, "number").head(KEPT_PROBLEMS).iter_rows()
    ]  # fmt: skip


def _other_contents(path: Path, lines: pl.DataFrame) -> list[Problem]:
    return [
        Problem(f"{path}, row {row}, column line",
                f"line {line} of {number[:60]!r} is there with other contents", _NUMBER_ONCE)
        for row, line, number in lines.select(rows.ROW, "line", "number")
        .head(KEPT_PROBLEMS)
        .iter_rows()
    ]  # fmt: skip


def _basket_lines(
    frame: pl.DataFrame, zones: Mapping[str, str], ids: Mapping[str, int]
) -> pl.DataFrame:
    zone_of_store = pl.col("store_id").replace_strict(zones, return_dtype=pl.String)
    local: pl.Expr = pl.coalesce(
        pl.lit(None, pl.Date),
        *(
            pl.when(zone_of_store == zone).then(
                pl.col("purchased_at").dt.convert_time_zone(zone).dt.date()
            )
            for zone in sorted(set(zones.values()))
        ),
    )
    household = pl.col("household_id").replace_strict(ids, default=None, return_dtype=pl.Int64)
    return frame.select(
        rows.ROW,
        "store_id",
        "terminal",
        local.alias("business_date"),
        pl.col("basket_id").alias("number"),
        household.alias("household_id"),
        "purchased_at",
        "line",
        "gtin",
        (pl.col("quantity") * 1000).round().cast(pl.Int64).alias("quantity_milli"),
        "unit",
        "amount_cents",
        "code",
    )
