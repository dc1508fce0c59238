"""The list in the pocket: opened by the code on the letter, known by a card, shared by a household.

Whoever holds the letter sees the list that is printed on it, and ticks it; only whoever shows a
card or a telephone number of the household once sees more. Tries are counted in the database, over
all processes, before they are looked at.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.admin.people.throttle import begin_try
from service.digests import page_digests, token_digest
from service.errors import Forbidden, InvalidInput, NotFound, Throttled, Unauthorized
from service.members.consents import Said, add_said
from service.notice import Count
from service.secret_key import both
from service.settings import Settings
from service.store import consents, erasures, identities, lists, pocket
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import ConsentChannel, Purpose
from service.store.tables.household import IdentityKind
from service.store.tables.pocket import PocketItem, PocketMark, PocketSession
from service.store.tables.shopping_list import ListState

SESSION_DAYS = 90
"""A browser that was not here for so long must open the letter's code again."""

MOST_ITEMS = 500
MOST_TEXT = 80
HOUSEHOLD = Actor("household")
"""Who writes what a household says on its page."""

_PURPOSE = "pocket"
_SEEN_EVERY = timedelta(hours=1)
_AHEAD = timedelta(minutes=5)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Holder:
    """Who looks: a browser of a household, the list it shows, and whether a card was shown."""

    token_digest: str
    household_id: int
    list_id: int
    is_known: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A phone's word on a line: its own name for the word, when it was said, ticked or not."""

    key: str
    line: int
    ticked: bool
    said_at: datetime


@dataclass(frozen=True, slots=True)
class OwnItem:
    """A phone's word on something of the household's own; `id` is the phone's name for it."""

    key: str
    id: str
    text: str
    ticked: bool
    gone: bool
    said_at: datetime


def open_page(
    database: Database, settings: Settings, code: str, *, address: str, now: datetime
) -> str:
    """The token of a new session for whoever has the code of a list's page.

    Raises NotFound for a code that is not known or was revoked, Throttled after many such.
    """
    tried = begin_try(database, settings, email=None, address=address, now=now)
    _require_let_in(tried.wait_seconds)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with database.write() as session:
        found = lists.of_page(session, page_digests(settings.secret_key, code.strip().lower()))
        if found is None:
            raise NotFound("This code is not known.")
        pocket.add_session(
            session,
            PocketSession(
                token_digest=token_digest(settings.secret_key, _PURPOSE, token),
                household_id=found.household_id,
                list_id=found.id,
                opened_at=now,
                seen_at=now,
            ),
        )
    tried.was_right()
    return token


def holder_of(database: Database, settings: Settings, token: str, *, now: datetime) -> Holder:
    """Who holds a token. Raises Unauthorized for one that is not known or too old."""
    digests = [token_digest(key, _PURPOSE, token) for key in both(settings.secret_key)]
    with database.read() as session:
        row = pocket.session_of(session, digests if token else [])
        gone = row is None or erasures.of_household(session, row.household_id) is not None
    if row is None or gone or row.seen_at < now - timedelta(days=SESSION_DAYS):
        raise Unauthorized("Open the code on your letter again.")
    if row.seen_at < now - _SEEN_EVERY:
        with database.write() as session:
            pocket.see(session, row.token_digest, at=now)
    return Holder(row.token_digest, row.household_id, row.list_id, row.known_at is not None)


def become_known(
    database: Database,
    settings: Settings,
    holder: Holder,
    number: str,
    *,
    address: str,
    now: datetime,
) -> None:
    """Let a browser see all that is the household's, by a card or telephone number of it.

    Raises InvalidInput for a number of nobody or of another household, which are not told apart,
    and Throttled after many tries for one household or from one network.
    """
    owner = f"pocket {holder.household_id}"
    tried = begin_try(database, settings, email=owner, address=address, now=now)
    _require_let_in(tried.wait_seconds)
    with database.read() as session:
        found = {
            identities.household_of(
                session, settings.secret_key, kind, number, country=settings.country
            )
            for kind in IdentityKind
        }
    if holder.household_id not in found:
        raise InvalidInput("This is no card or telephone number of this household.")
    with database.write() as session:
        pocket.know(session, holder.token_digest, at=now)
    tried.was_right()


def leave(database: Database, holder: Holder) -> None:
    """End the session of a browser."""
    with database.write() as session:
        pocket.end_sessions(session, token_digest=holder.token_digest)


def tell(
    database: Database,
    holder: Holder,
    *,
    list_id: int,
    ticks: list[Tick],
    items: list[OwnItem],
    now: datetime,
) -> None:
    """Take what a phone did, in whatever order it comes and however often.

    Of each line and item the newest word counts, so that all phones of a household agree in the
    end; a phone whose clock is ahead is taken at its word for five minutes at most. Ticks of a list
    that is not the household's are dropped. Raises InvalidInput for texts that are too long or
    too many, Forbidden for items of a browser that is not known.
    """
    if items and not holder.is_known:
        raise Forbidden("Show a card or telephone number of the household first.")
    with database.write() as session:
        for tick in _own_lines(session, holder, list_id, ticks):
            pocket.set_mark(
                session,
                PocketMark(
                    list_id=list_id, line=tick.line, ticked=tick.ticked,
                    said_at=min(tick.said_at, now + _AHEAD), key=tick.key,
                ),
            )  # fmt: skip
        if items and pocket.count_items(session, holder.household_id) + len(items) > MOST_ITEMS:
            raise InvalidInput(
                "A household writes at most %(number)s things.", number=Count(MOST_ITEMS)
            )
        for item in items:
            pocket.set_item(session, _item(holder, item, now))


def opt_out(database: Database, holder: Holder, *, now: datetime) -> None:
    """Take consent to letters back; whoever holds a letter may, without showing a card."""
    said = Said(Purpose.LETTER, granted=False, channel=ConsentChannel.PAGE, place="page")
    with database.write() as session:
        add_said(session, holder.household_id, said, by=HOUSEHOLD, now=now)


def gets_letters(session: Session, household_id: int) -> bool:
    """Whether the household agrees to letters now."""
    letter = consents.current(session, household_id).get(Purpose.LETTER)
    return letter is not None and letter.granted


def forget_sessions(database: Database, *, now: datetime) -> int:
    """End the sessions of browsers that were not here for long; how many."""
    with database.write() as session:
        return pocket.end_sessions(session, before=now - timedelta(days=SESSION_DAYS))


def _own_lines(session: Session, holder: Holder, list_id: int, ticks: list[Tick]) -> list[Tick]:
    """The ticks of lines of a list that this browser may tick."""
    found = lists.get(session, list_id)
    is_shown = list_id == holder.list_id or holder.is_known
    if found is None or found.household_id != holder.household_id or not is_shown:
        return []
    if found.state == ListState.DRAFT:
        return []
    known = {each.line for each in lists.lines_and_uses(session, list_id)}
    return [tick for tick in ticks if tick.line in known]


def _item(holder: Holder, item: OwnItem, now: datetime) -> PocketItem:
    text = " ".join(item.text.split())
    if not text or len(text) > MOST_TEXT or not text.isprintable():
        raise InvalidInput(
            "What you write has 1 to %(number)s characters.", number=Count(MOST_TEXT)
        )
    return PocketItem(
        household_id=holder.household_id, id=item.id, text=text, ticked=item.ticked,
        gone=item.gone, said_at=min(item.said_at, now + _AHEAD), key=item.key,
    )  # fmt: skip


def _require_let_in(wait_seconds: int) -> None:
    if wait_seconds:
        raise Throttled("Too many tries: wait a few minutes.", retry_seconds=wait_seconds)
