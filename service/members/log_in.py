"""Log in to the pocket without the letter: by card or number, with a code that is sent.

Asking only writes down what was typed, so that the answer and its time are the same whoever has
that card, or nobody. A worker looks it up, and sends a code where the household agreed to be
written to. A code is of the browser that asked for it, is good for ten minutes, and is used once.
"""

import hmac
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from service.admin.people.throttle import ADDRESS_TIMES, begin_try, count_try, network_of
from service.digests import normal_identity, token_digest
from service.errors import Misconfigured, NotFound, Throttled
from service.members.pocket import add_session
from service.sealing import ASKED, PHONES, Sealer
from service.sending.outbox import Written, put
from service.sending.words import code_text
from service.settings import Settings
from service.store import consents, household_views, identities, messages, pocket, pocket_log_ins
from service.store.session import Database
from service.store.tables.consent import Purpose
from service.store.tables.household import IdentityKind
from service.store.tables.message import MessageWay
from service.store.tables.pocket import PocketLogIn

logger = logging.getLogger("larder.messages")

CODE_MINUTES = 10
CODE_DIGITS = 6
TRIES = 5
"""How often a code may be typed wrongly."""

CODES_OF_NUMBER = 3
"""How many codes one card or number gets in ten minutes, and one household, below, in a day."""
CODES_OF_HOUSEHOLD = 10

PURPOSE = "log_in_code"
_GOOD_FOR = timedelta(minutes=CODE_MINUTES)
_AT_ONCE = 50
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Reach:
    """Where a household may be written to."""

    way: MessageWay
    to: str


def ask(database: Database, settings: Settings, number: str, *, address: str, now: datetime) -> str:
    """Ask for a code by a card or number: what the browser that asked must show with the code.

    It says nothing of whether anybody has that card. Raises Throttled after many such, by number,
    by network, or of everybody together, and NotFound where no messages
    are sent.
    """
    if not settings.sends_messages:
        raise NotFound("No codes are sent here.")
    network = network_of(address)
    owner = f"code {normal_identity('card', number)}"
    of_network = settings.log_in_tries * ADDRESS_TIMES
    for who, most, where, of_where in (
        (owner, CODES_OF_NUMBER, f"codes {network}", of_network),
        ("codes", settings.codes_most, "codes", settings.codes_most),
    ):
        tried = count_try(
            database, settings, owner=who, most=most, network=where, of_network=of_where, now=now
        )
        if tried.wait_seconds:
            raise Throttled("Too many tries: wait a few minutes.", retry_seconds=tried.wait_seconds)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row = PocketLogIn(
        token_digest=_token_digest(settings, token),
        number_sealed=Sealer(settings.secret_key, ASKED).seal(number.strip()),
        asked_at=now,
        code_digest="",
        tries=0,
    )
    with database.write() as session:
        pocket_log_ins.add(session, row)
    return token


def answer_asked(database: Database, settings: Settings) -> int:
    """Put codes into the outbox for who asked since; how many asked. Safe to repeat."""
    with database.read() as session:
        if not pocket_log_ins.is_any_asked(session):
            return 0
    now = datetime.now(UTC)
    with database.write() as session:
        asked = pocket_log_ins.asked(session, limit=_AT_ONCE)
        for row in asked:
            _answer(session, settings, row, now=now)
        return len(asked)


def enter(
    database: Database, settings: Settings, token: str, code: str, *, address: str, now: datetime
) -> str | None:
    """The token of a session of the household for whoever types the code; None for a wrong one.

    A code that was used, is too old or was tried too often is wrong too, and so is every code for
    a card that nobody has. Raises Throttled after many wrong ones from one network.
    """
    tried = begin_try(database, settings, email=None, address=address, now=now)
    if tried.wait_seconds:
        raise Throttled("Too many tries: wait a few minutes.", retry_seconds=tried.wait_seconds)
    digest = _token_digest(settings, token)
    typed = _code_digest(settings, digest, "".join(filter(str.isdigit, code)))
    with database.write() as session:
        row = pocket_log_ins.begin_try(session, digest, since=now - _GOOD_FOR, most=TRIES)
    if row is None or not hmac.compare_digest(row.code_digest, typed):
        return None
    with database.write() as session:
        found = pocket.newest_printed(session, row.household_id or 0)
        if found is None or not pocket_log_ins.use(session, digest, at=now):
            return None
        opened = add_session(session, settings, found, known_at=now, now=now)
    tried.was_right()
    return opened


def forget_old(database: Database, *, now: datetime) -> None:
    """Remove what was asked so long ago that no code of it is good."""
    with database.write() as session:
        pocket_log_ins.forget(session, before=now - timedelta(days=1))


def _answer(session: Session, settings: Settings, row: PocketLogIn, *, now: datetime) -> None:
    """Look up whose card it is, and write to them where they agreed to that."""
    number = _opened(settings, ASKED, row.number_sealed)
    row.number_sealed, row.answered_at = "", now
    household_id = _household_of(session, settings, number)
    if household_id is None or row.asked_at <= now - _GOOD_FOR:
        return
    reach = _reach(session, settings, household_id)
    sent = messages.count_of_household(session, household_id, since=now - timedelta(days=1))
    is_listed = pocket.newest_printed(session, household_id) is not None
    household = household_views.get(session, household_id)
    if reach is None or household is None or sent >= CODES_OF_HOUSEHOLD or not is_listed:
        return
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row.household_id = household_id
    row.code_digest = _code_digest(settings, row.token_digest, code)
    subject, body = code_text(
        household.language, code=code, retailer=settings.retailer, minutes=CODE_MINUTES
    )
    written = Written(
        household_id, PURPOSE, reach.way, reach.to, subject, body, row.asked_at + _GOOD_FOR
    )
    put(session, settings, written, now=now)


def _household_of(session: Session, settings: Settings, number: str) -> int | None:
    found = (
        identities.household_of(
            session, settings.secret_key, kind, number, country=settings.country
        )
        for kind in IdentityKind
    )
    return next((each for each in found if each is not None), None)


def _reach(session: Session, settings: Settings, household_id: int) -> _Reach | None:
    """By e-mail if that goes out and was agreed to, else by text message if that does."""
    contact = household_views.contact(session, household_id)
    if contact is None:
        return None
    agreed = {
        purpose for purpose, said in consents.current(session, household_id).items() if said.granted
    }
    if settings.email_channel and contact.email and Purpose.EMAIL in agreed:
        return _Reach(MessageWay.EMAIL, contact.email)
    if settings.sms_channel and contact.phone_sealed and Purpose.SMS in agreed:
        phone = _opened(settings, PHONES, contact.phone_sealed)
        return _Reach(MessageWay.SMS, phone) if phone else None
    return None


def _opened(settings: Settings, purpose: str, sealed: str) -> str:
    """A sealed text; empty when it is under a lost key, so that others get their codes."""
    try:
        return Sealer(settings.secret_key, purpose).open(sealed)
    except Misconfigured as error:
        logger.error("a code is not sent: %s", error.detail)
        return ""


def _token_digest(settings: Settings, token: str) -> str:
    return token_digest(settings.secret_key, "pocket-log-in", token)


def _code_digest(settings: Settings, owner: str, code: str) -> str:
    return token_digest(settings.secret_key, "pocket-code", f"{owner}:{code}")
