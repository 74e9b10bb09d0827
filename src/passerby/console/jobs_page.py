"""The list of jobs: newest first, filtered by state and tag, and how one is cancelled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response

from passerby.console.authentication import START, Visit, visited, wants_page
from passerby.console.facts import facts
from passerby.console.pages import page
from passerby.jobs.job import OPEN_STATES, Job, JobState
from passerby.jobs.job_list import Wanted

ROWS = 50
# Jobs looked at for one page: a key that may see few of many does not cost more than that.
LOOKED_AT = 2000
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
    """A page of the list."""

    jobs: list[Job]
    following: str | None  # job after which the next page begins; None on the last


def _jobs(visit: Visit) -> Response:
    query = visit.request.query_params
    state = query.get("state", "")
    state = state if state in FILTERS else ""
    tag = query.get("tag", "").strip()[:TAG_LIMIT]
    than = query.get("than") or None
    wanted = Wanted(visit.account_id, FILTERS[state][1], tag)
    rows = _rows(visit, visit.desk.job_list.older(wanted, than))
    now = datetime.now(UTC)
    return page(
        visit,
        "jobs.html",
        rows=[facts(job, now) for job in rows.jobs],
        filters=[(name, words, _query(name, tag)) for name, (words, _) in FILTERS.items()],
        state=state,
        tag=tag,
        newest=_query(state, tag) if than else None,
        older=_query(state, tag, rows.following) if rows.following else None,
        may_start=visit.session.key.rights.allow_operation(START),
        is_new=not (rows.jobs or state or tag or than),
    )


def _rows(visit: Visit, jobs: Iterator[Job]) -> Rows:
    shown: list[Job] = []
    last: Job | None = None
    for job in islice(jobs, LOOKED_AT):
        if visit.may_see(job):
            if len(shown) == ROWS:
                return Rows(shown, shown[-1].id)
            shown.append(job)
        last = job
    more = next(jobs, None) is not None and last is not None
    return Rows(shown, last.id if more and last else None)


def _query(state: str, tag: str, than: str | None = None) -> str:
    """Address of the list with these filters."""
    chosen = {"state": state, "tag": tag, "than": than}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"/console/?{query}" if query else "/console/"


def _cancel(visit: Visit) -> Response:
    job = visit.desk.jobs.cancel(visit.job().id)
    if wants_page(visit.request):
        return RedirectResponse("/console/", 303)
    return JSONResponse(facts(job, datetime.now(UTC)))


ROUTES = (
    visited("/", _jobs),
    visited("/jobs/{job_id}/cancel", _cancel, method="POST", right=START),
)
