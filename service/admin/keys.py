"""API keys: shown once when they are made, stored as digests, revoked at any time."""

import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from service.admin.person import Person
from service.digests import api_key_digest, key_mark
from service.engine.rights import Right
from service.engine.texts import clean
from service.errors import Forbidden, InvalidInput, NotFound
from service.secret_key import both
from service.settings import Settings
from service.store import access, audit, catalogue, people
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.access import ApiKey, Role

KEY_SECONDS = 5.0
"""How long a process may still accept a key after it was revoked."""

_SUBJECT = "key"
_HINT_CHARACTERS = 6
_MAX_CACHED = 10_000
_STORE = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of a presented key. `store_id` or `supplier_id` restrict the key to one.

    What is done with it counts as done by `person`, if it is bound to one.
    """

    key_id: int
    role: Role
    store_id: str | None
    supplier_id: int | None
    person: Person | None = None

    @property
    def actor(self) -> Actor:
        """The key in an audit trail, and the person behind it."""
        key = f"key {self.key_id}"
        return Actor(key) if self.person is None else self.person.acting(key)


def add_key(
    database: Database,
    settings: Settings,
    *,
    role: Role,
    store_id: str | None = None,
    supplier: str | None = None,
    person_id: int | None = None,
    by: Actor = SERVICE,
) -> tuple[int, str]:
    """Make a key; returns its number and the key itself, which cannot be read again later.

    A pos key belongs to a store, which is added when it is new; a supplier key to a supplier. What
    is done with a key that is bound to a person counts as done by that person. Raises InvalidInput
    when store, supplier or person do not fit the role, NotFound when supplier or person are
    unknown.
    """
    if (store_id is not None) != (role is Role.POS):
        raise InvalidInput("A pos key needs a store, and only a pos key has one.")
    if store_id is not None and not _STORE.fullmatch(store_id):
        raise InvalidInput(
            "A store has 1 to 64 characters, none of them blank, as its tills send it."
        )
    if (supplier is not None) != (role is Role.SUPPLIER):
        raise InvalidInput("A supplier key needs a supplier, and only a supplier key has one.")
    _require_personal(role, person_id, by)
    presented = f"larder_{role}_{secrets.token_urlsafe(32)}"
    now = datetime.now(UTC)
    with database.write() as session:
        supplier_id = None
        if supplier is not None:
            found = catalogue.supplier_by_name(session, clean(supplier))
            if found is None:
                raise NotFound(f"There is no supplier called {supplier!r}.")
            supplier_id = found.id
        if person_id is not None:
            _require_person(session, person_id)
        if store_id is not None:
            catalogue.ensure_stores(session, [store_id], timezone=settings.timezone)
        key = access.add(
            session,
            ApiKey(
                digest=api_key_digest(settings.secret_key, presented),
                key_mark=key_mark(settings.secret_key),
                hint=presented[-_HINT_CHARACTERS:],
                role=role,
                store_id=store_id,
                supplier_id=supplier_id,
                person_id=person_id,
                created_at=now,
            ),
        )
        detail = {"role": role, "store": store_id, "supplier": supplier, "person": person_id}
        audit.add(session, by, "add", _SUBJECT, key.id, at=now, detail=detail)
    return key.id, presented


def list_keys(database: Database) -> list[ApiKey]:
    """Every key ever made, oldest first, without the keys themselves."""
    with database.read() as session:
        return access.all_keys(session)


def bind_key(
    database: Database, key_id: int, person_id: int | None, *, by: Actor = SERVICE
) -> None:
    """Bind a key to a person, or to nobody (None), for what is done with it from now on.

    Raises NotFound when there is no such key or person, InvalidInput for the key of a till or a
    supplier, Forbidden when a person who does not manage people binds it to somebody else.
    """
    with database.write() as session:
        key = access.get(session, key_id)
        if key is None:
            raise _unknown(key_id)
        _require_personal(Role(key.role), person_id, by)
        if person_id is not None:
            _require_person(session, person_id)
        detail = {"from": key.person_id, "to": person_id}
        key.person_id = person_id
        audit.add(session, by, "bind", _SUBJECT, key_id, at=datetime.now(UTC), detail=detail)


def revoke_key(database: Database, key_id: int, *, by: Actor = SERVICE) -> None:
    """Revoke a key. Raises NotFound when no key has that number.

    Processes that have cached the key refuse it at most `KEY_SECONDS` later.
    """
    now = datetime.now(UTC)
    with database.write() as session:
        if access.revoke(session, key_id, at=now) is None:
            raise _unknown(key_id)
        audit.add(session, by, "revoke", _SUBJECT, key_id, at=now)


class Keyring:
    """A cache of keys, so that a till's key is not looked up for every basket.

    A revoked key is refused at most `KEY_SECONDS` later. Keys are cached as digests; unknown keys
    are not cached.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._known: dict[str, tuple[Caller, float]] = {}

    def cached(self, presented: str) -> Caller | None:
        """The owner of a key that was looked up less than `KEY_SECONDS` ago; else None."""
        digest = api_key_digest(self._settings.secret_key, presented)
        caller, until = self._known.get(digest, (None, 0.0))
        return caller if time.monotonic() < until else None

    def look_up(self, presented: str) -> Caller | None:
        """The owner of a key; None for an unknown or revoked key."""
        caller = authenticate(self._database, self._settings, presented)
        digest = api_key_digest(self._settings.secret_key, presented)
        if caller is None:
            self._known.pop(digest, None)
            return None
        if len(self._known) >= _MAX_CACHED:
            self._known.clear()
        self._known[digest] = (caller, time.monotonic() + KEY_SECONDS)
        return caller


def authenticate(database: Database, settings: Settings, presented: str) -> Caller | None:
    """The owner of a key; None for an unknown or revoked key, and for that of a disabled person.

    A key that is known under the secret key before is known under the new one from then on.
    """
    digest, *former = [api_key_digest(each, presented) for each in both(settings.secret_key)]
    with database.read() as session:
        key = access.live_key(session, [digest, *former])
        row = people.get(session, key.person_id) if key and key.person_id else None
    if key is None or (row is not None and row.disabled_at is not None):
        return None
    if key.digest != digest:
        with database.write() as session:
            access.renew(session, key.id, digest, key_mark(settings.secret_key))
    person = Person.of(row) if row is not None else None
    return Caller(key.id, Role(key.role), key.store_id, key.supplier_id, person)


def _require_personal(role: Role, person_id: int | None, by: Actor) -> None:
    if person_id is None:
        return
    if role in (Role.POS, Role.SUPPLIER):
        raise InvalidInput(
            "A %(role)s key is a machine's: it cannot be bound to a person.", role=role
        )
    # Who holds the key acts as that person; a machine's administrator is believed.
    if by.person_id not in (None, person_id) and not by.may(Right.MANAGE_PEOPLE):
        raise Forbidden("You can bind a key to yourself; only an admin can to somebody else.")


def _require_person(session: Session, person_id: int) -> None:
    row = people.get(session, person_id)
    if row is None or row.disabled_at is not None or row.account_id is not None:
        raise NotFound("There is no such person, or they are disabled.")


def _unknown(key_id: int) -> NotFound:
    return NotFound(f"There is no key number {key_id}.")
