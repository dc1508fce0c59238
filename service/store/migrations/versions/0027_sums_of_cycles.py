"""sums of cycles and of printed copies, kept beside their rows, and indexes of what is counted"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


_GUARANTEED = "circulation_min IS NOT NULL AND state IN ('approved', 'running', 'exhausted')"


_UNMAILED = "state NOT IN ('mailed', 'returned')"


def upgrade() -> None:
    """What was issued and used so far is counted now, once."""
    op.create_index("ix_offer_state", "offer", ["state"])
    op.create_index(
        "ix_offer_guaranteed",
        "offer",
        ["id", "deal_id", "circulation_min"],
        postgresql_where=sa.text(_GUARANTEED),
        sqlite_where=sa.text(_GUARANTEED),
    )
    op.create_index(
        "ix_mail_piece_unmailed",
        "mail_piece",
        ["batch_id", "piece_id"],
        postgresql_where=sa.text(_UNMAILED),
        sqlite_where=sa.text(_UNMAILED),
    )
    op.create_table(
        "mail_count",
        _reference("mail_count", "batch_id", "batch"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("pieces", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "state", name=op.f("pk_mail_count")),
    )
    op.execute(
        """INSERT INTO mail_count (batch_id, state, pieces)
           SELECT batch_id, state, count(*) FROM mail_piece GROUP BY batch_id, state"""
    )
    op.create_index("ix_cycle_offer_cycle_id_copies", "cycle_offer", ["cycle_id", "copies"])
    op.create_table(
        "cycle_supplier",
        _reference("cycle_supplier", "cycle_id", "cycle"),
        _reference("cycle_supplier", "supplier_id", "supplier"),
        sa.Column("kind", sa.String(), nullable=False),
        *(
            sa.Column(name, _BIG, nullable=False)
            for name in ("deals", "copies", "face_value_cents", "reserved_cents")
        ),
        sa.Column("expected_uses", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("cycle_id", "supplier_id", "kind", name=op.f("pk_cycle_supplier")),
    )
    op.create_table(
        "cycle_day",
        _reference("cycle_day", "cycle_id", "cycle"),
        sa.Column("day", sa.Date(), nullable=False),
        *(
            sa.Column(name, _BIG, nullable=False)
            for name in ("uses", "discount_cents", "supplier_cents")
        ),
        sa.PrimaryKeyConstraint("cycle_id", "day", name=op.f("pk_cycle_day")),
    )
    op.execute(
        """INSERT INTO cycle_supplier (cycle_id, supplier_id, kind, deals, copies,
                                       face_value_cents, reserved_cents, expected_uses)
           SELECT c.cycle_id, o.supplier_id, o.kind, count(*), sum(c.copies),
                  sum(c.face_value_cents), sum(c.reserved_cents), sum(c.expected_uses)
           FROM cycle_offer c JOIN offer o ON o.id = c.offer_id
           GROUP BY c.cycle_id, o.supplier_id, o.kind"""
    )
    op.execute(
        """INSERT INTO cycle_day (cycle_id, day, uses, discount_cents, supplier_cents)
           SELECT s.cycle_id, t.business_date, sum(r.uses), sum(r.amount_cents),
                  sum(r.supplier_cents)
           FROM redemption_line r JOIN shopping_list s ON s.id = r.list_id
           JOIN redemption t ON t.id = r.redemption_id
           WHERE r.live AND s.cycle_id IS NOT NULL
             AND r.id <= (SELECT redemption_line_id FROM sum_mark)
           GROUP BY s.cycle_id, t.business_date"""
    )


def _reference(table: str, name: str, other: str) -> sa.Column[int]:
    reference = sa.ForeignKey(f"{other}.id", name=op.f(f"fk_{table}_{name}_{other}"))
    return sa.Column(name, _BIG, reference, nullable=False)


def downgrade() -> None:
    """All of it can be counted again."""
    op.drop_table("cycle_day")
    op.drop_table("mail_count")
    op.drop_index("ix_mail_piece_unmailed", "mail_piece")
    op.drop_table("cycle_supplier")
    op.drop_index("ix_offer_guaranteed", "offer")
    op.drop_index("ix_offer_state", "offer")
    op.drop_index("ix_cycle_offer_cycle_id_copies", "cycle_offer")
