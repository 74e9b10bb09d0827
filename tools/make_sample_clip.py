"""Cut the sample clip that the package ships from OpenCV's `vtest.avi`.

Run by maintainers, once:

    python tools/make_sample_clip.py /usr/share/doc/opencv-doc/examples/data/vtest.avi

The source comes with OpenCV (Debian's package `opencv-doc`, `samples/data` of the
OpenCV repository; Apache-2.0). It shows a square with people crossing, 768 x 576
pixels, 10 frames per second. The stretch was chosen because in it persons meet,
hide one another, leave and enter.
"""

import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

from passerby.testing import Image, write_clip
from passerby.video.decode import decode

CLIP = Path(__file__).parents[1] / "src" / "passerby" / "samples" / "people-walking.mp4"
FIRST_FRAME = 480
FRAME_COUNT = 160
FRAME_RATE = Fraction(10)

# A key frame every 5 seconds, so that players can seek.
KEYFRAME_DISTANCE = 50
B_FRAMES = 3
SLOW_AND_SMALL = {"preset": "veryslow", "crf": "26"}


def stretch(source: str) -> Iterator[Image]:
    """(576, 768, 3) uint8 BGR pictures of the chosen frames."""
    frames = islice(decode(source), FIRST_FRAME, FIRST_FRAME + FRAME_COUNT)
    return (frame.image() for frame in frames)


def main(source: str) -> None:
    """Write the clip and say how large it became."""
    write_clip(
        CLIP,
        stretch(source),
        rate=FRAME_RATE,
        gop=KEYFRAME_DISTANCE,
        b_frames=B_FRAMES,
        codec_options=SLOW_AND_SMALL,
        container_options={"movflags": "faststart"},
    )
    print(f"{CLIP}: {CLIP.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
