import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.testing import texture
from passerby.video.motion import CUT, STILL, Affine, Gray, camera_motion

NO_BOXES = np.empty((0, 4), dtype=np.float32)
SIZE = (320, 240)


def scene(seed: int = 0) -> Gray:
    """Blocks of grey as a camera would see them: their edges a little soft."""
    blocks = texture(SIZE, seed=seed, grain=16)[..., 0]
    return cv2.GaussianBlur(blocks, (5, 5), 0).astype(np.uint8)


def warped(gray: Gray, affine: Affine) -> Gray:
    return cv2.warpAffine(gray, affine, SIZE, borderMode=cv2.BORDER_REFLECT).astype(np.uint8)


def around_centre(zoom: float, degrees: float) -> Affine:
    return cv2.getRotationMatrix2D((160, 120), degrees, zoom).astype(np.float32)


def corners_under(affine: Affine) -> NDArray[np.float32]:
    width, height = SIZE
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]])
    return (corners @ affine.T).astype(np.float32)


@pytest.mark.parametrize(
    "motion",
    [
        pytest.param(np.array([[1, 0, 5], [0, 1, 0]], np.float32), id="five pixels to the right"),
        pytest.param(np.array([[1, 0, -2.5], [0, 1, 1.5]], np.float32), id="parts of a pixel"),
        pytest.param(np.array([[1, 0, 25], [0, 1, -12]], np.float32), id="a fast pan"),
        pytest.param(around_centre(1.0, 2.0), id="a roll by two degrees"),
        pytest.param(around_centre(1.04, 0.0), id="zooming in"),
        pytest.param(around_centre(0.97, -1.0), id="zooming out while rolling"),
    ],
)
def test_a_known_motion_is_found(motion: Affine) -> None:
    still = scene()

    found = camera_motion(still, warped(still, motion), NO_BOXES)

    assert found.dtype == np.float32
    np.testing.assert_allclose(corners_under(found), corners_under(motion), atol=0.5)


def test_a_still_camera_gives_exactly_the_identity_in_spite_of_noise() -> None:
    rng = np.random.default_rng(1)
    first, second = (
        np.clip(scene() + rng.normal(0, 6, scene().shape), 0, 255).astype(np.uint8)
        for _ in range(2)
    )

    np.testing.assert_array_equal(camera_motion(first, second, NO_BOXES), STILL)


def test_persons_who_walk_do_not_move_the_camera() -> None:
    # Only the person has corners: without its box the motion would be hers.
    plain = np.full((240, 320), 128, dtype=np.uint8)
    before, after = plain.copy(), plain.copy()
    before[60:180, 100:140] = scene()[60:180, 100:140]
    after[60:180, 110:150] = scene()[60:180, 100:140]
    box = np.array([[95, 55, 145, 185]], dtype=np.float32)

    np.testing.assert_array_equal(camera_motion(before, after, box), STILL)
    assert camera_motion(before, after, NO_BOXES)[0, 2] == pytest.approx(10, abs=0.5)


def test_boxes_beyond_the_border_are_allowed() -> None:
    box = np.array([[-50, -20, 30, 400], [300, 200, 900, 900]], dtype=np.float32)

    np.testing.assert_array_equal(camera_motion(scene(), scene(), box), STILL)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_cut_is_told_by_zeros(seed: int) -> None:
    np.testing.assert_array_equal(camera_motion(scene(), scene(seed), NO_BOXES), CUT)


def street() -> Gray:
    """Coarse light and dark, so like its mirror image that they correlate by more than half."""
    blocks = texture(SIZE, seed=5, grain=40)[..., 0].astype(float)
    picture = 0.75 * blocks + 0.25 * blocks[:, ::-1]
    return cv2.GaussianBlur(picture, (5, 5), 0).astype(np.uint8)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(street()[:, ::-1].copy(), id="seen from the other side"),
        pytest.param(warped(street(), around_centre(2.0, 0.0)), id="seen twice as near"),
    ],
)
def test_another_view_of_one_place_is_a_cut(other: Gray) -> None:
    np.testing.assert_array_equal(camera_motion(street(), other, NO_BOXES), CUT)


@pytest.mark.parametrize("across", [-80, 80])
def test_a_pan_too_fast_to_be_followed_is_no_cut(across: int) -> None:
    wide = texture((640, 240), seed=3, grain=32)[..., 0]
    smeared = cv2.GaussianBlur(wide, (81, 5), 0).astype(np.uint8)
    before = smeared[:, 160:480].copy()
    darker = smeared[:, 160 + across : 480 + across] * 0.4  # as when the exposure follows
    after = darker.astype(np.uint8)

    np.testing.assert_array_equal(camera_motion(before, after, NO_BOXES), STILL)


def test_a_light_switched_on_is_no_cut() -> None:
    bright = np.clip(scene().astype(int) + 70, 0, 255).astype(np.uint8)

    np.testing.assert_array_equal(camera_motion(scene(), bright, NO_BOXES), STILL)


def test_a_plain_picture_says_nothing() -> None:
    plain = np.full((240, 320), 7, dtype=np.uint8)

    np.testing.assert_array_equal(camera_motion(plain, scene(), NO_BOXES), STILL)


def test_the_same_frames_give_the_same_bits() -> None:
    first, second = scene(), warped(scene(), around_centre(1.03, 1.5))

    answers = {camera_motion(first, second, NO_BOXES).tobytes() for _ in range(5)}

    assert len(answers) == 1


def test_frames_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(240, 320\) and \(120, 160\)"):
        camera_motion(scene(), np.zeros((120, 160), np.uint8), NO_BOXES)
