"""Which installation a command means: the one it names, else that of the running server."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from passerby.cli.options import settings_of
from passerby.errors import SettingsError
from passerby.server.running_servers import RunningServer, running_servers
from passerby.settings import Settings

if TYPE_CHECKING:
    from passerby.bootstrap.installation import Installation


@dataclass(frozen=True)
class ChosenInstallation:
    """The settings of an installation, and its server if that runs on this machine."""

    settings: Settings
    server: RunningServer | None


def choose_installation(config: Path | None, data: Path | None) -> ChosenInstallation:
    """Choose the installation that a command works on.

    A data folder or a database that a flag, the environment or the file of settings names
    counts. Otherwise it is the usual folder, if its server runs or no server does, and else
    the folder of the server that runs.

    Raises
    ------
    SettingsError
        If several servers run with other folders, or the one that runs has a database that
        no file beside it tells; also as `settings.load`.
    """
    chosen = settings_of(config, data=data)
    servers = running_servers()
    own = [server for server in servers if server.data == str(chosen.data.resolve())]
    is_named = data or config or chosen.database or chosen.data != Settings().data
    if is_named or own or not servers:
        return ChosenInstallation(chosen, own[0] if own else None)
    if len({server.data for server in servers}) > 1:
        listed = ", ".join(f"{server.url} (--data {server.data})" for server in servers)
        raise SettingsError(f"Several servers run; say which one is meant: {listed}.")
    server = servers[0]
    if server.own_database:
        raise SettingsError(
            f"The server at {server.url} has a database of its own: give the command the same "
            "--config, or the same PASSERBY_DATABASE, as the server."
        )
    return ChosenInstallation(replace(chosen, data=Path(server.data)), server)


def find_installation(config: Path | None, data: Path | None) -> "Installation":
    """Open the chosen data folder if it exists; one whose name was mistyped is not made."""
    # SQL takes a second to import.
    from passerby.bootstrap import installation  # noqa: PLC0415

    return installation.find_installation(choose_installation(config, data).settings)
