"""agreements, claims and disputes, and a ledger that the database guards"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CLAIMABLE = sa.text("account IN ('supplier_receivable', 'fee_income', 'slot_income')")
_REFUSED = "entries of the ledger are only added; post the reverse instead"

# The first entry of a posting on a receivable says what all of them are for.
_SAID = """UPDATE ledger_entry SET
        uses = coalesce((
            SELECT -sum(f.amount_cents) / max(o.handling_fee_cents)
            FROM ledger_entry f JOIN offer o ON o.id = f.offer_id
            WHERE f.posting = ledger_entry.posting AND f.kind = ledger_entry.kind
              AND f.posted_at = ledger_entry.posted_at AND f.offer_id = ledger_entry.offer_id
              AND f.account = 'fee_income' AND o.handling_fee_cents > 0), 0),
        discount_cents = coalesce((
            SELECT -sum(d.amount_cents) FROM ledger_entry d
            WHERE d.posting = ledger_entry.posting AND d.kind = ledger_entry.kind
              AND d.posted_at = ledger_entry.posted_at AND d.offer_id = ledger_entry.offer_id
              AND d.account = 'household_discount'), 0)
    WHERE id IN (SELECT min(id) FROM ledger_entry
                 WHERE account = 'supplier_receivable' AND kind <> 'issue'
                 GROUP BY posting, kind, posted_at, offer_id)"""

_POSTGRESQL = (
    f"""CREATE FUNCTION ledger_entry_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'restrict_violation'; END $$""",
    """CREATE TRIGGER ledger_entry_kept BEFORE UPDATE OR DELETE ON ledger_entry
       FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_kept()""",
    """CREATE FUNCTION ledger_entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF EXISTS (SELECT FROM added GROUP BY posting HAVING sum(amount_cents) <> 0) THEN
           RAISE EXCEPTION 'a posting does not add up to zero' USING ERRCODE = 'check_violation';
         END IF;
         RETURN NULL;
       END $$""",
    """CREATE TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entry
       REFERENCING NEW TABLE AS added
       FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_balanced()""",
)
_SQLITE = tuple(
    f"""CREATE TRIGGER ledger_entry_no_{verb} BEFORE {verb} ON ledger_entry
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"""
    for verb in ("update", "delete")
)


def upgrade() -> None:
    """What was redeemed before is claimed as soon as an agreement covers it."""
    _accounts()
    _claims()
    with op.batch_alter_table("offer") as batch:
        batch.add_column(sa.Column("parties", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("offline_use") as batch:
        batch.add_column(sa.Column("charged_uses", sa.Integer(), nullable=True))
    op.execute(
        """UPDATE offline_use SET charged_uses = (
               SELECT CASE WHEN offline_use.fee_cents > 0 OR r.supplier_cents > 0
                           THEN offline_use.made ELSE 0 END
               FROM redemption_line r WHERE r.id = offline_use.redemption_line_id)"""
    )
    with op.batch_alter_table("offline_use") as batch:
        batch.alter_column("charged_uses", existing_type=sa.Integer(), nullable=False)
        batch.drop_column("fee_cents")
    with op.batch_alter_table("ledger_entry") as batch:
        batch.add_column(sa.Column("uses", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("discount_cents", _BIG, nullable=False, server_default="0"))
        batch.drop_index(op.f("ix_ledger_entry_supplier_id"))
    op.execute(_SAID)
    op.create_index(
        "ix_ledger_entry_claimable",
        "ledger_entry",
        ["supplier_id", "id"],
        postgresql_where=_CLAIMABLE,
        sqlite_where=_CLAIMABLE,
    )
    for statement in _SQLITE if _is_sqlite() else _POSTGRESQL:
        op.execute(statement)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _accounts() -> None:
    op.create_table(
        "supplier_account",
        sa.Column("id", _BIG, nullable=False),
        *[
            sa.Column(name, sa.String(), nullable=False)
            for name in (
                "number", "legal_name", "street", "postcode", "city", "region", "country",
                "tax_number", "language", "currency", "channel", "email",
            )
        ],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_account")),
        sa.UniqueConstraint("number", name=op.f("uq_supplier_account_number")),
    )  # fmt: skip
    # Both databases add a reference without writing the table again, in these words.
    op.execute(
        f"ALTER TABLE supplier ADD COLUMN account_id {'INTEGER' if _is_sqlite() else 'BIGINT'} "
        "CONSTRAINT fk_supplier_account_id_supplier_account REFERENCES supplier_account (id)"
    )
    op.create_index(op.f("ix_supplier_account_id"), "supplier", ["account_id"])
    op.create_table(
        "agreement",
        sa.Column("id", _BIG, nullable=False),
        _to("agreement", "account_id", "supplier_account"),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("fee_cents", _BIG, nullable=False),
        sa.Column("tax_code", sa.String(), nullable=False),
        sa.Column("tax_basis_points", sa.Integer(), nullable=False),
        sa.Column("tolerance_cents", _BIG, nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("dispute_days", sa.Integer(), nullable=False),
        sa.Column("credit_limit_cents", _BIG, nullable=True),
        sa.Column("settlement", sa.String(), nullable=False),
        sa.Column("loaded_at", UtcMoment(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _to("agreement", "person_id", "person", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint(
            "account_id", "ref", "revision", name=op.f("uq_agreement_account_id_ref_revision")
        ),
    )
    op.create_table(
        "agreement_party",
        _to("agreement_party", "agreement_id", "agreement"),
        sa.Column("rank", sa.Integer(), nullable=False),
        _to("agreement_party", "supplier_id", "supplier"),
        sa.Column("share_basis_points", sa.Integer(), nullable=True),
        sa.Column("use_cents", _BIG, nullable=True),
        sa.Column("cap_cents", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("agreement_id", "rank", name=op.f("pk_agreement_party")),
    )
    op.create_index(op.f("ix_agreement_party_supplier_id"), "agreement_party", ["supplier_id"])


def _claims() -> None:
    op.create_table(
        "claim_series",
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("last_serial", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_claim_series")),
    )
    op.create_table(
        "claim",
        sa.Column("id", _BIG, nullable=False),
        _to("claim", "account_id", "supplier_account"),
        _to("claim", "agreement_id", "agreement"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("drawn_to", sa.Date(), nullable=False),
        sa.Column("drawn_at", UtcMoment(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("issued_at", UtcMoment(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("dispute_until", sa.Date(), nullable=True),
        sa.Column("opening_cents", _BIG, nullable=False),
        sa.Column("tax_cents", _BIG, nullable=False),
        sa.Column("total_cents", _BIG, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _to("claim", "person_id", "person", nullable=True),
        sa.Column("cancelled_at", UtcMoment(), nullable=True),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.Column("cancel_note", sa.String(), nullable=False, server_default=""),
        sa.Column("credit_series", sa.String(), nullable=True),
        sa.Column("credit_serial", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("series", "serial", name=op.f("uq_claim_series_serial")),
        sa.UniqueConstraint(
            "credit_series", "credit_serial", name=op.f("uq_claim_credit_series_credit_serial")
        ),
    )
    op.create_index(op.f("ix_claim_account_id_id"), "claim", ["account_id", "id"])
    op.create_index(op.f("ix_claim_state_id"), "claim", ["state", "id"])
    op.create_index(op.f("ix_claim_agreement_id"), "claim", ["agreement_id"])
    op.create_table(
        "claim_line",
        _to("claim_line", "claim_id", "claim"),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("supplier_id", _BIG, nullable=False),
        _to("claim_line", "offer_id", "offer"),
        sa.Column("store_id", sa.String(), nullable=True),
        _to("claim_line", "late_of", "claim", nullable=True),
        *[
            sa.Column(name, _BIG, nullable=False)
            for name in (
                "circulation", "uses", "discount_cents", "share_cents", "fee_cents", "slot_cents",
                "adjustment_cents",
            )
        ],
        sa.PrimaryKeyConstraint("claim_id", "line", name=op.f("pk_claim_line")),
    )  # fmt: skip
    op.create_index(op.f("ix_claim_line_offer_id"), "claim_line", ["offer_id"])
    op.create_table(
        "claim_entry",
        sa.Column("entry_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("claim_id", _BIG, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_claim_entry")),
    )
    op.create_index(op.f("ix_claim_entry_claim_id_line"), "claim_entry", ["claim_id", "line"])
    op.create_table(
        "cancelled_claim_entry",
        sa.Column("claim_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("entry_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "entry_id", name=op.f("pk_cancelled_claim_entry")),
    )
    op.create_table(
        "claim_settlement",
        _to("claim_settlement", "entry_id", "ledger_entry"),
        _to("claim_settlement", "claim_id", "claim"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_claim_settlement")),
    )
    op.create_index(op.f("ix_claim_settlement_claim_id"), "claim_settlement", ["claim_id"])
    op.create_table(
        "claim_dispute",
        sa.Column("id", _BIG, nullable=False),
        _to("claim_dispute", "claim_id", "claim"),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("claimed_cents", _BIG, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", UtcMoment(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        _to("claim_dispute", "person_id", "person", nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("accepted_cents", _BIG, nullable=False),
        sa.Column("answer_reason", sa.String(), nullable=True),
        sa.Column("answer_note", sa.Text(), nullable=False, server_default=""),
        sa.Column("answered_at", UtcMoment(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=False, server_default=""),
        _to("claim_dispute", "second_person_id", "person", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_dispute")),
    )
    op.create_index(op.f("ix_claim_dispute_claim_id_line"), "claim_dispute", ["claim_id", "line"])
    op.create_index(op.f("ix_claim_dispute_state_id"), "claim_dispute", ["state", "id"])


def _to(table: str, name: str, target: str, *, nullable: bool = False) -> sa.Column[Any]:
    reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{name}_{target}"))
    return sa.Column(name, _BIG, reference, autoincrement=False, nullable=nullable)


def downgrade() -> None:
    """What claims and their settlement posted stays in the ledger."""
    if _is_sqlite():
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER ledger_entry_no_{verb}")
    else:
        for name in ("balanced", "kept"):
            op.execute(f"DROP TRIGGER ledger_entry_{name} ON ledger_entry")
            op.execute(f"DROP FUNCTION ledger_entry_{name}()")
    for table in (
        "claim_dispute", "claim_settlement", "cancelled_claim_entry", "claim_entry", "claim_line",
        "claim", "claim_series", "agreement_party", "agreement",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_ledger_entry_claimable", "ledger_entry")
    op.create_index(op.f("ix_ledger_entry_supplier_id"), "ledger_entry", ["supplier_id"])
    for column in ("discount_cents", "uses"):
        op.drop_column("ledger_entry", column)
    with op.batch_alter_table("offline_use") as batch:
        batch.add_column(sa.Column("fee_cents", _BIG, nullable=False, server_default="0"))
    op.execute(
        """UPDATE offline_use SET fee_cents = charged_uses * (
               SELECT o.handling_fee_cents FROM redemption_line r JOIN offer o ON o.id = r.offer_id
               WHERE r.id = offline_use.redemption_line_id)"""
    )
    with op.batch_alter_table("offline_use") as batch:
        batch.alter_column("fee_cents", existing_type=_BIG, server_default=None)
        batch.drop_column("charged_uses")
    op.drop_column("offer", "parties")
    op.drop_index(op.f("ix_supplier_account_id"), "supplier")
    op.drop_column("supplier", "account_id")
    op.drop_table("supplier_account")
