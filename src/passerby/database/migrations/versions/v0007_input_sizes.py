"""In which image sizes the persons of a job's video were detected."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Keep them with the job; of those that have ended nothing is known."""
    op.add_column("jobs", sa.Column("input_sizes", sa.JSON))
