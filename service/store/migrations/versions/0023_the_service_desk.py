"""goodwill that the service desk gives, and who opened a household"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HOLDS = sa.text("state IN ('waiting', 'given')")


def upgrade() -> None:
    """Nothing was given and nothing was opened so far."""
    op.create_table(
        "goodwill",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("amount_cents", _BIG, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        _to("goodwill", "redemption_id", "redemption", sa.String(), nullable=True),
        _to("goodwill", "list_id", "shopping_list", _BIG, nullable=True),
        sa.Column("list_line", sa.Integer(), nullable=True),
        _to("goodwill", "household_id", "household", _BIG, nullable=True),
        sa.Column("store_id", sa.String(), nullable=True),
        _to("goodwill", "person_id", "person", _BIG, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("asked_at", UtcMoment(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        _to("goodwill", "second_person_id", "person", _BIG, nullable=True),
        sa.Column("second_at", UtcMoment(), nullable=True),
        sa.Column("voided_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goodwill")),
        sa.UniqueConstraint("request", name=op.f("uq_goodwill_request")),
    )
    op.create_index(
        "ux_goodwill_subject",
        "goodwill",
        ["subject"],
        unique=True,
        postgresql_where=_HOLDS,
        sqlite_where=_HOLDS,
    )
    op.create_index(op.f("ix_goodwill_person_id_given_on"), "goodwill", ["person_id", "given_on"])
    op.create_index(op.f("ix_goodwill_state_id"), "goodwill", ["state", "id"])
    for name in ("household_id", "list_id", "redemption_id"):
        op.create_index(op.f(f"ix_goodwill_{name}"), "goodwill", [name])
    op.create_table(
        "household_opening",
        sa.Column("id", _BIG, nullable=False),
        _to("household_opening", "household_id", "household", _BIG, nullable=False),
        _to("household_opening", "person_id", "person", _BIG, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("opened_at", UtcMoment(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_opening")),
    )
    op.create_index(
        op.f("ix_household_opening_household_id_person_id_opened_at"),
        "household_opening",
        ["household_id", "person_id", "opened_at"],
    )
    op.create_index(op.f("ix_household_opening_person_id"), "household_opening", ["person_id"])


def _to(table: str, name: str, target: str, kind: Any, *, nullable: bool) -> sa.Column[Any]:
    reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{name}_{target}"))
    return sa.Column(name, kind, reference, nullable=nullable)


def downgrade() -> None:
    """What was given stays in the ledger."""
    op.drop_table("household_opening")
    op.drop_table("goodwill")
