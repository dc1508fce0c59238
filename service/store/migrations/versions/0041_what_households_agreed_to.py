"""what households agreed to, ways to write to them, and who was erased"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Who agreed to letters keeps that consent with its date and place, and no other; who never did has
# taken nothing back.
_KNOWN = """INSERT INTO consent (household_id, purpose, granted, channel, wording, wording_version,
                                 said_at, recorded_at, place, actor)
    SELECT household_id, 'letter', mail_consent, 'file', '', '', consent_at, {now}, consent_source,
           'larder'
    FROM contact WHERE mail_consent ORDER BY household_id"""


def upgrade() -> None:
    """Households start with the consent that their file gave."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("email", "phone_sealed"):
        op.add_column("contact", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_table(
        "consent",
        sa.Column("id", _BIG, nullable=False),
        _to("consent", "household_id", "household", nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("said_at", UtcMoment(), nullable=True),
        sa.Column("recorded_at", UtcMoment(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _to("consent", "person_id", "person", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    now = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000" if is_sqlite else "now()"
    op.execute(_KNOWN.format(now=now))
    # Only now: an index that grows row by row takes longer.
    op.create_index(
        op.f("ix_consent_household_id_purpose_id"), "consent", ["household_id", "purpose", "id"]
    )
    op.create_table(
        "erasure",
        sa.Column("id", _BIG, nullable=False),
        _to("erasure", "household_id", "household", nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("ref_digest", sa.String(), nullable=False),
        sa.Column("erased_at", UtcMoment(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _to("erasure", "person_id", "person", nullable=True),
        sa.Column("finished_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("household_id", name=op.f("uq_erasure_household_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_erasure_reference")),
    )
    op.create_index(op.f("ix_erasure_ref_digest"), "erasure", ["ref_digest"])
    op.create_table(
        "erased_identity",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        _to("erased_identity", "erasure_id", "erasure", nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_erased_identity")),
    )
    op.create_index(op.f("ix_erased_identity_erasure_id"), "erased_identity", ["erasure_id"])


def _to(table: str, name: str, target: str, *, nullable: bool) -> sa.Column[Any]:
    reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{name}_{target}"))
    return sa.Column(name, _BIG, reference, nullable=nullable)


def downgrade() -> None:
    """Consent to letters stays with the contact; every other is lost, and who was erased."""
    op.drop_table("erased_identity")
    op.drop_table("erasure")
    op.drop_table("consent")
    with op.batch_alter_table("contact") as contact:
        contact.drop_column("phone_sealed")
        contact.drop_column("email")
