"""A copy of the video with everybody in it marked."""

from pathlib import Path

from passerby.films.drawing import annotate
from passerby.films.film import write_film
from passerby.films.placement import locate_faces, locate_persons, trace_trails
from passerby.films.progress import ProgressCallback
from passerby.records import NO_FACE, Sightings
from passerby.video.decode import DecodedFrame, Image


def write_overlay(
    source: str, sightings: Sightings, target: Path, on_progress: ProgressCallback | None = None
) -> None:
    """Write a marked copy of a video as MP4, with its sound.

    Parameters
    ----------
    source : str
        Path or http(s) URL of the video.
    sightings : Sightings
        What was found in it.
    target : Path
        File to write; there is either all of it, or nothing.
    on_progress : callable, optional
        Receives the number of frames done, after each.

    Raises
    ------
    VideoError
        If the source cannot be read, or holds no frame.
    """
    bodies = sightings.take(sightings.has_body)
    faces = sightings.take(sightings.face != NO_FACE)

    def mark(frame: DecodedFrame, image: Image) -> Image:
        placed = locate_persons(bodies, frame.timestamp_ms)
        seen = locate_faces(faces, frame.timestamp_ms)
        return annotate(image, placed, seen, trace_trails(bodies, placed, frame.timestamp_ms))

    write_film(source, target, mark, on_progress=on_progress)
