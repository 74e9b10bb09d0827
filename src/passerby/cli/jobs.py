"""`passerby jobs`: list, show, watch, cancel and delete jobs."""

import time
from dataclasses import asdict
from typing import Annotated

import typer

from passerby.cli import terminal
from passerby.cli.installations import find_installation
from passerby.cli.options import AsJson, Config, Data, print_json
from passerby.errors import JobError
from passerby.jobs.job import Job, JobState
from passerby.jobs.message import Delivery

WATCH_SECONDS = 0.5

app = typer.Typer(no_args_is_help=True, help="What the service is doing.")

JobId = Annotated[str, typer.Argument(help="Its 64 digits, or the first of them.")]


@app.command("list")
def list_jobs(
    state: Annotated[JobState | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 50,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs."""
    installation = find_installation(config, data)
    jobs = installation.jobs.recent(limit, state)
    deliveries = installation.outbox.deliveries([job.id for job in jobs])
    if as_json:
        print_json([_job_facts(job, deliveries.get(job.id)) for job in jobs])
    else:
        terminal.out.print(terminal.jobs_table(jobs, deliveries))


@app.command("show")
def show_job(job: JobId, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show all that is known of a job."""
    installation = find_installation(config, data)
    found = installation.jobs.find_by_prefix(job)
    delivery = installation.outbox.deliveries([found.id]).get(found.id)
    if as_json:
        print_json(_job_facts(found, delivery))
    else:
        terminal.out.print(terminal.job_table(found, delivery))


@app.command("watch")
def watch_job(job: JobId, data: Data = None, config: Config = None) -> None:
    """Follow a job until it ends; fails if the job does."""
    jobs = find_installation(config, data).jobs
    found = jobs.find_by_prefix(job)
    with terminal.bar(terminal.short(found.id)) as show_progress:
        while found.open:
            show_progress(found.progress)
            time.sleep(WATCH_SECONDS)
            found = jobs.find(found.id)
        show_progress(found.progress)
        if found.state is not JobState.SUCCEEDED:
            raise JobError(found.status_message)
    terminal.out.print(terminal.job_table(found, delivery=None))


@app.command("cancel")
def cancel_job(job: JobId, data: Data = None, config: Config = None) -> None:
    """End a job: at once while it waits, within seconds while it runs."""
    jobs = find_installation(config, data).jobs
    found = jobs.cancel(jobs.find_by_prefix(job).id)
    terminal.out.print("asked to stop" if found.open else str(found.state))


@app.command("delete")
def delete_job(
    job: JobId,
    with_video: Annotated[
        bool, typer.Option("--with-video", help="Its video as well, if it was uploaded.")
    ] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Delete a job that has ended, with everything that was made from it."""
    from passerby.bootstrap import erasure  # noqa: PLC0415

    installation = find_installation(config, data)
    found = installation.jobs.find_by_prefix(job)
    erasure.delete_job(installation, found, with_video=with_video)
    terminal.out.print(f"deleted {terminal.short(found.id)}")


def _job_facts(job: Job, delivery: Delivery | None) -> dict[str, object]:
    return {**asdict(job), "notification": delivery and asdict(delivery)}
