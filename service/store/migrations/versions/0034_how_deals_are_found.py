"""the text by which deals are found and put in order"""

import sqlalchemy as sa
from alembic import op

from service.store.searching import search_text

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_CURRENT = "state <> 'replaced'"
_AT_ONCE = 10_000


def upgrade() -> None:
    """Filled for the deals that are there."""
    kind = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.add_column("offer", sa.Column("search_text", kind, nullable=False, server_default=""))
    connection = op.get_bind()
    after = 0
    while True:
        rows = connection.execute(
            sa.text(
                "SELECT id, title, deal_ref FROM offer WHERE id > :after ORDER BY id LIMIT :most"
            ),
            {"after": after, "most": _AT_ONCE},
        ).all()
        if not rows:
            break
        connection.execute(
            sa.text("UPDATE offer SET search_text = :said WHERE id = :number"),
            [{"said": search_text(row.title, row.deal_ref), "number": row.id} for row in rows],
        )
        after = rows[-1].id
    op.create_index(
        "ix_offer_search",
        "offer",
        ["search_text", "id"],
        postgresql_where=sa.text(_CURRENT),
        sqlite_where=sa.text(_CURRENT),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_offer_search", "offer")
    op.drop_column("offer", "search_text")
