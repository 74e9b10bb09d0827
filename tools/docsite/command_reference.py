"""The page on the command line, from the commands themselves."""

import re

import typer
from typer.cli import get_docs_for_click
from typer.main import get_command

from passerby.cli.app import app

# Of each command and of no interest, and lists of what follows anyway, cut short.
NOISE = (
    re.compile(r"^\* `--(?:help|install-completion|show-completion)`.*\n", re.MULTILINE),
    re.compile(r"^\*\*Options\*\*:\n\n(?=\n|#|\Z)", re.MULTILINE),
    re.compile(r"^\*\*Commands\*\*:\n\n(?:\* .*\n)+\n", re.MULTILINE),
)


def command_page() -> str:
    """The whole page; `typer` writes it."""
    command = get_command(app)
    told = get_docs_for_click(
        obj=command, ctx=typer.Context(command), name="passerby", title="The command line"
    )
    for noise in NOISE:
        told = noise.sub("", told)
    return re.sub(r"\n{3,}", "\n\n", told).strip() + "\n"
