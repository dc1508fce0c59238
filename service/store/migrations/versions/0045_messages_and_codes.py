"""messages to households, and one-time codes for the list in the pocket"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _household(table: str, *, nullable: bool) -> sa.Column[int]:
    name = op.f(f"fk_{table}_household_id_household")
    reference = sa.ForeignKey("household.id", name=name)
    return sa.Column("household_id", _BIG, reference, nullable=nullable)


def upgrade() -> None:
    """Nobody was written to so far."""
    op.create_table(
        "message",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        _household("message", nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("expires_at", UtcMoment(), nullable=False),
        sa.Column("next_at", UtcMoment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("held_until", UtcMoment(), nullable=True),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
    )
    op.create_index(op.f("ix_message_household_id_made_at"), "message", ["household_id", "made_at"])
    op.create_index(op.f("ix_message_state_next_at"), "message", ["state", "next_at"])
    op.create_table(
        "pocket_log_in",
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("number_sealed", sa.String(), nullable=False),
        sa.Column("asked_at", UtcMoment(), nullable=False),
        sa.Column("answered_at", UtcMoment(), nullable=True),
        _household("pocket_log_in", nullable=True),
        sa.Column("code_digest", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_pocket_log_in")),
    )
    for name in ("answered_at", "asked_at", "household_id"):
        op.create_index(op.f(f"ix_pocket_log_in_{name}"), "pocket_log_in", [name])


def downgrade() -> None:
    """Messages that wait are lost, and codes that are on their way."""
    for table in ("pocket_log_in", "message"):
        op.drop_table(table)
