"""regions of stores"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All stores are in one region until somebody says otherwise."""
    op.add_column(
        "store", sa.Column("region", sa.String(), server_default=sa.text("''"), nullable=False)
    )


def downgrade() -> None:
    """Where a store lies is forgotten."""
    op.drop_column("store", "region")
