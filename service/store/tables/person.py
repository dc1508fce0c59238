"""People: who they are, how they log in, and where they are logged in. Secrets are digests."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from service.engine.rights import PersonRole
from service.store.tables.types import BigId, Json, UtcMoment, row_id


class PersonRow(SQLModel, table=True):
    """A person, who is never removed: audit trails name people for ever.

    `email` is in lower case. `os_user` is the user of a machine whose command line is this person.
    `password_digest` is an Argon2id digest; null until the invitation is accepted, and for people
    who log in with a provider or a passkey only. `totp_secret` is encrypted, and counts once
    `totp_confirmed_at` is set; `totp_step` is the newest step a code was accepted for, so that none
    is accepted twice; `second_failures` counts wrong codes since the last right one. A person of a
    supplier has its account in `account_id` and no roles.
    """

    __tablename__ = "person"

    id: int = row_id()
    name: str
    email: str = Field(unique=True)
    roles: list[PersonRole] = Field(sa_type=Json(list[PersonRole]))
    language: str
    os_user: str | None = Field(default=None, unique=True)
    password_digest: str | None = None
    totp_secret: str | None = None
    totp_confirmed_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    totp_step: int = Field(default=0, sa_type=BigId)
    second_failures: int = 0
    account_id: int | None = Field(
        default=None, foreign_key="supplier_account.id", index=True, sa_type=BigId
    )
    created_at: datetime = Field(sa_type=UtcMoment)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class PersonLink(SQLModel, table=True):
    """A link by which a person sets a password, once: an invitation or a reset, as a digest."""

    __tablename__ = "person_link"

    digest: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True, sa_type=BigId)
    made_at: datetime = Field(sa_type=UtcMoment)
    expires_at: datetime = Field(sa_type=UtcMoment)
    used_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class LogInMethod(StrEnum):
    """How somebody logged in."""

    PASSWORD = "password"
    TOTP = "password_and_code"
    PASSKEY = "passkey"
    PROVIDER = "provider"


class PersonSession(SQLModel, table=True):
    """Where a person is logged in. The token in the browser's cookie is stored as a digest."""

    __tablename__ = "person_session"

    id: int = row_id()
    digest: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True, sa_type=BigId)
    method: str
    address: str
    agent: str
    started_at: datetime = Field(sa_type=UtcMoment)
    seen_at: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class Passkey(SQLModel, table=True):
    """A passkey of a person (WebAuthn Level 3): its id and public key in base64url.

    `handle` is what the device calls the person, in hex; empty where it was not stored yet.
    """

    id: int = row_id()
    person_id: int = Field(foreign_key="person.id", index=True, sa_type=BigId)
    credential_id: str = Field(unique=True)
    public_key: str
    sign_count: int = Field(sa_type=BigId)
    name: str
    made_at: datetime = Field(sa_type=UtcMoment)
    used_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    handle: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class ProviderIdentity(SQLModel, table=True):
    """A person as an OpenID Connect provider knows them: `subject` never changes, e-mail may."""

    __tablename__ = "provider_identity"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True, sa_type=BigId)
    linked_at: datetime = Field(sa_type=UtcMoment)


class StepKind(StrEnum):
    """What a browser is in the middle of."""

    SECOND = "second"
    PASSKEY_ENROL = "passkey_enrol"
    PASSKEY_LOG_IN = "passkey_log_in"
    PROVIDER = "provider"


class LogInStep(SQLModel, table=True):
    """The first half of something that takes two requests; the ticket for it is a digest.

    What the second half must match, a challenge or a nonce, follows from the ticket.
    """

    __tablename__ = "log_in_step"
    __table_args__ = (Index(None, "expires_at"),)

    digest: str = Field(primary_key=True)
    kind: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    expires_at: datetime = Field(sa_type=UtcMoment)
