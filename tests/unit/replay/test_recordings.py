import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passerby.errors import FileFormatError, ObjectNotFound
from passerby.records import NO_FACE, Faces, Sightings, VideoInfo
from passerby.replay.recordings import Order, recording_of, recordings_in
from passerby.results.tables import write_table
from passerby.wire.answer import encode_answer, whole_answer

METADATA = {
    "Codec": "h264",
    "DurationMillis": 14581,
    "Format": "QuickTime / MOV",
    "FrameRate": 29.969999313354492,
    "FrameHeight": 360,
    "FrameWidth": 640,
    "ColorRange": "FULL",
}
VIDEO = VideoInfo("h264", "QuickTime / MOV", 29.969999313354492, 640, 360, 14581, "FULL")


def person(timestamp: int, index: int) -> dict[str, Any]:
    return {"Timestamp": timestamp, "Person": {"Index": index}}


def answer(*persons: Mapping[str, Any], **members: object) -> dict[str, Any]:
    return {
        "JobStatus": "SUCCEEDED",
        "VideoMetadata": METADATA,
        "Persons": list(persons),
        "JobId": "43",
        "Video": {"S3Object": {"Bucket": "b", "Name": "n"}},
    } | members


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def rows(recorded: object, order: Order) -> list[tuple[int, int]]:
    items = recording_of(as_json(recorded)).rows(order)
    return [(each.timestamp, each.person.index) for each in items]


def test_both_orders() -> None:
    recorded = answer(person(0, 1), person(66, 0), person(66, 1), person(33, 1), person(33, 0))

    assert rows(recorded, "timestamp") == [(0, 1), (33, 0), (33, 1), (66, 0), (66, 1)]
    assert rows(recorded, "index") == [(66, 0), (33, 0), (0, 1), (66, 1), (33, 1)]


def test_pages_one_after_another() -> None:
    pages = [answer(person(0, 0), NextToken="next"), answer(person(33, 0))]

    assert rows(pages, "timestamp") == [(0, 0), (33, 0)]


def test_the_video() -> None:
    assert recording_of(as_json(answer())).video == VIDEO


def test_an_answer_from_before_2021() -> None:
    old = {name: value for name, value in METADATA.items() if name != "ColorRange"}

    video = recording_of(as_json(answer(VideoMetadata=old))).video

    assert video is not None
    assert video.color_range == "LIMITED"


def test_a_recorded_failure() -> None:
    told = {"JobStatus": "FAILED", "StatusMessage": "Unsupported codec/format.", "Persons": []}

    assert recording_of(as_json(told)).failure == "Unsupported codec/format."


@pytest.mark.parametrize(
    ("recorded", "complaint"),
    [
        pytest.param([], "the last page is missing", id="no page"),
        pytest.param(answer(NextToken="t"), "the last page is missing", id="the first page"),
        pytest.param({"JobStatus": "IN_PROGRESS", "Persons": []}, "neither", id="in progress"),
        pytest.param({"Persons": []}, "neither", id="no metadata"),
        pytest.param(answer({"Timestamp": 0}), "Person", id="an item without a person"),
        pytest.param(answer(VideoMetadata={"Codec": "h264"}), "DurationMillis", id="half metadata"),
        pytest.param("text", "str", id="no answer at all"),
    ],
)
def test_what_is_no_whole_answer(tmp_path: Path, recorded: object, complaint: str) -> None:
    (tmp_path / "street.json").write_bytes(as_json(recorded))

    with pytest.raises(FileFormatError, match=f"street.json is no answer.*{complaint}"):
        recordings_in(tmp_path)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="no recorded answer"):
        recordings_in(tmp_path)


@pytest.mark.parametrize(
    ("key", "number"),
    [
        pytest.param("2026/street.mp4", 1, id="its whole name"),
        pytest.param("2026/road.mp4", 2, id="its name without suffix"),
        pytest.param("2025/road.mp4", 3, id="the last part of its name"),
        pytest.param("else.mp4", 4, id="any other"),
        pytest.param("../cctv/2026/street.mp4", 4, id="a name that leads elsewhere"),
    ],
)
def test_which_recording_is_for_a_video(tmp_path: Path, key: str, number: int) -> None:
    files = ("cctv/2026/street.mp4.json", "cctv/2026/road.json", "road.json", "default.json")
    for index, name in enumerate(files, 1):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_json(answer(person(0, index))))

    (found,) = recordings_in(tmp_path).find("cctv", key).persons

    assert found.person.index == number


def test_a_video_without_a_recording(tmp_path: Path) -> None:
    (tmp_path / "street.json").write_bytes(as_json(answer()))

    with pytest.raises(ObjectNotFound):
        recordings_in(tmp_path).find("cctv", "road.mp4")


def sightings(confidence: list[float]) -> Sightings:
    count = len(confidence)
    xyxy = np.tile(np.array([[0, 0, 64, 90]], np.float32), (count, 1))
    return Sightings(
        person_index=np.arange(count) % 2,
        frame_index=np.arange(count) // 2,
        timestamp_ms=np.arange(count) // 2 * 33,
        xyxy=xyxy,
        confidence=np.array(confidence, np.float32),
        detected=np.ones(count, np.bool_),
        face=np.full(count, NO_FACE),
        faces=Faces.none(),
    )


def test_the_surest_come_first_where_a_table_tells_them(tmp_path: Path) -> None:
    found = sightings([0.5, 0.75, 0.75, 0.5, 0.75, 1.0])
    (tmp_path / "street.json").write_bytes(encode_answer(whole_answer(VIDEO, found)))
    write_table(found, tmp_path / "street.parquet")

    items = recordings_in(tmp_path).find("cctv", "street.mp4").rows("index")

    assert [(each.person.index, each.timestamp) for each in items] == [
        (0, 33),
        (0, 66),
        (0, 0),
        (1, 66),
        (1, 0),
        (1, 33),
    ]


def test_a_table_of_another_video(tmp_path: Path) -> None:
    (tmp_path / "street.json").write_bytes(encode_answer(whole_answer(VIDEO, sightings([1.0]))))
    write_table(sightings([1.0, 1.0]), tmp_path / "street.parquet")
    recording = recordings_in(tmp_path).find("cctv", "street.mp4")

    with pytest.raises(FileFormatError, match="other persons than the answer"):
        recording.rows("index")
