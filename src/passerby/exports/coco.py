"""Paths as COCO annotations of a video, in the form of TAO: `track_id` tells persons apart.

Two categories: `person`, and `face` with five key points. The attribute `index` of both is
the person's, and `occluded` says that a box was filled in. There is an image for each frame
on which somebody was seen.

Sources: COCO, "Data format", object and keypoint detection; A. Dave et al., "TAO: A
Large-Scale Benchmark for Tracking Any Object", ECCV 2020, and its annotation format, where
tracks of two categories never share an id. CocoVID's names for the same, `instance_id` and
`frame_id`, are there as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, repeat

import msgspec
import numpy as np

from passerby.exports.source import ExportSource, extent, read_parts
from passerby.films.progress import ProgressCallback
from passerby.records import LANDMARKS, NO_FACE, Face, Sightings, VideoInfo

VIDEO_ID, PERSON, FACE = 1, 1, 2
KEY_POINTS = LANDMARKS[:5]
VISIBLE = 2  # COCO's flag of a key point that is labelled and seen

Item = dict[str, object]


@dataclass(frozen=True)
class CocoTracks:
    """The persons that have a track in each category, by rising index."""

    bodies: list[int]
    faces: list[int]

    def of_body(self, person: int) -> int:
        """Id of the track of a person's body."""
        return person + 1

    def of_face(self, person: int) -> int:
        """Id of the track of a person's face."""
        return max(self.bodies + self.faces) + 2 + person

    def items(self) -> Iterator[Item]:
        """Members of the list `tracks`."""
        for person in self.bodies:
            yield {"id": self.of_body(person), "category_id": PERSON, "video_id": VIDEO_ID}
        for person in self.faces:
            yield {"id": self.of_face(person), "category_id": FACE, "video_id": VIDEO_ID}


def chunks(result: ExportSource, on_progress: ProgressCallback) -> Iterator[bytes]:
    """Yield the whole file; the sightings are read four times, a part at a time."""
    tracks = _tracks(result)
    yield b'{"info":{"description":"Persons found by passerby"}'
    yield from _list("videos", [[_video(result)]])
    yield from _list("categories", [_categories()])
    yield from _list("tracks", [tracks.items()])
    yield from _list("images", _images(result))
    numbers = count(1)
    parts = (
        _annotations(part, result.video, tracks, numbers)
        for part in read_parts(result, on_progress)
    )
    yield from _list("annotations", parts)
    yield b"}\n"


def _list(name: str, parts: Iterable[Iterable[Item]]) -> Iterator[bytes]:
    """Yield a member of the file that is a list, an item a line."""
    yield f',\n"{name}":['.encode()
    between = b"\n"
    for part in parts:
        if items := b",\n".join(map(msgspec.json.encode, part)):
            yield between + items
            between = b",\n"
    yield b"]"


def _tracks(result: ExportSource) -> CocoTracks:
    bodies, faces = set[int](), set[int]()
    for part in result.parts():
        bodies.update(part.person_index[part.has_body].tolist())
        faces.update(part.person_index[part.face != NO_FACE].tolist())
    return CocoTracks(sorted(bodies), sorted(faces))


def _video(result: ExportSource) -> Item:
    video = result.video
    return {
        "id": VIDEO_ID,
        "name": result.name,
        "width": video.width,
        "height": video.height,
        "fps": video.frame_rate,
        "length": extent(result).frames,
        # Categories known to be absent, and those of which not all are labelled: none.
        "neg_category_ids": [],
        "not_exhaustive_category_ids": [],
    }


def _categories() -> list[Item]:
    person: Item = {"id": PERSON, "name": "person", "supercategory": "person"}
    face = person | {"id": FACE, "name": "face", "keypoints": KEY_POINTS, "skeleton": []}
    return [person, face]


def _images(result: ExportSource) -> Iterator[Iterator[Item]]:
    """Yield the frames with somebody on them; one that lies in two parts comes with the first."""
    last = -1
    for part in result.parts():
        frames, rows = np.unique(part.frame_index, return_index=True)
        new = frames > last
        times = part.timestamp_ms[rows[new]]
        yield map(_image, zip(frames[new].tolist(), times.tolist(), strict=True), repeat(result))
        last = int(frames[-1])


def _image(seen: tuple[int, int], result: ExportSource) -> Item:
    frame, timestamp_ms = seen
    return {
        "id": _image_id(frame),
        "video_id": VIDEO_ID,
        "frame_index": frame,
        "frame_id": frame,
        "timestamp_ms": timestamp_ms,
        "file_name": f"{result.name}/{frame:06}.jpg",
        "width": result.video.width,
        "height": result.video.height,
    }


def _image_id(frame_index: int) -> int:
    return frame_index + 1


def _annotations(
    part: Sightings, video: VideoInfo, tracks: CocoTracks, numbers: Iterator[int]
) -> Iterator[Item]:
    """Yield bodies and faces by sighting; what lies outside of the picture is left out."""
    for sighting in part:
        person, face = sighting.person_index, sighting.face
        about: Item = {
            "image_id": _image_id(sighting.frame_index),
            "video_id": VIDEO_ID,
            "iscrowd": 0,
            "segmentation": [],
            "attributes": {"index": person, "occluded": not sighting.detected},
        }
        if sighting.xyxy and (box := _box(sighting.xyxy, video)):
            score: Item = {"category_id": PERSON, "score": round(sighting.confidence, 4)}
            track = _track(tracks.of_body(person))
            yield {"id": next(numbers)} | about | score | track | box
        if face and (box := _box(face.xyxy, video)):
            score = {"category_id": FACE, "score": round(face.confidence, 4)}
            track = _track(tracks.of_face(person))
            yield {"id": next(numbers)} | about | score | track | box | _points(face)


def _track(number: int) -> Item:
    return {"track_id": number, "instance_id": number}


def _box(xyxy: tuple[float, float, float, float], video: VideoInfo) -> Item | None:
    """Cut a box at the border of the frame; None where nothing is left."""
    left, right = (round(min(max(0.0, x), video.width), 2) for x in xyxy[::2])
    top, bottom = (round(min(max(0.0, y), video.height), 2) for y in xyxy[1::2])
    width, height = round(right - left, 2), round(bottom - top, 2)
    if width <= 0 or height <= 0:
        return None
    return {"bbox": [left, top, width, height], "area": round(width * height, 2)}


def _points(face: Face) -> Item:
    points = face.landmarks[: len(KEY_POINTS)]
    flat = [value for x, y in points for value in (round(x, 2), round(y, 2), VISIBLE)]
    return {"keypoints": flat, "num_keypoints": len(points)}
