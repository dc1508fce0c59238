"""codes of goods as they came, and moments by clocks that were wrong"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")

# A sale counts with its moment, which tills could put anywhere until now: after the moment it was
# taken at, or more than two days from the day it is booked on. Each is put back into its day.
_SQLITE = {
    "day": "CAST(strftime('%s', b.business_date) AS INTEGER) * 1000000",
    "days": "* 86400000000",
    "minutes": "+ 600000000",
    "last": "- 1",
    "now": "CAST(strftime('%s', 'now') AS INTEGER) * 1000000",
    "least": "min",
}
_POSTGRESQL = {
    "day": "(b.business_date::timestamp AT TIME ZONE 'UTC')",
    "days": "* interval '1 day'",
    "minutes": "+ interval '10 minutes'",
    "last": "- interval '1 microsecond'",
    "now": "now()",
    "least": "least",
}
_ODD = """SELECT b.id, b.household_id, r.id AS redemption_id, b.purchased_at AS sent_at,
        CASE WHEN b.purchased_at < {day} THEN {least}({day}, r.redeemed_at)
             ELSE {least}({day} + 1 {days} {last}, r.redeemed_at) END AS taken_as
    FROM basket b JOIN redemption r ON r.basket_id = b.id
    WHERE b.purchased_at > r.redeemed_at {minutes} OR b.purchased_at < {day} - 2 {days}
       OR b.purchased_at >= {day} + 3 {days}"""


def upgrade() -> None:
    """Columns for what came, and households that a wrong clock had put out of reach."""
    op.add_column(
        "basket_line",
        sa.Column("code", sa.String(), nullable=False, server_default=sa.text("''")),
    )
    for table in ("redemption", "till_return"):
        op.add_column(table, sa.Column("sent_at", _MOMENT, nullable=True))
    words = _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL
    op.execute(f"CREATE TEMPORARY TABLE odd_clock AS {_ODD.format(**words)}")
    op.execute(
        """UPDATE redemption SET sent_at = o.sent_at FROM odd_clock o
           WHERE redemption.id = o.redemption_id"""
    )
    op.execute(
        "UPDATE basket SET purchased_at = o.taken_as FROM odd_clock o WHERE basket.id = o.id"
    )
    # Their next list may have been written for a day nobody will see.
    op.execute(
        f"""INSERT INTO due (household_id, marked_at)
            SELECT DISTINCT household_id, {words["now"]} FROM odd_clock
            WHERE household_id IS NOT NULL
            ON CONFLICT (household_id)
            DO UPDATE SET marked_at = excluded.marked_at, claimed_until = NULL"""
    )
    op.execute("DROP TABLE odd_clock")


def downgrade() -> None:
    """Without what came; moments stay where they were put."""
    # Not as a batch: SQLite would make the tables again, while others refer to them.
    op.drop_column("till_return", "sent_at")
    op.drop_column("redemption", "sent_at")
    op.drop_column("basket_line", "code")
