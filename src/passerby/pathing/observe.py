"""From the pixels of one shard to its observations.

Pure: the same shard gives the same observations, on any machine of one kind, however
many threads there are. Decoding goes on in the calling thread while other threads
detect, several frames at a time.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import square_width
from passerby.errors import ModelError
from passerby.faces.finder import FaceFinder, open_face_finder
from passerby.inference.session import Image
from passerby.pathing.observation_store import ObservationStore
from passerby.pathing.observations import serialised
from passerby.pathing.plan import Shard, identity_of
from passerby.people.appearance import DIMENSIONS, describe
from passerby.people.detector import Detector, open_detector, scaled
from passerby.people.merging import merge
from passerby.records import Detections, Faces, FractionCallback, Observations
from passerby.video.decode import DecodedFrame
from passerby.video.motion import CUT, STILL, camera_motion
from passerby.video.sampling import AnalysedFrames, SampledFrame

# Width of the pictures in which the camera's motion is measured, pixels.
GRAY_WIDTH = 320
# Least confidence of a person who is left out of the camera's motion.
MASK_CONFIDENCE = 0.3

# Frames decoded ahead of the detector, for each of its threads: enough to keep
# it busy while the decoder works through a costly frame.
AHEAD_PER_THREAD = 3

# Least confidence of a person whose appearance is kept.
DESCRIBED_CONFIDENCE = 0.3

NO_APPEARANCE = np.empty((0, DIMENSIONS), np.uint8)
NOBODY_DESCRIBED = np.empty(0, np.int64)
# Least confidence of a person whose face is looked for.
FACED_CONFIDENCE = 0.4

# As much of a shard is done when nothing is left but to write its file.
UNSAVED = 0.99

NOBODY = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))


# A scene that is back within this time was not left: frames between were torn, or a flash.
LONGEST_TORN_MS = 500


T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Models:
    """The networks that look at the frames of a shard."""

    detector: Detector
    face_finder: FaceFinder | None
    input_sizes: tuple[tuple[int, int], ...]  # width, height of each image the detector sees
    pixel_aspect: float = 1.0  # width of a stored pixel for a height of 1

    def size(self, frame: DecodedFrame) -> tuple[int, int]:
        """Width and height of the upright frame in square pixels."""
        width, height = frame.size
        return square_width(width, self.pixel_aspect), height

    def warm_up_calls(self) -> Iterator[Callable[[], object]]:
        """Calls with empty images, which load the networks."""
        for width, height in self.input_sizes:
            blank = np.zeros((height, width, 3), np.uint8)
            yield partial(self.detector.detect, blank)
        if self.face_finder:
            yield partial(self.face_finder.find, blank, NOBODY.xyxy)


@dataclass(frozen=True)
class FrameObservation:
    """What one analysed frame showed."""

    sampled: SampledFrame
    size: tuple[int, int]  # width, height of the upright frame in square pixels
    detections: Detections  # in those pixels
    described: NDArray[np.int64]  # (k,) which of them have an appearance
    appearance: NDArray[np.uint8]  # (k, D)
    faces: Faces
    gray: NDArray[np.uint8]  # (h, w) small picture for the camera's motion


@dataclass(frozen=True)
class Row:
    """What is kept of a frame."""

    frame_index: int
    timestamp_ms: int
    detections: Detections
    described: NDArray[np.int64]
    appearance: NDArray[np.uint8]
    faces: Faces
    camera_motion: NDArray[np.float32]  # (2, 3) a point here → in the next analysed frame


@dataclass(frozen=True)
class _Cut:
    """A cut that may turn out to be torn frames."""

    row: int  # of the last frame before it
    before: FrameObservation  # that frame


def observe_shard(
    shard: Shard, on_progress: FractionCallback, /, *, store: ObservationStore, threads: int
) -> None:
    """Keep the observations of a shard in `store`, unless they are there already.

    Parameters
    ----------
    shard : Shard
    on_progress : callable
        Called after each analysed frame; an exception it raises ends the work.
    store : ObservationStore
    threads : int
        Frames detected at the same time.

    Raises
    ------
    StoreUnreachable
        If this machine cannot reach the store.
    VideoError, ModelError
    """
    if not store.has(shard.file_name):
        observations = observe(shard, load_models(shard, threads), _unsaved(on_progress), threads)
        store.put(shard.file_name, serialised(observations))


def _unsaved(on_progress: FractionCallback) -> FractionCallback:
    """Never tell that all of the shard is done: whoever runs it does, once the file is there."""
    return lambda fraction: on_progress(min(fraction, UNSAVED))


def load_models(shard: Shard, threads: int) -> Models:
    """Load the networks that `shard` is to be looked at with.

    Raises
    ------
    ModelError
        If this machine would look at it with anything else than what it was planned for.
    """
    detector = open_detector(shard.network, shard.runtime, shard.device, threads)
    finder = open_face_finder(shard.runtime, shard.device, threads) if shard.with_faces else None
    ours = identity_of(detector.identity, finder.identity if finder else "")
    if ours != shard.models_identity:
        raise ModelError(
            f"A machine would analyse the video with {ours}, where it was planned for "
            f"{shard.models_identity}: machines of one cluster must be of one kind, or "
            "`runtime` be set."
        )
    return Models(detector, finder, shard.input_sizes, shard.pixel_aspect)


def observe(
    shard: Shard, models: Models, on_progress: FractionCallback, threads: int = 1
) -> Observations:
    """Look at every analysed frame of a shard; parameters as `observe_shard`.

    All boxes, and the camera's motion, are in square pixels: see `Models.size`.
    """
    frames = AnalysedFrames(shard.source.location(), shard.span, shard.rate, shard.origin_pts)
    observe_frame = partial(_observe_frame, models=models)
    rows: list[Row] = []
    resized_ms: list[int] = []
    with ThreadPoolExecutor(threads) as pool:
        for warm_up in models.warm_up_calls():  # side by side, while the first frame is decoded
            pool.submit(warm_up)
        observed = in_order(
            pool, observe_frame, _one_a_timestamp(frames), AHEAD_PER_THREAD * threads
        )
        cuts: list[_Cut] = []
        for this, following in pairwise(chain(observed, [None])):
            if this is not None and not this.sampled.is_beyond_span:
                rows.append(_row(this, following))
                if this.sampled.frame.is_resized:
                    resized_ms.append(this.sampled.frame.timestamp_ms)
                if following is not None and not rows[-1].camera_motion.any():
                    cuts = _bridge_torn_frames(rows, cuts, this, following)
                on_progress(min(len(rows) / shard.expected_frames, 1.0))
    frames_seen = _assembled(rows, frames.decoded_count)
    return replace(
        frames_seen,
        damage_ms=np.array(frames.damage_ms, np.int64),
        resized_ms=np.array(resized_ms, np.int64),
        left_out=frames.left_out,
        last_ms=frames.last_ms,
        end_ms=frames.end_ms,
        is_unread=frames.is_unread,
    )


def in_order(pool: Executor, work: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """Map lazily: items are taken `ahead` of the results, which come in the items' order."""
    pending: deque[Future[R]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _one_a_timestamp(frames: Iterable[SampledFrame]) -> Iterator[SampledFrame]:
    """Without the frames that come within the same millisecond as the one before."""
    last_ms: int | None = None
    for sampled in frames:
        if sampled.frame.timestamp_ms != last_ms:
            last_ms = sampled.frame.timestamp_ms
            yield sampled


def _observe_frame(sampled: SampledFrame, models: Models) -> FrameObservation:
    size = width, height = models.size(sampled.frame)
    gray_width = min(GRAY_WIDTH, width)
    gray = sampled.frame.gray((gray_width, max(1, round(height * gray_width / width))))
    nothing = NOBODY_DESCRIBED, NO_APPEARANCE, Faces.none(), gray
    if sampled.is_beyond_span:
        return FrameObservation(sampled, size, NOBODY, *nothing)
    largest = models.input_sizes[0]
    image = sampled.frame.image(largest)
    native = _detect(image, sampled.frame, models)
    if not sampled.has_face_tick:
        return FrameObservation(sampled, size, native, *nothing)
    described = np.flatnonzero(native.confidence >= DESCRIBED_CONFIDENCE)
    appearance = describe(image, scaled(native, size, largest).xyxy[described])
    persons = native.xyxy[native.confidence >= FACED_CONFIDENCE]
    finder = models.face_finder
    faces = finder.find(sampled.frame.image(size), persons) if finder else Faces.none()
    return FrameObservation(sampled, size, native, described, appearance, faces, gray)


def _detect(largest: Image, frame: DecodedFrame, models: Models) -> Detections:
    """Detect persons in images of all sizes; boxes in square pixels of the frame."""
    frame_size = models.size(frame)
    images = [largest, *map(frame.image, models.input_sizes[1:])]
    by_size = [
        scaled(models.detector.detect(image), size, frame_size)
        for size, image in zip(models.input_sizes, images, strict=True)
    ]
    return merge(by_size, [size[1] / frame_size[1] for size in models.input_sizes])


def _row(this: FrameObservation, following: FrameObservation | None) -> Row:
    motion = STILL if following is None else _motion(this, following)
    frame = this.sampled.frame
    return Row(
        frame.index,
        frame.timestamp_ms,
        this.detections,
        this.described,
        this.appearance,
        this.faces,
        motion,
    )


def _motion(this: FrameObservation, following: FrameObservation) -> NDArray[np.float32]:
    """Camera motion from one frame to the next, in square pixels of the upright frame."""
    if this.gray.shape != following.gray.shape:
        return CUT
    shrink = np.divide(this.gray.shape[::-1], this.size)
    persons = this.detections.xyxy[this.detections.confidence >= MASK_CONFIDENCE]
    affine = camera_motion(this.gray, following.gray, persons * np.tile(shrink, 2))
    # In the small picture a point is at S p: S⁻¹ A S moves p itself.
    linear = affine[:, :2] * shrink / shrink[:, None]
    return np.column_stack([linear, affine[:, 2] / shrink]).astype(np.float32)


def _bridge_torn_frames(
    rows: list[Row], cuts: list[_Cut], this: FrameObservation, following: FrameObservation
) -> list[_Cut]:
    """Take back the cuts around torn frames, if `following` shows the scene before them.

    `cuts` are those before the cut after `this`, whose row is the last; returned are those
    that still may turn out to be torn frames.
    """
    now = following.sampled.frame.timestamp_ms
    recent = [cut for cut in cuts if now - cut.before.sampled.frame.timestamp_ms <= LONGEST_TORN_MS]
    for cut in recent:
        motion = _motion(cut.before, following)
        if motion.any():
            for row in range(cut.row, len(rows)):
                rows[row] = replace(rows[row], camera_motion=STILL)
            rows[-1] = replace(rows[-1], camera_motion=motion)
            return []
    return [*recent, _Cut(len(rows) - 1, this)]


def _assembled(rows: list[Row], frame_count: int) -> Observations:
    seen = [row.detections for row in rows]
    first = np.cumsum([0, *map(len, seen)])
    described = [row.described + before for row, before in zip(rows, first, strict=False)]
    return Observations(
        frame_index=np.array([row.frame_index for row in rows], np.int64),
        timestamp_ms=np.array([row.timestamp_ms for row in rows], np.int64),
        camera_motion=np.array([row.camera_motion for row in rows], np.float32).reshape(-1, 2, 3),
        first_detection=first,
        xyxy=np.concatenate([NOBODY.xyxy, *(found.xyxy for found in seen)]),
        confidence=np.concatenate([NOBODY.confidence, *(found.confidence for found in seen)]),
        described=np.concatenate([NOBODY_DESCRIBED, *described]),
        appearance=np.concatenate([NO_APPEARANCE, *(row.appearance for row in rows)]),
        first_face=np.cumsum([0, *(len(row.faces) for row in rows)]),
        faces=Faces.joined([row.faces for row in rows]),
        frame_count=frame_count,
    )
