"""What a household says of items, brands and deals; its next list follows within seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.engine.texts import clean
from service.engine.wishes import WishAct
from service.errors import InvalidInput, NotFound
from service.members.finding import member
from service.settings import Settings
from service.store import wishes, work
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import ConsentChannel
from service.store.tables.wish import Wish
from service.store.wishes import SaidOf

_OF_OTHERS = (WishAct.NEVER, WishAct.PREFER, WishAct.ANYTHING)


@dataclass(frozen=True, slots=True)
class Wished:
    """What is said, of an item, a brand (by their names) or a deal (by an offer): one of them.

    `until` is the day on which `not_now` ends; without it `not_now` lasts.
    """

    act: WishAct
    item: str = ""
    brand: str = ""
    offer_id: int | None = None
    until: date | None = None


def say(
    database: Database,
    settings: Settings,
    ref: str,
    wished: Wished,
    *,
    channel: ConsentChannel,
    by: Actor,
    now: datetime,
) -> Sequence[SaidOf]:
    """Add what a household says; what it says of everything now, the newest first.

    Its next list is written again. Raises NotFound for an unknown household, item, brand or deal,
    Conflict for a household that was erased, InvalidInput for what nobody can mean.
    """
    with database.write() as session:
        household_id = member(session, ref).id
        add(session, settings, household_id, wished, channel=channel, by=by, now=now)
        return wishes.current(session, household_id)


def show(database: Database, ref: str) -> Sequence[SaidOf]:
    """What a household says of everything now, the newest first. Raises as `say` does."""
    with database.read() as session:
        return wishes.current(session, member(session, ref).id)


def add(
    session: Session,
    settings: Settings,
    household_id: int,
    wished: Wished,
    *,
    channel: ConsentChannel,
    by: Actor,
    now: datetime,
) -> None:
    """Add what a household says, in the caller's transaction, and mark its next list as due."""
    item, brand = clean(wished.item).strip(), clean(wished.brand).strip()
    if sum((bool(item), bool(brand), wished.offer_id is not None)) != 1:
        raise InvalidInput("Say it of an item, a brand or a deal: one of them.")
    if not item and wished.act not in _OF_OTHERS:
        raise InvalidInput("Of brands and deals never or prefer is said, or anything again.")
    if item and wished.act is WishAct.PREFER:
        raise InvalidInput("Of an item favourite is said; prefer is of brands and deals.")
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    if wished.until is not None and (wished.act is not WishAct.NOT_NOW or wished.until <= today):
        raise InvalidInput("A day goes with not now only, and lies ahead.")
    row = Wish(
        household_id=household_id,
        item_id=_item(session, item) if item else None,
        brand=_brand(session, brand) if brand else None,
        deal_id=_deal(session, wished.offer_id) if wished.offer_id is not None else None,
        act=wished.act.value,
        until=wished.until,
        said_on=today,
        said_at=now,
        channel=channel.value,
        actor=by.name,
    )
    wishes.add(session, row)
    work.mark_due(session, household_id, at=now)


def _item(session: Session, name: str) -> int:
    found = wishes.item_id(session, name)
    if found is None:
        raise NotFound("There is no such item.")
    return found


def _brand(session: Session, name: str) -> str:
    if not wishes.knows_brand(session, name):
        raise NotFound("There is no such brand.")
    return name


def _deal(session: Session, offer_id: int) -> int:
    offer = wishes.offer(session, offer_id)
    if offer is None:
        raise NotFound("There is no such deal.")
    return offer.deal_id or offer.id
