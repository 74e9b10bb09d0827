"""Files that a command is about to write: nothing is replaced unasked, and no input ever."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]


def check_targets(
    targets: Sequence[Path],
    inputs: Iterable[Path] = (),
    *,
    replace: bool,
    own: Collection[Path] = (),
    reason: str = "this command did not make it",
) -> None:
    """Refuse to write files in place of others.

    Parameters
    ----------
    targets : sequence of Path
        What the command is about to write.
    inputs : iterable of Path
        What it reads: never replaced.
    replace : bool
        Whether other files may be replaced.
    own : collection of Path
        Those of the targets that may be replaced all the same.
    reason : str
        Why a file that is there is not replaced, for the message.

    Raises
    ------
    typer.BadParameter
        If a target is there and may not be replaced, or is given twice.
    """
    read = [path for path in inputs if path.exists()]
    for number, target in enumerate(targets):
        if any(_is_same(target, other) for other in targets[:number]):
            raise typer.BadParameter(f"{target} would be written twice: choose another name")
        if not target.absolute().parent.is_dir():
            raise typer.BadParameter(f"{target}: there is no folder {target.parent}: make it first")
        if target.is_dir():
            raise typer.BadParameter(f"{target} is a folder: choose another name")
        if any(_is_same(target, path) for path in read):
            raise typer.BadParameter(f"{target} is what is read: choose another --out")
        if _is_there(target) and target not in own and not replace:
            raise typer.BadParameter(
                f"{target} is there already, and {reason}: choose another --out, or replace "
                "it with --force"
            )


def existing(targets: Iterable[Path]) -> list[Path]:
    """Select the targets that are there, or are links that lead nowhere."""
    return [target for target in targets if _is_there(target)]


def _is_there(target: Path) -> bool:
    return target.exists() or target.is_symlink()


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.absolute() == other.absolute()
