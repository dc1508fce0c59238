"""what households ask the service desk, and notes and hidden lines on the list in the pocket"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(
    table: str, name: str, target: str, *, nullable: bool = False, text: bool = False
) -> sa.Column[object]:
    reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{name}_{target}"))
    return sa.Column(name, sa.String() if text else _BIG, reference, nullable=nullable)


def upgrade() -> None:
    """Nobody asked so far; ticks stay."""
    op.create_table(
        "household_case",
        sa.Column("id", _BIG, nullable=False),
        _to("household_case", "household_id", "household"),
        _to("household_case", "redemption_id", "redemption", text=True),
        _to("household_case", "list_id", "shopping_list"),
        sa.Column("list_line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", UtcMoment(), nullable=False),
        sa.Column("answered_at", UtcMoment(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        _to("household_case", "person_id", "person", nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        _to("household_case", "goodwill_id", "goodwill", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_case")),
        sa.UniqueConstraint(
            "redemption_id", "list_id", "list_line",
            name=op.f("uq_household_case_redemption_id_list_id_list_line"),
        ),
    )  # fmt: skip
    for name in ("household_id", "list_id"):
        op.create_index(op.f(f"ix_household_case_{name}"), "household_case", [name])
    op.create_index(
        op.f("ix_household_case_state_asked_at"), "household_case", ["state", "asked_at"]
    )
    op.create_table(
        "pocket_word",
        _to("pocket_word", "list_id", "shopping_list"),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("said_at", UtcMoment(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "line", "kind", name=op.f("pk_pocket_word")),
    )
    op.execute(
        """INSERT INTO pocket_word (list_id, line, kind, text, said_at, key)
           SELECT list_id, line, 'tick', CASE WHEN ticked THEN 'yes' ELSE '' END, said_at, key
           FROM pocket_mark"""
    )
    op.drop_table("pocket_mark")


def downgrade() -> None:
    """What was asked and noted is lost; ticks stay."""
    op.create_table(
        "pocket_mark",
        _to("pocket_mark", "list_id", "shopping_list"),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("ticked", sa.Boolean(), nullable=False),
        sa.Column("said_at", UtcMoment(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "line", name=op.f("pk_pocket_mark")),
    )
    op.execute(
        """INSERT INTO pocket_mark (list_id, line, ticked, said_at, key)
           SELECT list_id, line, text <> '', said_at, key FROM pocket_word WHERE kind = 'tick'"""
    )
    for table in ("pocket_word", "household_case"):
        op.drop_table(table)
