"""people, their sessions and ways to log in, and who is behind what was done"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ACTED = ("acknowledgement", "api_key", "offer_event", "upload")


def upgrade() -> None:
    """Nobody is a person yet; what was done before stays with the name it has."""
    op.create_table(
        "person",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("os_user", sa.String(), nullable=True),
        sa.Column("password_digest", sa.String(), nullable=True),
        sa.Column("totp_secret", sa.String(), nullable=True),
        sa.Column("totp_confirmed_at", UtcMoment(), nullable=True),
        sa.Column("totp_step", _BIG, nullable=False),
        sa.Column("second_failures", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcMoment(), nullable=False),
        sa.Column("disabled_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
        sa.UniqueConstraint("os_user", name=op.f("uq_person_os_user")),
    )
    op.create_table(
        "person_link",
        sa.Column("digest", sa.String(), nullable=False),
        _person("person_link", nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("expires_at", UtcMoment(), nullable=False),
        sa.Column("used_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_person_link")),
    )
    op.create_table(
        "person_session",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        _person("person_session", nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("started_at", UtcMoment(), nullable=False),
        sa.Column("seen_at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_person_session_digest")),
    )
    _create_ways_to_log_in()
    op.create_table(
        "audit_event",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("happened_at", UtcMoment(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _person("audit_event", nullable=True),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(
        op.f("ix_audit_event_subject_subject_id"), "audit_event", ["subject", "subject_id"]
    )
    for table in (
        "audit_event", "passkey", "person_link", "person_session", "provider_identity",
    ):  # fmt: skip
        op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"])
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for table in _ACTED:
        # Both databases add a reference without writing the table again, in these words.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN person_id {kind} "
            f"CONSTRAINT fk_{table}_person_id_person REFERENCES person (id)"
        )


def _create_ways_to_log_in() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", _BIG, nullable=False),
        _person("passkey", nullable=False),
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("sign_count", _BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("used_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_table(
        "provider_identity",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        _person("provider_identity", nullable=False),
        sa.Column("linked_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_provider_identity")),
    )
    op.create_table(
        "log_in_step",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        _person("log_in_step", nullable=True),
        sa.Column("expires_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_log_in_step")),
    )
    op.create_index(op.f("ix_log_in_step_expires_at"), "log_in_step", ["expires_at"])


def _person(table: str, *, nullable: bool) -> sa.Column[int]:
    reference = sa.ForeignKey("person.id", name=op.f(f"fk_{table}_person_id_person"))
    return sa.Column("person_id", _BIG, reference, nullable=nullable)


def downgrade() -> None:
    """Back to keys and names only."""
    for table in _ACTED:
        op.drop_column(table, "person_id")
    for table in (
        "audit_event", "log_in_step", "provider_identity", "passkey", "person_session",
        "person_link", "person",
    ):  # fmt: skip
        op.drop_table(table)
