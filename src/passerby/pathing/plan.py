"""What will be done with a video: its shards, and the settings they share.

A shard names all that decides on its observations, so their file can be named after
that: what has been computed once is found again, wherever and whenever.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from passerby.boxes import square_width
from passerby.errors import VideoTooLong
from passerby.faces.finder import open_face_finder
from passerby.inference.session import Device, Image, Runtime
from passerby.pathing.video_source import VideoSource
from passerby.people import input_size
from passerby.people.detector import SHIPPED_NETWORK, Detector, open_detector
from passerby.records import FractionCallback, Sizes, VideoInfo
from passerby.video.probe import first_pts, pixel_aspect, probe, tells_own_length
from passerby.video.shards import Span, plan_spans
from passerby.video.stills import stills

# Raise it whenever the same pixels begin to give other observations.
OBSERVER_VERSION = 8

# Bodies are looked for 15 times a second, as the service did: reference, section 4.6.
USUAL_RATE = Fraction(15)


@dataclass(frozen=True)
class Options:
    """How to look at videos."""

    rate: Fraction | None = USUAL_RATE  # analysed frames per second; None: every frame
    runtime: Runtime = "auto"
    device: Device = "cpu"
    network: str = SHIPPED_NETWORK
    with_faces: bool = True
    # Of detections that count as those of 0.5 usually do, in linking alone.
    confidence: float = 0.5
    strict: bool = False  # whether persons are left out who may be none
    most_lost: float = 0.5  # share of the frames; a video that lost more of them fails
    shard_ms: int = 60_000  # at most this much work is lost when a process dies
    duration_limit_ms: int | None = None  # longer videos are refused; None: there are none


@dataclass(frozen=True)
class Shard:
    """A part of a video, observed apart from the others; small enough to be sent around."""

    source: VideoSource = field(repr=False)
    span: Span
    rate: Fraction | None
    origin_pts: int  # PTS of the video's first frame: the zero of the sampling grid
    input_sizes: tuple[tuple[int, int], ...]  # width, height of each image the detector sees
    pixel_aspect: float  # width of a stored pixel for a height of 1
    network: str
    runtime: Runtime
    device: Device
    with_faces: bool
    models_identity: str  # what it must be looked at with: `identity_of`
    expected_frames: int  # about so many will be analysed; at least 1
    key: str  # name of what comes out: 64 hexadecimal digits

    @property
    def file_name(self) -> str:
        """Of its observations."""
        return f"{self.key}.parquet"


@dataclass(frozen=True)
class Plan:
    """A video and its shards, in order."""

    video: VideoInfo
    shards: tuple[Shard, ...]
    pixel_aspect: float = 1.0  # width of a stored pixel for a height of 1
    tells_own_length: bool = True  # whether the length is that of the pictures

    @property
    def input_sizes(self) -> Sizes:
        """(width, height) of each image in which persons are detected, the largest first."""
        return self.shards[0].input_sizes


def ignore_progress(_fraction: float) -> None:
    """Do nothing: the callback of those who do not ask."""


def plan(
    source: VideoSource, options: Options, on_progress: FractionCallback = ignore_progress
) -> Plan:
    """Look at a video and decide how to analyse it.

    Parameters
    ----------
    source : VideoSource
    options : Options
    on_progress : callable
        Called again and again; an exception it raises ends the work.

    Raises
    ------
    UnsupportedVideo, DamagedVideo, VideoGone
        As `probe`.
    VideoTooLong
        If it is longer than the options allow.
    ModelError
        As `open_detector`.
    """
    on_progress(0.0)
    location = source.location()
    video = probe(location)
    _check_duration(video, options)
    detector = open_detector(options.network, options.runtime, options.device)
    aspect = pixel_aspect(location)
    # Observed and linked in square pixels: people are as wide as they look.
    square = replace(video, width=square_width(video.width, aspect))
    sizes = choose_input_sizes(location, square, detector, on_progress)
    origin_pts = first_pts(location)
    faces = _faces_identity(options)
    rate = str(options.rate)
    shared = (source.fingerprint, detector.identity, faces, sizes, aspect, rate, origin_pts)
    spans = plan_spans(location, options.shard_ms, on_progress)
    expected_frames = round(_analysed_rate(video, options) * video.duration_ms / 1000 / len(spans))
    shards = [
        Shard(
            source=source,
            span=span,
            rate=options.rate,
            origin_pts=origin_pts,
            input_sizes=sizes,
            pixel_aspect=aspect,
            network=options.network,
            runtime=options.runtime,
            device=options.device,
            with_faces=options.with_faces,
            models_identity=identity_of(detector.identity, faces),
            expected_frames=max(expected_frames, 1),
            key=_key(*shared, span.start_pts, span.end_pts),
        )
        for span in spans
    ]
    return Plan(video, tuple(shards), aspect, tells_own_length(location))


def choose_input_sizes(
    location: str,
    video: VideoInfo,
    detector: Detector,
    on_progress: FractionCallback = ignore_progress,
) -> tuple[tuple[int, int], ...]:
    """(width, height) of the images in which this video's persons are seen best."""
    size = input_size.probe_size(video.width, video.height)
    width, height = size
    images: list[Image] = []
    with ThreadPoolExecutor(1) as pool:
        # A look at nothing loads the network, while the video is being decoded.
        pool.submit(detector.detect, np.zeros((height, width, 3), np.uint8))
        for still in stills(location, input_size.PROBE_FRAMES):
            on_progress(len(images) / input_size.PROBE_FRAMES)
            images.append(still.image(size))
    heights = []
    for image in images:
        found = detector.detect(image)
        certain = found.xyxy[found.confidence > input_size.PROBE_CONFIDENCE]
        heights.append((certain[:, 3] - certain[:, 1]) * video.height / height)
    seen = np.concatenate([np.empty(0, np.float32), *heights])
    return input_size.choose_all(seen, video.width, video.height)


def identity_of(detector: str, faces: str) -> str:
    """All that decides, on a machine, what is seen in given pixels: version and networks.

    Parameters
    ----------
    detector : str
        Identity of the detector.
    faces : str
        That of the face finder; empty if there is none.
    """
    return f"observer {OBSERVER_VERSION}, {detector}, {faces or 'no faces'}"


def _faces_identity(options: Options) -> str:
    """All that decides on the faces found; empty if none are looked for."""
    if not options.with_faces:
        return ""
    return open_face_finder(options.runtime, options.device).identity


def _check_duration(video: VideoInfo, options: Options) -> None:
    limit_ms = options.duration_limit_ms
    if limit_ms is not None and video.duration_ms > limit_ms:
        raise VideoTooLong(
            f"Video duration in milliseconds: {video.duration_ms} "
            f"is more than the maximum limit of: {limit_ms} milliseconds."
        )


def _analysed_rate(video: VideoInfo, options: Options) -> float:
    """Analysed frames per second, as far as the container tells."""
    return min(float(options.rate or video.frame_rate), video.frame_rate)


def _key(*parts: object) -> str:
    """SHA-256 of what a shard is computed from."""
    return hashlib.sha256(json.dumps([OBSERVER_VERSION, *parts]).encode()).hexdigest()
