from pathlib import Path

import pytest

import passerby
from passerby.errors import UnsupportedVideo, VideoGone
from passerby.records import Progress, Sighting

from .conftest import people_clip, printed, python

# No `if __name__ == "__main__"`: what starts processes would fail, or start over and over.
SCRIPT = """
import sys, passerby

told = []
analysis = passerby.track(sys.argv[1], rate=None, on_progress=told.append)
print(len(analysis), len({sighting.person_index for sighting in analysis}), len(told) > 2)
"""


def test_sightings_and_progress(tmp_path: Path) -> None:
    clip = people_clip(tmp_path / "people.mp4", 20)
    told: list[Progress] = []

    analysis = passerby.track(clip, on_progress=told.append)

    sightings = list(analysis)
    assert len(sightings) == len(analysis) > 20
    assert all(isinstance(sighting, Sighting) for sighting in sightings)
    assert {sighting.timestamp_ms for sighting in sightings} == set(range(0, 2000, 100))
    assert (analysis.video.width, analysis.video.height) == (768, 576)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert max(progress.frames for progress in told) == 20


def test_an_exception_of_the_listener_ends_the_work(tmp_path: Path) -> None:
    clip = people_clip(tmp_path / "people.mp4", 20)

    def enough(progress: Progress) -> None:
        if progress.frames:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        passerby.track(clip, on_progress=enough)


def test_a_plain_script(tmp_path: Path) -> None:
    clip = people_clip(tmp_path / "people.mp4", 20)
    (tmp_path / "script.py").write_text(SCRIPT)

    sightings, persons, was_told = printed(python("script.py", clip.name, cwd=tmp_path)).split()

    assert int(sightings) > 20
    assert int(persons) >= 2
    assert was_told == "True"


def test_what_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(VideoGone, match=r"absent\.mp4 cannot be read: No such file"):
        passerby.track(tmp_path / "absent.mp4")
    with pytest.raises(UnsupportedVideo, match="is not a file"):
        passerby.track(tmp_path)
