"""Delete a job, or what is too old, from an installation."""

import logging
from datetime import timedelta
from pathlib import Path

from passerby.bootstrap.installation import Installation
from passerby.bootstrap.storage import build_observation_store
from passerby.clock import utc_now
from passerby.cloud.upload import remove_stale_drafts
from passerby.database.backup import date_of_backup, forget_backup
from passerby.errors import VideoNotUploaded
from passerby.jobs.erasure import erase_job
from passerby.jobs.job import Job
from passerby.jobs.sweeper import Folders, open_sources, sweep

logger = logging.getLogger(__name__)


def folders_of(installation: Installation) -> Folders:
    """List the folders with files of jobs beside their results."""
    settings = installation.settings
    return Folders(
        observations=settings.observations_folder,
        copies=settings.data / "copies",
        pictures=installation.artifacts.folder,
    )


def delete_job(installation: Installation, job: Job, *, with_video: bool) -> None:
    """Delete a job with everything that was made from it.

    Parameters
    ----------
    job : Job
        One that has ended.
    with_video : bool
        Whether its video is deleted as well, which must have been uploaded in the console.

    Raises
    ------
    VideoNotUploaded
        If the video was not; then nothing is deleted.
    JobStillOpen
        If the job, or with its video another one of it, waits or runs.
    """
    video = _upload_of(installation, job) if with_video else None
    erase_job(
        installation.database,
        installation.results,
        folders_of(installation),
        build_observation_store(installation.settings).delete,
        job.id,
    )
    if video is not None:
        video.unlink(missing_ok=True)


def _upload_of(installation: Installation, job: Job) -> Path:
    """Find the file of an upload that no open job needs."""
    settings = installation.settings
    bucket, key = job.source["bucket"], job.source["key"]
    folder = settings.bucket_root / settings.upload_bucket
    if not settings.upload_bucket or bucket != settings.upload_bucket:
        raise VideoNotUploaded
    path: Path = folder / key
    if not path.resolve().is_relative_to(folder.resolve()):
        raise VideoNotUploaded
    if (bucket, key) in open_sources(installation.database):
        raise VideoNotUploaded("Another job of this video waits or runs: cancel that first.")
    return path


def delete_what_a_backup_brought_back(installation: Installation) -> None:
    """Apply the retention to a restored backup before anybody sees it."""
    data = installation.settings.data
    made_at = date_of_backup(data)
    if made_at is None:
        return
    logger.warning("%s is a backup of %s: what is too old by now is deleted first", data, made_at)
    delete_old(installation)
    forget_backup(data)


def delete_old(installation: Installation) -> None:
    """Delete jobs, results, observations and uploads whose time is over, and all crash debris."""
    settings = installation.settings
    before = utc_now() - timedelta(days=settings.retention_days)
    sweep(installation.database, installation.results, folders_of(installation), before)
    if settings.upload_bucket:
        folder = settings.bucket_root / settings.upload_bucket
        remove_stale_drafts(folder)
        if settings.upload_retention_days is not None:
            _delete_old_uploads(installation, folder, settings.upload_retention_days)


def _delete_old_uploads(installation: Installation, folder: Path, days: float) -> None:
    """Delete uploads older than so many days, except those that an open job needs."""
    before = (utc_now() - timedelta(days=days)).timestamp()
    needed = {key for bucket, key in open_sources(installation.database) if bucket == folder.name}
    for path in folder.rglob("[!.]*"):
        key = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or key in needed:
            continue
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
