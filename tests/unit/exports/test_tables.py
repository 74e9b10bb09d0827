"""The exports that are rows: CSV, Parquet, NDJSON."""

import csv
import io
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import botocore.parsers
import botocore.session
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from passerby.bootstrap.analysis_result import AnalysisResult
from passerby.exports import csv as csv_export
from passerby.exports import ndjson, parquet
from passerby.exports.source import Chunks
from passerby.records import LANDMARKS, NO_FACE, Sightings

from .conftest import BuildResult, concatenate, ignore_progress

MakeSightings = Callable[..., Sightings]

MODEL = botocore.session.get_session().get_service_model("rekognition")
PARSER = botocore.parsers.create_parser("json")


def parsed(line: bytes) -> dict[str, Any]:
    """One `PersonDetection` as AWS clients read it."""
    reply = {"status_code": 200, "headers": {}, "body": line}
    found: dict[str, Any] = PARSER.parse(reply, MODEL.shape_for("PersonDetection"))
    return found


def number(text: str) -> float:
    return float(text or "nan")


def test_csv_has_every_column_of_every_row(crowd: Sightings, analysis_result: BuildResult) -> None:
    made = concatenate(csv_export.chunks(analysis_result(crowd), ignore_progress)).decode("ascii")

    rows = list(csv.DictReader(io.StringIO(made)))
    boxes = [[number(row[side]) for side in ("left", "top", "right", "bottom")] for row in rows]
    np.testing.assert_array_equal(np.array(boxes, np.float32), crowd.xyxy)
    times = [(int(row["timestamp_ms"]), int(row["person_index"])) for row in rows]
    assert times == list(zip(crowd.timestamp_ms.tolist(), crowd.person_index.tolist(), strict=True))
    assert [row["detected"] for row in rows] == [
        "true" if seen else "false" for seen in crowd.detected.tolist()
    ]


def test_csv_has_five_landmarks_of_a_face(
    make_sightings: MakeSightings, add_faces: MakeSightings, analysis_result: BuildResult
) -> None:
    sightings = add_faces(make_sightings((0, 0, 5, True), (1, 0, 50, True)), [1])

    made = concatenate(csv_export.chunks(analysis_result(sightings), ignore_progress)).decode(
        "ascii"
    )

    without, having = csv.DictReader(io.StringIO(made))
    assert list(having)[-10:] == [f"{name}_{axis}" for name in LANDMARKS[:5] for axis in "xy"]
    assert {without[name] for name in list(without)[-10:]} == {""}
    points = np.array([having[name] for name in list(having)[-10:]], np.float32)
    np.testing.assert_array_equal(points.reshape(5, 2), sightings.faces.landmarks[0, :5])


def test_parquet_is_the_table_itself(crowd: Sightings, analysis_result: BuildResult) -> None:
    result = analysis_result(crowd)

    made = concatenate(parquet.chunks(result, ignore_progress))

    assert made == result.table.read_bytes()
    assert pq.read_table(pa.BufferReader(made)).num_rows == len(crowd)


def test_botocore_reads_every_line(crowd: Sightings, analysis_result: BuildResult) -> None:
    lines = concatenate(ndjson.chunks(analysis_result(crowd), ignore_progress)).splitlines()

    assert len(lines) == len(crowd)
    for line, sighting in list(zip(lines, crowd, strict=True))[::97]:
        found = parsed(line)
        assert found["Timestamp"] == sighting.timestamp_ms
        person = found["Person"]
        assert person["Index"] == sighting.person_index
        assert ("Face" in person) is (sighting.face is not None)
        assert ("BoundingBox" in person) is (sighting.xyxy is not None)
        if sighting.xyxy:
            left = round(sighting.xyxy[0]) / 640
            assert person["BoundingBox"]["Left"] == pytest.approx(left, abs=1e-6)


def test_faces_are_written_as_the_server_writes_them(
    make_sightings: MakeSightings, add_faces: MakeSightings, analysis_result: BuildResult
) -> None:
    result = analysis_result(add_faces(make_sightings((0, 0, 50, True)), [0]))
    eyes_open = replace(
        result, classify_expressions=lambda faces: [((True, 90.0), None, None)] * len(faces)
    )

    (usual,) = concatenate(ndjson.chunks(result, ignore_progress)).splitlines()
    (all_of_it,) = concatenate(ndjson.chunks(eyes_open, ignore_progress)).splitlines()

    assert len(parsed(usual)["Person"]["Face"]["Landmarks"]) == 5
    face = parsed(all_of_it)["Person"]["Face"]
    assert len(face["Landmarks"]) == 30
    assert face["EyesOpen"] == {"Value": True, "Confidence": 90.0}


def peak(chunks: Chunks, result: AnalysisResult) -> int:
    """Bytes that Python and Arrow held at once while an export was made."""
    pa.default_memory_pool().release_unused()
    tracemalloc.start()
    arrow = max((pa.total_allocated_bytes() for _ in chunks(result, ignore_progress)), default=0)
    _, python = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return arrow + python


@pytest.mark.parametrize("chunks", [csv_export.chunks, ndjson.chunks])
def test_a_longer_result_takes_no_more_memory(
    crowd: Sightings, analysis_result: BuildResult, chunks: Chunks
) -> None:
    bodies = replace(crowd, face=np.full(len(crowd), NO_FACE), faces=crowd.faces.take(slice(0)))
    results = [bodies.take(np.tile(np.arange(len(crowd)), times)) for times in (3, 12)]

    short, long = (peak(chunks, analysis_result(sightings)) for sightings in results)

    assert long < 1.1 * short


@pytest.mark.parametrize("chunks", [csv_export.chunks, ndjson.chunks])
def test_nobody(
    make_sightings: MakeSightings, analysis_result: BuildResult, chunks: Chunks
) -> None:
    lines = concatenate(chunks(analysis_result(make_sightings()), ignore_progress)).splitlines()

    assert len(lines) == (1 if chunks is csv_export.chunks else 0)
