from pathlib import Path

import numpy as np
import pytest

from passerby.errors import UnsupportedVideo
from passerby.testing import BOX_COLOURS, moving_boxes, texture, write_clip, write_sound
from passerby.video.decode import decode
from passerby.video.probe import probe


def test_boxes_move_over_a_background_that_stays() -> None:
    first, second = moving_boxes(2, size=(160, 120), boxes=1)

    moved = (first != second).any(axis=2)
    assert first.shape == (120, 160, 3)
    # A box of 20 x 60 went two pixels to the right: two columns at either edge changed.
    assert np.flatnonzero(moved.any(axis=0)).tolist() == [0, 1, 20, 21]
    assert first[30, 10].tolist() == list(BOX_COLOURS[0])


def test_textures_repeat_and_differ_by_seed() -> None:
    np.testing.assert_array_equal(texture((40, 30)), texture((40, 30)))
    assert (texture((40, 30)) != texture((40, 30), seed=1)).any()


def test_a_clip_holds_the_pictures_it_was_given(tmp_path: Path) -> None:
    pictures = list(moving_boxes(10))

    path = write_clip(tmp_path / "c.mkv", pictures, codec="ffv1", pixel_format="bgr0")

    np.testing.assert_array_equal([frame.image() for frame in decode(str(path))], pictures)


def test_sound_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVideo):
        probe(str(write_sound(tmp_path / "sound.mp4")))
