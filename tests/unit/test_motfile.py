from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from passerby import motfile
from passerby.errors import FileFormatError
from passerby.records import NO_FACE, Faces, Sightings
from passerby.testing import frontal_faces, observations


def written(folder: Path, text: str) -> Path:
    path = folder / "rows.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("", 0, id="an empty file"),
        pytest.param("\n  \n", 0, id="blank lines"),
        pytest.param("1,2,3,4,5,6,1,-1,-1,-1\n", 1, id="one row"),
        pytest.param("1 2 3 4 5 6 1\n2 2 3 4 5 6 1", 2, id="spaces, no last line end"),
        pytest.param("1, 2, 3, 4, 5, 6, 1,\r\n", 1, id="spaces, a last comma, Windows line end"),
        pytest.param("\ufeff1,2,3,4,5,6,1\n", 1, id="a byte order mark"),
    ],
)
def test_rows_are_counted(tmp_path: Path, text: str, count: int) -> None:
    assert len(motfile.read_rows(written(tmp_path, text))) == count


def test_columns_go_where_they_belong(tmp_path: Path) -> None:
    rows = motfile.read_rows(written(tmp_path, "3,7,10.5,20,30,40,0.9,1,0.25\n4,-1,0,0,1,1\n"))

    np.testing.assert_array_equal(rows.frame, [3, 4])
    np.testing.assert_array_equal(rows.track_id, [7, -1])
    np.testing.assert_array_equal(rows.xyxy, [[10.5, 20, 40.5, 60], [0, 0, 1, 1]])
    np.testing.assert_array_equal(rows.confidence, [0.9, np.nan])
    np.testing.assert_array_equal(rows.trailing, [[1, 0.25], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("1,2,3,4,5", "5 columns", id="too few columns"),
        pytest.param("1,2,x,4,5,6", "'x'", id="a word"),
        pytest.param("1,2,,4,5,6,1", "''", id="a value left out"),
        pytest.param("1,2,nan,4,5,6", "not finite", id="not a number"),
        pytest.param("1,2,inf,4,5,6", "not finite", id="infinite"),
        pytest.param("0,2,3,4,5,6", "frame 0 ", id="frame 0"),
        pytest.param("1.5,2,3,4,5,6", "frame 1.5", id="half a frame"),
        pytest.param("1,2.5,3,4,5,6", "id 2.5", id="half an id"),
        pytest.param("1,2,3,4,-5,6", "-5 x 6", id="negative width"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path, f"1,1,0,0,9,9,1\n\n{line}\n")

    with pytest.raises(FileFormatError, match=f"rows.txt, line 3: .*{message}"):
        motfile.read_rows(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["missing file", "not text"])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rows.txt"
    if content:
        path.write_bytes(content)

    with pytest.raises(FileFormatError, match=r"rows.txt: cannot be read"):
        motfile.read_rows(path)


def test_detections_run_by_frame_and_best_first(tmp_path: Path) -> None:
    path = written(tmp_path, "2,-1,0,0,1,1,0.5\n1,-1,0,0,1,1,0.3\n1,-1,0,0,1,1,0.8\n")

    rows = motfile.read_detections(path)

    np.testing.assert_array_equal(rows.frame, [1, 1, 2])
    np.testing.assert_array_equal(rows.confidence, [0.8, 0.3, 0.5])


def test_detections_need_a_confidence(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"rows.txt: .*confidence"):
        motfile.read_detections(written(tmp_path, "1,-1,0,0,1,1\n"))


def sightings(count: int) -> Sightings:
    number = np.arange(count)
    corner = np.stack([number, number + 0.125, number + 10, number + 20], axis=1)
    return Sightings(
        person_index=number,
        frame_index=number * 2,
        timestamp_ms=number * 80,
        xyxy=corner.astype(np.float32),
        confidence=np.full(count, 0.75, dtype=np.float32),
        detected=np.ones(count, dtype=np.bool_),
        face=np.full(count, NO_FACE),
        faces=Faces.none(),
    )


@pytest.mark.parametrize(
    ("count", "text"),
    [
        pytest.param(0, "", id="nobody"),
        pytest.param(
            2,
            "1,1,0.00,0.12,10.00,19.88,0.7500,-1,-1,-1\n3,2,1.00,1.12,10.00,19.88,0.7500,-1,-1,-1\n",
            id="two persons",
        ),
    ],
)
def test_tracks_are_written(tmp_path: Path, count: int, text: str) -> None:
    path = tmp_path / "tracks.txt"

    motfile.write_tracks(path, sightings(count))

    assert path.read_text(encoding="ascii") == text


def test_where_only_a_face_was_seen_there_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "tracks.txt"
    rows = sightings(3)
    rows.xyxy[1] = np.nan
    with_face = replace(rows, face=np.array([-1, 0, -1]), faces=frontal_faces([[1, 1, 5, 5]]))

    motfile.write_tracks(path, with_face)

    np.testing.assert_array_equal(motfile.read_rows(path).track_id, [1, 3])


def test_written_tracks_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "tracks.txt"
    motfile.write_tracks(path, sightings(5))

    rows = motfile.read_rows(path)

    np.testing.assert_array_equal(rows.frame, [1, 3, 5, 7, 9])
    np.testing.assert_array_equal(rows.track_id, [1, 2, 3, 4, 5])
    np.testing.assert_allclose(rows.xyxy, sightings(5).xyxy, atol=0.011)


def test_sequence_length(tmp_path: Path) -> None:
    path = written(tmp_path, "[Sequence]\nname=A%B\nseqLength=525\n")

    assert motfile.read_sequence_length(path) == 525


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="an empty file"),
        pytest.param("[Sequence]\nname=A\n", id="no length"),
        pytest.param("[Sequence]\nseqLength=many\n", id="no number"),
        pytest.param("seqLength=3\n", id="no section"),
    ],
)
def test_no_sequence_length(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileFormatError, match=r"rows.txt: no seqLength"):
        motfile.read_sequence_length(written(tmp_path, text))


def test_detections_are_read_as_they_were_written(tmp_path: Path) -> None:
    seen = observations([[(100, 50, 40), (30.25, 50, 20)], [], [(110, 50, 40)]])

    motfile.write_detections(tmp_path / "det.txt", seen)

    rows = motfile.read_detections(tmp_path / "det.txt")
    assert rows.frame.tolist() == [1, 1, 3]
    assert rows.track_id.tolist() == [-1, -1, -1]
    np.testing.assert_allclose(rows.xyxy, seen.xyxy, atol=0.01)
    np.testing.assert_allclose(rows.confidence, seen.confidence, atol=1e-4)
