"""`passerby backup`: copy all that cannot be computed again."""

from pathlib import Path
from typing import Annotated

import typer

from passerby.cli import terminal
from passerby.cli.installations import choose_installation
from passerby.cli.options import Config, Data

app = typer.Typer()


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Folder to make; must not be there yet.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Copy jobs, keys and results, while the service runs; the copy is a data folder."""
    from passerby.database.backup import back_up, database_file  # noqa: PLC0415

    chosen = choose_installation(config, data).settings
    database = database_file(chosen.database_url)
    back_up(chosen.data, database, folder)
    if database is None:
        terminal.notes.print(
            "The database is not in it: copy that with pg_dump, and do so first.", style="yellow"
        )
