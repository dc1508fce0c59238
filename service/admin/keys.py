"""API keys: made once, shown once, stored as digests, revoked at any time."""

import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from service.digests import api_key_digest
from service.errors import InvalidInput, NotFound
from service.settings import Settings
from service.store import access, catalogue
from service.store.session import Database
from service.store.tables.access import ApiKey, Role

KEY_SECONDS = 5.0
"""How long a key may still be accepted after it was revoked."""

_HINT_CHARACTERS = 6
_KEYS_HELD = 10_000
_STORE = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a presented key belongs to; `store_id` and `supplier_id` bind it when set."""

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
    """Make a key; its number and the key itself, which cannot be read again.

    A pos key is bound to a store, which is added when it is new, and a supplier key to a supplier.
    Raises InvalidInput when the binding does not fit the role, NotFound for an unknown supplier.
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
            found = catalogue.supplier_named(session, supplier)
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
    """Every key ever made, oldest first; the keys themselves are not known any more."""
    with database.read() as session:
        return access.all_keys(session)


def revoke_key(database: Database, key_id: int) -> None:
    """End a key. Raises NotFound when there is none with that number.

    Services that hold it in memory refuse it at the latest `KEY_SECONDS` later.
    """
    with database.write() as session:
        if access.revoke(session, key_id, at=datetime.now(UTC)) is None:
            raise NotFound(f"There is no key number {key_id}.")


class Keyring:
    """Keys seen a moment ago, so that a till's key is not looked up for every basket.

    A revoked key is refused at the latest `KEY_SECONDS` later. Keys are held as digests, and keys
    that are not known never.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._known: dict[str, tuple[Caller, float]] = {}

    def cached(self, presented: str) -> Caller | None:
        """Whose key this is if it was looked up a moment ago."""
        digest = api_key_digest(self._settings.secret_key, presented)
        caller, until = self._known.get(digest, (None, 0.0))
        return caller if time.monotonic() < until else None

    def look_up(self, presented: str) -> Caller | None:
        """Whose key this is; None for an unknown or revoked one."""
        caller = authenticate(self._database, self._settings, presented)
        digest = api_key_digest(self._settings.secret_key, presented)
        if caller is None:
            self._known.pop(digest, None)
            return None
        if len(self._known) >= _KEYS_HELD:
            self._known.clear()
        self._known[digest] = (caller, time.monotonic() + KEY_SECONDS)
        return caller


def authenticate(database: Database, settings: Settings, presented: str) -> Caller | None:
    """Whose key this is; None for an unknown or revoked one."""
    with database.read() as session:
        key = access.live_key(session, api_key_digest(settings.secret_key, presented))
    if key is None:
        return None
    return Caller(key.id, Role(key.role), key.store_id, key.supplier_id)
