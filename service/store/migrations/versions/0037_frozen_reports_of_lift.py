"""frozen reports of lift, and what suppliers were shown"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(table: str, of: str, name: str = "") -> sa.Column[int]:
    column = name or f"{of}_id"
    key = sa.ForeignKey(f"{of}.id", name=op.f(f"fk_{table}_{column}_{of}"))
    return sa.Column(column, _BIG, key, nullable=False)


def _sums(
    place: str, sums: sa.types.TypeEngine[str] | sa.types.TypeEngine[bytes], *more: sa.Column[float]
) -> None:
    op.create_table(
        "outcome_sum",
        _key("outcome_sum", "cycle"),
        sa.Column("first_day", sa.Integer(), nullable=False),
        _key("outcome_sum", "offer"),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column(place, sa.String(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("redeemed", sa.Integer(), nullable=False),
        *more,
        sa.Column("sums", sums, nullable=False),
        sa.PrimaryKeyConstraint(
            "cycle_id", "first_day", "offer_id", "arm", "cell", place,
            name=op.f("pk_outcome_sum"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_outcome_sum_offer_id"), "outcome_sum", ["offer_id"])


def upgrade() -> None:
    """Windows are counted again: sums are by region now, and nothing was frozen of them."""
    op.drop_table("outcome_sum")
    op.execute("DELETE FROM outcome_window")
    _sums(
        "region",
        sa.LargeBinary(),
        sa.Column("largest", sa.Float(), nullable=False),
        sa.Column("second", sa.Float(), nullable=False),
    )
    op.add_column(
        "outcome_window",
        sa.Column("amended", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "outcome_window",
        sa.Column("silent", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
    )
    op.create_table(
        "lift_report",
        sa.Column("id", _BIG, nullable=False),
        _key("lift_report", "cycle"),
        _key("lift_report", "offer"),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Integer(), nullable=False),
        sa.Column("is_addendum", sa.Boolean(), nullable=False),
        sa.Column("counted_until", sa.Date(), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lift_report")),
        sa.UniqueConstraint(
            "cycle_id", "first_day", "offer_id", "is_addendum",
            name=op.f("uq_lift_report_cycle_id_first_day_offer_id_is_addendum"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_lift_report_offer_id"), "lift_report", ["offer_id"])
    op.create_table(
        "lift_rows",
        _key("lift_rows", "lift_report", "report_id"),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("p_values", sa.Text(), server_default="{}", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_lift_rows")),
    )
    _create_releases()


def _create_releases() -> None:
    op.create_table(
        "lift_release",
        sa.Column("id", _BIG, nullable=False),
        _key("lift_release", "supplier"),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Text(), nullable=False),
        sa.Column("knowledge", sa.Text(), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lift_release")),
        sa.UniqueConstraint(
            "supplier_id", "subject", "number",
            name=op.f("uq_lift_release_supplier_id_subject_number"),
        ),
    )  # fmt: skip
    op.create_table(
        "lift_showing",
        sa.Column("id", _BIG, nullable=False),
        _key("lift_showing", "lift_release", "release_id"),
        sa.Column("shown_to", sa.String(), nullable=False),
        sa.Column("shown_at", UtcMoment(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lift_showing")),
    )
    op.create_index(op.f("ix_lift_showing_release_id"), "lift_showing", ["release_id"])


def downgrade() -> None:
    """What was frozen and shown is lost; windows are counted again."""
    for table in ("lift_showing", "lift_release", "lift_rows", "lift_report", "outcome_sum"):
        op.drop_table(table)
    op.execute("DELETE FROM outcome_window")
    op.drop_column("outcome_window", "silent")
    op.drop_column("outcome_window", "amended")
    _sums("store_id", sa.Text())
