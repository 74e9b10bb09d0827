"""The requests and answers of the two operations as typed records.

Members of the service model under Python names; `rename` restores the model's. An
absent member is None here and is not written, for AWS clients meet neither nulls nor
empty strings.
"""

import msgspec


class S3Object(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """The place of the video. The model lets each member be absent."""

    bucket: str | None = None
    name: str | None = None
    version: str | None = None


class Video(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """The video to analyse."""

    s3_object: S3Object | None = None


class NotificationChannel(msgspec.Struct, frozen=True, rename="pascal"):
    """The topic to notify when the job has ended."""

    sns_topic_arn: str = msgspec.field(name="SNSTopicArn")
    role_arn: str


class StartPersonTrackingRequest(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """Parameters of StartPersonTracking."""

    video: Video
    client_request_token: str | None = None
    notification_channel: NotificationChannel | None = None
    job_tag: str | None = None


class StartPersonTrackingResponse(msgspec.Struct, frozen=True, rename="pascal"):
    """Answer of StartPersonTracking."""

    job_id: str


class GetPersonTrackingRequest(msgspec.Struct, frozen=True, rename="pascal"):
    """Parameters of GetPersonTracking."""

    job_id: str
    max_results: int | None = None
    next_token: str | None = None
    sort_by: str = "TIMESTAMP"


class VideoMetadata(msgspec.Struct, frozen=True, rename="pascal"):
    """The container's description of the video."""

    codec: str
    duration_millis: int
    format: str
    frame_rate: float  # per second
    frame_height: int  # pixels, of the upright frame
    frame_width: int
    color_range: str  # "FULL" or "LIMITED"


class BoundingBox(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """The box of a body or a face, in fractions of the frame's width and height."""

    width: float
    height: float
    left: float
    top: float


class Landmark(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """A point of a face, in fractions of the frame's width and height."""

    type: str  # of `records.LANDMARKS`
    x: float
    y: float


class Pose(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """The direction in which a face looks, degrees."""

    roll: float
    yaw: float
    pitch: float


class ImageQuality(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """The quality of the picture of a face."""

    brightness: float  # in [0, 100], as the next
    sharpness: float


class FaceAttribute(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """A property of a face: `EyeOpen`, `MouthOpen` and `Smile` of the model."""

    value: bool
    confidence: float  # percent


class FaceDetail(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True, gc=False):
    """A face."""

    bounding_box: BoundingBox
    confidence: float  # percent
    landmarks: tuple[Landmark, ...]
    pose: Pose
    quality: ImageQuality
    eyes_open: FaceAttribute | None = None
    mouth_open: FaceAttribute | None = None
    smile: FaceAttribute | None = None


class PersonDetail(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True, gc=False):
    """A person that was seen: a body, a face, or both."""

    index: int
    bounding_box: BoundingBox | None = None
    face: FaceDetail | None = None


class PersonDetection(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """A person at one time."""

    timestamp: int  # milliseconds from the start of the video
    person: PersonDetail


class GetPersonTrackingResponse(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """Answer of GetPersonTracking; `persons` is written even when it is empty."""

    job_status: str  # "IN_PROGRESS", "SUCCEEDED" or "FAILED"
    persons: list[PersonDetection]
    job_id: str | None = None
    video: Video | None = None
    status_message: str | None = None
    video_metadata: VideoMetadata | None = None
    next_token: str | None = None
    job_tag: str | None = None
