"""Analyse one video here and now, without an installation or a database."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from os import PathLike
from pathlib import Path

from passerby.bootstrap.provenance import Provenance
from passerby.bootstrap.recording import find_file
from passerby.faces import expression
from passerby.files import atomic_file, exclusive, scratch_folder
from passerby.motfile import write_detections, write_tracks
from passerby.pathing.analysis import Analysis, analyse
from passerby.pathing.executor import Executor
from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.plan import Options
from passerby.pathing.video_source import VideoSource
from passerby.records import ProgressCallback
from passerby.results.tables import write_table
from passerby.wire.answer import encode_answer, whole_answer


def track_file(
    video: str | PathLike[str],
    options: Options,
    executor: Executor,
    *,
    on_progress: ProgressCallback | None = None,
) -> Analysis:
    """Analyse one file; parameters and errors as `track_source`."""
    return track_source(find_file(video), options, executor, on_progress=on_progress)


def track_source(
    source: VideoSource,
    options: Options,
    executor: Executor,
    *,
    observations: Path | None = None,
    detections: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> Analysis:
    """Analyse one video.

    Parameters
    ----------
    source : VideoSource
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
    with ExitStack() as stack:
        folder = observations or stack.enter_context(scratch_folder())
        return analyse(
            source,
            FolderObservationStore(folder.absolute()),
            executor,
            options=options,
            on_progress=on_progress or (lambda _: None),
            on_observed=partial(write_detections, detections) if detections else None,
        )


def write_results(
    analysis: Analysis,
    folder: Path,
    stem: str,
    *,
    all_of_faces: bool = False,
    recording: str | None = None,
    drafts: dict[Path, Path] | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Write what was found as MOTChallenge text, as Parquet, and as the service's answer.

    Parameters
    ----------
    analysis : Analysis
    folder : Path
    stem : str
        Name of the files without their endings.
    all_of_faces : bool
        Whether to spell out more of each face than the service did.
    recording : str, optional
        Identity of what was analysed; the table then says what was made from it.
    drafts : mapping of Path to Path, optional
        Further files that were made with these, by where they belong.
    check : callable
        Called before any file appears, while no other process writes results into the
        folder; an exception that it raises keeps all files as they are.
    """
    judge = expression.judge if all_of_faces else None
    text, answer, table = (folder / f"{stem}.{ending}" for ending in ("txt", "json", "parquet"))
    with exclusive(folder), ExitStack() as stack:
        check()
        made = {
            path: stack.enter_context(atomic_file(path)) for path in (text, answer, *(drafts or {}))
        }
        write_tracks(made[text], analysis.sightings)
        made[answer].write_bytes(
            encode_answer(whole_answer(analysis.video, analysis.sightings, judge))
        )
        for path, draft in (drafts or {}).items():
            made[path].write_bytes(draft.read_bytes())
        note = None if recording is None else Provenance.of(recording, made.values()).note()
        write_table(analysis.sightings, stack.enter_context(atomic_file(table)), note=note)
