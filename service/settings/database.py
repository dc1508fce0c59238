"""Where what is stored lies, and the two keys."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from service.settings.group import Group


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
    code_key: SecretStr = Field(description="Keys the serials of list codes")
    umask: str = Field(
        default="077",
        pattern="^[0-7]{3}$",
        description="What others may not do with files that are written: as `umask` of a shell; "
        "077 leaves them to their owner",
    )
    output_folder: Path = Field(default=Path("batches"), description="Where batches are published")
    runs_folder: Path = Field(default=Path("runs"), description="Where runs keep shard results")

    erasure_log: Path = Field(
        default=Path("erasures.jsonl"),
        description="Where it is written who was erased, without a name, to be erased again after "
        "a restore; keep it apart from backups",
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return database_address(value)

    @field_validator("secret_key", "code_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value


def database_address(value: str) -> str:
    """The address in the form that SQLAlchemy takes. Raises ValueError when it cannot be used."""
    address = value.replace("postgresql://", "postgresql+psycopg://", 1)
    if not address.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    try:
        file = make_url(address).database
    except (ArgumentError, ValueError):
        raise ValueError("is not an address: scheme://user:password@host:port/name") from None
    if address.startswith("sqlite:") and file in {None, "", ":memory:"}:
        raise ValueError("needs a file after sqlite:///, which keeps what is stored")
    return address
