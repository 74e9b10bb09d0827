from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.errors import DamagedVideo, UnsupportedVideo
from passerby.films.overlay import write_overlay
from passerby.films.palette import colour_of
from passerby.records import Sightings, VideoInfo
from passerby.testing import write_clip
from passerby.video.decode import decode

MakeSightings = Callable[..., Sightings]
AddFaces = Callable[..., Sightings]

UNEVEN_MS = [0, 33, 150, 190, 400, 440, 900]


def plain(count: int, size: tuple[int, int] = (160, 120)) -> Iterator[NDArray[np.uint8]]:
    """Pictures of one colour that is neither grey nor at the end of a scale."""
    for _ in range(count):
        yield np.full((size[1], size[0], 3), (60, 110, 170), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("even.mp4", {"rate": Fraction(25)}, id="constant rate"),
        pytest.param("film.mp4", {"rate": Fraction(24000, 1001)}, id="film rate"),
        pytest.param("b.mp4", {"b_frames": 2}, id="B-frames"),
        pytest.param("uneven.mp4", {"timestamps_ms": UNEVEN_MS}, id="variable rate"),
        pytest.param("uneven.mkv", {"timestamps_ms": UNEVEN_MS}, id="variable rate, Matroska"),
        pytest.param("late.mkv", {"start_ms": 1520}, id="a start offset"),
        pytest.param("broadcast.ts", {"start_ms": 1520}, id="a clock without zero"),
    ],
)
def test_frames_keep_their_times(
    tmp_path: Path, make_sightings: MakeSightings, name: str, options: dict[str, object]
) -> None:
    source = str(write_clip(tmp_path / name, plain(7), **options))  # type: ignore[arg-type]
    target = tmp_path / "overlay.mp4"

    write_overlay(source, make_sightings(), target)

    expected = [frame.timestamp_ms for frame in decode(source)]
    assert len(expected) == 7
    assert [frame.timestamp_ms for frame in decode(str(target))] == expected


@pytest.mark.parametrize(
    ("stored", "options", "shown"),
    [
        pytest.param((160, 120), {}, (160, 120), id="as it is"),
        pytest.param((160, 120), {"rotation_degrees": 90}, (120, 160), id="turned upright"),
        pytest.param(
            (161, 121), {"pixel_format": "yuv444p"}, (160, 120), id="odd sizes lose one line"
        ),
    ],
)
def test_size(
    tmp_path: Path,
    make_sightings: MakeSightings,
    stored: tuple[int, int],
    options: dict[str, object],
    shown: tuple[int, int],
) -> None:
    pictures = plain(2, stored)
    source = write_clip(tmp_path / "clip.mp4", pictures, **options)  # type: ignore[arg-type]
    target = tmp_path / "overlay.mp4"

    write_overlay(str(source), make_sightings(), target)

    assert next(decode(str(target))).size == shown


def test_colours_come_out_as_they_went_in(tmp_path: Path, make_sightings: MakeSightings) -> None:
    source = str(write_clip(tmp_path / "clip.mp4", plain(2)))
    target = tmp_path / "overlay.mp4"

    write_overlay(source, make_sightings(), target)

    before, after = (next(decode(path)).image() for path in (source, str(target)))
    np.testing.assert_allclose(after.astype(int), before, atol=3)


def test_every_frame_between_two_sightings_is_marked(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    source = str(write_clip(tmp_path / "clip.mp4", plain(6, (320, 240))))
    target = tmp_path / "overlay.mp4"
    sightings = make_sightings((0, 40, 100, True), (0, 160, 130, True), size=(80, 160), top=40)

    write_overlay(source, sightings, target)

    lefts = [_left_edge(frame.image()) for frame in decode(str(target))]
    assert lefts == [
        None,
        pytest.approx(100, abs=2),
        pytest.approx(110, abs=2),
        pytest.approx(120, abs=2),
        pytest.approx(130, abs=2),
        None,
    ]


def _left_edge(image: NDArray[np.uint8]) -> int | None:
    """First column in the colour of person 0 at half the height of its box."""
    distance = np.abs(image[120].astype(int) - colour_of(0)).sum(axis=1)
    columns = np.flatnonzero(distance < 120)
    return int(columns[0]) if len(columns) else None


def test_a_face_is_marked_where_there_is_no_body(
    tmp_path: Path, make_sightings: MakeSightings, add_faces: AddFaces
) -> None:
    source = str(write_clip(tmp_path / "clip.mp4", plain(6, (320, 240))))
    target = tmp_path / "overlay.mp4"
    two = make_sightings((0, 40, 100, True), (0, 160, 130, True), top=80)
    sightings = add_faces(two, [0, 1], body=False, size=80)

    write_overlay(source, sightings, target)

    lefts = [_left_edge(frame.image()) for frame in decode(str(target))]
    assert [left is None for left in lefts] == [True, False, False, False, False, True]
    assert lefts[1:5] == pytest.approx([100, 110, 120, 130], abs=3)


def test_form_of_the_file(tmp_path: Path, make_sightings: MakeSightings) -> None:
    target = tmp_path / "overlay.mp4"
    write_overlay(str(write_clip(tmp_path / "clip.mkv", plain(3))), make_sightings(), target)

    with av.open(target) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
    content = target.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_progress_is_reported(tmp_path: Path, make_sightings: MakeSightings) -> None:
    told: list[int] = []
    source = str(write_clip(tmp_path / "clip.mp4", plain(4)))

    write_overlay(source, make_sightings(), tmp_path / "overlay.mp4", told.append)

    assert told == [1, 2, 3, 4]


def test_a_failure_leaves_nothing_behind(tmp_path: Path, make_sightings: MakeSightings) -> None:
    target = tmp_path / "overlay.mp4"
    target.write_text("of before")
    source = str(write_clip(tmp_path / "clip.mp4", plain(4)))

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_overlay(source, make_sightings(), target, stop)

    assert target.read_text() == "of before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "overlay.mp4"]


def test_no_video(tmp_path: Path, make_sightings: MakeSightings) -> None:
    (tmp_path / "text.mp4").write_text("not a video")

    with pytest.raises(UnsupportedVideo):
        write_overlay(str(tmp_path / "text.mp4"), make_sightings(), tmp_path / "overlay.mp4")


def test_no_frame(tmp_path: Path, make_sightings: MakeSightings) -> None:
    index_first = {"movflags": "+faststart"}
    whole = write_clip(tmp_path / "clip.mp4", plain(2), container_options=index_first).read_bytes()
    cut_short = tmp_path / "cut.mp4"
    cut_short.write_bytes(whole[: whole.index(b"mdat") + 4])

    with pytest.raises(DamagedVideo):
        write_overlay(str(cut_short), make_sightings(), tmp_path / "overlay.mp4")

    assert not (tmp_path / "overlay.mp4").exists()


def test_marks_are_not_squeezed_where_pixels_are_oblong(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    """The same scene, stored half as wide, gives the same film: boxes, numbers, trails."""
    films = []
    for name, width, aspect in (("square.mp4", 320, None), ("oblong.mp4", 160, Fraction(2))):
        source = write_clip(tmp_path / name, plain(3, (width, 240)), pixel_aspect=aspect)
        share = width / 320
        rows = [(12, 40 * n, share * (60 + 10 * n), True) for n in range(3)]
        sightings = make_sightings(*rows, size=(share * 60, 120), top=60)
        write_overlay(str(source), sightings, tmp_path / f"marked-{name}")
        films.append([frame.image() for frame in decode(str(tmp_path / f"marked-{name}"))])

    for square, oblong in zip(*films, strict=True):
        assert square.shape == oblong.shape == (240, 320, 3)
        assert np.abs(square.astype(int) - oblong).mean() < 0.5


def test_boxes_follow_the_size_that_was_told(tmp_path: Path, make_sightings: MakeSightings) -> None:
    """Sightings in pixels of a picture twice as large are where those of this one are."""
    source = str(write_clip(tmp_path / "clip.mp4", plain(2, (320, 240))))
    video = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 480, 80, "LIMITED")
    small = make_sightings((0, 0, 50, True), (0, 40, 50, True), size=(40, 90), top=70)
    large = make_sightings((0, 0, 100, True), (0, 40, 100, True), size=(80, 180), top=140)

    write_overlay(source, small, tmp_path / "small.mp4")
    write_overlay(source, large, tmp_path / "large.mp4", video=video)

    assert (tmp_path / "small.mp4").read_bytes() == (tmp_path / "large.mp4").read_bytes()
