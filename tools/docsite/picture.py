"""The picture of the first page: a frame of the clip that ships, as `--annotate` marks it.

python -m tools.docsite.picture
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
from tools.docsite.staging import DOCS, ROOT

import passerby
from passerby.films.overlay import write_overlay

CLIP = ROOT / "src" / "passerby" / "samples" / "people-walking.mp4"
PICTURE = DOCS / "figures" / "people.jpg"
SECONDS = 9.0
QUALITY = 85


def main() -> None:
    """Analyse, mark, and keep one frame."""
    sightings = passerby.track(CLIP).sightings
    with TemporaryDirectory() as folder:
        marked = Path(folder) / "marked.mp4"
        write_overlay(str(CLIP), sightings, marked, lambda _: None)
        with av.open(marked) as film:
            frame = next(each for each in film.decode(video=0) if each.time >= SECONDS)
    pixels = frame.to_ndarray(format="bgr24")
    cv2.imwrite(str(PICTURE), pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


if __name__ == "__main__":
    main()
