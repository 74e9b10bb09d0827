import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from passerby.films.portrait_archive import best_rows, write_portraits
from passerby.records import Sightings
from passerby.testing import BOX_COLOURS, moving_boxes, write_clip

MakeSightings = Callable[..., Sightings]


def test_the_surest_detection_is_shown(make_sightings: MakeSightings) -> None:
    rows = [(0, 0, 0, True), (2, 0, 5, False), (0, 100, 10, True), (1, 100, 0, True)]
    sightings = make_sightings(*rows, (0, 200, 20, False))
    sightings.confidence[:] = [0.5, 0.9, 0.8, 0.7, 0.9]

    assert best_rows(sightings).tolist() == [2, 3]


def test_everybody_has_a_picture(make_sightings: MakeSightings, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_boxes(10, (320, 240)))
    sightings = make_sightings((0, 0, 0, True), (1, 40, 3, True))
    told: list[int] = []

    for name in ("one.zip", "other.zip"):
        write_portraits(str(clip), sightings, tmp_path / name, told.append)

    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["0.png", "1.png"]
        image = cv2.imdecode(np.frombuffer(archive.read("0.png"), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (256, 144, 3)
    assert np.abs(image[128, 72].astype(int) - BOX_COLOURS[0]).max() < 40
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    assert told == [1, 2, 1, 2]


def test_portraits_are_not_squeezed(make_sightings: MakeSightings, tmp_path: Path) -> None:
    """A round disc, stored half as wide as it is, has as much to its left as above it."""
    disc = np.full((240, 320, 3), 30, np.uint8)
    cv2.circle(disc, (160, 120), 50, (230, 230, 230), cv2.FILLED)
    stored = np.asarray(cv2.resize(disc, (160, 240), interpolation=cv2.INTER_AREA), np.uint8)
    clip = write_clip(tmp_path / "clip.mp4", [stored] * 2, pixel_aspect=Fraction(2))
    sightings = make_sightings((0, 0, 55, True), size=(50, 100), top=70)

    write_portraits(str(clip), sightings, tmp_path / "one.zip")

    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        image = cv2.imdecode(np.frombuffer(archive.read("0.png"), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    rows, columns = np.nonzero(image > 130)
    assert np.ptp(columns) == pytest.approx(np.ptp(rows), abs=3)
    assert np.ptp(columns) > 90


def test_nobody(make_sightings: MakeSightings, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_boxes(2))

    write_portraits(str(clip), make_sightings(), tmp_path / "none.zip")

    with zipfile.ZipFile(tmp_path / "none.zip") as archive:
        assert archive.namelist() == []
