"""The tables of the job database.

The steps that lead here are in `migrations/versions`; a test compares the two.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, also where the database stores no time zone (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Bring a time to UTC before it is stored."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return a stored time as UTC."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class ErrorText(TypeDecorator[str]):
    """The text of an error; characters that a database cannot hold are replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Replace NUL, which PostgreSQL refuses, and what UTF-8 cannot encode."""
        return value and value.replace("\0", "\ufffd").encode(errors="replace").decode()


METADATA = MetaData()

JOBS = Table(
    "jobs",
    METADATA,
    Column("number", Integer, primary_key=True),  # order of arrival
    Column("id", String(64), nullable=False, unique=True),
    Column("account_id", String(12), nullable=False),
    Column("operation", Text, nullable=False),
    Column("request", JSON, nullable=False),
    Column("source", JSON, nullable=False),
    Column("tag", Text),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    # Both count since the job last had more shards finished than ever before.
    Column("attempts_without_progress", Integer, nullable=False, server_default="0"),
    Column("retries", Integer, nullable=False, server_default="0"),
    Column("finished_shards", Integer, nullable=False, server_default="0"),
    Column("stage", String(16), nullable=False),
    Column("fraction", Float, nullable=False),
    Column("frames", BigInteger, nullable=False),
    Column("speed", Float, nullable=False),
    Column("status_message", ErrorText),
    Column("video", JSON(none_as_null=True)),
    Column("warnings", JSON(none_as_null=True)),
    Column("input_sizes", JSON(none_as_null=True)),
    Column("persons", BigInteger),
    Column("sightings", BigInteger),
    Column("cancel_requested", Boolean, nullable=False),
    Column("worker_id", Text),
    Column("lease_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index("jobs_by_state", "state", "number"),
    Index("jobs_by_account", "account_id", "state"),
    Index("jobs_by_end", "ended_at"),
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("account_id", String(12), primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("job_id", String(64), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("request_sha256", String(64), nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
)

OBSERVATION_USES = Table(
    "observation_uses",
    METADATA,
    Column("job_id", String(64), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(80), primary_key=True),  # of the file, see `pathing.plan.Shard`
    Index("observation_uses_by_name", "name"),
)

ACCESS_KEYS = Table(
    "access_keys",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("account_id", String(12), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("rights", JSON(none_as_null=True)),  # null: all
    Column("sealed_session_token", LargeBinary),  # of temporary keys
    Column("expires_at", UtcDateTime),
)

ARTIFACT_ORDERS = Table(
    "artifact_orders",
    METADATA,
    Column("number", Integer, primary_key=True),  # order of arrival
    Column("job_id", String(64), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(255), nullable=False),  # of the file
    Column("account_id", String(12), nullable=False),
    Column("request", JSON, nullable=False),
    Column("is_quick", Boolean, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("fraction", Float, nullable=False),
    Column("message", ErrorText),
    Column("attempts", Integer, nullable=False),
    Column("worker_id", Text),
    Column("lease_until", UtcDateTime),
    UniqueConstraint("job_id", "name", name="artifact_orders_by_name"),
    Index("artifact_orders_by_stage", "stage", "number"),
)

ENDED_SESSIONS = Table(
    "ended_sessions",
    METADATA,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the cookie
    Column("ends_at", UtcDateTime, nullable=False),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("job_id", String(64), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("message_id", String(36), nullable=False),
    Column("address", JSON, nullable=False),
    Column("body", Text, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("last_error", ErrorText),
    Column("settled_at", UtcDateTime),
    Index("outbox_by_due", "state", "due_at"),
)
