"""API keys: shown once when they are made, stored as digests, revoked at any time."""

import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from service.digests import api_key_digest
from service.engine.texts import clean
from service.errors import InvalidInput, NotFound
from service.settings import Settings
from service.store import access, catalogue
from service.store.session import Database
from service.store.tables.access import ApiKey, Role

KEY_SECONDS = 5.0
"""How long a process may still accept a key after it was revoked."""

_HINT_CHARACTERS = 6
_MAX_CACHED = 10_000
_STORE = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of a presented key. `store_id` or `supplier_id` restrict the key to one."""

    key_id: int
    role: Role
    store_id: str | None
    supplier_id: int | None


def add_key(
    database: Database,
    settings: Settings,
    *,
    role: Role,
    store_id: str | None = None,
    supplier: str | None = None,
) -> tuple[int, str]:
    """Make a key; returns its number and the key itself, which cannot be read again later.

    A pos key belongs to a store, which is added when it is new; a supplier key to a supplier.
    Raises InvalidInput when store or supplier do not fit the role, NotFound when the supplier is
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
    presented = f"larder_{role}_{secrets.token_urlsafe(32)}"
    with database.write() as session:
        supplier_id = None
        if supplier is not None:
            found = catalogue.supplier_by_name(session, clean(supplier))
            if found is None:
                raise NotFound(f"There is no supplier called {supplier!r}.")
            supplier_id = found.id
        if store_id is not None:
            catalogue.ensure_stores(session, [store_id], timezone=settings.timezone)
        key = access.add(
            session,
            ApiKey(
                digest=api_key_digest(settings.secret_key, presented),
                hint=presented[-_HINT_CHARACTERS:],
                role=role,
                store_id=store_id,
                supplier_id=supplier_id,
                created_at=datetime.now(UTC),
            ),
        )
    return key.id, presented


def list_keys(database: Database) -> list[ApiKey]:
    """Every key ever made, oldest first, without the keys themselves."""
    with database.read() as session:
        return access.all_keys(session)


def revoke_key(database: Database, key_id: int) -> None:
    """Revoke a key. Raises NotFound when no key has that number.

    Processes that have cached the key refuse it at most `KEY_SECONDS` later.
    """
    with database.write() as session:
        if access.revoke(session, key_id, at=datetime.now(UTC)) is None:
            raise NotFound(f"There is no key number {key_id}.")


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
    """The owner of a key; None for an unknown or revoked key."""
    with database.read() as session:
        key = access.live_key(session, api_key_digest(settings.secret_key, presented))
    if key is None:
        return None
    return Caller(key.id, Role(key.role), key.store_id, key.supplier_id)
