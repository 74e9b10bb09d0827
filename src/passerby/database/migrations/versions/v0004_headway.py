"""How far a job got in its attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Count attempts that brought a job no further; so far, that is all of them."""
    for name in ("fruitless_attempts", "finished_shards"):
        op.add_column("jobs", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE jobs SET fruitless_attempts = attempt")
