"""Associate detections with tracks from one frame to the next.

Every frame: predict where the live tracks are now; give them the sure detections;
offer the weak ones to those that went empty (a person half hidden scores low, but
a person was there a moment ago); open tracks for sure detections that nobody
claimed; close tracks unseen for too long.

Source: the second pass over weak detections is from Y. Zhang et al., "ByteTrack:
multi-object tracking by associating every detection box", ECCV 2022, section 3.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from passerby import boxes
from passerby.assignment import choose
from passerby.tracking import kalman
from passerby.tracking.kalman import Floats, Motion
from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import NOBODY, Rows


@dataclass(frozen=True)
class AssociationSettings:
    """Limits for continuing and opening tracks; confidences in [0, 1], times in seconds.

    Measured on virtual footage (`benchmarks/virtual_camera.py`), 2026-12-01.
    """

    sure: float = 0.4  # detections of the first pass
    weak: float = 0.3  # least confidence of the second pass
    opening: float = 0.45  # least confidence that opens a track
    sure_overlap: float = 0.3  # least IoU in the first pass
    weak_overlap: float = 0.5  # in the second, where a wrong box is likelier
    longest_gap: float = 1.0  # a track unseen for longer is closed
    longest_weak_gap: float = 0.5  # no weak detection continues one unseen for longer


DEFAULT = AssociationSettings()


@dataclass(frozen=True)
class Tracks:
    """Tracks that may still be continued, T of them, as parallel arrays."""

    motion: Motion
    number: NDArray[np.int64]  # (T,) label of the tracklet
    last_seen: Floats  # (T,) seconds
    hits: NDArray[np.int64]  # (T,) detections so far

    @classmethod
    def opened(cls, cxcywh: Floats, numbers: NDArray[np.int64], now: float) -> Self:
        """Open tracks for boxes (T, 4) that continue none."""
        count = len(numbers)
        return cls(kalman.start(cxcywh), numbers, np.full(count, now), np.ones(count, np.int64))

    def __len__(self) -> int:
        return len(self.number)

    def take(self, rows: Rows) -> Self:
        """Return only the tracks at `rows`."""
        return type(self)(
            self.motion.take(rows), self.number[rows], self.last_seen[rows], self.hits[rows]
        )

    def join(self, other: Self) -> Self:
        """Return these tracks followed by the other ones."""
        return type(self)(
            self.motion.join(other.motion),
            np.concatenate([self.number, other.number]),
            np.concatenate([self.last_seen, other.last_seen]),
            np.concatenate([self.hits, other.hits]),
        )


def associate(
    detections: StabilisedDetections, settings: AssociationSettings = DEFAULT
) -> NDArray[np.int64]:
    """Label each detection with its tracklet.

    Parameters
    ----------
    detections : N detections in F frames
    settings : AssociationSettings

    Returns
    -------
    (N,) int64
        Tracklet numbers from 0, in order of opening; `NOBODY` for a detection
        that continues no track and opens none.
    """
    label_of = np.full(len(detections.confidence), NOBODY)
    tracks = Tracks.opened(np.empty((0, 4)), np.empty(0, np.int64), 0.0)
    opened = 0
    for frame in range(len(detections.seconds)):
        if frame:
            tracks = predict(tracks, detections, frame, settings)
        tracks, found = update(tracks, detections, frame, opened, settings)
        label_of[detections.first_detection[frame] : detections.first_detection[frame + 1]] = found
        opened = max(opened, int(found.max(initial=NOBODY)) + 1)
    return label_of


def update(
    tracks: Tracks,
    detections: StabilisedDetections,
    frame: int,
    opened: int,
    settings: AssociationSettings,
) -> tuple[Tracks, NDArray[np.int64]]:
    """Update the tracks with the detections of `frame`, and label each detection.

    The tracks are those predicted to `frame`; new ones are numbered from `opened`.
    """
    begin, end = detections.first_detection[frame : frame + 2].tolist()
    cxcywh, confidence = detections.cxcywh[begin:end], detections.confidence[begin:end]
    now = float(detections.seconds[frame])
    matched, claimed = _match(tracks, cxcywh, confidence, now, settings)
    label_of = np.full(end - begin, NOBODY)
    label_of[claimed] = tracks.number[matched]
    tracks = _update_matched(tracks, matched, cxcywh[claimed], confidence[claimed], now)

    opening = ((label_of == NOBODY) & (confidence >= settings.opening)).nonzero()[0]
    if len(opening):
        numbers = opened + np.arange(len(opening))
        label_of[opening] = numbers
        tracks = tracks.join(Tracks.opened(cxcywh[opening], numbers, now))
    return tracks, label_of


def predict(
    tracks: Tracks, detections: StabilisedDetections, frame: int, settings: AssociationSettings
) -> Tracks:
    """Predict the tracks to `frame`, without those unseen too long or ended by a cut."""
    if detections.shot[frame] != detections.shot[frame - 1]:
        return tracks.take(np.empty(0, np.int64))
    before, now = detections.seconds[frame - 1 : frame + 1].tolist()
    # However long it took to the next frame, nobody was missing before it.
    is_awaited = (now - tracks.last_seen <= settings.longest_gap) | (tracks.last_seen == before)
    awaited = is_awaited.nonzero()[0]
    if len(awaited) < len(tracks):
        tracks = tracks.take(awaited)
    motion = kalman.predict(tracks.motion, now - before)
    return Tracks(motion, tracks.number, tracks.last_seen, tracks.hits)


def _match(
    tracks: Tracks,
    cxcywh: Floats,
    confidence: Floats,
    now: float,
    settings: AssociationSettings,
) -> tuple[Rows, Rows]:
    """Match tracks with detections (D, 4); return the positions of both."""
    is_sure = confidence >= settings.sure
    weak_overlap = np.where(confidence >= settings.weak, settings.weak_overlap, np.inf)
    least = np.where(is_sure, settings.sure_overlap, weak_overlap)
    row, column, worth = _possible_pairs(tracks.motion.value, cxcywh, least)
    shape = len(tracks), len(confidence)
    by_sure = is_sure[column]
    first = by_sure.nonzero()[0]
    first = first[choose(row[first], column[first], worth[first], shape)]
    if len(first) == len(row):
        return row[first], column[first]

    is_waiting = now - tracks.last_seen <= settings.longest_weak_gap
    is_waiting[row[first]] = False
    second = (is_waiting[row] & ~by_sure).nonzero()[0]
    second = second[choose(row[second], column[second], worth[second], shape)]
    both = np.concatenate([first, second])
    return row[both], column[both]


def _possible_pairs(expected: Floats, seen: Floats, least: Floats) -> tuple[Rows, Rows, Floats]:
    """Find pairs of boxes that overlap by more than `least` (D,), and the worth of each pair.

    A pair is worth its overlap, counted for less the more their heights differ:
    standing behind somebody looks the same in place, but not in size.
    """
    row, column, overlap = boxes.overlapping(_corners(expected), _corners(seen), least)
    one, other = np.maximum(expected[row, 3], 1.0), np.maximum(seen[column, 3], 1.0)
    return row, column, overlap * (np.minimum(one, other) / np.maximum(one, other))


def _corners(cxcywh: Floats) -> Floats:
    """Convert centre, width, height to `xyxy`."""
    # Called twice a frame: joining two halves takes twice as long.
    corners = np.empty_like(cxcywh)
    half = cxcywh[:, 2:] / 2
    np.subtract(cxcywh[:, :2], half, out=corners[:, :2])
    np.add(cxcywh[:, :2], half, out=corners[:, 2:])
    return corners


def _update_matched(
    tracks: Tracks, matched: Rows, cxcywh: Floats, confidence: Floats, now: float
) -> Tracks:
    """Update the tracks at `matched` with a detection each."""
    seen = kalman.update(tracks.motion.take(matched), cxcywh, confidence[:, None])
    last_seen, hits = tracks.last_seen.copy(), tracks.hits.copy()
    last_seen[matched] = now
    hits[matched] += 1
    return Tracks(tracks.motion.put(matched, seen), tracks.number, last_seen, hits)
