"""guesses, counted in the database"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """A table of what was presented and is not known."""
    op.create_table(
        "guess",
        sa.Column("key_id", _BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("terminal", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("guessed_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint(
            "key_id", "kind", "store_id", "terminal", "digest", name=op.f("pk_guess")
        ),
    )
    for owner in ("key_id", "store_id"):
        op.create_index(
            op.f(f"ix_guess_kind_{owner}_guessed_at"), "guess", ["kind", owner, "guessed_at"]
        )


def downgrade() -> None:
    """Back to guesses that each process counts for itself."""
    op.drop_table("guess")
