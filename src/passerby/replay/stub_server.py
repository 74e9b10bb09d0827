"""Stub server for tests of client programs: the real API around recorded results.

Signatures, checks, page tokens and messages are those of the service; behind them there
is no worker, no video, no network and no database.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from passerby.api.app import create_app
from passerby.api.authorization import SignedRequest
from passerby.api.exchange import Reply, Service
from passerby.api.metrics import Metrics
from passerby.api.notifications import notification_of
from passerby.api.operations import Tracking
from passerby.api.protocol import TARGET_HEADER
from passerby.api.rate_limits import RateLimiter
from passerby.api.signature import Authenticator
from passerby.api.tokens import PageTokens
from passerby.errors import SettingsError
from passerby.jobs.job import Job
from passerby.jobs.message import OutgoingMessage
from passerby.replay.example import example
from passerby.replay.jobs import ReplayedJobs
from passerby.replay.keys import TEST_KEY, Key, keys_of
from passerby.replay.recordings import DEFAULT, Recordings, recording_of, recordings_in
from passerby.replay.script import Script, script_from, script_of
from passerby.server import listening

T = TypeVar("T")

SCRIPT_FILE = "script.toml"

# Requests and notifications that are kept; the oldest are forgotten.
REMEMBERED = 100_000


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as it was received, and the code of its answer."""

    operation: str  # as the header says; "" without one
    parameters: Any  # decoded JSON; None where it was none
    status: int  # of HTTP
    code: str  # "OK", or the code of the error


@dataclass(frozen=True)
class SentNotification:
    """A notification that would have gone to a topic."""

    topic: str  # ARN
    role: str
    message: dict[str, Any]


@dataclass(frozen=True)
class _QueueStats:
    """Numbers of jobs and messages, for `/metrics`."""

    jobs: Mapping[str, int]
    messages: Mapping[str, int]
    longest_wait_seconds: float = 0.0
    stalled_jobs: int = 0
    repeated_jobs: int = 0
    longest_pending_seconds: float = 0.0


@dataclass(frozen=True)
class ServerOptions:
    """What the settings of a server say, beside recordings and script."""

    rates: Mapping[str, RateLimiter] = field(default_factory=dict)  # of an account, by operation
    open_job_limit: int = 0  # unless the script says otherwise; 0: any
    cors_origins: Sequence[str] = ()
    public_url: str | None = None


class StubServer:
    """The API around recordings and a script, with a log of what it received and sent.

    `requests` and `notices` are in the order in which they came; `url` is "" unless it
    listens.

    Parameters
    ----------
    recordings : Recordings
        Results of the jobs.
    script : Script
        Rules that hold at first and after `reset`.
    send : callable
        Given the message about an ended job that named a topic.
    options : ServerOptions
        Limits, origins and public URL, as of a server.
    """

    def __init__(
        self,
        recordings: Recordings,
        script: Script = Script(),  # noqa: B008 - frozen
        send: Callable[[Job, OutgoingMessage], None] = lambda _job, _message: None,
        options: ServerOptions = ServerOptions(),
    ) -> None:
        self._recordings = recordings
        self._script = script
        self._send = send
        self.url = ""
        self.requests: list[ReceivedRequest] = []
        self.notices: list[SentNotification] = []
        self._keys = keys_of(script)
        self.jobs = ReplayedJobs(recordings.copy(), script, self._notify)
        self.app = create_app(
            Service(
                authenticator=Authenticator(self._key, public_url=options.public_url),
                rates=options.rates,
                tracking=Tracking(
                    self.jobs,
                    self.jobs,
                    self.jobs,
                    PageTokens(bytes(32)),
                    options.open_job_limit,
                    video_bytes_limit=1,
                ),
                metrics=Metrics(self._queue_stats),
                on_exchange=self._on_exchange,
            ),
            cors_origins=options.cors_origins,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that point a program with any AWS SDK at this server."""
        return {
            "AWS_ACCESS_KEY_ID": TEST_KEY.id,
            "AWS_SECRET_ACCESS_KEY": TEST_KEY.secret,
            "AWS_SESSION_TOKEN": "",  # of another key, it would spoil this one
            "AWS_ENDPOINT_URL_REKOGNITION": self.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
        }

    def client(self, **options: Any) -> Any:  # noqa: ANN401 - boto3's own, which has no types
        """Make a boto3 client of this server; `options` are those of `boto3.client`."""
        import boto3  # noqa: PLC0415

        usual = {
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "aws_access_key_id": TEST_KEY.id,
            "aws_secret_access_key": TEST_KEY.secret,
        }
        return boto3.client("rekognition", **usual | options)

    def script(self, **tables: object) -> None:
        """Use another script from now on: the tables of the TOML file, by name.

        >>> StubServer(Recordings({})).script(jobs=[{"polls": 2}], page_rows=10)
        """
        script = script_of(tables)
        self._keys = keys_of(script)
        self.jobs.follow(script)

    def replay(self, video: str, answer: object) -> None:
        """Replay this answer for a video, its bucket/key, from now on.

        `answer` is what GetPersonTracking shall answer in one piece, or a list of pages.
        """
        self.jobs.recordings.put(video, recording_of(json.dumps(answer).encode()))

    def finish(self, job_id: str, failure: str | None = None) -> None:
        """End a job now: as its recording says, or failed with this `StatusMessage`."""
        self.jobs.finish(job_id, failure)

    def reset(self) -> None:
        """Forget all jobs and requests; return to the first script and recordings."""
        self._keys = keys_of(self._script)
        self.jobs.reset(self._recordings.copy(), self._script)
        self.requests.clear()
        self.notices.clear()

    def _key(self, key_id: str) -> Key | None:
        return self._keys.get(key_id)

    def _queue_stats(self) -> _QueueStats:
        return _QueueStats(
            Counter(job.state for job in self.jobs.all()), {"told": len(self.notices)}
        )

    def _on_exchange(self, request: SignedRequest, reply: Reply) -> None:
        targets = [value for name, value in request.headers if name == TARGET_HEADER]
        code = "OK" if reply.status == 200 else str(json.loads(reply.body)["__type"])  # noqa: PLR2004
        operation = targets[0].rpartition(".")[2] if targets else ""
        parameters = _decoded(request.body)
        _remember(self.requests, ReceivedRequest(operation, parameters, reply.status, code))

    def _notify(self, job: Job) -> None:
        message = notification_of(job)
        if message is None:
            return
        address = message.address
        notice = SentNotification(address["topic"], address["role"], json.loads(message.body))
        _remember(self.notices, notice)
        self._send(job, message)


@contextmanager
def running(folder: Path | None = None) -> Iterator[StubServer]:
    """Replay the recordings of a folder, by the script in it, while the block runs.

    It listens on a free port of 127.0.0.1, in a thread. Without a folder, two people walk
    through every video.
    """
    without = StubServer(Recordings({DEFAULT: example()}))
    with running_stub_server(without if folder is None else stub_server_for(folder)) as stub_server:
        yield stub_server


@contextmanager
def running_stub_server(stub_server: StubServer) -> Iterator[StubServer]:
    """Serve on a free port of 127.0.0.1, in a thread, while the block runs."""
    with listening.in_thread(stub_server.app) as url:
        stub_server.url = url
        try:
            yield stub_server
        finally:
            stub_server.reset()


def stub_server_for(
    folder: Path,
    send: Callable[[Job, OutgoingMessage], None] = lambda _job, _message: None,
    options: ServerOptions = ServerOptions(),
) -> StubServer:
    """Build a stub server for the recordings of a folder and the script in it.

    The other parameters are those of `StubServer`.

    Raises
    ------
    SettingsError
        If there is no such folder.
    FileFormatError
        If something in it cannot be used.
    """
    if not folder.is_dir():
        raise SettingsError(f"the folder of the recordings does not exist: {folder}")
    script = script_from(folder / SCRIPT_FILE)
    return StubServer(recordings_in(folder), script, send, options)


def _remember(seen: list[T], newest: T) -> None:
    seen.append(newest)
    del seen[:-REMEMBERED]


def _decoded(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body)
    except ValueError:
        return None
