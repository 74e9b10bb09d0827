"""What an access key may be used for, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Let keys be limited; those there are stay without limits."""
    op.add_column("access_keys", sa.Column("rights", sa.JSON))
    op.add_column("access_keys", sa.Column("sealed_session_token", sa.LargeBinary))
    op.add_column("access_keys", sa.Column("expires_at", sa.DateTime(timezone=True)))
