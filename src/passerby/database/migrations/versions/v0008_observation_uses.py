"""Which observations each job uses, so that those of nobody else go with it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table; of earlier jobs it is not known which they used."""
    op.create_table(
        "observation_uses",
        sa.Column(
            "job_id",
            sa.String(64),
            sa.ForeignKey("jobs.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("name", sa.String(80), primary_key=True),
    )
    op.create_index("observation_uses_by_name", "observation_uses", ["name"])
