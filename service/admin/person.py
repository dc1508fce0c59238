"""People as the rest of the service sees them: without their secrets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.engine.rights import PersonRole, Right, rights_of
from service.engine.texts import clean
from service.errors import InvalidInput
from service.settings import Settings
from service.store.actor import Actor
from service.store.tables.person import PersonRow

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class Side(StrEnum):
    """Whose people somebody is one of: it decides where they can log in."""

    RETAILER = "retailer"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an e-mail address and roles; `disabled` people can do nothing.

    A person of a supplier has its account in `account_id`, and no roles.
    """

    id: int
    name: str
    email: str
    roles: tuple[PersonRole, ...]
    language: str
    disabled: bool
    account_id: int | None = None

    @classmethod
    def of(cls, row: PersonRow) -> "Person":
        """The person of a row."""
        return cls(
            row.id, row.name, row.email, tuple(row.roles), row.language,
            row.disabled_at is not None, row.account_id,
        )  # fmt: skip

    @property
    def side(self) -> Side:
        """Whose they are."""
        return Side.RETAILER if self.account_id is None else Side.SUPPLIER

    @property
    def rights(self) -> frozenset[Right]:
        """What they may do: nothing when they are disabled."""
        return frozenset() if self.disabled else rights_of(self.roles)

    def may(self, right: Right) -> bool:
        """Whether they have a right."""
        return right in self.rights

    def acting(self, through: str = "") -> Actor:
        """Them in an audit trail; `through` names the key or the user of a machine they use."""
        name = f"{self.name}, {through}" if through else self.name
        return Actor(name, None if self.disabled else self.id, self.rights)


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """A person as whoever manages people sees them."""

    person: Person
    os_user: str | None
    has_password: bool
    has_totp: bool
    passkeys: int
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link for one person to set a password with, once; `token` cannot be read again later."""

    person: Person
    token: str = field(repr=False)
    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewSession:
    """Somebody has just logged in. `token` goes into the cookie, `csrf` into every form."""

    person: Person
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NeedsSecond:
    """The password was right, and a second factor is missing: a code, a passkey or either.

    `ticket` stands for the right password in `give_second`, for ten minutes. Without `by_code` the
    person has passkeys only, and logs in with one of them.
    """

    ticket: str = field(repr=False)
    by_code: bool
    by_passkey: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody was logged in: wrong, unknown or disabled, which of them is not said.

    `wait_seconds` is above 0 when nothing was looked at because too much was tried before.
    """

    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who sends a request, and the session they send it in."""

    person: Person
    session_id: int
    csrf: str = field(repr=False)

    def may(self, right: Right) -> bool:
        """Whether they have a right."""
        return self.person.may(right)

    @property
    def actor(self) -> Actor:
        """They in an audit trail."""
        return self.person.acting()


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One place where somebody is logged in, as they may see and end it."""

    session_id: int
    method: str
    address: str
    agent: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def address_of(settings: Settings, side: Side) -> str:
    """Where browsers find the pages of one side's people."""
    return settings.console_url if side is Side.RETAILER else settings.portal_url


def sorted_roles(roles: Sequence[PersonRole]) -> list[PersonRole]:
    """Roles once each, in the order of `PersonRole`."""
    return [role for role in PersonRole if role in roles]


def normal_email(text: str) -> str:
    """An e-mail address in the form that is compared. Raises InvalidInput for what is none."""
    email = clean(text).strip().lower()
    if not _EMAIL.fullmatch(email):
        raise InvalidInput(
            "%(text)s is no e-mail address such as anna@shop.example.", text=repr(text[:80])
        )
    return email
