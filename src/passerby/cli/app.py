"""The command line: one program, a module for each group of commands.

passerby serve      run the service, or a stub server for tests: `cli/serve.py`
passerby worker     run a worker alone: `cli/serve.py`
passerby track      analyse one video without a server: `cli/track.py`
passerby link       link given detections into tracks: `cli/link.py`
passerby eval       score tracks against truth: `cli/evaluate.py`
passerby jobs       show, cancel and delete jobs: `cli/jobs.py`
passerby keys       manage access keys: `cli/keys.py`
passerby backup     copy all that cannot be computed again: `cli/backup.py`
passerby export     convert a result to other formats: `cli/export.py`
passerby report     summarise a result: `cli/report.py`
"""

import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from passerby.cli import (
    backup,
    evaluate,
    export,
    jobs,
    keys,
    link,
    report,
    serve,
    terminal,
    track,
)
from passerby.errors import PasserbyError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(serve.app)
app.add_typer(track.app)
app.add_typer(link.app)
app.add_typer(evaluate.app)
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.add_typer(backup.app)
app.add_typer(export.app)
app.add_typer(report.app)


def main() -> None:
    """Run the command line; an expected failure ends it with one line."""
    try:
        with terminal.tidied_up_when_ended():
            app()
    except PasserbyError as error:
        _exit_with(str(error))
    except OSError as error:
        # A file or folder named on the command line, or a full disk.
        _exit_with(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _print_version(asked: bool) -> None:  # noqa: FBT001 - called by typer
    if asked:
        print(f"passerby {version('passerby')}")
        raise typer.Exit


@app.callback()
def before_any_command(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it and end."),
    ] = False,
) -> None:
    """Paths of people through stored video."""


def _exit_with(message: str) -> NoReturn:
    """Print a message to standard error and end with status 1."""
    terminal.notes.print(
        f"passerby: {message}", style="red", markup=False, highlight=False, soft_wrap=True
    )
    sys.exit(1)
