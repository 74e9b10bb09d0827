"""Messages about ended jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the outbox."""
    op.create_table(
        "outbox",
        sa.Column(
            "job_id", sa.String(64), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("address", sa.JSON, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
    )
    op.create_index("outbox_by_due", "outbox", ["state", "due_at"])
    op.create_index("jobs_by_end", "jobs", ["ended_at"])
