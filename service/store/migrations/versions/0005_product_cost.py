"""product cost"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a product costs the retailer, where that is known."""
    op.add_column("product", sa.Column("cost_cents", sa.Integer(), nullable=True))
    known = sa.text("cost_cents IS NOT NULL")
    op.create_index(
        op.f("ix_product_cost"), "product", ["gtin"], sqlite_where=known, postgresql_where=known
    )


def downgrade() -> None:
    """Forget what products cost."""
    op.drop_index("ix_product_cost", "product")
    op.drop_column("product", "cost_cents")
