"""what letters carry besides offers and reminders, pictures, and the pages of lists"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Tables of content, of pictures by digest, and of page codes; the recipe of each list."""
    op.create_table(
        "content",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("loaded_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_content")),
    )
    op.create_table(
        "picture",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_picture")),
    )
    op.create_table(
        "picture_name",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest"], ["picture.digest"], name=op.f("fk_picture_name_digest_picture")
        ),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_picture_name")),
    )
    op.create_index(op.f("ix_picture_name_digest"), "picture_name", ["digest"])
    op.create_table(
        "list_page",
        sa.Column("code_digest", sa.String(), nullable=False),
        sa.Column("list_id", _BIG, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("written_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["shopping_list.id"], name=op.f("fk_list_page_list_id_shopping_list")
        ),
        sa.PrimaryKeyConstraint("code_digest", name=op.f("pk_list_page")),
    )
    op.create_index(op.f("ix_list_page_list_id"), "list_page", ["list_id"])
    op.add_column("shopping_list", sa.Column("recipe_key", sa.String(), nullable=True))


def downgrade() -> None:
    """Back to letters of offers and reminders alone."""
    op.drop_column("shopping_list", "recipe_key")
    for name in ("list_page", "picture_name", "picture", "content"):
        op.drop_table(name)
