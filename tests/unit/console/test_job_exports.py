import hashlib

import msgspec
import pytest

from passerby.console.artifact_request import ArtifactRequest
from passerby.console.job_exports import ExportFormat, _artifact_name

BLURRED = ExportFormat("blurred", "blurred video", ".blurred.mp4", "video/mp4", needs_video=True)
EVERYBODY = ArtifactRequest(kind="export", format="blurred")


def test_a_film_that_an_earlier_build_kept_is_not_offered() -> None:
    """It was named after the request alone, and hid less."""
    kept = hashlib.sha256(msgspec.json.encode(EVERYBODY)).hexdigest()[:12] + ".blurred.mp4"

    assert _artifact_name(BLURRED, EVERYBODY) != kept


@pytest.mark.parametrize(
    "other",
    [
        ArtifactRequest(kind="export", format="blurred", who="faces"),
        ArtifactRequest(kind="export", format="blurred", who="only", persons=(1,)),
        ArtifactRequest(kind="export", format="annotated"),
    ],
)
def test_each_choice_has_a_name_of_its_own(other: ArtifactRequest) -> None:
    assert _artifact_name(BLURRED, EVERYBODY) == _artifact_name(BLURRED, EVERYBODY)
    assert _artifact_name(BLURRED, EVERYBODY) != _artifact_name(BLURRED, other)
