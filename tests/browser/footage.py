"""Clips whose people are known to the pixel, and jobs that have found them."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tests.integration.conftest import BUCKET

from passerby.access.accounts import DEFAULT_ACCOUNT_ID
from passerby.bootstrap.installation import open_installation
from passerby.cloud.objects import FolderBuckets
from passerby.jobs.job import Counts, NewJob
from passerby.records import NO_FACE, Faces, Sightings, VideoInfo
from passerby.settings import Settings
from passerby.testing import BOX_COLOURS, HeadFinder, Image, moving_boxes, write_clip
from passerby.video.probe import probe

SIZE = (320, 240)
PEOPLE = 3
# The number of a frame, in its pixels: bits from the left, the highest first.
BITS, BIT_WIDTH, STRIP_TOP = 8, 20, 222
EVERY_FACE = 5
TOLERANCE, THIN = 40, 8  # grey levels, pixels
WORKER = "the test"


@dataclass(frozen=True)
class Found:
    """A job that has succeeded, and what it found."""

    job_id: str
    sightings: Sightings
    video: VideoInfo

    def boxes(self, frame_index: int) -> dict[int, list[float]]:
        """Boxes of a frame by person."""
        rows = np.flatnonzero(self.sightings.frame_index == frame_index)
        person = self.sightings.person_index[rows].tolist()
        return dict(zip(person, self.sightings.xyxy[rows].tolist(), strict=True))

    def timestamp_ms(self, frame_index: int) -> int:
        rows = np.flatnonzero(self.sightings.frame_index == frame_index)
        return int(self.sightings.timestamp_ms[rows[0]])


def numbered(count: int) -> Iterator[Image]:
    """Walking boxes, each picture with its number in it."""
    for number, image in enumerate(moving_boxes(count, SIZE, PEOPLE)):
        image[STRIP_TOP:] = 0
        for place in range(BITS):
            if number >> (BITS - 1 - place) & 1:
                image[STRIP_TOP:, place * BIT_WIDTH : (place + 1) * BIT_WIDTH] = 255
        yield image


def number_in(image: NDArray[np.uint8]) -> int:
    """Number in a picture of any size that shows a whole frame."""
    small = cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA)
    middle = small[(STRIP_TOP + SIZE[1]) // 2, BIT_WIDTH // 2 :: BIT_WIDTH, 1][:BITS]
    return int("".join("1" if value > 127 else "0" for value in middle.tolist()), 2)


def people_in(image: NDArray[np.uint8]) -> dict[int, list[float]]:
    """Boxes of the coloured people in a picture by person, pixels of `SIZE`."""
    height, width = image.shape[:2]
    scale = np.tile([SIZE[0] / width, SIZE[1] / height], 2)
    found = {}
    for person in range(PEOPLE):
        colour = np.array(BOX_COLOURS[person])
        mask = cv2.inRange(image, colour - TOLERANCE, colour + TOLERANCE) > 0
        # Whatever is thinner is an edge of something else.
        rows = np.flatnonzero(mask.sum(axis=1) > THIN)
        columns = np.flatnonzero(mask.sum(axis=0) > THIN)
        corners = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        found[person] = (np.array(corners) * scale).tolist()
    return found


def in_front(boxes: dict[int, list[float]]) -> list[int]:
    """Persons of whom nothing is hidden: who comes later is painted over who came before."""
    return [
        person
        for person, (left, top, right, bottom) in boxes.items()
        if not any(
            other > person and left < box[2] and box[0] < right and top < box[3] and box[1] < bottom
            for other, box in boxes.items()
        )
    ]


def sightings_of(count: int, timestamps_ms: Sequence[int]) -> Sightings:
    """Where the people of `numbered` are; person 1 was filled in for half a second."""
    rows: list[tuple[int, int, list[float]]] = []
    faces: list[Faces] = []
    face: list[int] = []
    for number, image in enumerate(moving_boxes(count, SIZE, PEOPLE)):
        boxes = _truth(number)
        heads = HeadFinder().find(image, boxes) if number % EVERY_FACE == 0 else Faces.none()
        first = sum(map(len, faces))
        faces.append(heads)
        face += [first + at if len(heads) else NO_FACE for at in range(PEOPLE)]
        rows += [(person, number, boxes[person].tolist()) for person in range(PEOPLE)]
    person, frame, boxes_of_rows = zip(*rows, strict=True)
    times = np.array(timestamps_ms, np.int64)[np.array(frame)]
    filled = (np.array(person) == 1) & (times >= 1000) & (times < 1500)
    return Sightings(
        person_index=np.array(person, np.int64),
        frame_index=np.array(frame, np.int64),
        timestamp_ms=times,
        xyxy=np.array(boxes_of_rows, np.float32),
        confidence=np.full(len(rows), 0.9, np.float32),
        detected=~filled,
        face=np.array(face, np.int64),
        faces=Faces.joined(faces),
    )


def _truth(number: int) -> NDArray[np.float32]:
    """Boxes that `moving_boxes` paints, by its own description."""
    width, height = SIZE
    box_height, box_width = height // 2, height // 6
    span = width - box_width
    boxes = []
    for person in range(PEOPLE):
        around = number * (person + 2) % (2 * span)
        left, top = min(around, 2 * span - around), person * height // (2 * PEOPLE)
        boxes.append([left, top, left + box_width, top + box_height])
    return np.array(boxes, np.float32)


def have(
    data: Path,
    key: str,
    sightings: Sightings,
    video: VideoInfo | None = None,
    account_id: str = DEFAULT_ACCOUNT_ID,
) -> Found:
    """Put a job into a data folder that has found something in a file of the bucket."""
    installation = open_installation(Settings(data=data))
    with closing(installation.database):
        buckets = FolderBuckets(data / "buckets")
        source = {"bucket": BUCKET, "key": key, "version": None}
        source["fingerprint"] = buckets.head(BUCKET, key).fingerprint
        named: dict[str, Any] = {"Video": {"S3Object": {"Bucket": BUCKET, "Name": key}}}
        new = NewJob(account_id, "StartPersonTracking", named, source)
        job = installation.jobs.submit(new, open_limit=1000)
        claimed = installation.jobs.claim(WORKER, timedelta(hours=1).total_seconds())
        assert claimed is not None
        assert claimed.id == job.id
        known = video or probe(str(data / "buckets" / BUCKET / key))
        persons = int(sightings.person_index.max(initial=-1)) + 1
        publish = installation.results.draft(job.id, sightings)
        counts = Counts(persons, len(sightings))
        installation.jobs.succeed(job.id, WORKER, known, counts, publish)
    return Found(job.id, sightings, known)


def film(data: Path, key: str, count: int, times: Sequence[int], **options: Any) -> Found:  # noqa: ANN401 - of write_clip
    """Write a clip of `numbered` into the bucket, and have a job that found its people."""
    path = data / "buckets" / BUCKET / key
    write_clip(path, numbered(count), **options)
    return have(data, key, sightings_of(count, times))


__all__ = ["Found", "film", "have", "in_front", "number_in", "people_in"]
