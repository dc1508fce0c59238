"""Marketing's file of deals becomes offers: all of it, or nothing and a list of what is wrong."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import polars as pl

from service.engine.redeem import (
    AmountOff,
    Benefit,
    BundlePrice,
    Condition,
    FixedPrice,
    FreeItem,
    Need,
    PercentOff,
    Points,
    Terms,
)
from service.errors import InvalidInput, Problem
from service.ingest import rows
from service.ingest.products import gtin
from service.ingest.report import KEPT_PROBLEMS, Progress, silent
from service.ingest.rows import Column
from service.store import catalogue, offers
from service.store.session import Database
from service.store.tables.offer import Offer, OfferState, Upload

BENEFITS = ("amount_off", "percent_off", "fixed_price", "bundle_price", "free_item", "points")
_MONEY = "an amount of money, as 1.00"
_PER_CENT = "a whole number from 0 to 100"
_SHOWN = 60


# The columns that are stored as they are given; the others make up the terms and the products.
_AS_GIVEN = (
    "title",
    "funding_share_percent",
    "handling_fee",
    "budget",
    "circulation_max",
    "circulation_min",
    "mail_from",
    "mail_to",
    "redeem_from",
    "redeem_to",
    "limit_per_household",
    "control_share_percent",
    "legal_text",
)


@dataclass(frozen=True, slots=True)
class UploadReport:
    """What a file of deals came to. `already_loaded`: these bytes came before and still stand."""

    rows: int
    added: int
    revised: int
    unchanged: int
    already_loaded: bool


def _money(expr: pl.Expr) -> pl.Expr:
    good = expr.str.contains(r"^[0-9]{1,9}(\.[0-9]{1,2})?$")
    return (pl.when(good).then(expr).cast(pl.Float64, strict=False) * 100).round().cast(pl.Int64)


def _benefit(expr: pl.Expr) -> pl.Expr:
    word = expr.str.to_lowercase()
    return pl.when(word.is_in(BENEFITS)).then(word)


_amount = rows.within(_money, 0, 1_000_000_000)
_percent = rows.within(rows.whole, 0, 100)
_count = rows.within(rows.whole, 1, 1_000_000_000)
_pieces = rows.within(rows.whole, 1, 1000)
_DAY = "a date as 2017-11-25"

COLUMNS = (
    Column("deal_id", rows.text, "text"),
    Column("supplier", rows.text, "text"),
    Column("title", rows.text, "text"),
    Column("eligible_gtins", rows.text, "GTINs with ; between", required=False, default=""),
    Column("eligible_items", rows.text, "items with ; between", required=False, default=""),
    Column("eligible_categories", rows.text, "categories with ;", required=False, default=""),
    Column("eligible_brands", rows.text, "brands with ; between", required=False, default=""),
    Column("excluded_gtins", rows.text, "GTINs with ; between", required=False, default=""),
    Column("benefit", _benefit, f"one of {', '.join(BENEFITS)}"),
    Column("value", rows.text, "a number"),
    Column("min_quantity", _pieces, "a whole number from 1 to 1000", required=False, default="1"),
    Column("min_spend", _amount, _MONEY, required=False, default="0"),
    Column("face_value", _amount, _MONEY, required=False),
    Column("funding_share_percent", _percent, _PER_CENT),
    Column("handling_fee", _amount, _MONEY, required=False, default="0"),
    Column("budget", _money, _MONEY, required=False),
    Column("circulation_max", _count, "a whole number from 1", required=False),
    Column("circulation_min", _count, "a whole number from 1", required=False),
    Column("mail_from", rows.day, _DAY),
    Column("mail_to", rows.day, _DAY),
    Column("redeem_from", rows.day, _DAY),
    Column("redeem_to", rows.day, _DAY),
    Column("limit_per_household", _count, "a whole number from 1", required=False, default="1"),
    Column("control_share_percent", _percent, _PER_CENT, required=False, default="0"),
    Column("legal_text", rows.text, "text", required=False, default=""),
)


def load_deals(
    database: Database, path: Path, *, uploaded_by: str, progress: Progress = silent
) -> UploadReport:
    """Load a CSV or Parquet file of deals; nothing at all when any row is wrong.

    A deal is known by supplier and deal_id: a changed row becomes its next revision, which new
    lists use, while printed lists keep the revision they were printed with. The same bytes again
    change nothing, unless another file or the catalogue changed what they mean. Raises
    InvalidInput with the faults by row and column, the first `KEPT_PROBLEMS` of them.
    """
    chunks = list(rows.read(path, COLUMNS, name=path.name))
    faults = [fault for chunk in chunks for fault in chunk.problems]
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    deals = [deal for chunk in chunks for deal in chunk.rows.iter_rows(named=True)]
    with database.write() as session:
        products = catalogue.products(session)
        suppliers = offers.supplier_ids(session)
        drafts = []
        seen: dict[tuple[str, str], int] = {}
        for deal in deals:
            draft, wrong = _understood(path, deal, products, suppliers, seen)
            faults.extend(wrong)
            if draft is not None:
                drafts.append(draft)
        if faults:
            raise InvalidInput(
                f"{path.name} has {_count_of(faults)}; no deal of it was loaded.",
                faults[:KEPT_PROBLEMS],
            )
        earlier_upload = offers.upload_with(session, sha256)
        upload = earlier_upload or Upload(
            name=path.name,
            sha256=sha256,
            uploaded_at=datetime.now(UTC),
            uploaded_by=uploaded_by,
            rows=len(deals),
        )
        upload_id = upload.id or offers.add_upload(session, upload)
        standing = offers.newest_revisions(session)
        counts = {"added": 0, "revised": 0, "unchanged": 0}
        for number, (offer, members) in enumerate(drafts, start=1):
            earlier = standing.get((offer.supplier_id, offer.deal_ref))
            if earlier is not None and earlier.digest == offer.digest:
                counts["unchanged"] += 1
                continue
            if earlier is not None and earlier.id is not None:
                offer.revision = earlier.revision + 1
                offers.replace(session, earlier.id)
            counts["revised" if earlier else "added"] += 1
            offer.upload_id = upload_id
            offers.add_offer(session, offer, [(0, member) for member in members])
            progress("deals", number, len(drafts))
    unchanged = counts["unchanged"] == len(deals)
    return UploadReport(len(deals), **counts, already_loaded=bool(earlier_upload) and unchanged)


def _count_of(faults: Sequence[Problem]) -> str:
    return "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"


def _understood(
    path: Path,
    deal: Mapping[str, Any],
    products: pl.DataFrame,
    suppliers: Mapping[str, int],
    seen: dict[tuple[str, str], int],
) -> tuple[tuple[Offer, list[int]] | None, list[Problem]]:
    """One row as an offer with its products, or its faults."""
    row = deal[rows.ROW]
    faults: list[Problem] = []

    def fault(column: str, detail: str, remedy: str = "") -> None:
        faults.append(Problem(f"{path.name}, row {row}, column {column}", detail, remedy))

    key = (deal["supplier"], deal["deal_id"])
    if key in seen:
        fault("deal_id", f"is in row {seen[key]} already", "keep one row per deal")
    seen[key] = row
    supplier_id = suppliers.get(deal["supplier"])
    if supplier_id is None:
        named = deal["supplier"][:_SHOWN]
        fault("supplier", f"there is no supplier {named!r}", "load its products first")
    for first, last in (("mail_from", "mail_to"), ("redeem_from", "redeem_to")):
        if deal[first] > deal[last]:
            fault(last, f"{deal[last]} is before {first} {deal[first]}")
    low, high = deal["circulation_min"], deal["circulation_max"]
    if low is not None and high is not None and low > high:
        fault("circulation_min", f"{low} is more than circulation_max {high}")
    members = _members(deal, products, fault)
    terms = _terms(deal, fault)
    face_value = deal["face_value"]
    if terms is not None and face_value is None:
        if isinstance(terms.benefit, AmountOff):
            face_value = terms.benefit.amount_cents
        else:
            fault("face_value", "is empty", "say what the list prints as its worth")
    if faults or terms is None or supplier_id is None or face_value is None:
        return None, faults
    counted = products.filter(pl.col("gtin").is_in(members))
    price = cast("float | None", counted["price_cents"].median())
    offer = Offer(
        supplier_id=supplier_id,
        deal_ref=deal["deal_id"],
        revision=1,
        state=OfferState.RUNNING,
        upload_id=0,
        digest=_digest(deal, terms, members, face_value=face_value),
        title=deal["title"],
        category_id=int(counted["category_id"].mode().sort()[0]),
        private_label=counted["private_label"].sum() * 2 > counted.height,
        price_cents=face_value if price is None else int(price),
        terms=json.dumps(terms.to_dict(), sort_keys=True, separators=(",", ":")),
        face_value_cents=face_value,
        limit_per_household=deal["limit_per_household"],
        funding_share=deal["funding_share_percent"],
        control_share=deal["control_share_percent"],
        handling_fee_cents=deal["handling_fee"],
        budget_cents=deal["budget"],
        circulation_max=high,
        circulation_min=low,
        mail_from=deal["mail_from"],
        mail_to=deal["mail_to"],
        redeem_from=deal["redeem_from"],
        redeem_to=deal["redeem_to"],
        legal=deal["legal_text"],
    )
    return (offer, members), faults


def _members(deal: Mapping[str, Any], products: pl.DataFrame, fault: Any) -> list[int]:
    """The GTINs a deal counts: those named, and those that fit every filter given."""
    named = _gtins(deal, "eligible_gtins", products, fault)
    chosen = pl.Series([False]).new_from_index(0, products.height)
    filters = (
        ("eligible_items", "item"),
        ("eligible_categories", "category"),
        ("eligible_brands", "brand"),
    )
    wanted = {column: set(_parts(deal[source])) for source, column in filters}
    if any(wanted.values()):
        chosen = ~chosen
    for source, column in filters:
        if wanted[column]:
            for name in sorted(wanted[column] - set(products[column].unique())):
                shown = f"no product has the {column} {name[:_SHOWN]!r}"
                fault(source, shown, "check the spelling")
            chosen = chosen & products[column].is_in(sorted(wanted[column]))
    excluded = set(_gtins(deal, "excluded_gtins", products, fault))
    members = sorted((set(products.filter(chosen)["gtin"]) | set(named)) - excluded)
    if not members:
        fault("eligible_gtins", "no product of the catalogue counts for this deal")
    return members


def _gtins(
    deal: Mapping[str, Any], column: str, products: pl.DataFrame, fault: Any
) -> Sequence[int]:
    texts = _parts(deal[column])
    if not texts:
        return []
    numbers = pl.DataFrame({"text": texts}).select("text", gtin(pl.col("text")).alias("gtin"))
    for text in numbers.filter(pl.col("gtin").is_null())["text"]:
        fault(column, f"{text[:30]!r} is not a GTIN with a right check digit")
    known = numbers.drop_nulls()
    for text in known.filter(~pl.col("gtin").is_in(products["gtin"].implode()))["text"]:
        fault(column, f"no product has the GTIN {text}", "load the products first")
    found: list[int] = known["gtin"].to_list()
    return found


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _terms(deal: Mapping[str, Any], fault: Any) -> Terms | None:
    value = pl.DataFrame({"value": [deal["value"]]})
    kind = deal["benefit"]
    number = value.select(_money(pl.col("value"))).item()
    if number is None or (number == 0 and kind != "fixed_price"):
        fault("value", f"{deal['value'][:30]!r} does not fit {kind}", "write 1.00, or 20 for 20 %")
        return None
    makers: dict[str, Benefit | None] = {
        "amount_off": AmountOff(number),
        "percent_off": PercentOff(number) if number <= 10_000 else None,
        "fixed_price": FixedPrice(number),
        "bundle_price": BundlePrice(number),
        "free_item": FreeItem(cap_cents=number),
        "points": Points(number // 100) if number % 100 == 0 else None,
    }
    benefit = makers[kind]
    if benefit is None:
        fault("value", f"{deal['value'][:30]!r} does not fit {kind}")
        return None
    pieces = deal["min_quantity"]
    if kind == "free_item":
        # The free piece is the only one the deal speaks of: there is nothing else to buy.
        if pieces != 1:
            fault("min_quantity", f"{pieces} does not fit free_item", "leave it empty")
        if deal["min_spend"]:
            fault("min_spend", "does not fit free_item", "leave it empty")
        pieces = 0
    condition = Condition((Need(1000 * pieces),), minimum_spend_cents=deal["min_spend"])
    try:
        return Terms.from_dict(Terms(condition, benefit).to_dict())
    except InvalidInput as error:
        fault("benefit", error.detail)
        return None


def _digest(
    deal: Mapping[str, Any], terms: Terms, members: Sequence[int], *, face_value: int
) -> str:
    """What a deal means, however it is written: 1.0 is 1.00, and a set of products its members."""
    content = {name: str(deal[name]) for name in _AS_GIVEN}
    meant = {"terms": terms.to_dict(), "members": list(members), "face_value": face_value}
    return hashlib.sha256(json.dumps(content | meant, sort_keys=True).encode()).hexdigest()
