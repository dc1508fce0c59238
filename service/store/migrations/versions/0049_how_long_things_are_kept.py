"""how long things are kept: from when on there is all of a kind"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Everything was kept so far."""
    op.create_table(
        "retention",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("kept_from", sa.Date(), nullable=False),
        sa.Column("begun_at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.Column("removed", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention")),
    )


def downgrade() -> None:
    """What was removed does not come back."""
    op.drop_table("retention")
