"""Where a household may be written to: its e-mail address and its number, each with its consent."""

import re
from dataclasses import dataclass
from datetime import datetime

from service.engine import identities as engine
from service.engine.texts import clean
from service.errors import Conflict, InvalidInput
from service.members.finding import member
from service.sealing import PHONES, Sealer
from service.settings import Settings
from service.store import audit, consents, household_views, households
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import Purpose

_EMAIL = re.compile(engine.EMAIL)


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a household may be written to; empty where it may not."""

    email: str
    phone: str


def ways(database: Database, settings: Settings, ref: str) -> Ways:
    """Where a household may be written to. Raises as `member` does."""
    with database.read() as session:
        contact = household_views.contact(session, member(session, ref).id)
    if contact is None:
        return Ways("", "")
    phone = Sealer(settings.secret_key, PHONES).open(contact.phone_sealed)
    return Ways(contact.email, phone)


def change(
    database: Database,
    settings: Settings,
    ref: str,
    *,
    email: str | None = None,
    phone: str | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Change the e-mail address or the number to write to; None leaves it, empty removes it.

    Cards and phones that tills know a household by are not touched. Raises InvalidInput for what is
    no address or number, and Conflict without the consent to use it.
    """
    if email is not None:
        email = clean(email).strip()
        if email and not _EMAIL.fullmatch(email):
            raise InvalidInput("This is no e-mail address, such as ada@example.org.")
    sealed = None if phone is None else _sealed(settings, clean(phone).strip())
    with database.write() as session:
        household_id = member(session, ref).id
        agreed = {
            purpose for purpose, said in consents.current(session, household_id).items()
            if said.granted
        }  # fmt: skip
        for value, purpose in ((email, Purpose.EMAIL), (sealed, Purpose.SMS)):
            if value and purpose not in agreed:
                raise Conflict("The household did not agree to be written to on this way.")
        households.change_ways(session, household_id, email=email, phone_sealed=sealed)
        changed = [
            name for name, value in (("email", email), ("phone", sealed)) if value is not None
        ]
        audit.add(
            session, by, "change_contact", "household", household_id, at=now,
            detail={"changed": changed},
        )  # fmt: skip


def _sealed(settings: Settings, phone: str) -> str:
    if not phone:
        return ""
    if engine.phone_fault(phone, country=settings.country):
        raise InvalidInput("This is no telephone number, such as +14195550142.")
    number = engine.forms("phone", phone, country=settings.country)[0].text
    return Sealer(settings.secret_key, PHONES).seal(f"+{number}")
