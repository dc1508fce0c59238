"""who did what, by moment and by person"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TRAILS = ("audit_event", "offer_event")


def upgrade() -> None:
    """Pages of both trails follow the moment, whatever filters there are."""
    op.drop_index(op.f("ix_audit_event_person_id"), table_name="audit_event")
    for trail in _TRAILS:
        for columns in (["person_id", "happened_at", "id"], ["happened_at", "id"]):
            op.create_index(op.f(f"ix_{trail}_{'_'.join(columns)}"), trail, columns)


def downgrade() -> None:
    """Back to pages by number."""
    for trail in _TRAILS:
        op.drop_index(op.f(f"ix_{trail}_person_id_happened_at_id"), table_name=trail)
        op.drop_index(op.f(f"ix_{trail}_happened_at_id"), table_name=trail)
    op.create_index(op.f("ix_audit_event_person_id"), "audit_event", ["person_id"])
