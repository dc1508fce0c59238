"""The customer query: find a household, open it for a reason that is logged, and look at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import polars as pl
from sqlmodel import Session

from service.cycle.explain import explain_bought
from service.cycle.inputs import local_date, read_purchases
from service.cycle.unlisted import read_unlisted
from service.desk import outcomes
from service.desk.outcomes import PastOutcome
from service.engine.rights import Right
from service.engine.segment import cells
from service.engine.texts import clean
from service.errors import Forbidden, InvalidInput, NotFound
from service.notice import Count
from service.settings import Settings
from service.store import (
    audit,
    baskets,
    cycles,
    goodwill,
    household_views,
    households,
    identities,
    lists,
    messages,
)
from service.store.actor import Actor
from service.store.household_views import BasketRow
from service.store.lists import LineUse
from service.store.session import Database
from service.store.tables.goodwill import Goodwill
from service.store.tables.household import Contact, IdentityKind
from service.store.tables.household_opening import HouseholdOpening
from service.store.tables.message import Message
from service.store.tables.shopping_list import ShoppingList

WEEKS = 26
"""What cells and spend count."""

OPEN_MINUTES = 60
"""How long a reason lasts for whoever gave it."""

MOST_NOTE = 300
_LISTS = 5
_OPENINGS = 10
_MESSAGES = 5
_NO_DAY = date.min + timedelta(days=400)
_BOUNDS = {"category_id": pl.Int64, "medium_from": pl.Float64, "heavy_from": pl.Float64}


class FoundBy(StrEnum):
    """What a household is found by, exactly."""

    NUMBER = "number"
    CARD = "card"
    PHONE = "phone"
    LIST = "list"


class OpeningReason(StrEnum):
    """Why a household is opened. `other` needs a note."""

    CUSTOMER_ASKS = "customer_asks"
    REFUSED_OFFER = "refused_offer"
    DATA_REQUEST = "data_request"
    CHECK_OF_LISTS = "check_of_lists"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PrintedList:
    """A list with its lines as printed, how often each was used, and why it is there, by line."""

    row: ShoppingList
    lines: Sequence[LineUse]
    reasons: dict[int, str]


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """What is known of a household.

    `as_of` is the day after its newest basket, up to today, None for one that never bought: what
    `spent_cents`, `categories` and the forecast are as of. `categories`: category, units,
    spend_cents, brand, usage, the highest spend first, of the last `WEEKS` weeks;
    `shop_categories` is how many the shop has. `forecast` is that of `explain_household`, empty
    where nothing was bought, or the household agreed to no profile: then it `is_unprofiled`, and
    `is_general` if it gets a list that follows from nothing that it bought. `decile` and `tier` are
    those of the newest cycle, of `worth_as_of`.
    """

    household_id: int
    ref: str
    language: str
    contact: Contact | None
    cards: int
    phones: int
    as_of: date | None
    worth_as_of: date | None
    decile: int | None
    tier: str | None
    spent_cents: int
    visits: int
    categories: pl.DataFrame
    shop_categories: int
    forecast: pl.DataFrame
    is_unprofiled: bool
    is_general: bool
    horizon_days: int
    lists: Sequence[PrintedList]
    refusals: Sequence[PastOutcome]
    goodwill: Sequence[Goodwill]
    openings: Sequence[HouseholdOpening]
    messages: Sequence[Message]


def find(database: Database, settings: Settings, by: FoundBy, value: str) -> int:
    """The household that has exactly this number, card, phone or list code. Raises NotFound."""
    sought = clean(value).strip()
    found: int | None = None
    try:
        with database.read() as session:
            if by is FoundBy.NUMBER:
                row = households.by_ref(session, sought)
                found = row.id if row else None
            elif by is not FoundBy.LIST:
                found = identities.household_of(
                    session, settings.secret_key, IdentityKind(by.value), sought,
                    country=settings.country,
                )  # fmt: skip
        if by is FoundBy.LIST:
            found = outcomes.household_of_list(database, sought)
    except InvalidInput:
        found = None
    if found is None:
        raise NotFound("No household has this.")
    return found


def open_household(
    database: Database,
    household_id: int,
    *,
    by: Actor,
    reason: OpeningReason,
    note: str,
    now: datetime,
) -> HouseholdOpening:
    """Write who opens a household, when and why; then they may look at it for an hour.

    Raises Forbidden for whoever is no person with the right, NotFound, and InvalidInput for the
    reason `other` without a note.
    """
    if by.person_id is None or not by.may(Right.SEE_HOUSEHOLDS):
        raise Forbidden("Households are opened by people who may see them.")
    note = clean(note).strip()
    if len(note) > MOST_NOTE:
        raise InvalidInput(
            "The note is longer than %(number)s characters.", number=Count(MOST_NOTE)
        )
    if reason is OpeningReason.OTHER and not note:
        raise InvalidInput("Say why in the note, or choose another reason.")
    row = HouseholdOpening(
        household_id=household_id, person_id=by.person_id, actor=by.name, opened_at=now,
        reason=reason.value, note=note,
    )  # fmt: skip
    with database.write() as session:
        if household_views.get(session, household_id) is None:
            raise NotFound("There is no such household.")
        household_views.add_opening(session, row)
        detail = {"reason": reason.value, "note": note}
        audit.add(session, by, "open", "household", household_id, at=now, detail=detail)
        session.flush()
        session.expunge(row)
    return row


def is_open(database: Database, household_id: int, person_id: int, *, now: datetime) -> bool:
    """Whether a person gave a reason for this household within the last hour."""
    since = now - timedelta(minutes=OPEN_MINUTES)
    with database.read() as session:
        return household_views.opened_since(session, household_id, person_id, since) is not None


def visits(
    database: Database, household_id: int, *, before_id: int | None, limit: int
) -> Sequence[BasketRow]:
    """Its visits, the newest first, from the one before a basket on."""
    with database.read() as session:
        return household_views.baskets(session, household_id, before_id=before_id, limit=limit)


def look(
    database: Database, settings: Settings, household_id: int, *, today: date
) -> HouseholdView:
    """What is known of a household. Raises NotFound."""
    with database.read() as session:
        row = household_views.get(session, household_id)
        if row is None:
            raise NotFound("There is no such household.")
        newest = baskets.newest_moments(session, [household_id]).get(household_id)
        as_of = min(today, local_date(newest, settings) + timedelta(days=1)) if newest else None
        known = household_views.identities(session, household_id)
        cycle = cycles.newest(session)
        worth = cycles.household_worth(session, cycle.id if cycle else None, [household_id])
        decile, tier = worth.row(0)[1:] if worth.height else (None, None)
        day = as_of or _NO_DAY
        bought = read_purchases(session, settings, before=day, household_ids=[household_id])
        since = datetime.combine(day - timedelta(weeks=WEEKS), time())
        recent = bought.filter(pl.col("purchased_at") >= since)
        bounds = pl.DataFrame(cycle.usage_bounds if cycle else [], schema=_BOUNDS)
        in_cells = cells(recent, as_of=day, weeks=WEEKS, bounds=bounds)
        forecast = pl.DataFrame()
        unlisted = read_unlisted(session, settings, [household_id])
        is_unprofiled = household_id in unlisted.unprofiled | unlisted.general
        if not bought.is_empty() and not is_unprofiled:
            forecast = explain_bought(session, settings, bought, as_of=day)
        names = household_views.categories(session)
        contact = household_views.contact(session, household_id)
        printed = _lists(session, household_id)
        given = goodwill.page(session, household_id=household_id, limit=20)
        openings = household_views.openings(session, household_id, limit=_OPENINGS)
        written = messages.newest_of_household(session, household_id, limit=_MESSAGES)
        refusals = outcomes.refusals_of(session, household_id)
    return HouseholdView(
        household_id=household_id,
        ref=row.ref,
        language=row.language,
        cards=known.get(IdentityKind.CARD, 0),
        phones=known.get(IdentityKind.PHONE, 0),
        as_of=as_of,
        worth_as_of=cycle.as_of if cycle and worth.height else None,
        decile=decile,
        tier=tier,
        spent_cents=int(recent["amount_cents"].sum()),
        visits=recent["basket_id"].n_unique(),
        categories=in_cells.join(names, on="category_id").sort(
            "spend_cents", "category", descending=[True, False]
        ),
        shop_categories=names.height,
        forecast=forecast,
        is_unprofiled=is_unprofiled,
        is_general=household_id in unlisted.general,
        horizon_days=settings.forecast_days,
        refusals=refusals,
        contact=contact,
        lists=printed,
        goodwill=given,
        openings=openings,
        messages=written,
    )


def _lists(session: Session, household_id: int) -> list[PrintedList]:
    return [
        PrintedList(
            row,
            lists.lines_and_uses(session, row.id),
            {line: reason for line, _, reason in lists.reasons(session, row.id)},
        )
        for row in household_views.newest_lists(session, household_id, limit=_LISTS)
    ]
