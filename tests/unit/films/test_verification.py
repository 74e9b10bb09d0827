"""Painted people, of whom a film hides some: what the detectors still see is told."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.films.blur import write_blurred
from passerby.films.blur_selection import BlurSelection
from passerby.films.verification import Leftover, Lookers, find_leftovers
from passerby.records import Faces, Sightings, VideoInfo
from passerby.testing import BOX_COLOURS, ColourDetector, frontal_faces, write_clip

MakeSightings = Callable[..., Sightings]
Image = NDArray[np.uint8]

SIZE = (320, 224)
VIDEO = VideoInfo("h264", "QuickTime / MOV", 5.0, *SIZE, 4000, "LIMITED")
PLACES = (40, 200)  # left edges of persons 0 and 1, 40 wide and 120 high, from 60 on


class NoFaces:
    """Finds no face."""

    identity = "none"

    def find(self, _image: Image, _persons: NDArray[np.float32]) -> Faces:
        return Faces.none()


class BrightFaces:
    """Finds a face in the upper left corner of the picture where that is bright."""

    identity = "bright"

    def find(self, image: Image, _persons: NDArray[np.float32]) -> Faces:
        is_bright = bool(image[0:20, 0:20].mean() > 200)
        return frontal_faces(np.array([[0, 0, 20, 20]] * is_bright, np.float32).reshape(-1, 4))


NOBODY_LOOKS = Lookers(ColourDetector(), NoFaces())


@pytest.fixture
def clip(tmp_path: Path) -> str:
    """Both stand still for 4 s, five frames a second."""
    image = np.full((SIZE[1], SIZE[0], 3), 20, np.uint8)
    for place, colour in zip(PLACES, BOX_COLOURS, strict=False):
        image[60:180, place : place + 40] = colour
    return str(write_clip(tmp_path / "clip.mp4", [image] * 20, rate=Fraction(5)))


def standing(make: MakeSightings, *persons: int) -> Sightings:
    rows = [(person, 200 * n, PLACES[person], True) for n in range(20) for person in persons]
    return make(*rows, size=(40, 120), top=60)


def left(
    clip: str,
    sightings: Sightings,
    selection: BlurSelection,
    lookers: Lookers = NOBODY_LOOKS,
) -> list[Leftover]:
    film = Path(clip).with_name("film.mp4")
    write_blurred(clip, sightings, film, selection, video=VIDEO)
    return find_leftovers(str(film), sightings, selection, VIDEO, lookers)


@pytest.mark.parametrize(
    ("persons", "selection"),
    [
        pytest.param((0, 1), BlurSelection(), id="all are hidden"),
        pytest.param((0, 1), BlurSelection("only", frozenset({0})), id="the other is to be seen"),
        pytest.param((0, 1), BlurSelection("all-but", frozenset({0})), id="one is to be seen"),
        pytest.param((), BlurSelection("faces"), id="only faces are looked for"),
    ],
)
def test_nothing_is_left(
    clip: str, make_sightings: MakeSightings, persons: tuple[int, ...], selection: BlurSelection
) -> None:
    """What is hidden is still seen by this detector: it keeps its colour."""
    assert left(clip, standing(make_sightings, *persons), selection) == []


def test_who_was_not_found_is_told_once_with_place_and_time(
    clip: str, make_sightings: MakeSightings
) -> None:
    (found,) = left(clip, standing(make_sightings, 0), BlurSelection())

    assert (found.kind, found.from_ms, found.to_ms) == ("person", 0, 3800)
    np.testing.assert_allclose(found.xyxy, [200, 60, 240, 180], atol=4)
    assert found.confidence > 0.8


def test_who_is_away_for_long_is_told_twice(tmp_path: Path, make_sightings: MakeSightings) -> None:
    empty = np.full((SIZE[1], SIZE[0], 3), 20, np.uint8)
    there = empty.copy()
    there[60:180, 200:240] = BOX_COLOURS[1]
    clip = write_clip(
        tmp_path / "clip.mp4", [there] * 3 + [empty] * 6 + [there] * 3, rate=Fraction(5)
    )

    found = left(str(clip), make_sightings(), BlurSelection())

    assert [(each.from_ms, each.to_ms) for each in found] == [(0, 400), (1800, 2200)]


def test_frames_are_looked_at_five_times_a_second(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    images = [np.full((SIZE[1], SIZE[0], 3), 20, np.uint8)] * 25
    clip = write_clip(tmp_path / "clip.mp4", images)
    looks: list[float] = []

    class Counting(NoFaces):
        def find(self, image: Image, persons: NDArray[np.float32]) -> Faces:
            looks.append(float(image.mean()))
            return super().find(image, persons)

    told: list[int] = []
    film = tmp_path / "film.mp4"
    write_blurred(str(clip), make_sightings(), film, BlurSelection(), video=VIDEO)
    lookers = Lookers(ColourDetector(), Counting())
    find_leftovers(str(film), make_sightings(), BlurSelection(), VIDEO, lookers, told.append)

    assert len(looks) == 5
    assert told == list(range(1, 26))


@pytest.mark.parametrize(
    ("sightings_of", "selection", "kinds"),
    [
        pytest.param((), BlurSelection("faces"), ["face"], id="faces are to be hidden"),
        pytest.param((0,), BlurSelection("faces"), ["face"], id="it is nobody's who was found"),
        pytest.param((0, 1), BlurSelection(), ["face"], id="everybody is to be hidden"),
    ],
)
def test_a_face_that_nobody_knew(
    tmp_path: Path,
    make_sightings: MakeSightings,
    sightings_of: tuple[int, ...],
    selection: BlurSelection,
    kinds: list[str],
) -> None:
    image = np.full((SIZE[1], SIZE[0], 3), 20, np.uint8)
    image[0:20, 0:20] = 255
    clip = write_clip(tmp_path / "clip.mp4", [image] * 3, rate=Fraction(5))
    lookers = Lookers(ColourDetector(), BrightFaces())

    found = left(str(clip), standing(make_sightings, *sightings_of), selection, lookers)

    assert [each.kind for each in found] == kinds
    assert found[0].xyxy == (0, 0, 20, 20)
    assert (found[0].from_ms, found[0].to_ms) == (0, 400)


def test_the_face_of_somebody_to_be_seen_is_no_leftover(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    image = np.full((SIZE[1], SIZE[0], 3), 20, np.uint8)
    image[0:20, 0:20] = 255
    clip = write_clip(tmp_path / "clip.mp4", [image] * 3, rate=Fraction(5))
    rows = [(person, 200 * n, 240 * person, True) for n in range(3) for person in (0, 1)]
    sightings = make_sightings(*rows, size=(40, 100), top=0)
    lookers = Lookers(ColourDetector(), BrightFaces())

    found = left(str(clip), sightings, BlurSelection("all-but", frozenset({0})), lookers)

    assert found == []


def test_a_head_that_looks_out_of_its_mask_is_left(
    clip: str, make_sightings: MakeSightings
) -> None:
    """The box found ends below the shoulders: most of the body is hidden."""
    sightings = standing(make_sightings, 0, 1)
    low = np.outer(sightings.person_index == 1, [0, 42, 0, 0])
    sightings = replace(sightings, xyxy=(sightings.xyxy + low).astype(np.float32))

    (found,) = left(clip, sightings, BlurSelection())

    assert found.kind == "person"
    assert found.xyxy[0] > 190
