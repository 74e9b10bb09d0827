"""The list of jobs, newest first, filtered by state and tag; jobs are cancelled there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from passerby.console.authentication import START, AuthenticatedRequest, authenticated, wants_page
from passerby.console.facts import job_facts
from passerby.console.rendering import render_page
from passerby.console.sessions import Sessions
from passerby.jobs.job import OPEN_STATES, Job, JobState
from passerby.jobs.job_list import JobFilter, JobList
from passerby.jobs.store import JobStore

ROWS = 50
# Jobs read for one page: a key that may see few of many does not cost more than that.
JOBS_READ_LIMIT = 2000
TAG_LIMIT = 64  # what the service allows a tag

FILTERS: dict[str, tuple[str, tuple[JobState, ...]]] = {
    "": ("All", ()),
    "open": ("Open", OPEN_STATES),
    "succeeded": ("Done", (JobState.SUCCEEDED,)),
    "failed": ("Failed", (JobState.FAILED,)),
    "cancelled": ("Cancelled", (JobState.CANCELLED,)),
}


@dataclass(frozen=True)
class Rows:
    """One page of the list."""

    jobs: list[Job]
    following: str | None  # job after which the next page begins; None on the last


@dataclass(frozen=True)
class JobsPage:
    """The list of jobs."""

    jobs: JobStore
    job_list: JobList

    def routes(self, sessions: Sessions) -> list[Route]:
        """Return the routes of the page."""
        cancel = "/jobs/{job_id}/cancel"
        return [
            authenticated(sessions, "/", self._list),
            authenticated(sessions, cancel, self._cancel, method="POST", right=START),
        ]

    def _list(self, request: AuthenticatedRequest) -> Response:
        query = request.http.query_params
        state = query.get("state", "")
        state = state if state in FILTERS else ""
        tag = query.get("tag", "").strip()[:TAG_LIMIT]
        than = query.get("than") or None
        wanted = JobFilter(request.account_id, FILTERS[state][1], tag)
        rows = _visible_rows(request, self.job_list.older(wanted, than))
        now = datetime.now(UTC)
        return render_page(
            request,
            "jobs.html",
            rows=[job_facts(job, now) for job in rows.jobs],
            filters=[(name, words, _address(name, tag)) for name, (words, _) in FILTERS.items()],
            state=state,
            tag=tag,
            newest=_address(state, tag) if than else None,
            older=_address(state, tag, rows.following) if rows.following else None,
            may_start=request.key.rights.allow_operation(START),
            is_new=not (rows.jobs or state or tag or than),
        )

    def _cancel(self, request: AuthenticatedRequest) -> Response:
        job = self.jobs.cancel(request.find_job(self.jobs).id)
        if wants_page(request.http):
            return RedirectResponse("/console/", 303)
        return JSONResponse(job_facts(job, datetime.now(UTC)))


def _visible_rows(request: AuthenticatedRequest, jobs: Iterator[Job]) -> Rows:
    shown: list[Job] = []
    last: Job | None = None
    for job in islice(jobs, JOBS_READ_LIMIT):
        if request.may_see(job):
            if len(shown) == ROWS:
                return Rows(shown, shown[-1].id)
            shown.append(job)
        last = job
    more = next(jobs, None) is not None and last is not None
    return Rows(shown, last.id if more and last else None)


def _address(state: str, tag: str, than: str | None = None) -> str:
    """Return the address of the list with these filters."""
    chosen = {"state": state, "tag": tag, "than": than}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"/console/?{query}" if query else "/console/"
