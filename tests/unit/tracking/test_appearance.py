from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.testing import observations, together, walk
from passerby.tracking import appearance as module
from passerby.tracking.appearance import DIRECTIONS, FEWEST_EXAMPLES, appearance_embeddings
from passerby.tracking.stabilisation import StabilisedDetections, stabilise
from passerby.tracking.tracklets import NOBODY

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int64]

DIMENSIONS = 48
PERSONS = 6
# As many frames of two who are never apart as just teach the measure.
JUST_ENOUGH = FEWEST_EXAMPLES


def view_of(persons: int, frames: int, appearance: Bytes | None) -> StabilisedDetections:
    """View of persons who stand side by side; appearances frame by frame."""
    places = [walk(100.0 * person, 0, frames) for person in range(persons)]
    return stabilise(observations(together(*places), appearance=appearance))


def clothed(frames: int, seed: int = 0) -> Bytes:
    """(frames * `PERSONS`, D): clothes of their own in half of the components, slightly changing.

    The other half differs more, but from frame to frame: poses, say.
    """
    random = np.random.default_rng(seed)
    half = DIMENSIONS // 2
    clothes = random.integers(90, 130, (PERSONS, half))
    noise = random.integers(-10, 11, (frames, PERSONS, half))
    poses = random.integers(50, 150, (frames, PERSONS, half))
    embeddings = np.concatenate([clothes + noise, poses], axis=2)
    return embeddings.reshape(-1, DIMENSIONS).astype(np.uint8)


def halves(frames: int) -> Labels:
    """Two tracklets of every person: p in the first half of the frames, p + `PERSONS` after."""
    person = np.tile(np.arange(PERSONS), frames)
    return person + PERSONS * (np.arange(len(person)) >= len(person) // 2)


def same_and_other(embeddings: NDArray[np.float64]) -> tuple[float, float]:
    """Least likeness of the two halves of a person, greatest of halves of two."""
    similarity = embeddings[:PERSONS] @ embeddings[PERSONS:].T
    same = np.eye(PERSONS, dtype=bool)
    return float(similarity[same].min()), float(similarity[~same].max())


@pytest.mark.parametrize("dimensions", [0, DIMENSIONS])
@pytest.mark.parametrize("frames", [0, 3], ids=["no frames", "nobody described"])
def test_no_appearance(frames: int, dimensions: int) -> None:
    view = view_of(2, frames, None)
    view = replace(view, appearance=np.empty((0, dimensions), np.uint8))

    embeddings = appearance_embeddings(view, np.tile([0, 1], frames))

    assert embeddings.shape == (2 if frames else 0, DIRECTIONS)
    assert not embeddings.any()


def test_everybody_nobody() -> None:
    view = view_of(PERSONS, 20, clothed(20))

    assert len(appearance_embeddings(view, np.full(20 * PERSONS, NOBODY))) == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_person_resembles_themselves_most(seed: int) -> None:
    frames = 60
    appearance = clothed(frames, seed)

    embeddings = appearance_embeddings(view_of(PERSONS, frames, appearance), halves(frames))

    same, other = same_and_other(embeddings)
    assert same > 0.9
    assert other < 0.7  # in one of the scenes two wear nearly the same
    assert embeddings.shape == (2 * PERSONS, DIRECTIONS)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1)


def test_what_changes_with_everybody_does_not_count() -> None:
    # Single sights: their poses hide who is who from a plain comparison of vectors.
    frames = 61
    appearance, tracklet_of = clothed(frames), halves(frames)
    last, first = slice(-PERSONS, None), slice(-2 * PERSONS, -PERSONS)
    tracklet_of[first] = 2 * PERSONS + np.arange(PERSONS)
    tracklet_of[last] = 3 * PERSONS + np.arange(PERSONS)

    embeddings = appearance_embeddings(view_of(PERSONS, frames, appearance), tracklet_of)

    learned_same, learned_other = same_and_other(embeddings[2 * PERSONS :])
    plain = np.concatenate([appearance[first], appearance[last]]).astype(float)
    plain_same, plain_other = same_and_other(plain / np.linalg.norm(plain, axis=1)[:, None])
    assert learned_same > learned_other
    assert plain_same < plain_other


@pytest.mark.parametrize(
    ("frames", "is_known"),
    [
        pytest.param(JUST_ENOUGH - 1, False, id="one frame too few"),
        pytest.param(JUST_ENOUGH, True, id="just enough"),
    ],
)
def test_two_in_a_frame_are_an_example(frames: int, *, is_known: bool) -> None:
    random = np.random.default_rng(0)
    appearance = random.integers([[[100], [0]]], [[[150], [50]]], (frames, 2, DIMENSIONS))
    view = view_of(2, frames, appearance.reshape(-1, DIMENSIONS).astype(np.uint8))

    assert appearance_embeddings(view, np.tile([0, 1], frames)).any() == is_known


def test_one_who_is_always_alone_teaches_nothing() -> None:
    appearance = np.random.default_rng(0).integers(0, 99, (200, DIMENSIONS), np.uint8)

    assert not appearance_embeddings(view_of(1, 200, appearance), np.repeat([0, 1], 100)).any()


def test_those_seen_once_teach_nothing() -> None:
    appearance = np.random.default_rng(0).integers(0, 99, (200, DIMENSIONS), np.uint8)

    assert not appearance_embeddings(view_of(50, 4, appearance), np.arange(200)).any()


def test_tracklets_of_unknown_appearance_are_zero() -> None:
    frames = 40
    appearance, tracklet_of = clothed(frames), halves(frames)
    appearance[tracklet_of == 1] = 0  # too small to tell
    view = view_of(PERSONS, frames, appearance)
    undescribed = tracklet_of[view.described] == 3
    view = replace(
        view, described=view.described[~undescribed], appearance=view.appearance[~undescribed]
    )

    embeddings = appearance_embeddings(view, tracklet_of)

    assert np.flatnonzero(~embeddings.any(axis=1)).tolist() == [1, 3]


def test_detections_without_tracklet_or_description_change_nothing() -> None:
    frames = 40
    appearance, tracklet_of = clothed(frames), halves(frames)
    left_out = np.random.default_rng(5).random(len(tracklet_of)) < 0.2
    described = np.flatnonzero(~left_out)
    view = view_of(PERSONS, frames, appearance)
    expected = appearance_embeddings(
        replace(view, described=described, appearance=appearance[described]), tracklet_of
    )

    of_nobody = appearance_embeddings(view, np.where(left_out, NOBODY, tracklet_of))
    appearance[left_out] = 0
    not_told = appearance_embeddings(view_of(PERSONS, frames, appearance), tracklet_of)

    np.testing.assert_array_equal(of_nobody, expected)
    np.testing.assert_array_equal(not_told, expected)


def test_the_same_video_gives_the_same_looks() -> None:
    one, other = (
        appearance_embeddings(view_of(PERSONS, 40, clothed(40)), halves(40)) for _ in range(2)
    )

    np.testing.assert_array_equal(one, other)


def test_numbers_of_tracklets_do_not_matter() -> None:
    view, tracklet_of = view_of(PERSONS, 40, clothed(40)), halves(40)
    number = np.random.default_rng(0).permutation(2 * PERSONS)

    embeddings, renumbered = (
        appearance_embeddings(view, tracklet_of),
        appearance_embeddings(view, number[tracklet_of]),
    )

    np.testing.assert_allclose(
        (renumbered @ renumbered.T)[np.ix_(number, number)], embeddings @ embeddings.T
    )


def test_in_a_still_picture_nobody_changes() -> None:
    # No scatter within tracklets at all, but for rounding.
    appearance = np.tile(clothed(1), (40, 1))

    same, other = same_and_other(
        appearance_embeddings(view_of(PERSONS, 40, appearance), halves(40))
    )

    assert same == pytest.approx(1)
    assert other < 0.7


def grouped(seed: int) -> tuple[Bytes, Labels, Labels]:
    """Vectors, rows of some of them, and the groups of those: empty ones, single members, more."""
    random = np.random.default_rng(seed)
    vectors = random.integers(0, 256, (50, 5), np.uint8)
    rows = np.sort(random.choice(50, 30, replace=False))
    return vectors, rows, random.integers(0, 15, 30)


@pytest.mark.parametrize("seed", range(5))
def test_scatter_is_that_of_all_pairs_within_groups(seed: int) -> None:
    vectors, rows, group = grouped(seed)

    totals = module._totals(vectors, rows, group, 16)
    covariance = totals.scatter(module._squares(vectors, rows))

    expected, examples = np.zeros((5, 5)), 0
    for label in range(16):
        members = vectors[rows[group == label]].astype(float)
        for one, other in combinations(members, 2):
            expected += np.outer(one - other, one - other) / len(members)
        examples += max(len(members) - 1, 0)
    assert totals.examples == examples
    np.testing.assert_allclose(covariance, expected / examples)


def test_sums_some_at_a_time_are_those_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, rows, group = grouped(0)
    whole = module._totals(vectors, rows, group, 16), module._squares(vectors, rows)

    monkeypatch.setattr(module, "CHUNK", 7)

    totals, squares = module._totals(vectors, rows, group, 16), module._squares(vectors, rows)
    np.testing.assert_array_equal(totals.sums, whole[0].sums)
    np.testing.assert_array_equal(totals.counts, whole[0].counts)
    np.testing.assert_array_equal(squares, whole[1])
    assert totals.sums.sum() == vectors[rows].sum()
