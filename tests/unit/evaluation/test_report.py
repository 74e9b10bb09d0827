import json
from pathlib import Path

import pytest

from passerby.errors import FileFormatError
from passerby.evaluation.report import evaluate


def write(path: Path, *rows: tuple[float, ...]) -> None:
    """Rows of (frame, id, left): boxes of 10 x 10 pixels."""
    lines = [f"{frame},{track_id},{left},0,10,10,1,-1,-1,-1\n" for frame, track_id, left in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="ascii")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A: found in one frame of two. B: two frames, one switch. C: no result file."""
    truth, results = tmp_path / "truth", tmp_path / "results"
    write(truth / "A.txt", (1, 1, 0), (2, 1, 0))
    write(truth / "B.txt", (1, 1, 0), (2, 1, 0))
    write(truth / "C.txt", (1, 1, 0))
    write(results / "A.txt", (1, 1, 0))
    write(results / "B.txt", (1, 1, 0), (2, 2, 0))
    return truth, results


def test_rows(folders: tuple[Path, Path]) -> None:
    rows = evaluate(*folders).rows()

    names = ("sequence", "MOTA", "IDSW", "FP", "FN", "truth_persons", "result_persons")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("A", 50, 0, 0, 1, 1, 1),
        ("B", 50, 1, 0, 0, 1, 2),
        ("C", 0, 0, 0, 1, 1, 0),
        ("COMBINED", pytest.approx(40), 1, 0, 2, 3, 3),
    ]


def test_combined_scores_come_from_summed_counts(folders: tuple[Path, Path]) -> None:
    combined = evaluate(*folders).combined()

    assert combined.hota.det_a == pytest.approx(3 / 5)
    # A(c): 1/2 for the hit of A, 1/2 for each hit of B.
    assert combined.hota.ass_a == pytest.approx(0.5)
    # Agreeing boxes: 1 of A, 1 of B; 3 missed, 1 false alarm.
    assert combined.identity.idf1 == pytest.approx(2 / 4)


def test_a_sequence_without_results_is_named(folders: tuple[Path, Path]) -> None:
    assert evaluate(*folders).without_results == ("C",)


def test_all_of_it_fits_json(folders: tuple[Path, Path]) -> None:
    read = json.loads(json.dumps(evaluate(*folders).to_dict()))

    assert set(read["sequences"]) == {"A", "B", "C"}
    assert read["combined"]["FN"] == 2
    assert read["switches"]["B"]["wrong match"] == 1
    assert read["combined_switches"]["wrong match"] == 1
    assert read["without_results"] == ["C"]


def test_frames_not_analysed_do_not_count(folders: tuple[Path, Path]) -> None:
    report = evaluate(*folders, sequences=["A", "B"], analysed={"A": {1}})

    assert [row["FN"] for row in report.rows()] == [0, 0, 0]
    assert report.scores["A"].clear.hits == 1
    assert report.scores["B"].clear.hits == 2


def test_two_files(folders: tuple[Path, Path]) -> None:
    truth, results = folders

    report = evaluate(truth / "A.txt", results / "B.txt")

    assert report.scores["A"].clear.switches == 1


def test_two_empty_files(tmp_path: Path) -> None:
    write(tmp_path / "truth.txt")
    write(tmp_path / "results.txt")

    row = evaluate(tmp_path / "truth.txt", tmp_path / "results.txt").rows()[-1]

    assert (row["HOTA"], row["MOTA"], row["IDF1"]) == (0, 0, 0)


def test_results_beyond_the_end_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "truth" / "A" / "gt" / "gt.txt", (1, 1, 0))
    (tmp_path / "truth" / "A" / "seqinfo.ini").write_text("[Sequence]\nseqLength=1\n")
    write(tmp_path / "results" / "A.txt", (2, 1, 0))

    with pytest.raises(FileFormatError, match=r"A.txt: a result row is of frame 2"):
        evaluate(tmp_path / "truth", tmp_path / "results")
