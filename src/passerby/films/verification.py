"""What may be left of people in a blurred film: the detectors look at it once more.

They know nothing of what was hidden, and what is hidden still has the shape of people. So
whatever lies under the masks of its moment is left out, and so is whoever is to be seen.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import iou
from passerby.faces.finder import FaceFinder, open_face_finder
from passerby.films.blur_selection import BlurSelection
from passerby.films.masks import HiddenPersons
from passerby.films.placement import PersonPositions, Size, locate_persons, scaled
from passerby.films.progress import ProgressCallback
from passerby.pathing.plan import Options
from passerby.people.detector import Detector, open_detector
from passerby.people.detector import scaled as scaled_detections
from passerby.people.input_size import choose_all
from passerby.people.merging import merge
from passerby.records import Detections, Sightings, VideoInfo
from passerby.video.decode import DecodedFrame, Image, decode

# Frames are looked at so far apart.
STEP_MS = 200
# Least confidence of a person. Real people were missed at 0.40 (2026-11-30).
LEAST_CONFIDENCE = 0.35
# Under masks is what is covered to such a share, and so is the upper quarter of a body.
COVERED, HEAD_SHARE = 0.8, 0.25
# Who is to be seen is where a detection overlaps their box by so much, and a face where as much
# of it lies in the box of their body.
SHOWN_IOU, SHOWN_SHARE = 0.5, 0.8
# Finds so near in time, their middles no farther apart than the longer side of the one, are told
# as one: who walks makes about one body height in a second.
JOINED_MS = 1000

Kind = Literal["person", "face"]


@dataclass(frozen=True)
class Leftover:
    """A person or a face that may be seen in a blurred film."""

    kind: Kind
    from_ms: int
    to_ms: int
    xyxy: tuple[float, float, float, float]  # pixels of the film, where it was surest
    confidence: float  # in [0, 1], the highest
    last_xyxy: tuple[float, float, float, float]  # where it was seen last


class _Find(NamedTuple):
    kind: Kind
    xyxy: NDArray[np.float64]  # (4,)
    confidence: float


@dataclass(frozen=True)
class Lookers:
    """The networks that look at a film."""

    detector: Detector
    face_finder: FaceFinder


def open_lookers(options: Options) -> Lookers:
    """Build what looks at a film: the networks of an analysis; raises as `open_detector`."""
    return Lookers(
        open_detector(options.network, options.runtime, options.device),
        open_face_finder(options.runtime, options.device),
    )


def find_leftovers(
    film: str,
    sightings: Sightings,
    selection: BlurSelection,
    video: VideoInfo,
    lookers: Lookers,
    on_progress: ProgressCallback | None = None,
) -> list[Leftover]:
    """Look for people and faces in a blurred film that its masks do not cover.

    Parameters
    ----------
    film : str
        Path of the film that `write_blurred` wrote.
    sightings, selection
        As it was written by.
    video : VideoInfo
        In whose pixels the sightings are.
    lookers : Lookers
    on_progress : callable, optional
        Receives the number of frames read, after each.

    Returns
    -------
    list of Leftover
        In order of time. With the selection "faces" only faces are looked for.

    Raises
    ------
    VideoError
        If the film cannot be read.
    """
    told_size = video.width, video.height
    open_finds: list[Leftover] = []
    check: _Check | None = None
    next_ms = 0
    for count, frame in enumerate(decode(film), start=1):
        check = check or _Check(sightings, selection, told_size, frame.size, lookers)
        if frame.timestamp_ms >= next_ms:
            next_ms = frame.timestamp_ms + STEP_MS
            _join(open_finds, check.finds(frame), frame.timestamp_ms)
        if on_progress:
            on_progress(count)
    return open_finds


class _Check:
    """Looks at the frames of a film, one after the other."""

    def __init__(
        self,
        sightings: Sightings,
        selection: BlurSelection,
        told_size: Size,
        size: Size,
        lookers: Lookers,
    ) -> None:
        placed = scaled(sightings, told_size, size)
        hides = selection.hides(placed.person_index)
        self._hidden = HiddenPersons(placed.take(hides), size)
        self._shown = placed.take(~hides & placed.has_body)
        self._only_faces = selection.target == "faces"
        self._lookers = lookers
        self._size = size
        heights = placed.xyxy[placed.has_body, 3] - placed.xyxy[placed.has_body, 1]
        self._input_sizes = choose_all(heights, *size)

    def finds(self, frame: DecodedFrame) -> Iterator[_Find]:
        """Yield what can be seen on a frame, and is not to be seen."""
        image, time = frame.image(self._size), frame.timestamp_ms
        covered = self._covered(time)
        shown = locate_persons(self._shown, time)
        persons = _detect(self._lookers.detector, frame, self._input_sizes, self._size)
        faces = self._lookers.face_finder.find(image, persons.xyxy)
        if not self._only_faces:
            for box, score in zip(persons.xyxy, persons.confidence.tolist(), strict=True):
                if not _is_hidden(covered, box) and not _is_shown(box, shown):
                    yield _Find("person", box.astype(np.float64), score)
        for box, score in zip(faces.xyxy, faces.confidence.tolist(), strict=True):
            if _share(covered, box) < COVERED and not _lies_in(box, shown):
                yield _Find("face", box.astype(np.float64), score)

    def _covered(self, timestamp_ms: int) -> NDArray[np.uint8]:
        """(h, w) 1 under the masks of an instant, else 0."""
        width, height = self._size
        covered = np.zeros((height, width), np.uint8)
        masks = [self._hidden.heads(timestamp_ms).xyxy]
        if not self._only_faces:
            masks.append(self._hidden.bodies(timestamp_ms).xyxy)
        for xyxy in np.concatenate(masks):
            _part(covered, xyxy)[:] = 1
        return covered


def _detect(
    detector: Detector, frame: DecodedFrame, input_sizes: Sequence[Size], size: Size
) -> Detections:
    """Detect persons at all input sizes; boxes in pixels of the frame."""
    looks = [
        scaled_detections(detector.detect(frame.image(each)), each, size) for each in input_sizes
    ]
    found = merge(looks, [each[1] / size[1] for each in input_sizes])
    sure = found.confidence >= LEAST_CONFIDENCE
    return Detections(found.xyxy[sure], found.confidence[sure])


def _is_hidden(covered: NDArray[np.uint8], xyxy: NDArray[np.float32]) -> bool:
    """Check whether a body and its head are under masks."""
    head = xyxy.copy()
    head[3] = xyxy[1] + HEAD_SHARE * (xyxy[3] - xyxy[1])
    return _share(covered, xyxy) >= COVERED and _share(covered, head) >= COVERED


def _is_shown(xyxy: NDArray[np.float32], shown: PersonPositions) -> bool:
    return bool((iou(xyxy[None], shown.xyxy) >= SHOWN_IOU).any())


def _lies_in(xyxy: NDArray[np.float32], shown: PersonPositions) -> bool:
    """Check whether a face is that of somebody who is to be seen."""
    low, high = np.maximum(shown.xyxy[:, :2], xyxy[:2]), np.minimum(shown.xyxy[:, 2:], xyxy[2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    return bool((shared >= SHOWN_SHARE * max(float((xyxy[2:] - xyxy[:2]).prod()), 1.0)).any())


def _share(covered: NDArray[np.uint8], xyxy: NDArray[np.float32]) -> float:
    """Share of a box, as far as it is in the picture, under masks; 1 where nothing of it is."""
    part = _part(covered, xyxy.astype(np.float64))
    return float(part.mean()) if part.size else 1.0


def _part(image: Image, xyxy: NDArray[np.float64]) -> Image:
    limits = np.array([image.shape[1], image.shape[0]] * 2)
    left, top, right, bottom = np.clip(np.rint(xyxy), 0, limits).astype(int).tolist()
    return image[top:bottom, left:right]


def _join(told: list[Leftover], finds: Iterable[_Find], timestamp_ms: int) -> None:
    """Add what is seen at an instant: to what was seen near it just before, or as new."""
    recent = [
        number for number, before in enumerate(told) if timestamp_ms - before.to_ms <= JOINED_MS
    ]
    for find in finds:
        same = [number for number in recent if _is_near(told[number], find)]
        if same:
            recent.remove(same[-1])
            told[same[-1]] = _longer(told[same[-1]], find, timestamp_ms)
        else:
            told.append(_longer(None, find, timestamp_ms))


def _is_near(before: Leftover, find: _Find) -> bool:
    box = np.array(before.last_xyxy)
    apart = np.abs((box[:2] + box[2:] - find.xyxy[:2] - find.xyxy[2:]) / 2).max()
    return before.kind == find.kind and bool(apart <= (box[2:] - box[:2]).max())


def _longer(before: Leftover | None, find: _Find, timestamp_ms: int) -> Leftover:
    left, top, right, bottom = find.xyxy.tolist()
    box = left, top, right, bottom
    new = Leftover(find.kind, timestamp_ms, timestamp_ms, box, find.confidence, box)
    if before is None:
        return new
    if before.confidence >= find.confidence:
        return replace(before, to_ms=timestamp_ms, last_xyxy=box)
    return replace(new, from_ms=before.from_ms)
