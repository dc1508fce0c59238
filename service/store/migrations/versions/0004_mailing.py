"""mailing"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Addresses that mail came back from, the life of a batch, and what became of its pieces."""
    op.add_column(
        "contact",
        sa.Column("carrier_order", sa.String(), nullable=False, server_default=sa.text("''")),
    )
    op.add_column("contact", sa.Column("undeliverable_at", UtcMoment(), nullable=True))
    with op.batch_alter_table("batch") as batch:
        batch.add_column(sa.Column("reprint_of", _BIG, nullable=True))
        batch.add_column(sa.Column("picked_up_at", UtcMoment(), nullable=True))
        batch.add_column(sa.Column("received_at", UtcMoment(), nullable=True))
        batch.add_column(sa.Column("purged_at", UtcMoment(), nullable=True))
        batch.create_foreign_key(op.f("fk_batch_reprint_of_batch"), "batch", ["reprint_of"], ["id"])
        batch.create_index(op.f("ix_batch_reprint_of"), ["reprint_of"])
    op.add_column(
        "batch", sa.Column("plan", sa.String(), nullable=False, server_default=sa.text("''"))
    )
    op.add_column("batch", sa.Column("summary", sa.Text(), nullable=False, server_default="{}"))
    op.create_table(
        "mail_piece",
        sa.Column("batch_id", _BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.String(), nullable=False),
        sa.Column("list_id", _BIG, nullable=False),
        sa.Column("address_digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_at", UtcMoment(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_mail_piece_batch_id_batch")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["shopping_list.id"], name=op.f("fk_mail_piece_list_id_shopping_list")
        ),
        sa.PrimaryKeyConstraint("batch_id", "seq", name=op.f("pk_mail_piece")),
    )
    op.create_index(op.f("ix_mail_piece_piece_id"), "mail_piece", ["piece_id"])
    op.create_index(op.f("ix_mail_piece_list_id"), "mail_piece", ["list_id"])
    op.create_table(
        "acknowledgement",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("received_at", UtcMoment(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
    )
    op.create_index(op.f("ix_acknowledgement_sha256"), "acknowledgement", ["sha256"])
    op.create_table(
        "mail_event",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("batch_id", _BIG, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("happened_at", UtcMoment(), nullable=False),
        sa.Column("acknowledgement_id", _BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id", "seq"],
            ["mail_piece.batch_id", "mail_piece.seq"],
            name=op.f("fk_mail_event_batch_id_seq_mail_piece"),
        ),
        sa.ForeignKeyConstraint(
            ["acknowledgement_id"],
            ["acknowledgement.id"],
            name=op.f("fk_mail_event_acknowledgement_id_acknowledgement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_event")),
        sa.UniqueConstraint(
            "batch_id",
            "seq",
            "state",
            "happened_at",
            name=op.f("uq_mail_event_batch_id_seq_state_happened_at"),
        ),
    )
    op.create_index(op.f("ix_mail_event_acknowledgement_id"), "mail_event", ["acknowledgement_id"])


def downgrade() -> None:
    """Back to batches that end when they are published."""
    for table in ("mail_event", "acknowledgement", "mail_piece"):
        op.drop_table(table)
    with op.batch_alter_table("batch") as batch:
        batch.drop_index(op.f("ix_batch_reprint_of"))
        batch.drop_constraint(op.f("fk_batch_reprint_of_batch"), type_="foreignkey")
        for column in (
            "purged_at", "received_at", "picked_up_at", "summary", "plan", "reprint_of",
        ):  # fmt: skip
            batch.drop_column(column)
    op.drop_column("contact", "undeliverable_at")
    op.drop_column("contact", "carrier_order")
