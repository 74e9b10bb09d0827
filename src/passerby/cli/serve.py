"""`passerby serve` and `passerby worker`: the long-running processes."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from passerby.cli.options import (
    AnalysisOptions,
    Buckets,
    Data,
    open_installation,
    with_analysis_options,
)

app = typer.Typer()


@app.command()
@with_analysis_options
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one.", show_default="8420")
    ] = None,
    data: Data = None,
    buckets: Buckets = None,
    *,
    options: AnalysisOptions,
    quotas: Annotated[
        Literal["none", "aws"] | None,
        typer.Option(
            help="Quotas of an account; 'aws': 20 open jobs, 5 Starts and 20 Gets per second.",
            show_default="none",
        ),
    ] = None,
    worker: Annotated[bool, typer.Option(help="Work off the jobs as well.")] = True,
    replay: Annotated[
        Path | None,
        typer.Option(help="For tests: run a stub server with the results recorded in this folder."),
    ] = None,
) -> None:
    """Serve the AWS API, and work off the jobs."""
    chosen = options.settings(host=host, port=port, data=data, buckets=buckets, quotas=quotas)
    if replay is not None:
        from passerby.bootstrap import stub_service  # noqa: PLC0415

        stub_service.serve(chosen, replay)
        return
    from passerby.bootstrap import service  # noqa: PLC0415

    service.serve(open_installation(chosen), with_worker=worker)


@app.command()
@with_analysis_options
def worker(
    data: Data = None,
    buckets: Buckets = None,
    *,
    options: AnalysisOptions,
    with_parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Work off the jobs of a data folder, beside or without a server."""
    from passerby.bootstrap import worker as worker_process  # noqa: PLC0415

    chosen = options.settings(data=data, buckets=buckets)
    worker_process.work(open_installation(chosen), with_parent)
