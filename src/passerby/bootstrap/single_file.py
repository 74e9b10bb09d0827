"""Analyse one video file here and now, without an installation or a database."""

import os
import tempfile
from functools import partial
from os import PathLike
from pathlib import Path

from passerby.cloud.objects import file_facts
from passerby.errors import ObjectNotFound, UnsupportedVideo, VideoGone
from passerby.faces import expression
from passerby.motfile import write_detections, write_tracks
from passerby.pathing.analysis import Analysis, analyse
from passerby.pathing.executor import Executor
from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.plan import Options
from passerby.pathing.video_source import FileSource
from passerby.records import ProgressCallback
from passerby.results.tables import write_table
from passerby.wire.answer import encode_answer, whole_answer


def track_file(
    video: str | PathLike[str],
    options: Options,
    executor: Executor,
    *,
    observations: Path | None = None,
    detections: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> Analysis:
    """Analyse one file.

    Parameters
    ----------
    video : path of a file
    options : Options
    executor : Executor
    observations : Path, optional
        Folder that keeps the observations, so that the work can be taken up again after a
        crash; without one they are thrown away at the end.
    detections : Path, optional
        File that the detections are written to, in MOTChallenge form.
    on_progress : callable, optional
        Told how far the work is; an exception it raises ends the work.

    Raises
    ------
    VideoError
        If the video cannot be used.
    ModelError
        If the device is not there.
    """
    source = _local_file(video)
    with tempfile.TemporaryDirectory(prefix="passerby-") as scratch:
        folder = observations or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        store = FolderObservationStore(folder.absolute())
        on_progress = on_progress or (lambda _: None)
        return analyse(
            source,
            store,
            executor,
            options=options,
            on_progress=on_progress,
            on_observed=partial(write_detections, detections) if detections else None,
        )


def _local_file(video: str | PathLike[str]) -> FileSource:
    try:
        found = file_facts(os.path.realpath(video))
    except ObjectNotFound as error:
        raise UnsupportedVideo(f"{video} is not a file.") from error
    except OSError as error:
        raise VideoGone(f"{video} cannot be read: {error.strerror}.") from error
    return FileSource(found.location, found.fingerprint)


def write_results(
    analysis: Analysis,
    folder: Path,
    stem: str,
    *,
    all_of_faces: bool = False,
) -> None:
    """Write what was found as MOTChallenge text, as Parquet, and as the service's answer.

    `all_of_faces` spells out more of each face than the service did.
    """
    write_tracks(folder / f"{stem}.txt", analysis.sightings)
    write_table(analysis.sightings, folder / f"{stem}.parquet")
    judge = expression.judge if all_of_faces else None
    answer = encode_answer(whole_answer(analysis.video, analysis.sightings, judge))
    (folder / f"{stem}.json").write_bytes(answer)
