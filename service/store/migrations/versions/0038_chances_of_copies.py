"""how likely each copy was, and where a household might have chosen otherwise"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEYS = ("cycle", "household", "offer")


def upgrade() -> None:
    """Cycles until now explored nothing: no chance of their copies is known."""
    op.add_column("cycle_pick", sa.Column("chance", sa.Float(), nullable=True))
    op.add_column("cycle_pick", sa.Column("depth_percent", sa.Integer(), nullable=True))
    op.create_table(
        "cycle_chance",
        *(
            sa.Column(
                f"{key}_id",
                _BIG,
                sa.ForeignKey(f"{key}.id", name=op.f(f"fk_cycle_chance_{key}_id_{key}")),
                nullable=False,
            )
            for key in _KEYS
        ),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("depth_percent", sa.Integer(), nullable=True),
        sa.Column("chance", sa.Float(), nullable=False),
        sa.Column("is_picked", sa.Boolean(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("p_without", sa.Float(), nullable=False),
        sa.Column("expected_gain", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*(f"{key}_id" for key in _KEYS), name=op.f("pk_cycle_chance")),
    )
    for key in _KEYS[1:]:
        op.create_index(op.f(f"ix_cycle_chance_{key}_id"), "cycle_chance", [f"{key}_id"])


def downgrade() -> None:
    """What was learned from them stays in the responses."""
    op.drop_table("cycle_chance")
    with op.batch_alter_table("cycle_pick") as batch:
        batch.drop_column("depth_percent")
        batch.drop_column("chance")
