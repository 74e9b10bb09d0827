from pathlib import Path

import pytest

from passerby.errors import FileFormatError
from passerby.evaluation.layout import SequenceFiles, find_sequences


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Sequence B nested and with a length, sequence A flat."""
    folder = tmp_path / "truth"
    (folder / "B" / "gt").mkdir(parents=True)
    (folder / "B" / "gt" / "gt.txt").touch()
    (folder / "B" / "seqinfo.ini").touch()
    (folder / "A.txt").touch()
    return folder


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "B.txt").touch()
    return folder


def test_folders(truth: Path, results: Path) -> None:
    found = find_sequences(truth, results)

    nested = truth / "B" / "gt" / "gt.txt"
    assert found == [
        SequenceFiles("A", truth / "A.txt", None, None),
        SequenceFiles("B", nested, results / "B.txt", truth / "B" / "seqinfo.ini"),
    ]


def test_some_sequences_only(truth: Path, results: Path) -> None:
    assert [files.name for files in find_sequences(truth, results, ["B"])] == ["B"]


def test_two_files(truth: Path, results: Path) -> None:
    found = find_sequences(truth / "A.txt", results / "B.txt")

    assert found == [SequenceFiles("A", truth / "A.txt", results / "B.txt", None)]


def test_a_nested_truth_file_keeps_its_name_and_length(truth: Path, results: Path) -> None:
    nested = truth / "B" / "gt" / "gt.txt"

    found = find_sequences(nested, results / "B.txt")

    assert found == [SequenceFiles("B", nested, results / "B.txt", truth / "B" / "seqinfo.ini")]


@pytest.mark.parametrize(
    ("truth_name", "results_name", "names", "message"),
    [
        pytest.param("truth", "nowhere", None, "two folders or two files", id="no results folder"),
        pytest.param("truth/A.txt", "results", None, "two folders or two files", id="one of each"),
        pytest.param("truth", "results", ["A", "C"], "no truth of C", id="an unknown sequence"),
        pytest.param("results/..", "results", None, "no truth of any", id="a folder without truth"),
    ],
)
def test_files_that_are_not_there(
    *,
    tmp_path: Path,
    truth: Path,
    results: Path,
    truth_name: str,
    results_name: str,
    names: list[str] | None,
    message: str,
) -> None:
    assert truth.is_dir()
    assert results.is_dir()

    with pytest.raises(FileFormatError, match=message):
        find_sequences(tmp_path / truth_name, tmp_path / results_name, names)
