"""one ledger for all that moves money"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What a budget had spent beyond the supplier's share was never claimed: handling fees, and the
# copies of partners' slots. Both are owed, so each posting gets the two entries it lacked.
_UNCLAIMED = """INSERT INTO ledger_entry (posting, kind, account, offer_id, supplier_id, store_id,
                                          business_date, amount_cents, posted_at)
    SELECT e.posting, e.kind, {account}, e.offer_id, e.supplier_id, e.store_id, e.business_date,
           {sign} sum(CASE WHEN e.account = 'offer_spent' THEN e.amount_cents
                           ELSE -e.amount_cents END), e.posted_at
    FROM ledger_entry e JOIN offer o ON o.id = e.offer_id
    WHERE e.account IN ('offer_spent', {claimed})
    GROUP BY e.posting, e.kind, e.posted_at, e.offer_id, e.supplier_id, e.store_id,
             e.business_date, o.kind
    HAVING sum(CASE WHEN e.account = 'offer_spent' THEN e.amount_cents
                    ELSE -e.amount_cents END) <> 0"""
_INCOME = "CASE WHEN o.kind = 'partner' THEN 'slot_income' ELSE 'fee_income' END"


def upgrade() -> None:
    """Lasting names, whose and where an entry is, and fees and slots as entries like the rest."""
    with op.batch_alter_table("ledger_entry") as batch:
        batch.alter_column("offer_id", existing_type=_BIG, nullable=True)
        batch.add_column(sa.Column("supplier_id", _BIG, nullable=True))
        batch.add_column(sa.Column("store_id", sa.String(), nullable=True))
        batch.add_column(sa.Column("business_date", sa.Date(), nullable=True))
        batch.create_index(op.f("ix_ledger_entry_supplier_id"), ["supplier_id"])
    op.execute(
        """UPDATE ledger_entry SET supplier_id =
               (SELECT o.supplier_id FROM offer o WHERE o.id = ledger_entry.offer_id)"""
    )
    for table, named in (("redemption", "r.id"), ("redemption", "r.id || '-void'"),
                         ("till_return", "r.id")):  # fmt: skip
        op.execute(
            f"""UPDATE ledger_entry SET store_id = r.store_id, business_date = r.business_date
                FROM {table} r WHERE ledger_entry.posting = {named}"""
        )
    # The income first: it is read from what is spent and not yet owed.
    op.execute(_UNCLAIMED.format(account=_INCOME, sign="-", claimed="'supplier_claim'"))
    op.execute(_UNCLAIMED.format(account="'supplier_claim'", sign="", claimed="'supplier_claim'"))
    op.execute(
        "UPDATE ledger_entry SET account = 'supplier_receivable' WHERE account = 'supplier_claim'"
    )
    op.execute("UPDATE ledger_entry SET kind = 'resettlement' WHERE kind = 'standing'")
    op.execute("UPDATE till_event SET verb = 'resettlement' WHERE verb = 'standing'")


def downgrade() -> None:
    """Back to claims without fees and slots."""
    op.execute("UPDATE till_event SET verb = 'standing' WHERE verb = 'resettlement'")
    op.execute("UPDATE ledger_entry SET kind = 'standing' WHERE kind = 'resettlement'")
    op.execute(
        """INSERT INTO ledger_entry (posting, kind, account, offer_id, amount_cents, posted_at)
           SELECT posting, kind, 'supplier_receivable', offer_id, sum(amount_cents), posted_at
           FROM ledger_entry WHERE account IN ('fee_income', 'slot_income')
           GROUP BY posting, kind, offer_id, posted_at"""
    )
    op.execute("DELETE FROM ledger_entry WHERE account IN ('fee_income', 'slot_income')")
    op.execute(
        "UPDATE ledger_entry SET account = 'supplier_claim' WHERE account = 'supplier_receivable'"
    )
    with op.batch_alter_table("ledger_entry") as batch:
        batch.drop_index(op.f("ix_ledger_entry_supplier_id"))
        for column in ("business_date", "store_id", "supplier_id"):
            batch.drop_column(column)
        batch.alter_column("offer_id", existing_type=_BIG, nullable=False)
