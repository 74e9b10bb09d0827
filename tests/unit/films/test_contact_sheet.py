from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from passerby.films import portraits
from passerby.films.contact_sheet import (
    CAPTION,
    GAP,
    GROUND,
    HEAD,
    MARGIN,
    Portrait,
    VisiblePeriod,
    clock,
    compose,
    write_contact_sheets,
)
from passerby.films.palette import colour_of
from passerby.records import Sightings
from passerby.testing import moving_boxes, write_clip

MakeSightings = Callable[..., Sightings]
AddFaces = Callable[..., Sightings]


@pytest.mark.parametrize(
    ("timestamp_ms", "shown"),
    [
        pytest.param(0, "0:00.0", id="the beginning"),
        pytest.param(99, "0:00.0", id="rounded down"),
        pytest.param(83_450, "1:23.4", id="minutes"),
        pytest.param(3_599_999, "59:59.9", id="just below an hour"),
        pytest.param(3_723_400, "1:02:03.4", id="hours"),
    ],
)
def test_clock(timestamp_ms: int, shown: str) -> None:
    assert clock(timestamp_ms) == shown


def shown(count: int) -> list[Portrait]:
    image = np.full((portraits.HEIGHT, portraits.WIDTH, 3), (10, 20, 200), dtype=np.uint8)
    return [Portrait(1000 * number, image) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "columns"),
    [
        pytest.param(1, 3, id="never narrower than the title"),
        pytest.param(8, 8, id="all of them"),
    ],
)
def test_a_sheet_is_as_wide_as_its_portraits(count: int, columns: int) -> None:
    sheet = compose(VisiblePeriod(4, 0, 5000), shown(count))

    width = 2 * MARGIN + columns * portraits.WIDTH + (columns - 1) * GAP
    assert sheet.shape == (2 * MARGIN + HEAD + portraits.HEIGHT + CAPTION, width, 3)


def test_what_is_on_a_sheet() -> None:
    sheet = compose(VisiblePeriod(4, 0, 5000), shown(2))

    top = MARGIN + HEAD
    for left in (MARGIN, MARGIN + portraits.WIDTH + GAP):
        inside = sheet[top : top + portraits.HEIGHT, left : left + portraits.WIDTH]
        assert (inside == (10, 20, 200)).all()
        caption = sheet[top + portraits.HEIGHT : -MARGIN, left : left + portraits.WIDTH]
        assert (caption != GROUND).any()
    assert sheet[MARGIN + 2, MARGIN + 2].tolist() == list(colour_of(4))
    for border in (sheet[:MARGIN], sheet[-MARGIN:], sheet[:, :MARGIN], sheet[:, -MARGIN:]):
        assert (border == GROUND).all()


def read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    assert image is not None
    return image


def test_a_sheet_for_each_person(tmp_path: Path, make_sightings: MakeSightings) -> None:
    source = str(write_clip(tmp_path / "clip.mp4", moving_boxes(20)))
    walk = [(person, 40 * step, 30, True) for person in (2, 0) for step in range(5, 15)]
    told: list[int] = []

    written = write_contact_sheets(source, make_sightings(*walk), tmp_path, told.append)

    assert written == [tmp_path / "person-0000.png", tmp_path / "person-0002.png"]
    width = 2 * MARGIN + 8 * portraits.WIDTH + 7 * GAP
    assert [read(path).shape[1] for path in written] == [width, width]
    # The video is read no further than to the last portrait.
    assert 13 <= told[-1] <= 15


def test_portraits_show_the_frame_of_their_time(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    def brighter() -> list[np.ndarray]:
        return [np.full((120, 160, 3), 20 * number, dtype=np.uint8) for number in range(10)]

    source = str(write_clip(tmp_path / "clip.mp4", brighter()))

    (path,) = write_contact_sheets(
        source, make_sightings((0, 0, 9, True), (0, 360, 9, True)), tmp_path
    )

    sheet = read(path)
    middle = MARGIN + HEAD + portraits.HEIGHT // 2
    lefts = [MARGIN + portraits.WIDTH // 2 + column * (portraits.WIDTH + GAP) for column in (0, 1)]
    assert [int(sheet[middle, left, 0]) for left in lefts] == pytest.approx([0, 180], abs=5)


def test_a_person_known_by_the_face_has_a_sheet(
    tmp_path: Path, make_sightings: MakeSightings, add_faces: AddFaces
) -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[40:50, 70:80] = 250  # the face
    source = str(write_clip(tmp_path / "clip.mp4", [picture]))
    sightings = add_faces(make_sightings((0, 0, 70, True), top=40), [0], body=False)

    (path,) = write_contact_sheets(source, sightings, tmp_path)

    top = MARGIN + HEAD
    portrait = read(path)[top : top + portraits.HEIGHT, MARGIN : MARGIN + portraits.WIDTH, 0]
    rows, columns = np.nonzero(portrait > 128)
    assert columns.mean() == pytest.approx(portraits.WIDTH / 2, abs=4)
    assert rows.mean() < portraits.HEIGHT / 2
    assert 0.2 < np.ptp(columns) / portraits.WIDTH < 0.5


@pytest.mark.parametrize(
    "rows", [[], [(0, 0, 0, False)]], ids=["nobody", "somebody never detected"]
)
def test_no_sheet(
    tmp_path: Path, make_sightings: MakeSightings, rows: list[tuple[int, int, float, bool]]
) -> None:
    source = str(write_clip(tmp_path / "clip.mp4", moving_boxes(3)))

    assert write_contact_sheets(source, make_sightings(*rows), tmp_path) == []


def test_a_video_cut_short_still_gives_a_sheet(
    tmp_path: Path, make_sightings: MakeSightings
) -> None:
    source = str(write_clip(tmp_path / "clip.mp4", moving_boxes(5)))
    sightings = make_sightings((0, 80, 0, True), (0, 9000, 0, True))

    assert len(write_contact_sheets(source, sightings, tmp_path)) == 1
