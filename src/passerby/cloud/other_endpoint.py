"""Send operations of Rekognition to another endpoint, signed with credentials of this machine.

The request goes on as it came, but for its signature, and the answer comes back as it
is. Each exchange has a deadline, whatever the endpoint does, and a limit on its size.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.session
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeout

from passerby.errors import ForwardingError, SettingsError

SERVICE = "rekognition"
CONTENT_TYPE = "application/x-amz-json-1.1"
# By which a server knows a request that was forwarded before (RFC 9110, 7.6.3).
VIA = "1.1 passerby"

CONNECT_SECONDS = 5.0
# As botocore waits for an answer.
DEADLINE_SECONDS = 60.0
# Several times the longest answer: a page of 1000 faces with all attributes.
ANSWER_BYTES_LIMIT = 32 * 1024 * 1024
# Requests under way at a time.
CONNECTIONS = 32

_LATE = "The other endpoint did not answer in time."
_PIECE_BYTES = 64 * 1024
_KEPT_HEADERS = ("Content-Type", "x-amzn-RequestId", "x-amzn-ErrorType", "Retry-After")


@dataclass(frozen=True)
class Origin:
    """Where operations go, and with whose credentials; None: as botocore finds them."""

    region: str | None = None
    endpoint_url: str | None = None  # AWS's own of the region unless given
    profile: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OtherAnswer:
    """The answer of the endpoint."""

    status: int
    body: bytes
    headers: Mapping[str, str]  # those that a client of AWS reads


class OtherEndpoint:
    """An endpoint of Rekognition; safe to use from many threads.

    Parameters
    ----------
    origin : Origin
        Where it is.
    deadline_seconds : float
        From the request to the last byte of its answer.
    answer_bytes_limit : int
        Length of an answer at most.

    Raises
    ------
    SettingsError
        If there are no credentials, no region, or no such profile.
    """

    def __init__(
        self,
        origin: Origin,
        deadline_seconds: float = DEADLINE_SECONDS,
        answer_bytes_limit: int = ANSWER_BYTES_LIMIT,
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._answer_bytes_limit = answer_bytes_limit
        try:
            session = botocore.session.Session(profile=origin.profile)
            self._region = _region(session, origin)
            self._credentials = _credentials(session, origin)
            self._url = origin.endpoint_url or _aws_url(session, self._region)
            certificates = get_cert_path(session.get_config_variable("ca_bundle") or True)
        except (BotoCoreError, ValueError) as error:
            raise SettingsError(f"Operations cannot be forwarded: {error}") from error
        self._http = _pool(self._url, certificates)

    @property
    def access_key_id(self) -> str:
        """Public half of the credentials that sign."""
        return str(self._credentials.get_frozen_credentials().access_key)

    def send(self, operation: str, body: bytes) -> OtherAnswer:
        """Send an operation, in one attempt.

        Raises
        ------
        ForwardingError
            If there is no whole answer in time, or it is too long.
        """
        # The text of an error may hold the URL, and that a password: only its type is told.
        try:
            headers = self._signed_headers(operation, body)
            with _deadline(self._deadline_seconds) as deadline:
                return self._exchange(headers, body, deadline)
        except HTTPTimeout as error:
            if isinstance(error, NewConnectionError):  # which urllib3 counts among them
                raise _unreachable(error) from error
            raise ForwardingError(_LATE) from error
        except (BotoCoreError, HTTPError, OSError) as error:
            raise _unreachable(error) from error

    def _signed_headers(self, operation: str, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": f"RekognitionService.{operation}"}
        request = AWSRequest("POST", self._url, headers=headers, data=body)
        credentials = self._credentials.get_frozen_credentials()
        SigV4Auth(credentials, SERVICE, self._region).add_auth(request)
        unsigned = {"Via": VIA, "User-Agent": "passerby", "Accept-Encoding": "identity"}
        return {**dict(request.headers.items()), **unsigned}

    def _exchange(self, headers: dict[str, str], body: bytes, deadline: "_Deadline") -> OtherAnswer:
        answer = self._http.request(
            "POST",
            self._url,
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=self._deadline_seconds),
        )
        try:
            content = self._read(answer, deadline)
        except BaseException:
            answer.close()  # what is left of it must not be taken for the next answer
            raise
        answer.release_conn()
        kept = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        return OtherAnswer(answer.status, content, kept)

    def _read(self, answer: urllib3.BaseHTTPResponse, deadline: "_Deadline") -> bytes:
        if deadline.is_over():
            raise ForwardingError(_LATE)
        if not {"content-length", "transfer-encoding"} & set(map(str.lower, answer.headers)):
            # Its end cannot be told from a connection that broke, even in the head.
            raise ForwardingError("The answer of the other endpoint has no length.")
        content = bytearray()
        while piece := answer.read1(_PIECE_BYTES):
            content += piece
            if len(content) > self._answer_bytes_limit:
                raise ForwardingError("The answer of the other endpoint is too long.")
            if deadline.is_over():
                break
        if deadline.is_over():
            raise ForwardingError(_LATE)
        return bytes(content)


class _Deadline(threading.local):
    """The time at which the exchange of this thread must be over."""

    ends: float = float("inf")  # of the monotonic clock

    def is_over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() > self.ends


_current = _Deadline()


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[_Deadline]:
    _current.ends = time.monotonic() + seconds
    try:
        yield _current
    finally:
        _current.ends = float("inf")


class _HeadDeadline:
    """A connection whose answer must begin before the deadline, however slowly it drips.

    A time limit of a socket starts anew with each byte.
    """

    sock: Any

    def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's own
        """Wait for the head of the answer; its socket is shut down at the deadline."""
        left = max(0.0, _current.ends - time.monotonic())
        timer = threading.Timer(min(left, threading.TIMEOUT_MAX), _shut_down, (self.sock,))
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()


class _Connection(_HeadDeadline, HTTPConnection):
    """Without TLS."""


class _SecureConnection(_HeadDeadline, HTTPSConnection):
    """With TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _unreachable(error: Exception) -> ForwardingError:
    return ForwardingError(f"The other endpoint cannot be reached: {type(error).__name__}.")


def _shut_down(connection: socket.socket | None) -> None:
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _pool(url: str, certificates: str) -> urllib3.PoolManager:
    """Build the connections, through the proxy that the environment names for the URL."""
    options: dict[str, Any] = {"maxsize": CONNECTIONS, "ca_certs": certificates}
    proxy = get_environ_proxies(url).get(urllib3.util.parse_url(url).scheme or "")
    pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pool


def _region(session: botocore.session.Session, origin: Origin) -> str:
    region = origin.region or session.get_config_variable("region")
    if not region:
        raise SettingsError("Operations cannot be forwarded without forward_region.")
    return str(region)


def _credentials(session: botocore.session.Session, origin: Origin) -> Credentials:
    if origin.access_key_id and origin.secret_access_key:
        return Credentials(origin.access_key_id, origin.secret_access_key)
    credentials = session.get_credentials()
    if credentials is None:
        raise SettingsError(
            "Operations cannot be forwarded without credentials: set forward_profile, or what "
            "boto3 reads from the environment."
        )
    return credentials


def _aws_url(session: botocore.session.Session, region: str) -> str:
    """Find AWS's own endpoint; the variable by which clients find passerby is not read."""
    config = Config(ignore_configured_endpoint_urls=True)
    return str(session.create_client(SERVICE, region, config=config).meta.endpoint_url)


def known_operations() -> frozenset[str]:
    """Names of the operations of Rekognition, as this botocore knows them."""
    model = botocore.session.Session().get_service_model(SERVICE)
    return frozenset(map(str, model.operation_names))
