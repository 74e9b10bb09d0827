"""`passerby keys`: create, list and revoke access keys."""

import difflib
import re
import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from passerby.access.accounts import ACCOUNT_ID, DEFAULT_ACCOUNT_ID
from passerby.access.environment import client_region, credentials, environment_lines
from passerby.access.rights import Rights
from passerby.cli import terminal
from passerby.cli.installations import (
    ChosenInstallation,
    choose_installation,
    find_installation,
)
from passerby.cli.options import AsJson, Config, Data, open_installation, print_json
from passerby.errors import SettingsError

_OWN_OPERATIONS = frozenset({"StartPersonTracking", "GetPersonTracking", "DeleteJob"})

app = typer.Typer(no_args_is_help=True, help="Who may call the service.")

Account = Annotated[str, typer.Option(help="Account id, 12 digits.")]
Operations = Annotated[
    list[str] | None,
    typer.Option(
        help="Only this one, or one that the server forwards (DetectFaces, Detect*); "
        "may be repeated. DeleteJob: in the console.",
        show_default="StartPersonTracking, GetPersonTracking and DeleteJob",
        metavar="NAME",
    ),
]
Videos = Annotated[
    list[str] | None,
    typer.Option(
        help="Only these, as BUCKET/KEY; * stands for any text; may be repeated.",
        show_default="all of the first account, its own uploads of any other",
        metavar="PATTERN",
    ),
]
Topics = Annotated[
    list[str] | None,
    typer.Option(
        help="Only these topic ARNs may be told; * stands for any text; may be repeated.",
        show_default="all",
        metavar="PATTERN",
    ),
]
Expires = Annotated[
    str | None,
    typer.Option(
        help="Temporary, with a session token: 15m, 12h, 7d.",
        show_default="never",
        metavar="TIME",
    ),
]


@app.command("create")
def create_key(
    account: Account = DEFAULT_ACCOUNT_ID,
    operation: Operations = None,
    videos: Videos = None,
    topics: Topics = None,
    expires: Expires = None,
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make an access key; its secret is shown this once."""
    if not ACCOUNT_ID.fullmatch(account):
        raise typer.BadParameter(f"{account!r} is not an account id of 12 digits")
    for pattern in videos or []:
        if "/" not in pattern and "*" not in pattern:
            raise typer.BadParameter(f"{pattern!r} fits no video; did you mean {pattern}/*?")
    for name in operation or []:
        _check_operation(name)
    chosen = choose_installation(config, data)
    named = videos or _own_uploads(account, chosen.settings.upload_bucket)
    rights = Rights(tuple(operation or ()), tuple(named), tuple(topics or ()))
    life = None if expires is None else _time(expires)
    is_new = not chosen.settings.data.exists()
    key = open_installation(chosen.settings).keys.create(account, rights, life)
    print(_place(chosen, is_new=is_new), file=sys.stderr)
    if as_json:
        print_json(credentials(key))
    else:
        region = client_region(chosen.settings.regions)
        print(environment_lines(key, _endpoint(chosen), region))


def _own_uploads(account: str, upload_bucket: str) -> list[str]:
    """Choose the videos of a key for which none are named: accounts are apart."""
    if account == DEFAULT_ACCOUNT_ID:
        return []
    if not upload_bucket:
        raise typer.BadParameter(
            f"account {account} is not the first: name its videos, --videos 'BUCKET/*'"
        )
    own = f"{upload_bucket}/{account}/*"
    message = f"It may use {own} only, what it uploads in the console; --videos names others."
    print(message, file=sys.stderr)
    return [own]


def _endpoint(chosen: ChosenInstallation) -> str:
    """URL of the server that runs, else of the one that these settings would start."""
    from passerby.bootstrap import service  # noqa: PLC0415

    return chosen.server.url if chosen.server else service.endpoint(chosen.settings)


def _place(chosen: ChosenInstallation, *, is_new: bool) -> str:
    """Say whose key it is: a server with another data folder does not know it."""
    folder = chosen.settings.data
    if chosen.server:
        return f"A key of the server at {chosen.server.url}, data folder {folder}:"
    if is_new:
        return (
            f"A key of the data folder {folder}, which was made just now. A server with another "
            "folder does not know it: for that, give --data."
        )
    return f"A key of the data folder {folder}; no server was found that runs with it:"


@app.command("list")
def list_keys(data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the access keys, without their secrets."""
    keys = find_installation(config, data).keys.entries()
    if as_json:
        print_json([asdict(key) | {"rights": key.rights.patterns()} for key in keys])
    else:
        terminal.out.print(terminal.keys_table(keys))


@app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="Access key id.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """End an access key, everywhere within seconds."""
    if not find_installation(config, data).keys.revoke(key):
        raise SettingsError(f"There is no access key {key}.")


def _check_operation(pattern: str) -> None:
    """Check that an operation of Rekognition fits; one whose name was mistyped is refused."""
    if pattern in _OWN_OPERATIONS:
        return
    # botocore takes half a second to import.
    from passerby.cloud.other_endpoint import known_operations  # noqa: PLC0415

    names = known_operations() | _OWN_OPERATIONS
    if any(Rights((pattern,)).allow_operation(name) for name in names):
        return
    near = difflib.get_close_matches(pattern, sorted(names), n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise typer.BadParameter(f"{pattern!r} fits no operation of Rekognition{meant}")


def _time(text: str) -> timedelta:
    """Parse a length of time like `12h`."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if not match:
        raise typer.BadParameter(f"{text!r} is not a time like 15m, 12h or 7d")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})
