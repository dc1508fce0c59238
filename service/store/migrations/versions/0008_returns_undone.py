"""returns that can be undone"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What came back, unit by unit, and the numbers of returns among those of sales."""
    with op.batch_alter_table("till_return_line") as batch:
        batch.add_column(sa.Column("gtin", _BIG, nullable=True))
        batch.add_column(sa.Column("unit", sa.String(), nullable=True))
        batch.add_column(sa.Column("units", sa.Text(), nullable=True))
    # A line that came back whole is gone, and with it what it was.
    op.execute(
        """UPDATE till_return_line SET gtin = b.gtin, unit = b.unit
           FROM till_return t, redemption r, basket_line b
           WHERE t.id = till_return_line.return_id AND r.id = t.redemption_id
             AND b.basket_id = r.basket_id AND b.line = till_return_line.line"""
    )
    # A number that a sale has as well stays the sale's.
    op.execute(
        """INSERT INTO redemption (id, store_id, terminal, business_date, number, digest, state,
                                   total_discount_cents, answer, redeemed_at, key_id)
           SELECT t.id, t.store_id, t.terminal, t.business_date, t.number, t.digest, 'returned',
                  0, '', t.returned_at, t.key_id
           FROM till_return t WHERE NOT EXISTS (
               SELECT 1 FROM redemption r WHERE r.store_id = t.store_id
                 AND r.terminal = t.terminal AND r.business_date = t.business_date
                 AND r.number = t.number)"""
    )


def downgrade() -> None:
    """The numbers of returns are free again, and voided ones are gone."""
    op.execute(
        """DELETE FROM till_return_line WHERE return_id IN
               (SELECT id FROM redemption WHERE state = 'voided')"""
    )
    op.execute(
        "DELETE FROM till_return WHERE id IN (SELECT id FROM redemption WHERE state = 'voided')"
    )
    op.execute("DELETE FROM redemption WHERE state = 'returned'")
    with op.batch_alter_table("till_return_line") as batch:
        for column in ("units", "unit", "gtin"):
            batch.drop_column(column)
