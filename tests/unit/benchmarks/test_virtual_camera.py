from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from benchmarks.virtual_camera import (
    KINDS,
    LEAST_INSIDE,
    Scene,
    Shot,
    pictures,
    scene,
    seen_truth,
    write_clip,
)
from numpy.typing import NDArray

from passerby.motfile import MotRows, read_rows
from passerby.testing.clips import write_clip as write_video
from passerby.video.probe import probe

COUNT, SIZE = 80, (320, 240)
RED = (30, 30, 230)


def walker(frame: int) -> list[float]:
    """Left, top, width, height: a red box that walks to the right."""
    return [100 + frame, 80, 24, 72]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("data") / "walk"
    (folder / "gt").mkdir(parents=True)
    images, lines = [], []
    for frame in range(COUNT):
        left, top, width, height = (int(number) for number in walker(frame))
        image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
        image[top : top + height, left : left + width] = RED
        images.append(image)
        lines.append(f"{frame + 1},7,{left},{top},{width},{height},1,-1,-1,-1\n")
    write_video(folder / "walk.mp4", images, rate=Fraction(10))
    (folder / "gt" / "gt.txt").write_text("".join(lines))
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=10\nseqLength=80\n")
    return scene(folder)


def red_box(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Where the red of a picture is, xyxy."""
    blue, _, red = (image[..., channel].astype(int) for channel in range(3))
    rows, columns = np.nonzero(red - blue > (red - blue).max() / 2)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float64)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_truth_goes_where_the_pixels_go(walk: Scene, kind: str, seed: int) -> None:
    shot = KINDS[kind](walk, np.random.default_rng(seed))
    truth = seen_truth(walk.truth, shot)
    shown = dict(zip(truth.frame.tolist(), truth.xyxy, strict=True))

    filmed = list(pictures(walk.folder / "walk.mp4", shot))

    assert len(filmed) == len(shot)
    assert filmed[0].shape == (shot.size[1], shot.size[0], 3)
    assert shown
    limits = np.tile(np.array(shot.size, np.float64), 2)
    for frame, box in shown.items():
        seen = red_box(filmed[frame - 1])
        assert np.abs(np.clip(box, 0, limits) - seen).max() < 2 + 1.5 * shot.zoom[0]


def rows(*boxes: list[float]) -> MotRows:
    count = len(boxes)
    return MotRows(
        np.arange(1, count + 1),
        np.ones(count, np.int64),
        np.array(boxes, np.float64),
        np.ones(count),
        np.full((count, 2), np.nan),
    )


STILL = Shot(0, 1, (100, 50), np.zeros(3), np.zeros(3), np.ones(3))


@pytest.mark.parametrize(
    ("change", "box", "expected"),
    [
        pytest.param({}, [10, 10, 20, 30], [10, 10, 20, 30], id="as it is"),
        pytest.param({"is_mirrored": True}, [10, 10, 20, 30], [80, 10, 90, 30], id="mirrored"),
        pytest.param({"squeeze": 0.5}, [10, 10, 20, 30], [5, 10, 10, 30], id="squeezed"),
        pytest.param(
            {"zoom": np.full(3, 2.0), "left": np.full(3, 5.0), "top": np.full(3, 10.0)},
            [10, 10, 20, 30],
            [10, 0, 30, 40],
            id="nearer",
        ),
        pytest.param({}, [90, 10, 110, 30], [90, 10, 110, 30], id="half outside stays whole"),
        pytest.param({}, [91, 10, 111, 30], None, id="mostly outside goes"),
    ],
)
def test_boxes_of_the_truth(
    change: dict[str, object], box: list[float], expected: list[float] | None
) -> None:
    truth = seen_truth(rows(box), replace(STILL, **change))  # type: ignore[arg-type]

    assert LEAST_INSIDE == 0.5
    assert truth.xyxy.tolist() == ([] if expected is None else [expected])


def test_frames_left_out_are_left_out_of_the_truth() -> None:
    boxes = rows(*([10.0, 10, 20, 30 + number] for number in range(9)))

    truth = seen_truth(boxes, replace(STILL, first=1, step=3))

    assert truth.frame.tolist() == [1, 2, 3]
    assert truth.xyxy[:, 3].tolist() == [31, 34, 37]


def test_a_clip_is_what_its_shot_says(walk: Scene, tmp_path: Path) -> None:
    shot = KINDS["squeezed"](walk, np.random.default_rng(3))

    write_clip(walk, shot, tmp_path / "squeezed")

    video = probe(str(tmp_path / "squeezed" / "squeezed.mp4"))
    assert (video.width, video.height) == shot.size
    truth = read_rows(tmp_path / "squeezed" / "gt" / "gt.txt")
    assert np.allclose(truth.xyxy, seen_truth(walk.truth, shot).xyxy, atol=0.01)
    with av.open(tmp_path / "squeezed" / "squeezed.mp4") as container:
        shape = container.streams.video[0].sample_aspect_ratio
        assert shape == pytest.approx(1 / shot.squeeze, rel=0.01)


def test_the_same_seed_gives_the_same_shot(walk: Scene) -> None:
    one, other = (KINDS["shake"](walk, np.random.default_rng(5)) for _ in range(2))

    assert np.array_equal(one.left, other.left)
    assert one.left.std() > 0
    assert cv2.norm(one.top, other.top) == 0
