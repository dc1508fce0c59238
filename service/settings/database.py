"""Where what is stored lies, and the two keys."""

import re
from pathlib import Path
from typing import Self

from psycopg import ProgrammingError
from psycopg.abc import ConnDict
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.secret_key import SecretKey
from service.settings.group import Group

_SERVED = "postgresql+psycopg://"
_NO_ADDRESS = "is not an address: scheme://user:password@host:port/name"
_UNKNOWN = re.compile(r'invalid URI query parameter: "([^"]*)"')
_OF_URL = {"user", "password", "dbname"}
_TAKEN = {
    *_OF_URL, "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
    "tcp_user_timeout", "host", "port", "passfile", "connect_timeout",
    "application_name", "options", "target_session_attrs", "sslmode", "sslcert", "sslkey",
    "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation", "ssl_min_protocol_version",
    "ssl_max_protocol_version", "krbsrvname", "gsslib",
}  # fmt: skip
"""Parameters of the address that the till's driver and that of all other processes both take."""
_HARMLESS = {"channel_binding": ("disable", "prefer"), "gssencmode": ("disable", "prefer")}
"""Parameters that the till's driver does not have, with the values that ask nothing of it."""


class DatabaseSettings(Group):
    """Database, keys and folders."""

    database_url: str = Field(
        default="sqlite:///larder.db",
        description="SQLAlchemy address: sqlite or postgresql",
        # A password may be in it.
        repr=False,
    )
    till_database_seconds: float = Field(
        default=2, ge=0.1, le=60, description="Seconds that a till's call waits for the database"
    )
    page_database_seconds: float = Field(
        default=10,
        ge=0.1,
        le=600,
        description="Seconds that a page or another call waits for a statement of the database",
    )
    job_database_seconds: float = Field(
        default=900, ge=1, description="Seconds that a job or a command waits for a statement"
    )
    secret_key: SecretStr = Field(description="Keys the digests of API keys, cards and phones")
    secret_key_before: SecretStr = Field(
        default=SecretStr(""),
        description="The LARDER_SECRET_KEY before, while it is replaced: what is known under it "
        "stays known",
    )
    code_key: SecretStr = Field(description="Keys the serials of list codes")
    umask: str = Field(
        default="077",
        pattern="^[0-7]{3}$",
        description="What others may not do with files that are written: as `umask` of a shell; "
        "077 leaves them to their owner",
    )
    postgresql_bin: Path | None = Field(
        default=None,
        description="Folder of `pg_dump` and `pg_restore` for backups; without it the usual places",
    )
    output_folder: Path = Field(default=Path("batches"), description="Where batches are published")
    runs_folder: Path = Field(default=Path("runs"), description="Where runs keep shard results")
    history_store: str = Field(
        default="history",
        min_length=1,
        description="Where files of what was bought in months that are over lie: a folder, or an "
        "address such as `s3://bucket/history` (install `larder[s3]`)",
    )
    hot_days: int = Field(
        default=90,
        ge=0,
        description="Days after which a month that is over is sealed: written into files that "
        "forecasts read; 0 for never",
    )
    history_alone: bool = Field(
        default=False,
        description="Whether lines of sealed months leave the database; reports, exports, voids "
        "and returns read them from the files then",
    )
    erasure_log: Path = Field(
        default=Path("erasures.jsonl"),
        description="Where it is written who was erased, without a name, to be erased again after "
        "a restore; keep it apart from backups",
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return database_address(value)

    @field_validator("secret_key", "secret_key_before", "code_key")
    @classmethod
    def _long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        is_left_out = info.field_name == "secret_key_before" and not value.get_secret_value()
        if len(value.get_secret_value()) < 32 and not is_left_out:
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("secret_key_before")
    @classmethod
    def _another_key(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        now = info.data.get("secret_key")
        if now is not None and value.get_secret_value() == now.get_secret_value():
            raise ValueError("is LARDER_SECRET_KEY itself; leave it out")
        return value

    @model_validator(mode="after")
    def _with_the_key_before(self) -> Self:
        """`secret_key` knows the one before it, so that whoever has the key has both."""
        former = self.secret_key_before.get_secret_value()
        if former:
            self.secret_key = SecretKey(self.secret_key.get_secret_value(), former)
        return self


def database_address(value: str) -> str:
    """The address in the form that SQLAlchemy takes. Raises ValueError when it cannot be used."""
    if value.startswith(("postgresql://", _SERVED)):
        return _served(value.replace(_SERVED, "postgresql://", 1))
    if not value.startswith("sqlite:///"):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    try:
        file = make_url(value).database
    except (ArgumentError, ValueError):
        raise ValueError(_NO_ADDRESS) from None
    if file in {None, "", ":memory:"}:
        raise ValueError("needs a file after sqlite:///, which keeps what is stored")
    return value


def _served(value: str) -> str:
    """The address of a server, with several hosts as parameters: SQLAlchemy reads no list there."""
    try:
        said = conninfo_to_dict(value)
    except ProgrammingError as error:
        unknown = _UNKNOWN.search(str(error))
        if unknown is not None:
            raise ValueError(
                f"has a parameter {unknown[1]} that PostgreSQL does not know"
            ) from None
        raise ValueError(_NO_ADDRESS) from None
    for name, given in said.items():
        if name not in _TAKEN and given not in _HARMLESS.get(name, ()):
            raise ValueError(
                f"has {name}={given}, which not every process can do; leave that parameter out"
                if name in _HARMLESS
                else f"has a parameter {name} that not every process can do; leave it out"
            )
    if "," not in str(said.get("host", "")):
        address = value.replace("postgresql://", _SERVED, 1)
        try:
            make_url(address)
        except (ArgumentError, ValueError):
            raise ValueError(_NO_ADDRESS) from None
        return address
    # Of several servers, the one that takes writes.
    query = {"target_session_attrs": "read-write"} | {
        name: str(given) for name, given in said.items() if name not in _OF_URL
    }
    return URL.create(
        _SERVED.removesuffix("://"),
        username=_text(said, "user"),
        password=_text(said, "password"),
        database=_text(said, "dbname"),
        query=query,
    ).render_as_string(hide_password=False)


def _text(said: ConnDict, name: str) -> str | None:
    found = said.get(name)
    return None if found is None else str(found)
