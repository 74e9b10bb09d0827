"""A portrait of each person for browsers: a ZIP of PNG files.

The video is decoded once, up to the last picture that is needed.
"""

import zipfile
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.films import portraits
from passerby.films.film import in_square_pixels
from passerby.films.progress import ProgressCallback
from passerby.records import Sightings
from passerby.video.decode import decode


def write_portraits(
    source: str,
    sightings: Sightings,
    target: Path,
    on_progress: ProgressCallback | None = None,
) -> None:
    """Write `<index>.png` of every person who was detected, where it was detected best.

    Parameters
    ----------
    source : str
        Path or http(s) URL of the video.
    sightings : Sightings
        What was found in it.
    target : Path
        File to write.
    on_progress : callable, optional
        Receives the number of frames read, after each.

    Raises
    ------
    VideoError
        If the source cannot be read.
    """
    wanted: defaultdict[int, list[int]] = defaultdict(list)
    for row in best_rows(sightings).tolist():
        wanted[int(sightings.timestamp_ms[row])].append(row)
    if not wanted:
        zipfile.ZipFile(target, "w").close()
        return
    size, placed = in_square_pixels(source, sightings)
    boxes = portraits.crop_boxes(placed)
    # PNG is packed already; a fixed date, so that the same pictures give the same bytes.
    with zipfile.ZipFile(target, "w") as archive:
        for count, frame in enumerate(decode(source), start=1):
            if rows := wanted.pop(frame.timestamp_ms, []):
                image = frame.image(size)
                for row in rows:
                    _, encoded = cv2.imencode(".png", portraits.crop(image, boxes[row]))
                    name = zipfile.ZipInfo(f"{sightings.person_index[row]}.png")
                    archive.writestr(name, encoded.tobytes())
            if on_progress:
                on_progress(count)
            if not wanted:
                break


def best_rows(sightings: Sightings) -> NDArray[np.int64]:
    """Find the row, (P,), of each person's surest detection, of a body if there is any."""
    rows = np.flatnonzero(sightings.detected)
    person = sightings.person_index[rows]
    without_body = ~sightings.has_body[rows]
    keys = (sightings.timestamp_ms[rows], -sightings.confidence[rows], without_body, person)
    best_first = np.lexsort(keys)
    _, first = np.unique(person[best_first], return_index=True)
    return rows[best_first[first]]
