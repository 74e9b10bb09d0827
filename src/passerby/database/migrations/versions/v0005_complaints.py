"""What was damaged in a video that was analysed all the same."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Keep it with the job; of those that have ended nothing is known."""
    op.add_column("jobs", sa.Column("complaints", sa.JSON))
