"""Find the files with the truth and the results of each sequence.

A folder of truth holds `SEQ/gt/gt.txt`, with `SEQ/seqinfo.ini` where the number
of frames is known, or simply `SEQ.txt`. A folder of results holds `SEQ.txt`.
Two single files make one sequence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from passerby.errors import FileFormatError


@dataclass(frozen=True)
class SequenceFiles:
    """The files of one sequence."""

    name: str
    truth: Path
    results: Path | None  # None: the tracker wrote no file, which counts as an empty one
    length: Path | None  # seqinfo.ini, where there is one


def find_sequences(
    truth: Path, results: Path, names: Collection[str] | None = None
) -> list[SequenceFiles]:
    """List the sequences to be scored, by name.

    Parameters
    ----------
    truth, results : Path
        Two folders or two files.
    names : collection of str, or None
        The sequences asked for; None takes all that have a truth.

    Raises
    ------
    FileFormatError
        If nothing is there, or a sequence asked for has no truth.
    """
    if truth.is_file() and results.is_file():
        return [_single(truth, results)]
    if not (truth.is_dir() and results.is_dir()):
        raise FileFormatError(f"{truth} and {results} must be two folders or two files")
    truths = _truths(truth)
    wanted = sorted(truths if names is None else names)
    unknown = [name for name in wanted if name not in truths]
    if unknown or not wanted:
        raise FileFormatError(f"{truth} holds no truth of {', '.join(unknown) or 'any sequence'}")
    return [_in_folders(name, truths[name], results) for name in wanted]


def _single(truth: Path, results: Path) -> SequenceFiles:
    if _is_nested(truth):
        folder = truth.parent.parent
        return SequenceFiles(folder.name, truth, results, _existing(folder / "seqinfo.ini"))
    return SequenceFiles(truth.stem, truth, results, None)


def _is_nested(truth: Path) -> bool:
    return truth.parts[-2:] == ("gt", "gt.txt")


def _truths(folder: Path) -> dict[str, Path]:
    """Find the truth files by name of their sequence."""
    flat = {path.stem: path for path in folder.glob("*.txt")}
    nested = {path.parent.parent.name: path for path in folder.glob("*/gt/gt.txt")}
    return flat | nested


def _in_folders(name: str, truth: Path, results: Path) -> SequenceFiles:
    length = _existing(truth.parent.parent / "seqinfo.ini") if _is_nested(truth) else None
    return SequenceFiles(name, truth, _existing(results / f"{name}.txt"), length)


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None
