"""till and runs"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import BigId, UtcMoment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PENDING = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    """Uses that pass from sale to sale, and runs that are asked for and tried so often only."""
    op.add_column(
        "shopping_list", sa.Column("reopenings", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("till_conflict", sa.Column("ended_at", UtcMoment(), nullable=True))
    op.create_table(
        "offline_use",
        sa.Column("redemption_line_id", BigId, nullable=False, autoincrement=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("borne_by", sa.String(), nullable=False),
        sa.Column("fee_cents", BigId, nullable=False),
        sa.Column("given_back", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["redemption_line_id"],
            ["redemption_line.id"],
            name=op.f("fk_offline_use_redemption_line_id_redemption_line"),
        ),
        sa.PrimaryKeyConstraint("redemption_line_id", name=op.f("pk_offline_use")),
    )
    _keep_what_is_still_held()
    op.add_column("run", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    _end_runs_asked_for_twice()
    op.create_index(
        "ux_run_pending",
        "run",
        ["kind", "arguments"],
        unique=True,
        postgresql_where=_PENDING,
        sqlite_where=_PENDING,
    )


def downgrade() -> None:
    """Back to uses that stay where they came first."""
    op.drop_index("ux_run_pending", table_name="run")
    op.drop_column("run", "attempts")
    op.drop_table("offline_use")
    op.drop_column("till_conflict", "ended_at")
    op.drop_column("shopping_list", "reopenings")


def _keep_what_is_still_held() -> None:
    """A use whose return gave its reservation back holds nothing of it any more."""
    op.execute(
        """UPDATE redemption_line SET reserved_cents = 0 WHERE NOT live AND EXISTS (
               SELECT 1 FROM till_return t JOIN ledger_entry e ON e.posting = t.id
               WHERE t.redemption_id = redemption_line.redemption_id
                 AND e.offer_id = redemption_line.offer_id AND e.account = 'offer_reserved')"""
    )


def _end_runs_asked_for_twice() -> None:
    """Of runs that wait for the same work, the first stands."""
    op.execute(
        """UPDATE run SET state = 'failed', finished_at = created_at,
               problem = '{"title": "Asked for twice", "detail": "", "errors": []}'
           WHERE state IN ('queued', 'running') AND EXISTS (
               SELECT 1 FROM run r WHERE r.kind = run.kind AND r.arguments = run.arguments
                 AND r.state IN ('queued', 'running')
                 AND (r.created_at < run.created_at
                      OR (r.created_at = run.created_at AND r.id < run.id)))"""
    )
