from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.films.blur import (
    _conceal_masks,
    conceal,
    conceal_bodies,
    write_blurred,
)
from passerby.films.blur_selection import BlurSelection, BlurTarget
from passerby.films.masks import Masks
from passerby.films.placement import PersonPositions
from passerby.records import Sightings, VideoInfo
from passerby.testing import texture, write_clip
from passerby.video.decode import decode

MakeSightings = Callable[..., Sightings]
AddFaces = Callable[..., Sightings]
Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom

SIZE = (320, 240)
PERSON_SIZE = (48, 120)
TOP = 80
# Where person 0 and person 1 stand, and a place where nobody is.
LEFT, RIGHT, NOBODY = (40, 80, 88, 200), (220, 80, 268, 200), (130, 80, 178, 200)
FINE = {"crf": "10", "preset": "ultrafast"}


def scene() -> Image:
    """Two people of fine grain before a wall of coarse grain."""
    image = texture(SIZE, seed=1, grain=16)
    for seed, (left, top, right, bottom) in enumerate([LEFT, RIGHT], start=2):
        image[top:bottom, left:right] = texture(PERSON_SIZE, seed, grain=3)
    return image


def standing(count: int) -> Iterator[Image]:
    for _ in range(count):
        yield scene()


@pytest.fixture
def clip(tmp_path: Path) -> str:
    return str(write_clip(tmp_path / "clip.mp4", standing(6), codec_options=FINE))


@pytest.fixture
def two(make_sightings: MakeSightings) -> Sightings:
    """Both of them, in each of the six frames."""
    rows = [(person, 40 * step, left, True) for step in range(6) for person, left in PLACES]
    return make_sightings(*rows, size=PERSON_SIZE, top=TOP)


PLACES = [(0, LEFT[0]), (1, RIGHT[0])]


def pictures(path: str | Path) -> list[Image]:
    return [frame.image() for frame in decode(str(path))]


def detail(image: Image, box: Box) -> float:
    """Mean step of brightness from pixel to pixel in a box."""
    left, top, right, bottom = box
    part = image[top:bottom, left:right].mean(axis=2)
    return float(np.abs(np.diff(part, axis=0)).mean() + np.abs(np.diff(part, axis=1)).mean())


def is_blurred(before: Image, after: Image, box: Box) -> bool:
    """True where detail is gone, False where it is as it was; nothing in between."""
    left, top, right, bottom = box
    if detail(after, box) < 0.1 * detail(before, box):
        return True
    changed = np.abs(
        after[top:bottom, left:right].astype(int) - before[top:bottom, left:right]
    ).mean()
    assert changed < 8, "neither hidden nor untouched"
    return False


@pytest.mark.parametrize(
    ("selection", "blurred"),
    [
        pytest.param(BlurSelection(), [True, True], id="everybody"),
        pytest.param(BlurSelection("all-but", frozenset({0})), [False, True], id="all but one"),
        pytest.param(
            BlurSelection("all-but", frozenset({0, 1})), [False, False], id="all but both"
        ),
        pytest.param(BlurSelection("only", frozenset({0})), [True, False], id="only one"),
    ],
)
def test_selected_persons_are_blurred(
    tmp_path: Path, clip: str, two: Sightings, selection: BlurSelection, blurred: list[bool]
) -> None:
    write_blurred(clip, two, tmp_path / "film.mp4", selection)

    films = list(zip(pictures(clip), pictures(tmp_path / "film.mp4"), strict=True))
    assert len(films) == 6
    for before, after in films:
        assert [is_blurred(before, after, box) for box in (LEFT, RIGHT)] == blurred
        assert not is_blurred(before, after, NOBODY)


HEAD, FACE, LEGS = (44, 82, 84, 106), (42, 82, 56, 96), (40, 140, 88, 200)
OTHER_CHEEK = (70, 82, 88, 96)


@pytest.mark.parametrize(
    ("faces", "part", "blurred"),
    [
        pytest.param([], HEAD, True, id="the upper part where no face is known"),
        pytest.param([], LEGS, False, id="not the rest"),
        pytest.param(range(6), FACE, True, id="the face where it is known"),
        pytest.param(range(6), OTHER_CHEEK, False, id="not what is far from it"),
    ],
)
def test_faces_only(
    tmp_path: Path,
    clip: str,
    make_sightings: MakeSightings,
    add_faces: AddFaces,
    faces: list[int],
    part: Box,
    blurred: bool,  # noqa: FBT001
) -> None:
    rows = [(0, 40 * step, LEFT[0], True) for step in range(6)]
    sightings = add_faces(make_sightings(*rows, size=PERSON_SIZE, top=TOP), list(faces), size=16)

    write_blurred(clip, sightings, tmp_path / "film.mp4", BlurSelection("faces"))

    for before, after in zip(pictures(clip), pictures(tmp_path / "film.mp4"), strict=True):
        assert is_blurred(before, after, part) == blurred


SLOW = Fraction(5)


def hidden_times(clip: str, film: Path, part: Box) -> list[int]:
    """Times of the frames on which a part of the picture is hidden."""
    films = zip(decode(clip), pictures(film), strict=True)
    return [frame.timestamp_ms for frame, after in films if is_blurred(frame.image(), after, part)]


def test_blurred_before_the_first_sighting_and_after_the_last(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    clip = str(write_clip(tmp_path / "long.mp4", standing(40), codec_options=FINE, rate=SLOW))
    sightings = make_sightings(
        (0, 3400, LEFT[0], True), (0, 3600, LEFT[0], True), size=PERSON_SIZE, top=TOP
    )

    write_blurred(clip, sightings, tmp_path / "film.mp4", BlurSelection())

    assert hidden_times(clip, tmp_path / "film.mp4", LEFT) == list(range(400, 6601, 200))


def test_one_of_whom_only_the_middle_was_found_is_hidden_from_first_trace_to_last(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    """Of 6 s, 2 s in the middle were found."""
    clip = str(write_clip(tmp_path / "weak.mp4", standing(30), codec_options=FINE, rate=SLOW))
    rows = [(0, time, LEFT[0], True) for time in range(2000, 4001, 200)]

    sightings = make_sightings(*rows, size=PERSON_SIZE, top=TOP)
    hidden_frames = write_blurred(clip, sightings, tmp_path / "film.mp4", BlurSelection())

    assert hidden_frames == 30
    assert hidden_times(clip, tmp_path / "film.mp4", LEFT) == list(range(0, 6000, 200))
    assert hidden_times(clip, tmp_path / "film.mp4", RIGHT) == []


def walking(count: int) -> Iterator[Image]:
    """Somebody of fine grain who walks 20 pixels a frame before a plain wall, from 20 on."""
    for step in range(count):
        image = np.full((240, 320, 3), 90, np.uint8)
        left = 20 + 20 * step
        image[80:200, left : left + 48] = texture(PERSON_SIZE, 2, grain=3)
        yield image


def test_who_walks_is_hidden_where_they_come_from_and_go_to(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    """100 pixels a second, and only the third second was found."""
    clip = str(write_clip(tmp_path / "walk.mp4", walking(13), codec_options=FINE, rate=SLOW))
    rows = [(0, 200 * step, 20 + 20 * step, True) for step in range(4, 9)]

    write_blurred(
        clip,
        make_sightings(*rows, size=PERSON_SIZE, top=TOP),
        tmp_path / "film.mp4",
        BlurSelection(),
    )

    for step, (before, after) in enumerate(
        zip(pictures(clip), pictures(tmp_path / "film.mp4"), strict=True)
    ):
        left = 20 + 20 * step
        assert is_blurred(before, after, (left, 80, left + 48, 200)), step


@pytest.mark.parametrize("target", ["everybody", "faces"])
def test_a_close_up_that_has_no_body_is_hidden(
    tmp_path: Path, clip: str, two: Sightings, add_faces: AddFaces, target: BlurTarget
) -> None:
    """A face of 16 pixels in the corner of the box: head and shoulders are 48 by 54."""
    alone = add_faces(two.take(two.person_index == 0), list(range(6)), body=False, size=16)

    write_blurred(clip, alone, tmp_path / "film.mp4", BlurSelection(target))

    times = list(range(0, 240, 40))
    assert hidden_times(clip, tmp_path / "film.mp4", (40, 80, 72, 122)) == times
    assert hidden_times(clip, tmp_path / "film.mp4", RIGHT) == []


def test_between_ticks_both_neighbours_are_covered(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    """50 frames a second, and a sighting at every fourth, 40 pixels on."""
    rate = Fraction(50)
    clip = str(write_clip(tmp_path / "fast.mp4", standing(9), codec_options=FINE, rate=rate))
    rows = [(0, 0, 20, True), (0, 80, 60, True), (0, 160, 100, True)]

    write_blurred(
        clip,
        make_sightings(*rows, size=PERSON_SIZE, top=TOP),
        tmp_path / "film.mp4",
        BlurSelection(),
    )

    films = list(zip(pictures(clip), pictures(tmp_path / "film.mp4"), strict=True))
    for before, after in films[1:4]:
        assert is_blurred(before, after, (20, 80, 108, 200))


def resized(image: Image, size: tuple[int, int]) -> Image:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


EVERYWHERE = [(0, 0, 160, 240), (160, 0, 320, 240)]


def test_damaged_frames_are_hidden_whole(tmp_path: Path, make_sightings: MakeSightings) -> None:
    path = write_clip(tmp_path / "good.mp4", standing(50), codec_options=FINE, gop=40)
    with av.open(path) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    spoilt = packets[20]
    assert spoilt.pos is not None
    content[spoilt.pos + 8 : spoilt.pos + spoilt.size] = bytes(spoilt.size - 8)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(content)

    write_blurred(str(broken), make_sightings(), tmp_path / "film.mp4", BlurSelection())

    for part in EVERYWHERE:
        times = hidden_times(str(broken), tmp_path / "film.mp4", part)
        assert set(range(840, 1600, 40)) <= set(times) <= set(range(800, 1600, 40))


def test_frames_beyond_what_was_analysed_are_hidden_whole(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    """2 s were analysed of 8: nobody was seen until 3 s, and a second is for rounding."""
    clip = str(write_clip(tmp_path / "long.mp4", standing(40), codec_options=FINE, rate=SLOW))
    video = VideoInfo("h264", "QuickTime / MOV", 5.0, *SIZE, 2000, "LIMITED")

    film = tmp_path / "film.mp4"
    hidden = write_blurred(clip, make_sightings(), film, BlurSelection(), video=video)

    assert hidden == 19
    for part in EVERYWHERE:
        assert hidden_times(clip, film, part) == list(range(4200, 8000, 200))


def test_nobody_is_hidden_where_nobody_was_found(
    tmp_path: Path, clip: str, make_sightings: MakeSightings
) -> None:
    assert write_blurred(clip, make_sightings(), tmp_path / "film.mp4", BlurSelection()) == 0


def test_sightings_are_ratios_of_the_size_that_was_told(
    tmp_path: Path, clip: str, make_sightings: MakeSightings
) -> None:
    """They are in pixels of a picture twice as wide, and thrice as high."""
    rows = [(0, 40 * step, 2 * LEFT[0], True) for step in range(6)]
    sightings = make_sightings(*rows, size=(96, 360), top=3 * TOP)
    video = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 720, 240, "LIMITED")

    write_blurred(clip, sightings, tmp_path / "film.mp4", BlurSelection(), video=video)

    assert hidden_times(clip, tmp_path / "film.mp4", LEFT) == list(range(0, 240, 40))
    assert hidden_times(clip, tmp_path / "film.mp4", RIGHT) == []


def test_the_size_changes_in_the_middle(tmp_path: Path, make_sightings: MakeSightings) -> None:
    """Two broadcasts in one file: the second has pictures of half the size."""
    parts = [tmp_path / "large.ts", tmp_path / "small.ts"]
    small = [resized(scene(), (160, 120))] * 6
    write_clip(parts[0], standing(6), codec_options=FINE)
    write_clip(parts[1], iter(small), codec_options=FINE, start_ms=240)
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    times = [frame.timestamp_ms for frame in decode(str(both))]
    assert len(times) == 12
    rows = [(0, time, LEFT[0], True) for time in times]

    write_blurred(
        str(both),
        make_sightings(*rows, size=PERSON_SIZE, top=TOP),
        tmp_path / "film.mp4",
        BlurSelection(),
    )

    for after in pictures(tmp_path / "film.mp4"):
        assert after.shape == (240, 320, 3)
        assert detail(after, LEFT) < 3
        assert detail(after, RIGHT) > 8


@pytest.mark.parametrize(
    ("aspect", "stored", "square"),
    [
        pytest.param(Fraction(10, 7), (224, 240), (320, 240), id="narrow"),
        pytest.param(Fraction(1, 2), (320, 120), (320, 240), id="half the lines"),
        pytest.param(Fraction(1, 2), (320, 240), (320, 480), id="wide pixels"),
    ],
)
def test_pixels_that_are_not_square(
    tmp_path: Path,
    make_sightings: MakeSightings,
    aspect: Fraction,
    stored: tuple[int, int],
    square: tuple[int, int],
) -> None:
    """Sightings are in stored pixels; the film shows what a player shows, with square ones."""
    image = resized(scene(), stored)
    clip = write_clip(
        tmp_path / "clip.mp4", iter([image] * 3), codec_options=FINE, pixel_aspect=aspect
    )
    wider, higher = stored[0] / SIZE[0], stored[1] / SIZE[1]
    rows = [(0, 40 * step, LEFT[0] * wider, True) for step in range(3)]
    size = (PERSON_SIZE[0] * wider, PERSON_SIZE[1] * higher)

    write_blurred(
        str(clip),
        make_sightings(*rows, size=size, top=TOP * higher),
        tmp_path / "film.mp4",
        BlurSelection(),
    )

    with av.open(tmp_path / "film.mp4") as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height) == square
        assert stream.sample_aspect_ratio in (None, 1)
    for after in pictures(tmp_path / "film.mp4"):
        as_before = resized(after, SIZE)
        assert detail(as_before, LEFT) < 3
        assert detail(as_before, RIGHT) > 8


FRONT, BEHIND = (100, 60, 180, 220), (130, 40, 190, 180)


def overlapping(hidden: Box, shown: Box, *, detected: bool = True) -> tuple[Image, Image]:
    """A picture of noise before and after one of two people in it was hidden."""
    image = np.random.default_rng(5).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    masks = Masks(np.array([1]), np.array([hidden], np.float64))
    placed = PersonPositions(np.array([0]), np.array([shown], np.float64), np.array([detected]))
    concealed = image.copy()
    conceal_bodies(image, concealed, masks, placed)
    return image, concealed


@pytest.mark.parametrize(
    ("hidden", "shown", "detected", "sharp"),
    [
        pytest.param(BEHIND, FRONT, True, True, id="in front"),
        pytest.param(BEHIND, FRONT, False, False, id="in front, but only filled in"),
        pytest.param(FRONT, BEHIND, True, False, id="behind"),
        pytest.param((100, 60, 180, 260), (130, 40, 190, 250), True, False, id="both cut off"),
    ],
)
def test_one_who_is_shown_stays_sharp_only_in_front(
    hidden: Box,
    shown: Box,
    detected: bool,  # noqa: FBT001
    sharp: bool,  # noqa: FBT001
) -> None:
    before, after = overlapping(hidden, shown, detected=detected)

    middle = (slice(100, 140), slice(138, 142))
    edge = (slice(70, 140), slice(170, 178))
    assert bool((before[middle] == after[middle]).all()) == sharp
    assert detail(after, (170, 70, 178, 140)) < 10
    assert not (before[edge] == after[edge]).all()


def hide_bodies(image: Image, concealed: Image, masks: Masks) -> None:
    nobody = PersonPositions(np.empty(0, np.int64), np.empty((0, 4)), np.empty(0, np.bool_))
    conceal_bodies(image, concealed, masks, nobody)


def test_a_hidden_head_is_hidden_also_where_somebody_stands_in_front(
    tmp_path: Path, clip: str, make_sightings: MakeSightings
) -> None:
    """Person 1 stands 10 pixels higher in the same place as person 0."""
    rows = [(person, 40 * step, LEFT[0], True) for step in range(6) for person in (0, 1)]
    sightings = make_sightings(*rows, size=PERSON_SIZE, top=TOP)
    higher = np.outer(sightings.person_index == 1, [0, 10, 0, 10])
    sightings = replace(sightings, xyxy=(sightings.xyxy - higher).astype(np.float32))

    write_blurred(clip, sightings, tmp_path / "film.mp4", BlurSelection("all-but", frozenset({0})))

    before, after = pictures(clip)[3], pictures(tmp_path / "film.mp4")[3]
    assert is_blurred(before, after, (61, 94, 67, 104)), "the head behind"
    assert not is_blurred(before, after, (60, 124, 68, 160)), "who stands in front"


@pytest.mark.parametrize(
    ("across", "down", "hide"),
    [
        pytest.param(3, 6, hide_bodies, id="18 of a body"),
        pytest.param(2, 2, _conceal_masks, id="4 of a head"),
    ],
)
def test_nothing_but_a_few_colours_is_left(
    across: int, down: int, hide: Callable[[Image, Image, Masks], None]
) -> None:
    """Whatever is shuffled within a cell, what is left is the same."""
    generator = np.random.default_rng(3)
    image = generator.integers(0, 256, (120, 60, 3), dtype=np.uint8)
    shuffled = image.copy()
    for row in np.split(shuffled, down):
        for cell in np.split(row, across, axis=1):
            cell[:] = generator.permutation(cell.reshape(-1, 3)).reshape(cell.shape)
    assert not (image == shuffled).all()
    cover = Masks(np.array([0]), np.array([[0.0, 0, 60, 120]]))

    results = [image.copy(), shuffled.copy()]
    hide(image, results[0], cover)
    hide(shuffled, results[1], cover)

    np.testing.assert_array_equal(results[0], results[1])


@pytest.mark.parametrize(
    "xyxy",
    [
        pytest.param((-30, -30, -1, -1), id="outside"),
        pytest.param((10, 10, 10, 10), id="empty"),
        pytest.param((400, 10, 420, 90), id="beyond"),
    ],
)
def test_nothing_to_conceal(xyxy: Box) -> None:
    image = scene()
    concealed = image.copy()

    conceal(image, concealed, np.array(xyxy, np.float64), (3, 6))

    np.testing.assert_array_equal(concealed, image)


@pytest.mark.parametrize(
    "xyxy", [(-10, -10, 20, 20), (0.2, 0.2, 1.1, 1.1), (300, 200, 400, 300)], ids=str
)
def test_every_pixel_that_a_box_touches_is_concealed(xyxy: Box) -> None:
    image = scene()
    concealed = np.full_like(image, 255)

    conceal(image, concealed, np.array(xyxy, np.float64), (3, 6))

    left, top, right, bottom = np.clip(xyxy, 0, [320, 240, 320, 240])
    expected = np.zeros(image.shape[:2], np.bool_)
    expected[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = True
    np.testing.assert_array_equal((concealed < 255).all(axis=2), expected)


@pytest.mark.parametrize(
    ("target", "persons"),
    [
        pytest.param("everybody", {1}, id="everybody, and one"),
        pytest.param("faces", {1}, id="faces, and one"),
        pytest.param("only", set(), id="only nobody"),
        pytest.param("all-but", set(), id="all but nobody"),
    ],
)
def test_a_senseless_selection_is_refused(target: BlurTarget, persons: set[int]) -> None:
    with pytest.raises(ValueError, match="alone"):
        BlurSelection(target, frozenset(persons))


def test_a_person_who_is_not_there_is_refused(tmp_path: Path, clip: str, two: Sightings) -> None:
    with pytest.raises(ValueError, match="no person 7"):
        write_blurred(clip, two, tmp_path / "film.mp4", BlurSelection("only", frozenset({0, 7})))

    assert not (tmp_path / "film.mp4").exists()
