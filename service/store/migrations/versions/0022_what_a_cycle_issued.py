"""what each cycle issued of each deal"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Earlier cycles are counted now, once; those withdrawn left nothing."""
    op.create_table(
        "cycle_offer",
        sa.Column(
            "cycle_id",
            _BIG,
            sa.ForeignKey("cycle.id", name=op.f("fk_cycle_offer_cycle_id_cycle")),
            nullable=False,
        ),
        sa.Column(
            "offer_id",
            _BIG,
            sa.ForeignKey("offer.id", name=op.f("fk_cycle_offer_offer_id_offer")),
            nullable=False,
        ),
        sa.Column("copies", _BIG, nullable=False),
        sa.Column("face_value_cents", _BIG, nullable=False),
        sa.Column("reserved_cents", _BIG, nullable=False),
        sa.Column("expected_uses", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("cycle_id", "offer_id", name=op.f("pk_cycle_offer")),
    )
    op.create_index(op.f("ix_cycle_offer_offer_id"), "cycle_offer", ["offer_id"])
    op.execute(
        """INSERT INTO cycle_offer (cycle_id, offer_id, copies, face_value_cents, reserved_cents,
                                    expected_uses)
           SELECT s.cycle_id, l.offer_id, count(*), sum(l.face_value_cents),
                  sum(l.reserved_cents * l.uses), coalesce(sum(l.expected_uses), 0)
           FROM cycle c JOIN shopping_list s ON s.cycle_id = c.id
           JOIN list_line l ON l.list_id = s.id
           WHERE c.withdrawn_at IS NULL AND l.offer_id IS NOT NULL
             AND (s.state IN ('issued', 'expired') OR (c.revision = 1 AND s.state = 'voided'))
           GROUP BY s.cycle_id, l.offer_id"""
    )


def downgrade() -> None:
    """The lists still have it, line by line."""
    op.drop_table("cycle_offer")
