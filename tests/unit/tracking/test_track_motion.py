import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.testing import Seen, observations, together, walk
from passerby.tracking.stabilisation import stabilise
from passerby.tracking.track_motion import shared_motion

RATE = 25.0
Floats = NDArray[np.float64]


def street(people: int, frames: int) -> list[list[Seen]]:
    """People who walk each at their own speed, along rows of their own, boxes somewhat off."""
    random = np.random.default_rng(7)
    speeds = random.normal(0, 3, people)
    paths = [
        walk(500 + 60 * person, speed, frames, y=150 * person, height=100 + 10 * person)
        for person, speed in enumerate(speeds)
    ]
    return [
        [(x + off[0], y + off[1], height) for (x, y, height), off in zip(row, offs, strict=True)]
        for row, offs in zip(
            together(*paths), random.normal(0, 1, (frames, people, 2)), strict=True
        )
    ]


def filmed(frames: list[list[Seen]], place: Floats) -> list[list[Seen]]:
    """What a camera shows whose picture of the street lies at `place` (F, 2) in each frame."""
    return [
        [(x + at[0], y + at[1], height) for x, y, height in row]
        for row, at in zip(frames, place, strict=True)
    ]


def found_place(frames: list[list[Seen]]) -> Floats:
    """(F, 2) where the shared motions add up to."""
    motion = shared_motion(stabilise(observations(frames, rate=RATE)))
    assert motion.shape == (len(frames), 2, 3)
    assert (motion[:, :, :2] == np.eye(2)).all()
    assert not motion[-1:, :, 2].any()
    steps: Floats = motion[:-1, :, 2].astype(np.float64)
    return np.cumsum(np.vstack([np.zeros((1, 2)), steps]), axis=0)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([[]], id="one frame, nobody"),
        pytest.param([[], [], []], id="nobody"),
        pytest.param([[(100, 100, 90)], [], [(100, 100, 90)]], id="somebody now and then"),
        pytest.param([[(100, 100, 0)] * 3] * 9, id="boxes without extent"),
        pytest.param(street(5, 60), id="everybody on their own"),
        pytest.param(
            together(*(walk(100 + 90 * person, 4, 60, y=50 * person) for person in range(5))),
            id="a procession",
        ),
        pytest.param(
            together([*walk(100, 4, 30), *walk(216, -4, 30)]), id="one alone, who turns back"
        ),
    ],
)
def test_a_camera_at_rest_is_at_rest(frames: list[list[Seen]]) -> None:
    assert not found_place(frames).any()


def test_no_frames() -> None:
    assert shared_motion(stabilise(observations([]))).shape == (0, 2, 3)


@pytest.mark.parametrize("people", [3, 8, 30])
def test_a_shaking_hand_is_found(people: int) -> None:
    seconds = np.arange(150) / RATE
    place = np.stack(
        [30 * np.sin(2 * np.pi * 1.1 * seconds), 20 * np.sin(2 * np.pi * 1.7 * seconds)], axis=1
    )

    found = found_place(filmed(street(people, 150), place))

    # Steady errors are people's walks, not shake: steps are compared, not places.
    missed = np.diff(found - place, axis=0)[5:]
    assert np.sqrt((missed**2).mean()) < 0.25 * np.sqrt((np.diff(place, axis=0) ** 2).mean())


def pushed(step: tuple[float, float], frames: int) -> Floats:
    """Places of a camera that is pushed by `step` and back, every third frame."""
    there = (np.arange(frames) // 3 % 2).astype(np.float64)
    place: Floats = there[:, None] * np.array(step)
    return place


@pytest.mark.parametrize("step", [(60, 0), (0, -60), (-130, 40)])
def test_pushes_are_found_though_no_box_overlaps_the_one_before(step: tuple[float, float]) -> None:
    place = pushed(step, 60)

    found = found_place(filmed(street(6, 60), place))

    # The first frames, where speeds are not known yet, are left out.
    missed = np.abs(np.diff(found - place, axis=0)[5:])
    assert missed.max() < 0.15 * np.abs(step).max()


def test_pushes_across_are_none_upwards() -> None:
    found = found_place(filmed(street(6, 60), pushed((70, 0), 60)))

    assert found[:, 0].max() > 60
    assert not found[:, 1].any()


def test_one_who_jumps_another_way_does_not_count() -> None:
    place = pushed((50, 0), 60)
    shown = filmed(street(6, 60), place)
    against = filmed([row[:1] for row in shown], -2 * place)

    found = found_place([one + row[1:] for one, row in zip(against, shown, strict=True)])

    missed = np.abs(np.diff(found - place, axis=0)[5:])
    # Were all six averaged, that would be (50 + 100) / 6 = 25 pixels.
    assert missed.max() < 13
