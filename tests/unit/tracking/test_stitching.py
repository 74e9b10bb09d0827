from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.testing import Seen, observations, together, walk
from passerby.tracking import stitching as module
from passerby.tracking.stabilisation import StabilisedDetections, stabilise
from passerby.tracking.stitching import DEFAULT, StitchingSettings, minimum_cost_links, stitch
from passerby.tracking.tracklets import NOBODY

FIRST = walk(100, 5, 10)  # its last frame is number 9, at x = 145

LEFT, RIGHT = 0, 2  # columns of `at_border`
RED, GREEN, UNKNOWN = [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]


def unknown(tracklets: int) -> NDArray[np.float64]:
    """Looks of tracklets whose appearance is not known."""
    return np.tile(UNKNOWN, (tracklets, 1))


def stitched(
    view: StabilisedDetections,
    tracklet_of: NDArray[np.int64],
    embeddings: NDArray[np.float64],
    settings: StitchingSettings = DEFAULT,
) -> NDArray[np.int64]:
    """As `stitch`, in a picture without end."""
    return stitch(view, tracklet_of, embeddings, np.zeros((len(tracklet_of), 4), bool), settings)


def two_in_turn(
    second: list[Seen],
    begins: int,
    *,
    has_cut: bool = False,
    embeddings: list[list[float]] | None = None,
    last_at: int | None = None,
) -> list[int]:
    """Persons of two tracklets at 10 Hz: `FIRST`, and another from frame `begins` on.

    `last_at` is the border that the last box of `FIRST` touches.
    """
    count = begins + len(second)
    earlier = [*FIRST, *[None] * (count - len(FIRST))]
    later = [*[None] * begins, *second]
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1))
    if has_cut:
        motion[len(FIRST)] = 0
    frames = together(earlier, later)
    tracklet_of = [n for pair in zip(earlier, later, strict=True) for n in (0, 1) if pair[n]]
    view = stabilise(observations(frames, camera_motion=motion))
    at_border = np.zeros((len(tracklet_of), 4), bool)
    if last_at is not None:
        at_border[len(FIRST) - 1, last_at] = True
    return list(
        stitch(view, np.array(tracklet_of), np.array(embeddings or [UNKNOWN] * 2), at_border)
    )


@pytest.mark.parametrize(
    ("second", "begins"),
    [
        pytest.param(walk(160, 5, 10), 12, id="walked on behind a post"),
        pytest.param(walk(200, 5, 10), 20, id="walked on behind a car"),
        pytest.param(walk(155, 5, 10, y=105, height=104), 11, id="detected a little differently"),
        pytest.param(walk(165, 5, 1), 13, id="seen once more"),
    ],
)
def test_a_gap_is_closed(second: list[Seen], begins: int) -> None:
    assert len(set(two_in_turn(second, begins))) == 1


@pytest.mark.parametrize(
    ("second", "begins", "has_cut"),
    [
        pytest.param(walk(650, 5, 10), 110, False, id="too long after"),
        pytest.param(walk(900, 5, 10), 15, False, id="too far away"),
        pytest.param(walk(175, 5, 10, height=40), 15, False, id="much too small"),
        pytest.param(walk(175, -60, 10), 15, False, id="coming from elsewhere"),
        pytest.param(walk(145, 5, 10), 9, False, id="at the same time"),
        pytest.param(walk(160, 5, 10), 12, True, id="after a cut"),
    ],
)
def test_another_person(second: list[Seen], begins: int, *, has_cut: bool) -> None:
    assert len(set(two_in_turn(second, begins, has_cut=has_cut))) == 2


@pytest.mark.parametrize(
    ("second", "begins", "embeddings", "persons"),
    [
        pytest.param(walk(170, -5, 10), 20, [RED, RED], 1, id="turned round, looks the same"),
        pytest.param(walk(170, -5, 10), 20, [RED, UNKNOWN], 1, id="turned round, not known"),
        pytest.param(walk(170, -5, 10), 20, [RED, GREEN], 2, id="turned round, looks different"),
        pytest.param(walk(300, 5, 10), 40, [RED, RED], 1, id="long unseen, looks the same"),
        pytest.param(walk(300, 5, 10), 40, [UNKNOWN, RED], 2, id="long unseen, not known"),
        pytest.param(walk(300, 5, 10), 40, [RED, GREEN], 2, id="long unseen, looks different"),
        pytest.param(walk(160, 5, 10), 12, [RED, GREEN], 1, id="looks outweigh no clear path"),
        pytest.param(walk(300, 5, 10), 15, [RED, RED], 2, id="looks do not move anybody far"),
    ],
)
def test_looks_decide_where_the_path_is_doubtful(
    second: list[Seen], begins: int, embeddings: list[list[float]], persons: int
) -> None:
    assert len(set(two_in_turn(second, begins, embeddings=embeddings))) == persons


@pytest.mark.parametrize(
    ("second", "begins", "last_at", "persons"),
    [
        pytest.param(walk(170, -4, 10), 18, None, 1, id="turned round in the middle"),
        pytest.param(walk(170, -4, 10), 18, RIGHT, 2, id="went out, and another came"),
        pytest.param(walk(170, -4, 10), 18, LEFT, 1, id="touched the border behind"),
        pytest.param(walk(150, 5, 10), 10, RIGHT, 1, id="seen again where they went"),
    ],
)
def test_who_walks_out_of_the_picture_has_left(
    second: list[Seen], begins: int, last_at: int | None, persons: int
) -> None:
    assert len(set(two_in_turn(second, begins, last_at=last_at))) == persons


@pytest.mark.parametrize(
    ("first", "nearer", "farther", "joined"),
    [
        pytest.param(UNKNOWN, UNKNOWN, UNKNOWN, "nearer", id="nobody known"),
        pytest.param(RED, RED, GREEN, "nearer", id="the nearer looks the same"),
        pytest.param(RED, GREEN, RED, "farther", id="the farther looks the same"),
        pytest.param(RED, UNKNOWN, RED, "farther", id="the farther does, the nearer is not known"),
        pytest.param(RED, UNKNOWN, GREEN, "nearer", id="the farther looks different"),
        pytest.param(UNKNOWN, GREEN, RED, "nearer", id="who went is not known"),
    ],
)
def test_of_two_who_might_be_the_one_who_went_it_is_who_looks_so(
    first: list[float], nearer: list[float], farther: list[float], joined: str
) -> None:
    absent = [None] * 20
    frames = together(
        [*FIRST, *[None] * 20],
        [*absent, *walk(200, 5, 10, y=98)],
        [*absent, *walk(200, 5, 10, y=104)],
    )
    tracklet_of = np.array([0] * 10 + [1, 2] * 10)
    embeddings = np.array([first, nearer, farther])

    persons = stitched(stabilise(observations(frames)), tracklet_of, embeddings)

    assert persons[0] == persons[10 if joined == "nearer" else 11]
    assert persons[10] != persons[11]


def test_the_longest_gap_can_be_set() -> None:
    path: list[Seen | None] = [*walk(100, 5, 30)]
    path[14:17] = [None] * 3  # frames 13 and 17 are 0.4 s apart
    view, tracklet_of = stabilise(observations(together(path))), np.repeat([0, 1], [14, 13])

    persons = [
        len(set(stitched(view, tracklet_of, unknown(2), setting).tolist()))
        for setting in (StitchingSettings(longest_gap=0.35), StitchingSettings(longest_gap=0.45))
    ]

    assert persons == [2, 1]


def test_no_detections() -> None:
    assert stitched(stabilise(observations([])), np.empty(0, np.int64), unknown(0)).tolist() == []


def test_nobody_stays_nobody() -> None:
    view = stabilise(observations(together(walk(100, 5, 3))))

    assert stitched(view, np.array([NOBODY, 0, 0]), unknown(1)).tolist() == [NOBODY, 0, 0]


def test_of_two_hidden_at_once_each_walks_on_their_own_way() -> None:
    # They meet behind a post: by place alone they could as well have turned.
    right, left = walk(100, 10, 30), walk(390, -10, 30)
    unseen = range(12, 18)
    frames = together(
        *([None if n in unseen else seen for n, seen in enumerate(path)] for path in (right, left))
    )
    tracklet_of = [0, 1] * 12 + [3, 2] * 12  # 3 walks right

    persons = stitched(stabilise(observations(frames)), np.array(tracklet_of), unknown(4)).tolist()

    assert persons == [persons[0], persons[1]] * 24
    assert persons[0] != persons[1]


def test_pieces_become_one_one_after_the_other() -> None:
    path: list[Seen | None] = [*walk(100, 5, 40)]
    for gap in (range(8, 10), range(18, 22), range(30, 33)):
        for number in gap:
            path[number] = None
    tracklet_of = [0] * 8 + [1] * 8 + [2] * 8 + [3] * 7

    persons = stitched(stabilise(observations(together(path))), np.array(tracklet_of), unknown(4))

    assert set(persons.tolist()) == {0}


def scene_of(
    tracklets: list[tuple[int, int, int, int]],
) -> tuple[StabilisedDetections, NDArray[np.int64]]:
    """View and labels of tracklets (first frame, length, place, speed), most of which overlap."""
    frames: list[list[Seen]] = [[] for _ in range(40)]
    labels: list[list[int]] = [[] for _ in range(40)]
    for label, (first, length, place, speed) in enumerate(tracklets):
        for step, seen in enumerate(walk(place * 20, speed, length)):
            frames[first + step].append(seen)
            labels[first + step].append(label)
    return stabilise(observations(frames)), np.array([n for row in labels for n in row], np.int64)


def test_pairs_weighed_some_at_a_time_are_joined_as_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gaps_and_speeds = ((3, 5), (4, -5), (2, 0), (5, 8))
    first = [(2 * n, 8, 3 * n, speed) for n, (_, speed) in enumerate(gaps_and_speeds)]
    second = [
        (begin + length + gap, 8, place + round((length + gap) * speed / 20), speed)
        for (begin, length, place, speed), (gap, _) in zip(first, gaps_and_speeds, strict=True)
    ]
    view, tracklet_of = scene_of(first + second)
    whole = stitched(view, tracklet_of, unknown(8))

    monkeypatch.setattr(module, "BLOCK", 3)

    assert len(set(whole.tolist())) < 8
    assert stitched(view, tracklet_of, unknown(8)).tolist() == whole.tolist()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 10), st.integers(0, 8), st.integers(-8, 8)),
        max_size=12,
    )
)
def test_nobody_is_in_two_places_at_once(tracklets: list[tuple[int, int, int, int]]) -> None:
    view, tracklet_of = scene_of(tracklets)

    person_of = stitched(view, tracklet_of, unknown(len(tracklets)))

    persons = set(person_of.tolist())
    assert persons == set(range(len(persons)))  # no detection is lost, no number left out
    for label in range(len(tracklets)):
        assert len(set(person_of[tracklet_of == label].tolist())) == 1
    for person in persons:
        theirs = sorted({tracklets[label][:2] for label in tracklet_of[person_of == person]})
        assert len(theirs) == len(set(tracklet_of[person_of == person].tolist()))
        for (first, length), (following, _) in pairwise(theirs):
            assert first + length <= following


@pytest.mark.parametrize("seed", range(20))
def test_thecheapest_joints_are_those_of_brute_force(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = 5
    candidates = [pair for pair in combinations(range(count), 2) if random.random() < 0.7]
    earlier, later = np.array(candidates, np.int64).reshape(-1, 2).T
    cost = random.uniform(-5, 0, len(candidates))

    chosen = minimum_cost_links(earlier, later, cost, count)

    price = dict(zip(candidates, cost.tolist(), strict=True))
    assert sum(price[pair] for pair in chosen) == pytest.approx(least_total(price))
    assert is_possible(chosen)


def least_total(price: dict[tuple[int, int], float]) -> float:
    """Least sum of prices over all possible choices of joints."""
    choices = (c for size in range(len(price) + 1) for c in combinations(price, size))
    return min(sum(price[pair] for pair in choice) for choice in choices if is_possible(choice))


def is_possible(links: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> bool:
    """Whether each tracklet is joined at most once on either side."""
    tails, heads = {tail for tail, _ in links}, {head for _, head in links}
    return len(tails) == len(heads) == len(links)
