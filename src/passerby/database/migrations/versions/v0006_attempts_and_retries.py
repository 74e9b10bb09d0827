"""Retries after passing faults, counted apart from attempts that broke off."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Give each limit a counter of its own, and call what was damaged in a video warnings.

    Until now one counter held both. A job that waits for its next retry was last ended by
    a passing fault, and three attempts that broke off would have ended it: in both cases
    the earlier attempts count as retries. In all others they count as broken off.
    """
    op.alter_column("jobs", "fruitless_attempts", new_column_name="attempts_without_progress")
    op.alter_column("jobs", "complaints", new_column_name="warnings")
    op.add_column("jobs", sa.Column("retries", sa.Integer, nullable=False, server_default="0"))
    running = "CASE WHEN state = 'running' THEN 1 ELSE 0 END"
    op.execute(
        f"UPDATE jobs SET retries = attempts_without_progress - {running}, "  # noqa: S608 - fixed
        f"attempts_without_progress = {running} "
        "WHERE (state = 'queued' AND lease_until IS NOT NULL) "
        "OR (state IN ('queued', 'running') AND attempts_without_progress > 3)"
    )
