"""what households answer to questions about themselves"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nobody was asked so far."""
    household = sa.ForeignKey(
        "household.id", name=op.f("fk_household_answer_household_id_household")
    )
    op.create_table(
        "household_answer",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("household_id", _BIG, household, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("said_at", UtcMoment(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_answer")),
    )
    op.create_index(
        op.f("ix_household_answer_household_id_question_id"),
        "household_answer",
        ["household_id", "question", "id"],
    )


def downgrade() -> None:
    """What was answered is lost."""
    op.drop_table("household_answer")
