"""Judged by a reader of our own that does what CVAT's documentation and importer do."""

from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from passerby.exports import cvat
from passerby.exports.keyframes import TOLERANCE_PIXELS
from passerby.records import Sightings

from .conftest import BuildResult, concatenate, ignore_progress

MakeSightings = Callable[..., Sightings]
Shape = tuple[list[float], bool]  # corners, and whether it is occluded

CORNERS = ("xtl", "ytl", "xbr", "ybr")
FLAGS = {"0": False, "1": True}


def shown(track: ET.Element, frames: int) -> dict[int, Shape]:
    """What CVAT shows of a track, by frame: of keyframes alone, straight in between."""
    keys = [box for box in track.iter("box") if FLAGS[box.attrib["keyframe"]]]
    numbers = [int(box.attrib["frame"]) for box in keys]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < frames, "CVAT refuses a frame that the task does not have"
    return dict(shape for pair in between(keys, numbers, frames) for shape in pair)


def between(
    keys: list[ET.Element], numbers: list[int], frames: int
) -> Iterator[list[tuple[int, Shape]]]:
    ends = [*numbers[1:], frames]
    for position, (box, first, end) in enumerate(zip(keys, numbers, ends, strict=True)):
        if FLAGS[box.attrib["outside"]]:
            continue
        following = keys[min(position + 1, len(keys) - 1)]
        still = end == frames or FLAGS[following.attrib["outside"]]
        target = corners(box) if still else corners(following)
        share = (np.arange(first, end) - first)[:, None] / (end - first)
        drawn = corners(box) * (1 - share) + target * share
        occluded = FLAGS[box.attrib["occluded"]]
        yield [(first + n, (values, occluded)) for n, values in enumerate(drawn.tolist())]


def corners(box: ET.Element) -> np.ndarray:
    return np.array([float(box.attrib[name]) for name in CORNERS])


def tracks(made: bytes) -> dict[int, ET.Element]:
    root = ET.fromstring(made)  # noqa: S314 - our own
    assert root.tag == "annotations"
    assert root.findtext("version") == "1.1"
    labels = [label.findtext("name") for label in root.iterfind("meta/task/labels/label")]
    found = root.findall("track")
    assert {track.attrib["label"] for track in found} <= set(labels)
    return {int(track.attrib["id"]): track for track in found}


def test_every_sighting_is_shown_where_it_was(
    crowd: Sightings, analysis_result: BuildResult
) -> None:
    made = tracks(
        concatenate(cvat.chunks(analysis_result(crowd, duration_ms=80_000), ignore_progress))
    )

    assert sorted(made) == list(range(7))
    for person, track in made.items():
        seen = crowd.take((crowd.person_index == person) & crowd.has_body)
        found = shown(track, 2000)
        for sighting in seen:
            assert sighting.xyxy
            box, occluded = found[sighting.frame_index]
            np.testing.assert_allclose(box, sighting.xyxy, atol=TOLERANCE_PIXELS + 0.01)
            assert occluded is not sighting.detected


def test_a_person_who_is_gone_is_outside(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    rows = [(0, 40 * n, 3 * n, True) for n in range(80) if not 20 <= n < 40]

    (track,) = tracks(
        concatenate(cvat.chunks(analysis_result(make_sightings(*rows)), ignore_progress))
    ).values()

    assert sorted(shown(track, 100)) == [*range(20), *range(40, 80)]
    assert len(track) == 6  # three corners of either stretch: it begins, ends, is over


def test_gaps_are_marked_where_the_number_of_frames_is_unknown(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    rows = [(0, 40 * n, 3 * n, True) for n in range(100) if not 20 <= n < 40]

    made = concatenate(
        cvat.chunks(analysis_result(make_sightings(*rows), frame_rate=0.0), ignore_progress)
    )

    (track,) = tracks(made).values()
    assert sorted(shown(track, 100)) == [*range(20), *range(40, 100)]


def test_no_box_lies_beyond_the_last_frame(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    rows = [(0, 40 * n, 3 * n, True) for n in range(100)]

    (track,) = tracks(
        concatenate(cvat.chunks(analysis_result(make_sightings(*rows)), ignore_progress))
    ).values()

    assert [int(box.attrib["frame"]) for box in track] == [0, 50, 99]


@pytest.mark.parametrize(
    ("step", "every", "expected"),
    [
        pytest.param(2, 50, [*range(0, 11951, 50), 11998, 11999], id="a standing person"),
        pytest.param(3, 50, [*range(0, 11953, 48), 11997, 11998], id="sightings are no multiples"),
        pytest.param(2, 7000, [0, 7000, 11998, 11999], id="seldom"),
    ],
)
def test_one_who_does_not_move_has_keyframes_in_each_job(
    make_sightings: MakeSightings,
    analysis_result: BuildResult,
    step: int,
    every: int,
    expected: list[int],
) -> None:
    rows = [(0, 40 * frame, 100, True) for frame in range(0, 12_000, step)]
    result = analysis_result(make_sightings(*rows), duration_ms=720_000)

    made = concatenate(cvat.chunks(result, ignore_progress, every))

    (track,) = tracks(made).values()
    assert [int(box.attrib["frame"]) for box in track] == expected
    assert max(np.diff(expected)) <= every


def test_keyframes_are_as_near_as_sightings_can_be(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    result = analysis_result(make_sightings(*((0, 40 * n, 5, True) for n in range(0, 30, 3))))

    (track,) = tracks(concatenate(cvat.chunks(result, ignore_progress, 1))).values()

    assert [int(box.attrib["frame"]) for box in track][:-1] == list(range(0, 30, 3))


@pytest.mark.parametrize(
    "duration_ms",
    [pytest.param(4000, id="of the pictures"), pytest.param(6000, id="from the clock's 0 on")],
)
def test_frames_are_counted_from_the_first_picture_on(
    make_sightings: MakeSightings, analysis_result: BuildResult, duration_ms: int
) -> None:
    """100 frames at 25 a second, the first shown at 2 s; the last has somebody on it."""
    sightings = make_sightings(*((0, 40 * n + 2000, 5, True) for n in range(100)))
    sightings.frame_index[:] = range(100)

    made = concatenate(
        cvat.chunks(analysis_result(sightings, duration_ms=duration_ms), ignore_progress)
    )

    assert ET.fromstring(made).findtext("meta/task/size") == "100"  # noqa: S314 - our own
    (track,) = tracks(made).values()
    assert max(int(box.attrib["frame"]) for box in track) == 99


def test_the_index_is_an_attribute_that_the_label_has(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    made = concatenate(
        cvat.chunks(analysis_result(make_sightings((3, 0, 0, True))), ignore_progress)
    )

    attribute = ET.fromstring(made).find("meta/task/labels/label/attributes/attribute")  # noqa: S314
    assert attribute is not None
    (track,) = tracks(made).values()
    found = [(item.attrib["name"], item.text) for item in track.iter("attribute")]
    assert set(found) == {(attribute.findtext("name"), "3")}
    assert attribute.findtext("mutable") == "False"


@pytest.mark.parametrize("name", ["a<b>&c", "Straße"])
def test_any_name(make_sightings: MakeSightings, analysis_result: BuildResult, name: str) -> None:
    result = analysis_result(make_sightings())
    object.__setattr__(result, "name", name)

    root = ET.fromstring(concatenate(cvat.chunks(result, ignore_progress)))  # noqa: S314 - our own

    assert root.findtext("meta/task/name") == name
    assert root.findtext("meta/task/size") == "100"
    assert root.findtext("meta/task/original_size/width") == "640"
