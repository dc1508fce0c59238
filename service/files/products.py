"""Load the catalogue of products."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from service.engine.diets import NONE, Allergen, Diet
from service.engine.reading import PLAIN, Reading
from service.engine.scanned import GoodsReader
from service.errors import InvalidInput, Problem
from service.files import rows
from service.files.goods_names import name_goods
from service.files.headers import HeaderRules
from service.files.notes import shown_rows
from service.files.printed import NameCheck
from service.files.report import KEPT_PROBLEMS, LoadReport, Progress, silent
from service.files.rows import PLAIN_TEXT, FileColumn, Parse
from service.files.staging import Staging, staging
from service.files.text_form import TextOptions
from service.store import catalogue
from service.store.session import Database


def _gtin(goods: GoodsReader) -> Parse:
    """A GTIN with a valid check digit, or a PLU, as the product's key."""

    def checked(text: str) -> int | None:
        try:
            return goods.catalogued(text)
        except InvalidInput:
            return None

    def keys(texts: pl.Series) -> pl.Series:
        known = {text: checked(text) for text in texts.unique() if text is not None}
        return pl.Series([known.get(text) for text in texts], dtype=pl.Int64)

    return lambda expr: expr.map_batches(keys, return_dtype=pl.Int64)


def _words(allowed: Collection[str]) -> Parse:
    """Some of the allowed words, parted by commas, semicolons, bars or blanks; `none` for none."""

    def sorted_words(text: str) -> str | None:
        words = {word for word in re.split(r"[,;|\s]+", text.casefold()) if word}
        if words == {NONE}:
            return ""
        return " ".join(sorted(words)) if words and words <= {*allowed} else None

    def read(texts: pl.Series) -> pl.Series:
        known = {text: sorted_words(text) for text in texts.unique() if text is not None}
        return pl.Series([known.get(text) for text in texts], dtype=pl.String)

    return lambda expr: expr.map_batches(read, return_dtype=pl.String)


def _listed(allowed: Collection[str]) -> str:
    return f"{NONE}, or some of {', '.join(allowed)}"


_CENTS = rows.within(rows.whole, 0, 10**9)

_GTIN = "a GTIN of 8, 12, 13 or 14 digits with a right check digit, or a PLU"
_OTHERS = (
    FileColumn("description", rows.text, "text"),
    FileColumn("brand", rows.text, "text", required=False, default=""),
    FileColumn("private_label", rows.yes_no, "true or false", required=False, default="false"),
    FileColumn("item", rows.text, "text"),
    FileColumn("category", rows.text, "text"),
    FileColumn("department", rows.text, "text"),
    FileColumn("supplier", rows.text, "text"),
    FileColumn("package_size", rows.text, "text", required=False, default=""),
    FileColumn("restriction", rows.text, "text", required=False, default=""),
    FileColumn("price_cents", _CENTS, "a whole number of cents from 0", required=False),
    FileColumn("cost_cents", _CENTS, "a whole number of cents from 0", required=False),
    FileColumn("allergens", _words([*Allergen]), _listed([*Allergen]), required=False),
    FileColumn("diets", _words([*Diet]), _listed([*Diet]), required=False),
)


def columns(reading: Reading) -> tuple[FileColumn, ...]:
    """The columns of a file of products whose codes are read so."""
    return (FileColumn("gtin", _gtin(reading.goods), _GTIN), *_OTHERS)


COLUMNS = columns(PLAIN)

_RESTRICTION = (
    r"restri\w*|beschrankung\w*|\bage\b|\balter\w*|\badults?\b|\bfsk\b|alcohol\w*|alkohol\w*|"
    r"\balcool\w*|liquor|tobacco|\btaba[ck]\w*|nicotin\w*|cigar\w*|discreet|diskret|prescription|"
    r"\brx\b|hazard\w*|\bban(ned)?\b|forbidden|prohibited|verboten|exclu\w*|block(ed)?\b|sensitive|"
    r"\b(no|not|non|never|do not)\b.*\b(print\w*|mail\w*|list\w*|promo\w*|advert\w*|coupon\w*|"
    r"discount\w*)|\blimit\w*|\bmax\w*|\bcaps?\b|\b(over|under) ?(16|18|21)\b|\b(16|18|21) plus\b"
)
RULES = HeaderRules(
    also={
        "gtin": ("ean", "upc", "barcode", "gtin ean", "ean gtin", "gtin13", "ean13", "upc code",
                 "ean code"),
        "brand": ("brand name",),
        "private_label": ("own brand", "own label", "store brand"),
        "category": ("category name",),
        "department": ("department name",),
        "supplier": ("supplier name", "vendor", "vendor name"),
        "package_size": ("pack size",),
    },
    limits=re.compile(_RESTRICTION),
    remedy="give it as the column restriction, or remove the column if it is something else",
    asks=re.compile(r"\bstatus\b|\b(in)?active\b|discontinued|delisted|deleted|currency"),
)  # fmt: skip
# Half of a catalogue costs less than this only if its prices are not in cents.
_LOW_MEDIAN_CENTS = 20
_FEW_PRICES = 5


def load_products(
    database: Database,
    path: Path,
    *,
    reading: Reading = PLAIN,
    layout: str = "classic-a4",
    accept: str = "",
    text: TextOptions = PLAIN_TEXT,
    progress: Progress = silent,
) -> LoadReport:
    """Add or update the products of a file; each chunk of rows is committed when it is done.

    Rows of one product that differ are all faults. For products that exist already, what the file
    has no column for stays as it is. The file is read to its end first. Raises as `rows.read` does,
    and NotAccepted unless `accept` accepts the notes that ask (`files.notes.require_accepted`).
    Rows with a name that `layout` cannot print are refused.
    """
    with staging() as staged:
        prints = []
        names = NameCheck(layout)
        for found in rows.read(path, columns(reading), options=text, rules=RULES):
            chunk = names.apply(found, path.name)
            staged.add(chunk)
            contents = chunk.rows.drop(rows.ROW).hash_rows().alias("contents")
            prints.append(
                chunk.rows.select(
                    rows.ROW, "gtin", "price_cents", "restriction", "allergens", contents
                )
            )
            progress("read", chunk.done, chunk.total)
        seen = pl.concat(prints)
        _refuse_contradictions(staged, path, seen)
        _ask_for_prices(staged, seen)
        if "restriction" in staged.present:
            with database.read() as session:
                restricted = catalogue.restricted(session)
            _ask_for_freed(staged, seen, restricted)
        if "allergens" in staged.present:
            with database.read() as session:
                known = catalogue.allergens(session)
            _ask_for_lost_allergens(staged, seen, known)
        staged.require_accepted(path, accept)
        return _store(database, staged, progress)


def _store(database: Database, staged: Staging, progress: Progress) -> LoadReport:
    report = staged.report
    for chunk in staged.chunks():
        frame = chunk.rows.drop(rows.ROW).unique("gtin", keep="last", maintain_order=True)
        with database.write() as session:
            catalogue.upsert_products(session, frame, renewed=staged.present, at=datetime.now(UTC))
            name_goods(session, staged=True)
        report.taken += frame.height
        report.known += chunk.rows.height - frame.height
        progress("products", chunk.done, chunk.total)
    return report


def _refuse_contradictions(staged: Staging, path: Path, seen: pl.DataFrame) -> None:
    """Refuse the rows of each product that the file describes in more than one way."""
    others = (
        seen.filter(pl.col("contents").n_unique().over("gtin") > 1)
        if seen["gtin"].is_duplicated().any()
        else seen.clear()
    )
    if others.is_empty():
        return
    of_gtin: dict[int, list[int]] = dict(others.group_by("gtin").agg(rows.ROW).iter_rows())
    problems = []
    for row, gtin in others.select(rows.ROW, "gtin").head(KEPT_PROBLEMS).iter_rows():
        elsewhere = shown_rows([number for number in of_gtin[gtin] if number != row])
        detail = f"{gtin} comes with other contents in {elsewhere}"
        where = f"{path}, row {row}, column gtin"
        problems.append(Problem(where, detail, "keep the row that is right"))
    staged.drop(others[rows.ROW])
    staged.report.refuse(tuple(problems), others.height)


def _ask_for_prices(staged: Staging, seen: pl.DataFrame) -> None:
    prices = seen["price_cents"].drop_nulls()
    if len(prices) < _FEW_PRICES:
        return
    median = prices.median()
    if isinstance(median, float) and median < _LOW_MEDIAN_CENTS:
        staged.ask(
            f"half of the {len(prices):,} prices are below {_LOW_MEDIAN_CENTS} cents: "
            "price_cents may be in whole units of money"
        )


def _ask_for_freed(staged: Staging, seen: pl.DataFrame, restricted: Collection[int]) -> None:
    """Ask before products that are restricted lose it, and so come onto lists."""
    freed = seen.filter((pl.col("restriction") == "") & pl.col("gtin").is_in(restricted))
    if freed.height:
        staged.ask(
            f"{freed.height:,} restricted products lose their restriction and may be on lists: "
            f"{shown_rows(freed[rows.ROW].to_list())}"
        )


def _ask_for_lost_allergens(staged: Staging, seen: pl.DataFrame, known: Mapping[int, str]) -> None:
    """Ask before products lose an allergen, and so come onto lists of who must not eat it."""
    lost = [
        row
        for row, gtin, words in seen.select(rows.ROW, "gtin", "allergens").iter_rows()
        if {*known.get(gtin, "").split()} - {*(words or "").split()}
    ]
    if lost:
        staged.ask(
            f"{len(lost):,} products lose an allergen and may be on lists of who must not eat it: "
            f"{shown_rows(lost)}"
        )
