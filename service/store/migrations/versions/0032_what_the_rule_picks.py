"""what the rule of a cycle picks for everybody, in place of withheld copies alone"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEYS = ("cycle", "household", "offer")


def _create(table: str, *columns: sa.Column[bool]) -> None:
    op.create_table(
        table,
        *(
            sa.Column(
                f"{key}_id",
                _BIG,
                sa.ForeignKey(f"{key}.id", name=op.f(f"fk_{table}_{key}_id_{key}")),
                nullable=False,
            )
            for key in _KEYS
        ),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*(f"{key}_id" for key in _KEYS), name=op.f(f"pk_{table}")),
    )
    for key in _KEYS[1:]:
        op.create_index(op.f(f"ix_{table}_{key}_id"), table, [f"{key}_id"])


def upgrade() -> None:
    """Cycles until now keep their withheld copies; whom the rule picked besides is not known."""
    _create("cycle_pick", sa.Column("is_given", sa.Boolean(), nullable=False))
    op.execute(
        """INSERT INTO cycle_pick (cycle_id, household_id, offer_id, arm, cell, weight, is_given)
           SELECT cycle_id, household_id, offer_id, arm, cell, weight, false FROM cycle_ghost"""
    )
    op.drop_table("cycle_ghost")


def downgrade() -> None:
    """Withheld copies only."""
    _create("cycle_ghost")
    op.execute(
        """INSERT INTO cycle_ghost (cycle_id, household_id, offer_id, arm, cell, weight)
           SELECT cycle_id, household_id, offer_id, arm, cell, weight FROM cycle_pick
           WHERE arm <> 'exposed'"""
    )
    op.drop_table("cycle_pick")
