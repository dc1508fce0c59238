"""What a household agrees to, and takes back: said by itself, at the desk, or by a machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from service.digests import page_digests
from service.engine.texts import clean
from service.errors import InvalidInput, NotFound
from service.members.finding import member
from service.notice import Count
from service.settings import Settings
from service.store import audit, consents, lists, work
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.consent import Consent, ConsentChannel, Purpose

SUBJECT = "household"
"""What the audit trail calls it."""

MOST_WORDING = 2000
MOST_PLACE = 200
MOST_VERSION = 64


@dataclass(frozen=True, slots=True)
class Said:
    """What a household said of a purpose: yes or no, on which way, asked in which words, and where.

    A yes needs the wording that it answers, with its version.
    """

    purpose: Purpose
    granted: bool
    channel: ConsentChannel
    wording: str = ""
    wording_version: str = ""
    place: str = ""


def say(database: Database, ref: str, said: Said, *, by: Actor, now: datetime) -> Sequence[Consent]:
    """Add what a household said; saying again what it said last adds nothing.

    Returns all that it ever said, the newest first. Raises NotFound, Conflict for one that was
    erased, and InvalidInput for a yes without its wording.
    """
    said = _checked(said)
    with database.write() as session:
        household_id = member(session, ref).id
        add_said(session, household_id, said, by=by, now=now)
        return consents.of_household(session, household_id)


def show(database: Database, ref: str) -> Sequence[Consent]:
    """All that a household said, the newest first. Raises NotFound, Conflict as `say` does."""
    with database.read() as session:
        return consents.of_household(session, member(session, ref).id)


def opt_out(database: Database, settings: Settings, code: str, *, now: datetime) -> None:
    """Take consent to letters back for whoever holds a letter, by the code of its page.

    No log-in: it is as easy as it was to be sent one. Doing it again changes nothing. Raises
    NotFound for a code that is not known or was revoked.
    """
    said = Said(Purpose.LETTER, granted=False, channel=ConsentChannel.LETTER_CODE, place="letter")
    with database.write() as session:
        found = lists.of_page(session, page_digests(settings.secret_key, code.strip().lower()))
        if found is None:
            raise NotFound("This code is not known.")
        add_said(session, found.household_id, said, by=SERVICE, now=now)


def add_said(session: Session, household_id: int, said: Said, *, by: Actor, now: datetime) -> bool:
    """Add what a household said, in the caller's transaction; False where it said so before."""
    before = consents.current(session, household_id).get(said.purpose)
    if before is not None and before.granted == said.granted:
        return False
    consents.add(
        session,
        Consent(
            household_id=household_id,
            purpose=said.purpose.value,
            granted=said.granted,
            channel=said.channel.value,
            wording=said.wording,
            wording_version=said.wording_version,
            said_at=now,
            recorded_at=now,
            place=said.place,
            actor=by.name,
            person_id=by.person_id,
        ),
    )
    if said.purpose is Purpose.PROFILE and not said.granted:
        lists.remove_drafts(session, [household_id], until=date.max)
    if said.purpose is Purpose.DIET and not said.granted:
        # What it does not eat was deleted: its next list knows nothing of it.
        work.mark_due(session, household_id, at=now)
    detail = {"purpose": said.purpose.value, "channel": said.channel.value}
    act = "consent" if said.granted else "take_back_consent"
    audit.add(session, by, act, SUBJECT, household_id, at=now, detail=detail)
    return True


def _checked(said: Said) -> Said:
    wording, version = clean(said.wording).strip(), clean(said.wording_version).strip()
    place = clean(said.place).strip()
    if said.granted and not (wording and version):
        raise InvalidInput("A consent needs the words that it answers, and their version.")
    for text, most in ((wording, MOST_WORDING), (version, MOST_VERSION), (place, MOST_PLACE)):
        if len(text) > most:
            raise InvalidInput(
                "Wording, version and place have at most %(wording)s, %(version)s and %(place)s "
                "characters.",
                wording=Count(MOST_WORDING),
                version=Count(MOST_VERSION),
                place=Count(MOST_PLACE),
            )
    return Said(said.purpose, said.granted, said.channel, wording, version, place)
