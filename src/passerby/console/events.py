"""Server-sent events: progress of jobs, and of the artifacts made of their videos.

`job` has the members of `job_facts`, `artifact` those of an `ArtifactStatus`. Each is sent when
it has changed. The id of an event is the time at which it was sent. A browser that reconnects
names the last one, and receives what ended since.

Source: WHATWG, "HTML Living Standard", section 9.2, "Server-sent events".
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from passerby.console.authentication import AuthenticatedRequest, authenticated
from passerby.console.facts import job_facts
from passerby.console.refusal import Refused
from passerby.console.sessions import Sessions
from passerby.errors import JobNotFound
from passerby.jobs.artifact_orders import ArtifactOrders, ArtifactStage, ArtifactStatus
from passerby.jobs.job_list import JobList
from passerby.jobs.store import JobStore

POLL_SECONDS = 0.5
# A comment is sent after so many polls without events; proxies cut a connection that is
# silent for a minute.
SILENT_POLLS = 30
# A job that ended this long before the page was rendered may not be shown as ended.
RECENT = timedelta(seconds=30)
JOBS_LIMIT = 500

# Streams of one account at a time: each looks into the database twice a second.
STREAMS_OF_ACCOUNT = 20

RETRY = b"retry: 2000\n\n"
KEEP_ALIVE = b": here\n\n"

EventKey = tuple[str, str]  # kind, and id of the job or artifact
Facts = Mapping[str, object]


@dataclass(frozen=True)
class EventSources:
    """Where events come from."""

    jobs: JobStore
    job_list: JobList
    artifacts: ArtifactOrders


class EventStream:
    """Events for one browser: what has changed since they were last polled."""

    def __init__(
        self,
        sources: EventSources,
        sessions: Sessions,
        request: AuthenticatedRequest,
        since: datetime,
    ) -> None:
        self._sources = sources
        self._sessions = sessions
        self._request = request
        self._since = since
        self._sent: dict[EventKey, Facts] = {}
        self._is_visible: dict[str, bool] = {}  # by id of the job

    def poll(self) -> bytes | None:
        """Encode what has changed as events; None once the session has ended."""
        now = datetime.now(UTC)
        if self._sessions.find(self._request.session.cookie, now) is None:
            return None
        found = {**self._poll_jobs(now), **self._poll_artifacts()}
        changed = {key: facts for key, facts in found.items() if self._sent.get(key) != facts}
        self._sent = found
        return b"".join(_encode_event(kind, facts, now) for (kind, _), facts in changed.items())

    def _poll_jobs(self, now: datetime) -> dict[EventKey, Facts]:
        request = self._request
        active = self._sources.job_list.active(request.account_id, self._since, JOBS_LIMIT)
        self._since = max(self._since, now - RECENT)
        return {("job", job.id): job_facts(job, now) for job in active if request.may_see(job)}

    def _poll_artifacts(self) -> dict[EventKey, Facts]:
        artifacts = self._sources.artifacts
        statuses = {(s.job_id, s.name): s for s in artifacts.unfinished(self._request.account_id)}
        for job_id, name in self._unfinished_before():  # they may be ready now
            status = statuses.get((job_id, name)) or artifacts.status(job_id, name)
            if status is not None:
                statuses[job_id, name] = status
        return {
            ("artifact", f"{s.job_id}/{s.name}"): asdict(s)
            for s in statuses.values()
            if self._may_see(s)
        }

    def _unfinished_before(self) -> list[tuple[str, str]]:
        """Return job and name of the artifacts that were not ready when last polled."""
        return [
            (str(facts["job_id"]), str(facts["name"]))
            for (kind, _), facts in self._sent.items()
            if kind == "artifact" and facts["stage"] != ArtifactStage.READY
        ]

    def _may_see(self, status: ArtifactStatus) -> bool:
        job_id, request = status.job_id, self._request
        if job_id not in self._is_visible:
            try:
                job = self._sources.jobs.find(job_id, request.account_id)
                self._is_visible[job_id] = request.may_see(job)
            except JobNotFound:
                self._is_visible[job_id] = False
        return self._is_visible[job_id]


@dataclass(frozen=True)
class Events:
    """The stream of events that pages listen to."""

    sources: EventSources
    open_streams: Counter[str] = field(default_factory=Counter)  # by account

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the route of the stream."""

        async def stream(request: AuthenticatedRequest) -> Response:
            if self.open_streams[request.account_id] >= STREAMS_OF_ACCOUNT:
                raise Refused("Too many pages of this account are open.", 429)
            # The server does not wait for this response when it stops.
            request.http.state.endless = True
            since = _since(request.http.headers.get("last-event-id"))
            events = self._counted(EventStream(self.sources, sessions, request, since), request)
            headers = {"x-accel-buffering": "no"}  # a proxy must pass each event on at once
            return StreamingResponse(events, media_type="text/event-stream", headers=headers)

        return [authenticated(sessions, "/events", stream)]

    async def _counted(
        self, stream: EventStream, request: AuthenticatedRequest
    ) -> AsyncIterator[bytes]:
        """Count the stream while it lasts. All of this runs in the event loop."""
        self.open_streams[request.account_id] += 1
        try:
            async for events in _events(stream):
                yield events
        finally:
            self.open_streams[request.account_id] -= 1


async def _events(stream: EventStream) -> AsyncIterator[bytes]:
    yield RETRY
    silent_polls = 0
    while (events := await run_in_threadpool(stream.poll)) is not None:
        silent_polls = 0 if events else silent_polls + 1
        if events:
            yield events
        elif silent_polls % SILENT_POLLS == 0:
            yield KEEP_ALIVE
        await asyncio.sleep(POLL_SECONDS)


def _encode_event(kind: str, facts: Facts, now: datetime) -> bytes:
    members = msgspec.json.encode(facts)
    return f"id: {now.timestamp():.3f}\nevent: {kind}\n".encode() + b"data: " + members + b"\n\n"


def _since(last_event_id: str | None) -> datetime:
    """Return the time since which the browser does not know what ended."""
    recent = datetime.now(UTC) - RECENT
    try:
        return min(datetime.fromtimestamp(float(last_event_id or "nan"), UTC), recent)
    except (ValueError, OverflowError):
        return recent
