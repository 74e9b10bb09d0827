import msgspec
import numpy as np

from passerby.records import NO_FACE, Faces, Sightings, VideoInfo
from passerby.wire.answer import encode_answer, whole_answer
from passerby.wire.messages import GetPersonTrackingResponse, S3Object, Video


def test_absent_members_are_not_written_but_an_empty_list_is() -> None:
    answer = GetPersonTrackingResponse(
        job_status="IN_PROGRESS",
        persons=[],
        job_id="0",
        video=Video(S3Object(bucket="lobby", name="ä.mp4")),
    )

    assert encode_answer(answer).decode() == (
        '{"JobStatus":"IN_PROGRESS","Persons":[],"JobId":"0",'
        '"Video":{"S3Object":{"Bucket":"lobby","Name":"ä.mp4"}}}'
    )
    assert msgspec.json.decode(encode_answer(answer), type=GetPersonTrackingResponse) == answer


def test_a_whole_result_is_one_answer_that_succeeded() -> None:
    video = VideoInfo("h264", "QuickTime / MOV", 29.97, 640, 480, 4000, "LIMITED")
    sightings = Sightings(
        person_index=np.array([3]),
        frame_index=np.array([2]),
        timestamp_ms=np.array([66]),
        xyxy=np.array([[320, 120, 640, 480]], np.float32),
        confidence=np.array([0.5], np.float32),
        detected=np.array([True]),
        face=np.array([NO_FACE]),
        faces=Faces.none(),
    )

    answer = msgspec.json.decode(encode_answer(whole_answer(video, sightings)))

    assert answer == {
        "JobStatus": "SUCCEEDED",
        "Persons": [
            {
                "Timestamp": 66,
                "Person": {
                    "Index": 3,
                    "BoundingBox": {"Width": 0.5, "Height": 0.75, "Left": 0.5, "Top": 0.25},
                },
            }
        ],
        "VideoMetadata": {
            "Codec": "h264",
            "DurationMillis": 4000,
            "Format": "QuickTime / MOV",
            # 29.97 as a float32, widened.
            "FrameRate": 29.969999313354492,
            "FrameHeight": 480,
            "FrameWidth": 640,
            "ColorRange": "LIMITED",
        },
    }
