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
from service.members.finding import member
from service.notice import Count
from service.secret_key import both
from service.settings import Settings
from service.store import audit, consents, erasures, identities, lists, pocket
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import ConsentChannel, Purpose
from service.store.tables.household import IdentityKind
from service.store.tables.pocket import YES, PocketItem, PocketSession, PocketWord, WordKind
from service.store.tables.shopping_list import ListState, ShoppingList

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
class Word:
    """A phone's word on a line: its own name for the word, what it says, and when it was said."""

    key: str
    kind: WordKind
    line: int
    text: str
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
    with database.write() as session:
        found = lists.of_page(session, page_digests(settings.secret_key, code.strip().lower()))
        if found is None:
            raise NotFound("This code is not known.")
        token = add_session(session, settings, found, known_at=None, now=now)
    tried.was_right()
    return token


def add_session(
    session: Session,
    settings: Settings,
    shown: ShoppingList,
    *,
    known_at: datetime | None,
    now: datetime,
) -> str:
    """Open a household's page for a browser, in the caller's transaction: its token."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row = PocketSession(
        token_digest=token_digest(settings.secret_key, _PURPOSE, token),
        household_id=shown.household_id,
        list_id=shown.id,
        opened_at=now,
        seen_at=now,
        known_at=known_at,
    )
    pocket.add_session(session, row)
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
    words: list[Word],
    items: list[OwnItem],
    now: datetime,
) -> None:
    """Take what a phone did, in whatever order it comes and however often.

    Of each line and item the newest word counts, so that all phones of a household agree in the
    end; a phone whose clock is ahead is taken at its word for five minutes at most. Words on a list
    that is not the household's are dropped. Raises InvalidInput for texts that are too long or
    too many, Forbidden for notes and items of a browser that is not known.
    """
    writes = bool(items) or any(word.kind is WordKind.NOTE for word in words)
    if writes and not holder.is_known:
        raise Forbidden("Show a card or telephone number of the household first.")
    with database.write() as session:
        for word in _own_lines(session, holder, list_id, words):
            pocket.set_word(
                session,
                PocketWord(
                    list_id=list_id, line=word.line, kind=word.kind.value, text=_said(word),
                    said_at=min(word.said_at, now + _AHEAD), key=word.key,
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


def close_pages(database: Database, ref: str, *, by: Actor, now: datetime) -> tuple[int, int]:
    """Revoke the codes of a household's letters and end its browsers: how many of each.

    For a letter or a phone in the wrong hands; lists stay good at the till, and the next letter
    opens a page again. Raises NotFound, Conflict for a household that was erased.
    """
    with database.write() as session:
        household_id = member(session, ref).id
        closed = (
            lists.revoke_pages(session, household_id),
            pocket.end_sessions_of(session, household_id),
        )
        audit.add(session, by, "close_pages", "household", household_id, at=now)
    return closed


def forget_sessions(database: Database, *, now: datetime) -> int:
    """End the sessions of browsers that were not here for long; how many."""
    with database.write() as session:
        return pocket.end_sessions(session, before=now - timedelta(days=SESSION_DAYS))


def _own_lines(session: Session, holder: Holder, list_id: int, words: list[Word]) -> list[Word]:
    """The words on lines of a list that this browser may tick."""
    found = lists.get(session, list_id)
    is_shown = list_id == holder.list_id or holder.is_known
    if found is None or found.household_id != holder.household_id or not is_shown:
        return []
    if found.state == ListState.DRAFT:
        return []
    known = {each.line for each in lists.lines_and_uses(session, list_id)}
    return [word for word in words if word.line in known]


def _said(word: Word) -> str:
    """The text of a word as it is stored."""
    if word.kind is not WordKind.NOTE:
        return YES if word.text else ""
    return _written(word.text) if word.text.strip() else ""


def _item(holder: Holder, item: OwnItem, now: datetime) -> PocketItem:
    return PocketItem(
        household_id=holder.household_id, id=item.id, text=_written(item.text),
        ticked=item.ticked, gone=item.gone, said_at=min(item.said_at, now + _AHEAD), key=item.key,
    )  # fmt: skip


def _written(said: str) -> str:
    text = " ".join(said.split())
    if not text or len(text) > MOST_TEXT or not text.isprintable():
        raise InvalidInput(
            "What you write has 1 to %(number)s characters.", number=Count(MOST_TEXT)
        )
    return text


def _require_let_in(wait_seconds: int) -> None:
    if wait_seconds:
        raise Throttled("Too many tries: wait a few minutes.", retry_seconds=wait_seconds)
