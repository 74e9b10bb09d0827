"""The result of a finished analysis, by job id or by the file that `passerby track` wrote."""

import hashlib
import json
import mmap
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path

import msgspec

from passerby.bootstrap.installation import Installation, open_installation
from passerby.bootstrap.provenance import Provenance, digest
from passerby.bootstrap.storage import build_buckets
from passerby.bootstrap.web_app import expression_classifier
from passerby.cloud.pinned_object import PinnedObject
from passerby.errors import FileFormatError, JobError, JobNotFound, VideoGone
from passerby.jobs.job import Job, JobState
from passerby.records import Sightings, VideoInfo
from passerby.results.tables import read_note, read_parts, read_table, row_count
from passerby.settings import Settings
from passerby.video.raw_streams import GivenRate, rate_source
from passerby.wire.faces import ClassifyExpressions
from passerby.wire.messages import PersonDetection, VideoMetadata
from passerby.wire.persons import person_detections
from passerby.wire.video import video_info

TABLE = ".parquet"
# FFmpeg's long names of raw streams begin so.
RAW_CONTAINERS = ("raw H.264", "raw HEVC")
# A rate is a fraction of whole numbers, of which this is the largest below: 30000/1001.
MOST_FRAMES = 1001
JOB_ID = re.compile("[0-9a-f]{1,64}")


@dataclass(frozen=True)
class AnalysisResult:
    """A result that is read lazily: no more than is asked for."""

    name: str  # for file names: the video's, without its ending
    table: Path  # Parquet, rows in order of time
    video: VideoInfo
    # Gives `source`. It may hold a signed URL, which no log should show.
    find_video: Callable[[], str | None] = field(repr=False)
    recording: str = ""  # identity of what was analysed
    # Without it, faces have what the service gave by default.
    classify_expressions: ClassifyExpressions | None = None

    @cached_property
    def sightings(self) -> Sightings:
        """All sightings at once."""
        return read_table(self.table)

    @cached_property
    def row_count(self) -> int:
        """Number of sightings."""
        return row_count(self.table)

    @cached_property
    def source(self) -> str | None:
        """Path or URL of the video; None where it is not at hand, or no longer the same.

        That of a raw stream has the rate at which it was analysed.
        """
        source = self.find_video()
        if source is None or not self.video.container.startswith(RAW_CONTAINERS):
            return source
        rate = Fraction(self.video.frame_rate).limit_denominator(MOST_FRAMES)
        return rate_source(source, GivenRate(rate))

    def parts(self) -> Iterator[Sightings]:
        """Yield all sightings, some thousand at a time."""
        return read_parts(self.table)

    def to_messages(self, sightings: Sightings) -> list[PersonDetection]:
        """Convert sightings to the `PersonDetection` of GetPersonTracking."""
        return person_detections(
            sightings, self.video.width, self.video.height, self.classify_expressions
        )


def open_result(wanted: str, settings: Settings, video: Path | None = None) -> AnalysisResult:
    """Open the result of a job, or of a file.

    Parameters
    ----------
    wanted : str
        First digits of a job's id, or path of a `NAME.parquet`.
    settings : Settings
        Those of the installation that has the job.
    video : Path, optional
        The video, if it is not where the job found it.

    Raises
    ------
    JobNotFound
        If there is no such job, or its results are gone.
    JobError
        If the job did not succeed, or not yet.
    FileFormatError
        If it is no such file, or nothing describes the video.
    VideoError
        If only `video` could describe itself, and it cannot be read.
    """
    if wanted.endswith(TABLE):
        return _open_file(Path(wanted), settings, video)
    if not JOB_ID.fullmatch(wanted):
        raise JobNotFound(f"{wanted!r} is neither the id of a job nor a file NAME{TABLE}.")
    installation = open_installation(settings)
    with closing(installation.database):
        return job_result(installation, installation.jobs.find_by_prefix(wanted), video)


def _open_file(table: Path, settings: Settings, video: Path | None) -> AnalysisResult:
    row_count(table)  # raises at once if this is no such table
    source = None if video is None else str(video)
    return AnalysisResult(
        name=table.stem,
        table=table,
        video=_describe_video(table.with_suffix(".json"), source),
        find_video=lambda: source,
        recording=_recording_of(table),
        classify_expressions=expression_classifier(settings),
    )


def _recording_of(table: Path) -> str:
    """Identity of what a table was made from, as far as it says so."""
    known = Provenance.read(read_note(table))
    return known.recording if known else digest(table)


def job_result(installation: Installation, job: Job, video: Path | None = None) -> AnalysisResult:
    """Open what a job of an installation found; parameters and errors as `open_result`."""
    if job.state is not JobState.SUCCEEDED or job.video is None:
        reason = f": {job.status_message}" if job.status_message else ""
        raise JobError(f"The job has not succeeded; it is {job.state}{reason}")
    find_video = partial(str, video) if video else partial(_locate, installation.settings, job)
    return AnalysisResult(
        name=Path(str(job.source["key"])).stem,
        table=installation.results.table(job.id),
        video=job.video,
        find_video=find_video,
        recording=hashlib.sha256(json.dumps(job.source, sort_keys=True).encode()).hexdigest(),
        classify_expressions=expression_classifier(installation.settings),
    )


def _locate(settings: Settings, job: Job) -> str | None:
    """Locate the video of a job; None where it is gone, or another by now."""
    try:
        return PinnedObject(build_buckets(settings), **job.source).location()
    except VideoGone:
        return None


class _AnswerHead(msgspec.Struct, rename="pascal"):
    """The part of a whole answer that is read; the rest may be hundreds of megabytes."""

    video_metadata: VideoMetadata


def _describe_video(answer: Path, source: str | None) -> VideoInfo:
    """Describe the video from the answer beside a table, or else from the video itself."""
    if answer.is_file():
        return _read_video_info(answer)
    if source is None:
        raise FileFormatError(
            f"Nothing tells what the video is like: {answer} is not there, and no video is given."
        )
    from passerby.video.probe import probe  # noqa: PLC0415

    return probe(source)


def _read_video_info(answer: Path) -> VideoInfo:
    """Read the description of the video in a whole answer, without the rest."""
    try:
        with (
            answer.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            metadata = msgspec.json.decode(content, type=_AnswerHead).video_metadata
    except (OSError, ValueError) as error:
        raise FileFormatError(
            f"{answer} is no whole answer of GetPersonTracking: {error}"
        ) from error
    return video_info(metadata)
