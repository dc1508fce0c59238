"""A chain as the console sees it after its newest cycle: tables filled by bulk copies."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from sqlmodel import Session

from service.cycle.forecast import fit_and_keep
from service.cycle.inputs import read_purchases
from service.deals.keep_sums import keep_sums
from service.digests import identity_digest
from service.engine import codes
from service.engine.identities import forms
from service.engine.predict.events import encode
from service.settings import Settings
from service.store import recount
from service.store.bulk import append, is_sqlite
from service.store.session import Database

DAY = date(2026, 3, 2)
DAYS = 14
LAST = DAY + timedelta(days=DAYS - 1)
LINES = 12
SUPPLIERS, CATEGORIES, ITEMS, PRODUCTS, STORES = 400, 300, 3000, 20_000, 200
REGULARS, VISITS, BASKET = 100, 100, 12
"""So many households have a year of visits, each of so many lines; all others have two of three."""
RUNS, EVENTS, UPLOADS, CYCLES = 20_000, 200_000, 500, 60
GTIN = 2_000_000_000_000
GCN = codes.gcn("952123400001")
TERMS = (
    '{"benefit":{"amount_cents":100,"kind":"amount_off"},"condition":{"minimum_spend_cents":0,'
    '"needs":[{"quantity_milli":1000,"unit":"each"}]}}'
)
_TOGETHER = 100_000
_MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


def card(household: int) -> str:
    """The card of a household."""
    return f"9521234{household:011d}"


def phone(household: int) -> str:
    """Its phone."""
    return f"+1312{household:07d}"


def regulars(households: int) -> list[int]:
    """The households with a year of visits, by number."""
    return sorted({1 + place * households // REGULARS for place in range(REGULARS)})


def fill(database: Database, settings: Settings, *, deals: int, households: int) -> None:
    """So many deals, and households with a list each, a tenth of whose copies were used."""
    with database.write() as session:
        if not is_sqlite(session):
            # Rows are right by how they are made: no reference is looked up.
            session.connection().exec_driver_sql("SET LOCAL session_replication_role = replica")
        _goods(session)
        _deals(session, deals)
        _work(session)
        _cycles(session, deals, households)
        for first in range(1, households + 1, _TOGETHER):
            _households(session, settings, deals, first, min(first + _TOGETHER, households + 1))
        _year_of_visits(session, regulars(households))
    with database.write() as session:
        # The copies were not issued by a cycle: they are counted as if they had been found missing.
        recount.correct(session, recount.wrong_deals(session))
    assert keep_sums(database)
    with database.alter() as connection:
        connection.exec_driver_sql("ANALYZE")
    with database.read() as session:
        bought = read_purchases(
            session, settings, before=LAST + timedelta(days=1), household_ids=regulars(households)
        )
    day = LAST + timedelta(days=1)
    fit_and_keep(database, settings, encode(bought, day), as_of=day)


def _add(session: Session, table: str, **columns: Any) -> None:
    append(session, table, pl.select(**columns))


def _ids(count: int) -> pl.Expr:
    return pl.int_range(1, count + 1)


def _text(value: str) -> pl.Expr:
    return pl.lit(value)


def _json(name: str, value: pl.Expr) -> pl.Expr:
    return pl.concat_str(_text(f'{{"{name}": '), value, _text("}"))


def _moment(shift: Any = timedelta()) -> pl.Expr:
    return pl.lit(_MOMENT).cast(pl.Datetime("us", "UTC")) + shift


def _goods(session: Session) -> None:
    number = _ids(PRODUCTS)
    item = number % ITEMS + 1
    _add(session, "supplier", id=_ids(SUPPLIERS), name=pl.format("Supplier {}", _ids(SUPPLIERS)))
    _add(session, "category", id=_ids(CATEGORIES), department=_text("Grocery"),
         name=pl.format("Category {}", _ids(CATEGORIES)))  # fmt: skip
    _add(session, "item", id=_ids(ITEMS), name=pl.format("item {}", _ids(ITEMS)),
         category_id=_ids(ITEMS) % CATEGORIES + 1)  # fmt: skip
    _add(session, "product", gtin=GTIN + number, description=pl.format("Product {}", number),
         brand=pl.format("Brand {}", number % 900), private_label=number % 5 == 0, item_id=item,
         category_id=item % CATEGORIES + 1, supplier_id=number % SUPPLIERS + 1,
         package_size=_text(""), restriction=_text(""), price_cents=pl.lit(299))  # fmt: skip
    _add(session, "store", id=pl.format("{}", 1000 + _ids(STORES)), timezone=_text("UTC"))


def _deals(session: Session, deals: int) -> None:
    number = _ids(deals)
    _add(session, "upload", id=_ids(UPLOADS), name=pl.format("deals-{}.csv", _ids(UPLOADS)),
         sha256=pl.format("{}", _ids(UPLOADS)), uploaded_at=_moment(), uploaded_by=_text("bench"),
         rows=pl.lit(deals // UPLOADS))  # fmt: skip
    state = (pl.when(number % 20 == 0).then(_text("draft")).when(number % 20 == 1)
             .then(_text("checked")).when(number % 20 < 8).then(_text("running"))
             .otherwise(_text("ended")))  # fmt: skip
    _add(session, "offer", id=number, supplier_id=number % SUPPLIERS + 1,
         deal_ref=pl.format("D-{}", number), revision=pl.lit(1), state=state,
         upload_id=number % UPLOADS + 1, digest=_text(""),
         title=pl.format("Deal of something {}", (number * 7919) % deals),
         search_text=pl.format("deal of something {}\nd-{}", (number * 7919) % deals, number),
         category_id=number % CATEGORIES + 1, terms=_text(TERMS), private_label=pl.lit(False),
         price_cents=pl.lit(300), face_value_cents=pl.lit(100), limit_per_household=pl.lit(1),
         funding_share=pl.lit(100), control_share=pl.lit(0), handling_fee_cents=pl.lit(8),
         budget_cents=(number * 104_729) % 500_000 + 100, mail_from=pl.lit(DAY),
         circulation_min=pl.when(number % 10 == 3).then(pl.lit(50)),
         mail_to=pl.lit(date(2026, 12, 31)), redeem_from=pl.lit(DAY),
         redeem_to=pl.lit(DAY) + pl.duration(days=number % 300), legal=_text(""),
         kind=_text("product"), copy_fee_cents=pl.lit(0), texts=_text("{}"),
         face_values=_text("[]"), targets=_text("{}"), given=_text("{}"))  # fmt: skip
    _add(session, "offer_product", offer_id=(pl.int_range(deals * 3) // 3) + 1,
         set_number=pl.lit(0),
         gtin=GTIN + 1 + (pl.int_range(deals * 3) * 31) % PRODUCTS)  # fmt: skip
    _add(session, "offer_event", offer_id=_ids(EVENTS) % deals + 1, act=_text("check"),
         from_state=_text("draft"), to_state=_text("checked"), actor=_text("bench"),
         detail=_text("{}"), happened_at=_moment())  # fmt: skip
    for account, sign in (("offer_reserved", 1), ("offer_budget", -1)):
        _add(session, "ledger_entry", posting=_text("cycle-1"), kind=_text("issue"),
             account=_text(account), offer_id=number, amount_cents=pl.lit(sign * 5000),
             posted_at=_moment(), supplier_id=number % SUPPLIERS + 1)  # fmt: skip


def _work(session: Session) -> None:
    _add(session, "run", id=pl.format("{}", _ids(RUNS).cast(pl.String).str.zfill(32)),
         kind=_text("batch"), arguments=_json("cycle_id", _ids(RUNS)),
         state=pl.when(_ids(RUNS) % 50 == 0).then(_text("failed")).otherwise(_text("done")),
         stage=_text(""), done=pl.lit(0), total=pl.lit(0), result=_text('{"pages": 1}'),
         # Many are requested at the same moment.
         created_at=_moment(pl.duration(minutes=_ids(RUNS) // 100)), attempts=pl.lit(1),
         finished_at=_moment(pl.duration(minutes=_ids(RUNS) // 100)))  # fmt: skip
    _add(session, "audit_event", happened_at=_moment(), actor=_text("bench"), act=_text("open"),
         subject=_text("household"), subject_id=pl.format("{}", _ids(EVENTS)),
         detail=_text("{}"))  # fmt: skip


def _cycles(session: Session, deals: int, households: int) -> None:
    """The newest cycle, and earlier ones whose lists are not kept here."""
    number = _ids(CYCLES)
    as_of = pl.lit(DAY) - pl.duration(weeks=2 * (number - 1))
    _add(session, "cycle", id=CYCLES + 1 - number, as_of=as_of, seed=pl.lit(0), valid_from=as_of,
         valid_to=as_of + pl.duration(days=DAYS - 1), issued_at=_moment(), revision=pl.lit(1),
         usage_bounds=_text("[]"), summary=_json("lists", pl.lit(households)),
         mail_holdout=pl.lit(True))  # fmt: skip
    _add(session, "batch", id=number, cycle_id=number, revision=pl.lit(1),
         name=pl.format("larder_lists_{}", number), state=_text("ready"), manifest=_text(
             '{"files": [], "total_pieces": 0}'), pieces=pl.lit(households),
         pages=pl.lit(2 * households), plan=_text(""), summary=_text("{}"),
         published_at=_moment(), received_at=_moment())  # fmt: skip
    for state, pieces in (("printed", households // 1000), ("mailed", households * 999 // 1000)):
        _add(session, "mail_count", batch_id=pl.lit(CYCLES), state=_text(state),
             pieces=pl.lit(pieces))  # fmt: skip
    held = pl.Series(_holders(deals, households * LINES, first=0)).value_counts(name="copies")
    _add(session, "cycle_offer", cycle_id=pl.lit(CYCLES), offer_id=pl.lit(held.to_series(0)),
         copies=pl.lit(held["copies"].cast(pl.Int64)),
         face_value_cents=pl.lit(held["copies"].cast(pl.Int64) * 100),
         reserved_cents=pl.lit(held["copies"].cast(pl.Int64) * 108),
         expected_uses=pl.lit(held["copies"] * 0.1))  # fmt: skip


def _holders(deals: int, copies: int, *, first: int) -> Any:
    """The deal of each copy: of very different popularity, a few hold most."""
    drawn = []
    for start in range(first, first + copies, _TOGETHER * LINES):
        count = min(_TOGETHER * LINES, first + copies - start)
        drawn.append(deals * np.random.default_rng(1 + start).random(count) ** 4)
    return np.concatenate(drawn).astype(np.int64) + 1


def _households(session: Session, settings: Settings, deals: int, first: int, end: int) -> None:
    """Households with their list, what they used of it, and two visits."""
    household = pl.int_range(first, end)
    _add(session, "household", id=household, ref=pl.format("H{}", household), language=_text("en"))
    _add(session, "contact", household_id=household, name=pl.format("Name {}", household),
         street=pl.format("{} Main Street", household), postcode=_text("60601"),
         city=_text("Chicago"), country=_text("US"), mail_consent=pl.lit(True), extra=_text(""),
         region=_text("IL"), consent_source=_text("file"))  # fmt: skip
    for kind, number in (("card", card), ("phone", phone)):
        _add(session, "identity", kind=_text(kind), household_id=household,
             digest=pl.lit(pl.Series(_digests(settings, kind, number, first, end))))  # fmt: skip
    _add(session, "cycle_household", cycle_id=pl.lit(CYCLES), household_id=household,
         arm=_text("exposed"), tier=_text("gold"), worth_decile=household % 10 + 1)  # fmt: skip
    _add(session, "shopping_list", id=household, household_id=household, cycle_id=pl.lit(CYCLES),
         code=pl.format("255{}{}", _text(GCN), household.cast(pl.String).str.zfill(12)),
         state=_text("issued"), valid_from=pl.lit(DAY), valid_to=pl.lit(LAST),
         document=_text("{}"), written_at=_moment(), reopenings=pl.lit(0))  # fmt: skip
    offers = pl.Series(_holders(deals, (end - first) * LINES, first=(first - 1) * LINES))
    place = pl.int_range((first - 1) * LINES, (end - 1) * LINES)
    _add(session, "list_line", list_id=place // LINES + 1, line=place % LINES + 1,
         kind=_text("offer"), offer_id=pl.lit(offers), text=_text("Deal of something"),
         reason=_text("bought before"), face_value_cents=pl.lit(100), uses=pl.lit(1),
         reserved_cents=pl.lit(108), expected_uses=pl.lit(0.1))  # fmt: skip
    _add(session, "mail_piece", batch_id=pl.lit(CYCLES), seq=household,
         piece_id=pl.format("P{}", household.cast(pl.String).str.zfill(9)), list_id=household,
         address_digest=_text("0"), reason=_text(""),
         state=pl.when(household % 1000 == 0).then(_text("printed"))
         .otherwise(_text("mailed")))  # fmt: skip
    _sales(session, offers.gather_every(10), (first - 1) * LINES // 10)
    _visits(session, pl.int_range(2 * (first - 1), 2 * (end - 1)), 2, 3)


def _digests(settings: Settings, kind: str, number: Any, first: int, end: int) -> Iterator[str]:
    """The digest of every hundredth household's card or phone as it is, of others any."""
    for each in range(first, end):
        if each % 100 == 1:
            form = forms(kind, number(each), country=settings.country)[0]
            yield identity_digest(settings.secret_key, kind, form.text)
        else:
            yield f"{each * 0x9E3779B97F4A7C15 % 2**64:016x}" * 4


def _sales(session: Session, offers: pl.Series, before: int) -> None:
    """A sale for each of these uses of every tenth copy, from a number on."""
    used = pl.int_range(before + 1, before + 1 + offers.len())
    line = (used - 1) * 10
    store = pl.format("{}", 1001 + used % STORES)
    day = pl.lit(DAY) + pl.duration(days=used % DAYS)
    household = line // LINES + 1
    _add(session, "redemption", id=pl.format("r{}", used), store_id=store, terminal=_text("1"),
         business_date=day, number=used.cast(pl.String), digest=_text(""), state=_text("redeemed"),
         household_id=household, total_discount_cents=pl.lit(100), redeemed_at=_moment(),
         answer=_text('{"lines": [], "applied": [], "refused": []}'))  # fmt: skip
    _add(session, "redemption_line", id=used, redemption_id=pl.format("r{}", used),
         list_id=household, list_line=line % LINES + 1, use_number=pl.lit(1),
         uses=pl.lit(1), live=pl.lit(True), offer_id=pl.lit(offers), units=pl.lit(1),
         amount_cents=pl.lit(100), supplier_cents=pl.lit(100), retailer_cents=pl.lit(0),
         reserved_cents=pl.lit(108), parts=_text("[]"), household_id=household,
         deal_id=pl.lit(offers), deal_use=used)  # fmt: skip
    for account, cents in (("offer_reserved", -108), ("offer_spent", 108)):
        _add(session, "ledger_entry", posting=pl.format("r{}", used), kind=_text("redemption"),
             account=_text(account), offer_id=pl.lit(offers), amount_cents=pl.lit(cents),
             posted_at=_moment(), store_id=store, business_date=day,
             supplier_id=pl.lit(offers) % SUPPLIERS + 1)  # fmt: skip


def _visits(session: Session, visit: pl.Expr, each: int, lines: int) -> None:
    """So many visits of each household of so many lines, in the last weeks."""
    back = pl.duration(days=(visit * 13) % 28)
    _add(session, "basket", id=visit + 1, store_id=pl.format("{}", 1001 + visit % STORES),
         terminal=_text("2"), business_date=pl.lit(LAST) - back, number=visit.cast(pl.String),
         household_id=visit // each + 1,
         purchased_at=_moment(timedelta(days=DAYS)) - back)  # fmt: skip
    rows = pl.select(visit).height
    first = pl.select(visit).to_series()[0]
    place = pl.int_range(first * lines, (first + rows) * lines)
    _lines(session, place // lines + 1, place % lines + 1, place)


def _year_of_visits(session: Session, households: list[int]) -> None:
    """Visits of some households every few days, with what they always buy and other things."""
    count = len(households) * VISITS
    visit = pl.int_range(count)
    at = _moment(timedelta(days=DAYS)) - pl.duration(hours=(visit % VISITS) * 85)
    number = 10**9 + visit
    _add(session, "basket", id=number, store_id=pl.format("{}", 1001 + visit % STORES),
         terminal=_text("3"), business_date=at.dt.date(), number=visit.cast(pl.String),
         household_id=pl.lit(pl.Series(households)).gather(visit // VISITS),
         purchased_at=at)  # fmt: skip
    place = pl.int_range(count * BASKET)
    # Every line has an interval of its own.
    due = (place // BASKET % VISITS) % (place % BASKET + 1) == 0
    usual = (place // BASKET // VISITS) * 37 + place % BASKET
    other = place * 101
    _lines(session, 10**9 + place // BASKET, place % BASKET + 1,
           pl.when(due).then(usual).otherwise(other))  # fmt: skip


def _lines(session: Session, basket: pl.Expr, line: pl.Expr, product: pl.Expr) -> None:
    _add(session, "basket_line", basket_id=basket, line=line, gtin=GTIN + 1 + product % PRODUCTS,
         quantity_milli=pl.lit(1000), unit=_text("each"), amount_cents=pl.lit(299),
         code=_text(""))  # fmt: skip
