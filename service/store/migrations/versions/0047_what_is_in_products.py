"""what is in products"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is known of products so far."""
    for name in ("allergens", "diets"):
        op.add_column("product", sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    """What is in products is lost."""
    for name in ("allergens", "diets"):
        op.drop_column("product", name)
