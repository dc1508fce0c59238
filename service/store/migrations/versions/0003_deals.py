"""deals"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import BigId, UtcMoment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The full form of a deal, lines with terms of their own, and tiers of households."""
    op.add_column("offer", sa.Column("kind", sa.String(), nullable=False, server_default="product"))
    op.add_column("offer", sa.Column("funding_cap_cents", sa.Integer(), nullable=True))
    op.add_column(
        "offer", sa.Column("copy_fee_cents", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("offer", sa.Column("value_text", sa.String(), nullable=True))
    op.add_column("offer", sa.Column("texts", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("offer", sa.Column("face_values", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("offer", sa.Column("targets", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("offer", sa.Column("given", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("list_line", sa.Column("terms", sa.Text(), nullable=True))
    op.add_column("cycle_household", sa.Column("tier", sa.String(), nullable=True))
    _states_and_learning()


def downgrade() -> None:
    """Back to the form that product deals had first."""
    _no_states_nor_learning()
    op.drop_column("cycle_household", "tier")
    op.drop_column("list_line", "terms")
    op.drop_column("offer", "given")
    op.drop_column("offer", "targets")
    op.drop_column("offer", "face_values")
    op.drop_column("offer", "texts")
    op.drop_column("offer", "value_text")
    op.drop_column("offer", "copy_fee_cents")
    op.drop_column("offer", "funding_cap_cents")
    op.drop_column("offer", "kind")


def _states_and_learning() -> None:
    """Deals that can be stopped, who moved them, and what lists teach of their households."""
    op.add_column("offer", sa.Column("stopped_at", UtcMoment(), nullable=True))
    stopped = sa.text("stopped_at IS NOT NULL")
    op.create_index(
        "ix_offer_stopped", "offer", ["id"], postgresql_where=stopped, sqlite_where=stopped
    )
    op.create_table(
        "offer_event",
        sa.Column("id", BigId, nullable=False),
        sa.Column("offer_id", BigId, nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=False),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("happened_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name="fk_offer_event_offer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_offer_event"),
    )
    op.create_index("ix_offer_event_offer_id", "offer_event", ["offer_id"])
    op.add_column("list_line", sa.Column("cell", sa.String(), nullable=True))
    op.add_column("list_line", sa.Column("expected_uses", sa.Float(), nullable=True))
    op.add_column("list_line", sa.Column("expected_gain", sa.Float(), nullable=True))
    op.add_column("cycle_household", sa.Column("worth_decile", sa.Integer(), nullable=True))
    op.create_table(
        "cycle_ghost",
        sa.Column("cycle_id", BigId, autoincrement=False, nullable=False),
        sa.Column("household_id", BigId, autoincrement=False, nullable=False),
        sa.Column("offer_id", BigId, autoincrement=False, nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name="fk_cycle_ghost_cycle_id"),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name="fk_cycle_ghost_household_id"
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name="fk_cycle_ghost_offer_id"),
        sa.PrimaryKeyConstraint("cycle_id", "household_id", "offer_id", name="pk_cycle_ghost"),
    )
    for column in ("household_id", "offer_id"):
        op.create_index(f"ix_cycle_ghost_{column}", "cycle_ghost", [column])
    op.create_table(
        "response",
        sa.Column("id", BigId, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("window_from", sa.Date(), nullable=False),
        sa.Column("learned_at", UtcMoment(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_response"),
        sa.UniqueConstraint("as_of", name="uq_response_as_of"),
    )


def _no_states_nor_learning() -> None:
    op.drop_table("response")
    op.drop_table("cycle_ghost")
    op.drop_column("cycle_household", "worth_decile")
    for column in ("expected_gain", "expected_uses", "cell"):
        op.drop_column("list_line", column)
    op.drop_table("offer_event")
    op.drop_index("ix_offer_stopped", "offer")
    op.drop_column("offer", "stopped_at")
