"""what banks booked, which claims it settled, and documents as they went out"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nothing was booked before."""
    _bank_files()
    _receipts()
    _documents()


def downgrade() -> None:
    """What was booked and what went out is gone with it."""
    for table in (
        "reminded_claim", "claim_reminder", "claim_document", "receipt_application",
        "bank_receipt", "remittance_advice", "bank_file",
    ):  # fmt: skip
        op.drop_table(table)


def _to(table: str, name: str, other: str, *, nullable: bool = False) -> sa.Column[int]:
    constraint = op.f(f"fk_{table}_{name}_{other}")
    return sa.Column(name, _BIG, sa.ForeignKey(f"{other}.id", name=constraint), nullable=nullable)


def _bank_files() -> None:
    op.create_table(
        "bank_file",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("loaded_at", UtcMoment(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _to("bank_file", "person_id", "person", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_bank_file_sha256")),
    )
    op.create_table(
        "remittance_advice",
        sa.Column("id", _BIG, nullable=False),
        _to("remittance_advice", "file_id", "bank_file"),
        sa.Column("trace", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("total_cents", _BIG, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("deducted_cents", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittance_advice")),
        sa.UniqueConstraint(
            "payer",
            "trace",
            "paid_on",
            "total_cents",
            name=op.f("uq_remittance_advice_payer_trace_paid_on_total_cents"),
        ),
    )
    op.create_index(op.f("ix_remittance_advice_file_id"), "remittance_advice", ["file_id"])


def _receipts() -> None:
    op.create_table(
        "bank_receipt",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("booking", sa.String(), nullable=False),
        _to("bank_receipt", "file_id", "bank_file"),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("end_to_end", sa.String(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", _BIG, nullable=False),
        sa.Column("charges_cents", _BIG, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("payer_account", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("is_return", sa.Boolean(), nullable=False),
        sa.Column("return_reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("suspense_cents", _BIG, nullable=False, server_default="0"),
        sa.Column("reason", sa.String(), nullable=True),
        _to("bank_receipt", "returns_id", "bank_receipt", nullable=True),
        sa.Column("matched_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_receipt")),
        sa.UniqueConstraint("identity", name=op.f("uq_bank_receipt_identity")),
        sa.UniqueConstraint("returns_id", name=op.f("uq_bank_receipt_returns_id")),
    )
    op.create_index(op.f("ix_bank_receipt_booking"), "bank_receipt", ["booking"])
    op.create_index(op.f("ix_bank_receipt_file_id"), "bank_receipt", ["file_id"])
    op.create_index(op.f("ix_bank_receipt_end_to_end"), "bank_receipt", ["end_to_end"])
    waiting = sa.text("state IN ('new', 'suspended')")
    op.create_index(
        "ix_bank_receipt_waiting",
        "bank_receipt",
        ["id"],
        postgresql_where=waiting,
        sqlite_where=waiting,
    )
    op.create_table(
        "receipt_application",
        sa.Column("id", _BIG, nullable=False),
        _to("receipt_application", "receipt_id", "bank_receipt"),
        _to("receipt_application", "claim_id", "claim"),
        sa.Column("paid_cents", _BIG, nullable=False),
        sa.Column("written_off_cents", _BIG, nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("applied_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_application")),
    )
    for name in ("receipt_id", "claim_id"):
        op.create_index(op.f(f"ix_receipt_application_{name}"), "receipt_application", [name])


def _documents() -> None:
    op.create_table(
        "claim_document",
        sa.Column("id", _BIG, nullable=False),
        _to("claim_document", "claim_id", "claim", nullable=True),
        _to("claim_document", "account_id", "supplier_account"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_document")),
    )
    op.create_index(op.f("ix_claim_document_account_id"), "claim_document", ["account_id"])
    of_claim = sa.text("claim_id IS NOT NULL")
    op.create_index(
        "ux_claim_document_claim_id_kind",
        "claim_document",
        ["claim_id", "kind"],
        unique=True,
        postgresql_where=of_claim,
        sqlite_where=of_claim,
    )
    op.create_table(
        "claim_reminder",
        sa.Column("id", _BIG, nullable=False),
        _to("claim_reminder", "account_id", "supplier_account"),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("open_cents", _BIG, nullable=False),
        _to("claim_reminder", "document_id", "claim_document"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_reminder")),
    )
    op.create_index(op.f("ix_claim_reminder_account_id"), "claim_reminder", ["account_id"])
    op.create_table(
        "reminded_claim",
        _to("reminded_claim", "reminder_id", "claim_reminder"),
        _to("reminded_claim", "claim_id", "claim"),
        sa.Column("open_cents", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("reminder_id", "claim_id", name=op.f("pk_reminded_claim")),
    )
    op.create_index(op.f("ix_reminded_claim_claim_id"), "reminded_claim", ["claim_id"])
