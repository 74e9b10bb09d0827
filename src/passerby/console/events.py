"""What happens, told as it happens: progress of jobs, and of what is made of their videos.

Server-sent events: `job`, with the members of `facts`, and `making`, with those of a
`Standing`. Each is sent when it has changed. The id of an event is the time of the look; a
browser that comes back names the last one, and is told what ended since.

Source: WHATWG, "HTML Living Standard", section 9.2, "Server-sent events".
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from passerby.console.artifacts import Stage, Standing
from passerby.console.authentication import Visit, visited
from passerby.console.facts import facts
from passerby.errors import JobNotFound

LOOK_SECONDS = 0.5
# Between two signs of life where nothing happens; proxies cut what is silent for a minute.
SILENCE_LOOKS = 30
# A job that ended so long before the page was shown may not be on it as ended.
RECENT = timedelta(seconds=30)
JOBS_LIMIT = 500

RETRY = b"retry: 2000\n\n"
SIGN_OF_LIFE = b": here\n\n"

Event = tuple[str, str]  # kind, and what it is about


class Watch:
    """What one browser has been told."""

    def __init__(self, visit: Visit, since: datetime) -> None:
        self._visit = visit
        self._since = since
        self._told: dict[Event, Mapping[str, object]] = {}
        self._seen: dict[str, bool] = {}  # whether a job may be seen, by id

    def look(self) -> bytes | None:
        """What has changed, as events; None once the session has ended."""
        now = datetime.now(UTC)
        visit = self._visit
        if visit.desk.sessions.find(visit.session.cookie, now) is None:
            return None
        found = {**self._jobs(now), **self._made()}
        changed = {name: told for name, told in found.items() if self._told.get(name) != told}
        self._told = found
        return b"".join(_event(kind, told, now) for (kind, _), told in changed.items())

    def _jobs(self, now: datetime) -> dict[Event, Mapping[str, object]]:
        visit = self._visit
        active = visit.desk.job_list.active(visit.account_id, self._since, JOBS_LIMIT)
        self._since = max(self._since, now - RECENT)
        return {("job", job.id): facts(job, now) for job in active if visit.may_see(job)}

    def _made(self) -> dict[Event, Mapping[str, object]]:
        making = self._visit.desk.making
        standings = {(s.job_id, s.name): s for s in making.standings()}
        for kind, name in list(self._told):  # what was under way before, and is ready now
            told = self._told[kind, name]
            if kind == "making" and told["stage"] != Stage.READY:
                pair = (str(told["job_id"]), str(told["name"]))
                standing = standings.get(pair) or making.standing(*pair)
                if standing is not None:
                    standings[pair] = standing
        return {
            ("making", f"{s.job_id}/{s.name}"): asdict(s)
            for s in standings.values()
            if self._is_visible(s)
        }

    def _is_visible(self, standing: Standing) -> bool:
        job_id, visit = standing.job_id, self._visit
        if job_id not in self._seen:
            try:
                job = visit.desk.jobs.find(job_id, visit.account_id)
                self._seen[job_id] = visit.may_see(job)
            except JobNotFound:
                self._seen[job_id] = False
        return self._seen[job_id]


async def _events(visit: Visit) -> Response:
    # The server need not wait for the end of this when it ends itself.
    visit.request.state.endless = True
    watch = Watch(visit, _since(visit.request.headers.get("last-event-id")))
    headers = {"x-accel-buffering": "no"}  # a proxy is to pass each event on at once
    return StreamingResponse(_stream(watch), media_type="text/event-stream", headers=headers)


async def _stream(watch: Watch) -> AsyncIterator[bytes]:
    yield RETRY
    silent = 0
    while (told := await run_in_threadpool(watch.look)) is not None:
        silent = 0 if told else silent + 1
        if told:
            yield told
        elif silent % SILENCE_LOOKS == 0:
            yield SIGN_OF_LIFE
        await asyncio.sleep(LOOK_SECONDS)


def _event(kind: str, told: Mapping[str, object], now: datetime) -> bytes:
    members = msgspec.json.encode(told)
    return f"id: {now.timestamp():.3f}\nevent: {kind}\n".encode() + b"data: " + members + b"\n\n"


def _since(last_event_id: str | None) -> datetime:
    """From when on the browser does not know what ended."""
    recent = datetime.now(UTC) - RECENT
    try:
        return min(datetime.fromtimestamp(float(last_event_id or "nan"), UTC), recent)
    except (ValueError, OverflowError):
        return recent


ROUTES = (visited("/events", _events),)
