import re
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import botocore.parsers
import botocore.session
import numpy as np
import pyarrow.parquet as pq
import pytest

from passerby.testing import moving_boxes, write_clip

from .conftest import SAMPLE, SAMPLE_FRAMES, done, frame_count, people, people_clip, run


def text_rows(path: Path) -> list[list[float]]:
    return [[float(field) for field in line.split(",")] for line in path.read_text().splitlines()]


def parsed_answer(path: Path) -> dict[str, Any]:
    """The answer as the AWS clients read it."""
    model = botocore.session.get_session().get_service_model("rekognition")
    shape = model.operation_model("GetPersonTracking").output_shape
    parser = botocore.parsers.create_parser("json")
    reply = {"status_code": 200, "headers": {}, "body": path.read_bytes()}
    answer: dict[str, Any] = parser.parse(reply, shape)
    return answer


def test_the_three_files_say_the_same(tracked: Path) -> None:
    rows = pq.read_table(tracked / "people-walking.parquet").to_pylist()
    text = text_rows(tracked / "people-walking.txt")
    persons = parsed_answer(tracked / "people-walking.json")["Persons"]

    assert len(rows) == len(persons) > 500
    assert len(text) == sum(row["left"] is not None for row in rows)
    for row, person in zip(rows, persons, strict=True):
        assert person["Timestamp"] == row["timestamp_ms"] == 100 * row["frame_index"]
        assert person["Person"]["Index"] == row["person_index"]
        assert ("BoundingBox" in person["Person"]) == (row["left"] is not None)
        assert ("Face" in person["Person"]) == (row["face_left"] is not None)
    with_body = [(r, p) for r, p in zip(rows, persons, strict=True) if r["left"] is not None]
    for (row, person), line in zip(with_body, text, strict=True):
        assert line[:2] == [row["frame_index"] + 1, row["person_index"] + 1]
        box = [row["left"], row["top"], row["right"], row["bottom"]]
        ltwh = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
        assert line[2:7] == pytest.approx([*ltwh, row["confidence"]], abs=0.011)
        assert line[7:] == [-1, -1, -1]
        assert person["Person"]["BoundingBox"]["Left"] * 768 == pytest.approx(
            min(max(box[0], 0), 768), abs=0.51
        )


def test_the_video_is_described(tracked: Path) -> None:
    answer = parsed_answer(tracked / "people-walking.json")

    assert answer["JobStatus"] == "SUCCEEDED"
    assert answer["VideoMetadata"] == {
        "Codec": "h264",
        "DurationMillis": 16000,
        "Format": "QuickTime / MOV",
        "FrameRate": 10.0,
        "FrameHeight": 576,
        "FrameWidth": 768,
        "ColorRange": "LIMITED",
    }
    assert "NextToken" not in answer


def test_the_marked_copy_shows_every_frame(tracked: Path) -> None:
    assert frame_count(tracked / "people-walking.mp4") == SAMPLE_FRAMES


def test_nothing_else_is_left(tracked: Path) -> None:
    assert sorted(path.name for path in tracked.iterdir()) == [
        f"people-walking.{ending}" for ending in ("json", "mp4", "parquet", "txt")
    ]


@pytest.mark.parametrize(
    ("options", "step"),
    [
        pytest.param((), 2, id="15 a second unless asked otherwise"),
        pytest.param(("--rate", "all"), 1, id="every frame"),
    ],
)
def test_the_rate(tmp_path: Path, options: tuple[str, ...], step: int) -> None:
    clip = people_clip(tmp_path / "fast.mp4", frames=50, speed=3)  # 30 frames a second

    done("track", clip, "--out", tmp_path / "out", *options)

    numbers = {row[0] for row in text_rows(tmp_path / "out" / "fast.txt")}
    assert numbers == set(range(1, 51, step))


def upright(path: Path) -> tuple[Path, int, list[int]]:
    """A picture with an odd number of lines and columns."""
    frames = [np.ascontiguousarray(image[:575, :767]) for image in people(15)]
    write_clip(path, frames, rate=Fraction(10), pixel_format="yuv444p")
    return path, 767, [100 * number for number in range(15)]


def on_its_side(path: Path) -> tuple[Path, int, list[int]]:
    """As a phone held upright stores it."""
    frames = [np.ascontiguousarray(np.rot90(image, -1)) for image in people(15)]
    write_clip(path, frames, rate=Fraction(10), rotation_degrees=90)
    return path, 768, [100 * number for number in range(15)]


def irregular(path: Path) -> tuple[Path, int, list[int]]:
    """As phones and web cameras record it, and not from zero on."""
    steps = [70, 130, 90, 110, 100]
    times = [200, *(200 + np.cumsum(steps * 3)[:-1]).tolist()]
    write_clip(path, people(15), timestamps_ms=times)
    return path, 768, times


@pytest.mark.parametrize("make", [upright, on_its_side, irregular])
def test_unusual_videos(tmp_path: Path, make: Any) -> None:  # noqa: ANN401
    clip, width, times = make(tmp_path / "clip.mp4")

    done("track", clip, "--out", tmp_path / "out", "--annotate")

    answer = parsed_answer(tmp_path / "out" / "clip.json")
    assert answer["VideoMetadata"]["FrameWidth"] == width
    assert sorted({each["Timestamp"] for each in answer["Persons"]}) == times
    boxes = [each["Person"].get("BoundingBox") for each in answer["Persons"]]
    assert all(box["Height"] > box["Width"] for box in boxes if box)
    assert frame_count(tmp_path / "out" / "clip.mp4") == 15


def test_a_link_to_a_video_with_nobody_in_it(tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(write_clip(tmp_path / "empty.mp4", moving_boxes(10)))

    done("track", tmp_path / "link.mp4", "--out", tmp_path / "out")

    assert (tmp_path / "out" / "link.txt").read_text() == ""
    assert pq.read_table(tmp_path / "out" / "link.parquet").num_rows == 0
    assert parsed_answer(tmp_path / "out" / "link.json")["Persons"] == []


def test_a_marked_copy_never_replaces_the_video(tmp_path: Path) -> None:
    clip = Path(shutil.copy(SAMPLE, tmp_path / "walk.mp4"))

    refused = run("track", clip, "--out", tmp_path, "--annotate")

    assert refused.returncode == 2
    assert "choose another --out" in " ".join(refused.stderr.replace("│", " ").split())
    assert clip.read_bytes() == SAMPLE.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["walk.mp4"]


def test_the_detections_can_be_kept_and_linked_alone(tmp_path: Path) -> None:
    detections, tracks = tmp_path / "det.txt", tmp_path / "linked.txt"

    done("track", SAMPLE, "--rate", "2", "--out", tmp_path, "--detections", detections)
    done("link", detections, "--fps", "10", "--size", "768x432", "--out", tracks)

    assert {row[1] for row in text_rows(detections)} == {-1}
    seen = {tuple(row[2:6]) for row in text_rows(detections)}
    assert len(seen) > 50
    assert text_rows(tracks)


def test_the_sizes_of_the_detectors_images_are_told(tmp_path: Path) -> None:
    ended = run("track", SAMPLE, "--rate", "1", "--out", tmp_path)

    assert re.search(r"Persons were detected at \d+x\d+ ", ended.stderr)
