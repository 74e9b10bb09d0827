import pytest

from passerby.records import VideoInfo
from passerby.wire.messages import VideoMetadata
from passerby.wire.video import video_info, video_metadata

VIDEO = VideoInfo("h264", "QuickTime / MOV", 12.5, 640, 480, 4000, "FULL")
METADATA = VideoMetadata("h264", 4000, "QuickTime / MOV", 12.5, 480, 640, "FULL")


def test_a_video_is_described_as_the_service_does() -> None:
    assert video_metadata(VIDEO) == METADATA
    assert video_info(METADATA) == VIDEO


@pytest.mark.parametrize("color_range", ["LIMITED", ""])
def test_a_range_is_limited_unless_it_is_full(color_range: str) -> None:
    metadata = VideoMetadata("h264", 4000, "QuickTime / MOV", 12.5, 480, 640, color_range)

    assert video_info(metadata).color_range == "LIMITED"
