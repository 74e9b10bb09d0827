"""Example recording for when there are none: two people walk past each other.

Two seconds of 640 by 360 pixels at 30 frames a second, as the service answered them: bodies 15
times a second, a face 5 times a second.
"""

from passerby.records import VideoInfo
from passerby.replay.recordings import Recording
from passerby.wire.messages import (
    BoundingBox,
    FaceDetail,
    ImageQuality,
    Landmark,
    PersonDetail,
    PersonDetection,
    Pose,
)

VIDEO = VideoInfo("h264", "QuickTime / MOV", 30.0, 640, 360, 2000, "LIMITED")

_SAMPLES = 30
_SAMPLES_PER_SECOND = 15
_LATER = 10  # samples after the first, the second of the two comes in
_FACE_EVERY = 3
# Powers of two, which a float32 holds as they are. Fractions of the frame.
_WIDTH, _HEIGHT, _STEP = 1 / 16, 1 / 4, 1 / 64
_FACE_SIDE = 1 / 32
_LANDMARKS = {
    "eyeLeft": (1 / 4, 1 / 4),
    "eyeRight": (3 / 4, 1 / 4),
    "mouthLeft": (1 / 4, 3 / 4),
    "mouthRight": (3 / 4, 3 / 4),
    "nose": (1 / 2, 1 / 2),
}


def example() -> Recording:
    """Build the recording."""
    return Recording(VIDEO, [each for sample in range(_SAMPLES) for each in _seen(sample)], None)


def _seen(sample: int) -> list[PersonDetection]:
    face = sample % _FACE_EVERY == 0
    persons = [_person(0, 1 / 8 + sample * _STEP, 1 / 2, with_face=face)]
    if sample >= _LATER:
        persons.append(_person(1, 7 / 8 - sample * _STEP, 3 / 8, with_face=False))
    timestamp = 1000 * sample // _SAMPLES_PER_SECOND
    return [PersonDetection(timestamp, person) for person in persons]


def _person(index: int, left: float, top: float, *, with_face: bool) -> PersonDetail:
    body = BoundingBox(_WIDTH, _HEIGHT, left, top)
    return PersonDetail(index, body, _face(left + _FACE_SIDE / 2, top) if with_face else None)


def _face(left: float, top: float) -> FaceDetail:
    landmarks = (
        Landmark(name, left + x * _FACE_SIDE, top + y * _FACE_SIDE)
        for name, (x, y) in _LANDMARKS.items()
    )
    return FaceDetail(
        bounding_box=BoundingBox(_FACE_SIDE, _FACE_SIDE, left, top),
        confidence=99.5,
        landmarks=tuple(landmarks),
        pose=Pose(roll=0.0, yaw=30.0, pitch=0.0),
        quality=ImageQuality(brightness=75.0, sharpness=50.0),
    )
