"""deals that people pin to households, or ban"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = {
    ("all", "deal_id"): "ended_at IS NULL AND household_id IS NULL AND cell IS NULL",
    ("cell", "deal_id", "cell"): "ended_at IS NULL AND cell IS NOT NULL",
    ("household", "deal_id", "household_id"): "ended_at IS NULL AND household_id IS NOT NULL",
}


def upgrade() -> None:
    """Nothing was pinned and nothing was banned so far."""
    op.create_table(
        "deal_override",
        sa.Column("id", _BIG, nullable=False),
        _to("deal_id", "offer", nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        _to("household_id", "household", nullable=True),
        sa.Column("cell", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _to("person_id", "person", nullable=True),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        _to("ended_person_id", "person", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_override")),
    )
    for name in ("deal_id", "household_id"):
        op.create_index(op.f(f"ix_deal_override_{name}"), "deal_override", [name])
    for (whom, *keys), where in _OPEN.items():
        op.create_index(
            f"ux_deal_override_{whom}",
            "deal_override",
            keys,
            unique=True,
            postgresql_where=sa.text(where),
            sqlite_where=sa.text(where),
        )


def _to(name: str, target: str, *, nullable: bool) -> sa.Column[Any]:
    reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_deal_override_{name}_{target}"))
    return sa.Column(name, _BIG, reference, nullable=nullable)


def downgrade() -> None:
    """Nobody pins or bans any more."""
    op.drop_table("deal_override")
