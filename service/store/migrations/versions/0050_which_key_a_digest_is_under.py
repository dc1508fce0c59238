"""which key a digest is under, so that what is left of the key before can be counted"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

_ADDED = (("identity", "key_mark"), ("api_key", "key_mark"), ("passkey", "handle"))


def upgrade() -> None:
    """So far there was one key; a running older version goes on without the columns."""
    for table, name in _ADDED:
        op.add_column(table, sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """What is under another key cannot be told any more."""
    for table, name in reversed(_ADDED):
        op.drop_column(table, name)
