"""An answer of the service as JSON, and a whole result as one answer."""

import msgspec

from passerby.records import Sightings, VideoInfo
from passerby.wire.faces import ClassifyExpressions
from passerby.wire.messages import GetPersonTrackingResponse
from passerby.wire.persons import person_detections
from passerby.wire.video import video_metadata


def whole_answer(
    video: VideoInfo,
    sightings: Sightings,
    classify_expressions: ClassifyExpressions | None = None,
) -> GetPersonTrackingResponse:
    """Put a whole result into one answer, for a file analysed without a job."""
    return GetPersonTrackingResponse(
        job_status="SUCCEEDED",
        persons=person_detections(sightings, video.width, video.height, classify_expressions),
        video_metadata=video_metadata(video),
    )


def encode_answer(answer: msgspec.Struct) -> bytes:
    """Encode an answer as compact JSON; members left at their default are not written."""
    return msgspec.json.encode(answer)
