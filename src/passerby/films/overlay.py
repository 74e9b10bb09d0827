"""A copy of the video with everybody in it marked."""

from pathlib import Path

from passerby.films.drawing import annotate
from passerby.films.film import EditFrame, edit_by_size, write_film
from passerby.films.placement import Size, locate_faces, locate_persons, scaled, trace_trails
from passerby.films.progress import ProgressCallback
from passerby.records import NO_FACE, Sightings, VideoInfo
from passerby.video.decode import DecodedFrame, Image
from passerby.video.probe import probe


def write_overlay(
    source: str,
    sightings: Sightings,
    target: Path,
    on_progress: ProgressCallback | None = None,
    video: VideoInfo | None = None,
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
    video : VideoInfo, optional
        The video as it was when it was analysed: the sightings are in pixels of it.

    Raises
    ------
    VideoError
        If the source cannot be read, or holds no frame.
    """
    told = video or probe(source)

    def marker(size: Size) -> EditFrame:
        return _marker(scaled(sightings, (told.width, told.height), size))

    write_film(source, target, edit_by_size(marker), on_progress=on_progress)


def _marker(sightings: Sightings) -> EditFrame:
    """Build the callable that marks the people in a frame."""
    bodies = sightings.take(sightings.has_body)
    faces = sightings.take(sightings.face != NO_FACE)

    def mark(frame: DecodedFrame, image: Image) -> Image:
        placed = locate_persons(bodies, frame.timestamp_ms)
        seen = locate_faces(faces, frame.timestamp_ms)
        return annotate(image, placed, seen, trace_trails(bodies, placed, frame.timestamp_ms))

    return mark
