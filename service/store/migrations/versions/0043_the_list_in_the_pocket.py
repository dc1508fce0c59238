"""the list in the pocket: browsers, ticks, and what households write themselves"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(table: str, name: str, target: str) -> sa.Column[int]:
    reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{name}_{target}"))
    return sa.Column(name, _BIG, reference, nullable=False)


def upgrade() -> None:
    """Nobody looked so far."""
    op.create_table(
        "pocket_session",
        sa.Column("token_digest", sa.String(), nullable=False),
        _to("pocket_session", "household_id", "household"),
        _to("pocket_session", "list_id", "shopping_list"),
        sa.Column("opened_at", UtcMoment(), nullable=False),
        sa.Column("seen_at", UtcMoment(), nullable=False),
        sa.Column("known_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_pocket_session")),
    )
    for name in ("household_id", "list_id", "seen_at"):
        op.create_index(op.f(f"ix_pocket_session_{name}"), "pocket_session", [name])
    op.create_table(
        "pocket_mark",
        _to("pocket_mark", "list_id", "shopping_list"),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("ticked", sa.Boolean(), nullable=False),
        sa.Column("said_at", UtcMoment(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "line", name=op.f("pk_pocket_mark")),
    )
    op.create_table(
        "pocket_item",
        _to("pocket_item", "household_id", "household"),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("ticked", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("said_at", UtcMoment(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("household_id", "id", name=op.f("pk_pocket_item")),
    )


def downgrade() -> None:
    """Ticks are lost, and what households wrote."""
    for table in ("pocket_item", "pocket_mark", "pocket_session"):
        op.drop_table(table)
