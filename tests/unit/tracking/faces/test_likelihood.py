import numpy as np
import pytest

from passerby.testing import observations, together, walk
from passerby.tracking.faces.likelihood import DEFAULT, Evidence, evidence, face_odds
from passerby.tracking.faces.tracks import faces_in_view
from passerby.tracking.stabilisation import stabilise

# Somebody who stands: centre, width, height.
BODY = (300.0, 200.0, 80.0, 200.0)


def odds(face: tuple[float, float, float], body: tuple[float, ...] = BODY) -> float:
    x, y, height = face
    return float(face_odds(np.array([[x, y, height, height]]), np.array([body]))[0])


@pytest.mark.parametrize(
    ("face", "is_likely"),
    [
        pytest.param((300, 121, 19), True, id="where the head is"),
        pytest.param((315, 119, 18), True, id="leaning a little"),
        pytest.param((300, 116, 25), True, id="larger than usual"),
        pytest.param((300, 160, 19), False, id="at the chest"),
        pytest.param((300, 90, 19), False, id="above the head"),
        pytest.param((340, 121, 19), False, id="at the edge"),
        pytest.param((300, 121, 6), False, id="far away behind"),
        pytest.param((300, 220, 220), False, id="larger than the body"),
    ],
)
def test_where_a_persons_face_is(face: tuple[float, float, float], *, is_likely: bool) -> None:
    assert (odds(face) > 0) == is_likely


def test_a_body_cut_off_at_the_knees_or_the_chest_keeps_its_face() -> None:
    for visible in (0.7, 0.5, 0.3):
        height = 200 * visible
        assert odds((300, 121, 19), (300, 100 + height / 2, 80, height)) > 0


CLOSE_UP = (300.0, 187.0, 140.0, 174.0)  # head and shoulders


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(
    ("share", "aside", "is_likely"),
    [
        pytest.param(0.4, 0.35, True, id="fills nearly half, far aside"),
        pytest.param(0.3, 0.29, True, id="large, tilted"),
        pytest.param(0.3, 0.19, True, id="large, a little tilted"),
        pytest.param(0.3, 0.5, False, id="large, at the edge"),
        pytest.param(0.2, 0.2, True, id="middling, a little tilted"),
        pytest.param(0.2, 0.35, False, id="middling, far aside"),
    ],
)
def test_a_large_head_may_be_tilted(
    share: float, aside: float, side: int, *, is_likely: bool
) -> None:
    height = share * 174
    face = (300 + side * aside * 140, 100 + 0.9 * height, height)

    assert (odds(face, CLOSE_UP) > 0) == is_likely


def test_the_farther_off_the_less_likely() -> None:
    aside = [odds((300 + shift, 121, 19)) for shift in (10, 20, 30, 40, 60)]

    assert aside == sorted(aside, reverse=True)
    assert aside[-1] == pytest.approx(np.log(DEFAULT.outliers), abs=0.1)


def test_an_instant_says_only_so_much() -> None:
    assert odds((300, 122, 19)) == DEFAULT.most


def test_pixels_are_of_any_size_and_left_is_as_right() -> None:
    assert odds((330, 125, 19)) == pytest.approx(odds((270, 125, 19)))
    doubled = odds((660, 250, 38), tuple(2 * value for value in BODY))
    assert odds((330, 125, 19)) == pytest.approx(doubled)


def odds_beside(others: int) -> float:
    """Odds of a large face in the upper part of a body, with others around the same face."""
    bodies = [(300.0, 200.0, 200.0)] * (1 + others)
    observed = observations([bodies], faces=[[(310.0, 130.0, 40.0)]])
    view = stabilise(observed)
    face_detections = faces_in_view(view, observed.first_face, observed.faces)
    tracks = [np.array([row]) for row in range(len(bodies))]
    return float(evidence(view, tracks, face_detections, np.zeros(1, np.int64)).odds[0])


def test_a_face_is_likelier_that_of_the_only_body_around_it() -> None:
    assert odds_beside(0) == pytest.approx(odds_beside(1) + DEFAULT.only_body)


def weighed(bodies: list[list[tuple[float, float, float]]], unseen: set[int]) -> Evidence:
    """Evidence of one person and one face that is there all the time."""
    frames = [[] if frame in unseen else seen for frame, seen in enumerate(bodies)]
    faces = [[(x, y - 0.39 * height, 0.1 * height)] for [(x, y, height)] in bodies]
    observed = observations(frames, faces=faces)
    view = stabilise(observed)
    face_detections = faces_in_view(view, observed.first_face, observed.faces)
    rows = np.arange(len(observed.xyxy))
    return evidence(view, [rows], face_detections, np.zeros(len(faces), np.int64))


def test_a_person_hidden_for_a_moment_is_where_the_path_leads() -> None:
    found = weighed(together(walk(100, 40, 12)), unseen={4, 5, 6, 7})

    assert found.face.tolist() == list(range(12))
    assert (found.odds > 2).all()


def test_of_a_person_hidden_for_long_nothing_is_known() -> None:
    found = weighed(together(walk(100, 4, 30)), unseen=set(range(6, 24)))

    assert found.face.tolist() == [*range(6), *range(24, 30)]


def test_faces_before_and_after_a_person_are_not_weighed() -> None:
    found = weighed(together(walk(100, 4, 30)), unseen={*range(5), *range(25, 30)})

    assert found.face.tolist() == list(range(5, 25))


def test_far_off_faces_of_a_track_that_comes_near_count_against_it() -> None:
    body = [(300.0, 200.0, 200.0)]
    faces = [[(300.0 if near else 500.0, 122.0, 20.0)] for near in (True, True, False)]
    observed = observations([body] * 3, faces=faces)
    view = stabilise(observed)
    face_detections = faces_in_view(view, observed.first_face, observed.faces)

    one_track = evidence(view, [np.arange(3)], face_detections, np.zeros(3, np.int64))
    two_tracks = evidence(view, [np.arange(3)], face_detections, np.array([0, 0, 1]))

    assert one_track.face.tolist() == [0, 1, 2]
    assert one_track.odds[2] < 0
    assert two_tracks.face.tolist() == [0, 1]


def test_nobody_and_no_faces() -> None:
    observed = observations([[], []])
    view = stabilise(observed)
    face_detections = faces_in_view(view, observed.first_face, observed.faces)

    assert len(evidence(view, [], face_detections, np.empty(0, np.int64)).face) == 0
