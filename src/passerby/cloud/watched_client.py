"""Let clients of boto3 keep a deadline: their connections are watched like all others.

boto3 has timeouts for one read or write each, and repeats what failed. Under a
`passerby.outbound.deadline.Deadline`, both end in time.
"""

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.client import BaseClient

from passerby.outbound.connections import WatchedConnection
from passerby.outbound.deadline import check_deadline


class _Connection(WatchedConnection, AWSHTTPConnection):  # type: ignore[misc]
    """A connection of boto3 that is watched."""


class _TlsConnection(WatchedConnection, AWSHTTPSConnection):  # type: ignore[misc]
    """The same over TLS."""


class _Pool(AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _Connection


class _TlsPool(AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _TlsConnection


def keep_deadlines(client: BaseClient) -> BaseClient:
    """Let a client that has sent nothing yet keep the deadline of the thread that uses it.

    A call that runs out of time raises TimeoutError or an error of botocore.
    """
    # botocore has no other way to its connections. It copies this table to each proxy's.
    session = client._endpoint.http_session  # noqa: SLF001
    session._pool_classes_by_scheme.update(http=_Pool, https=_TlsPool)  # noqa: SLF001
    # Raised here, the error is not taken for one of those that are worth another attempt.
    client.meta.events.register_first("before-send", _refuse_when_late)
    return client


def _refuse_when_late(**_request: object) -> None:
    check_deadline()
