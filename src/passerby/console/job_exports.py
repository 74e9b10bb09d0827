"""A job's result to take along, in every form that `passerby export` writes."""

import hashlib
from pathlib import PurePosixPath

import msgspec
from starlette.responses import FileResponse, Response

from passerby.console.authentication import Visit, visited
from passerby.console.job_dependencies import ExportFormat, Work
from passerby.console.job_video import ordered, told
from passerby.console.refusal import Refused
from passerby.jobs.job import Job

BLURRED = "blurred"
NAMING = ("all-but", "only")  # choices that name persons


def _order(visit: Visit) -> Response:
    job, form, work = visit.job(), _form(visit), _work(visit)
    return told(ordered(visit, job, _name(form, work), work))


def _download(visit: Visit) -> Response:
    job, form, work = visit.job(), _form(visit), _work(visit)
    path = visit.desk.making.path(job.id, _name(form, work))
    if path is None:
        raise Refused("This file has not been made yet.", 404)
    return FileResponse(path, media_type=form.media_type, filename=_file_name(job, form))


def _form(visit: Visit) -> ExportFormat:
    wanted = visit.request.path_params["format"]
    for form in visit.desk.job_desk.formats():
        if form.name == wanted:
            return form
    raise Refused("There is no such format.", 404)


def _work(visit: Visit) -> Work:
    """What is asked for; choices that the format does not have are left aside."""
    form = _form(visit)
    if form.name != BLURRED:
        return Work(kind="export", format=form.name)
    query = visit.request.query_params
    chosen = {
        "kind": "export",
        "format": form.name,
        "who": query.get("who", "everybody"),
        "persons": sorted({*query.getlist("person")}, key=lambda number: (len(number), number)),
    }
    try:
        work = msgspec.convert(chosen, Work, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(f"That cannot be blurred: {error}") from error
    if bool(work.persons) is not (work.who in NAMING):
        raise Refused("Name the persons, by their numbers, whom that means.")
    return work


def _name(form: ExportFormat, work: Work) -> str:
    """Of the file among what was made of the job: another for each choice."""
    digest = hashlib.sha256(msgspec.json.encode(work)).hexdigest()[:12]
    return f"{digest}{form.suffix}"


def _file_name(job: Job, form: ExportFormat) -> str:
    return PurePosixPath(job.source["key"]).stem + form.suffix


ROUTES = (
    visited("/jobs/{job_id}/export/{format}", _order, method="POST"),
    visited("/jobs/{job_id}/export/{format}", _download),
)
