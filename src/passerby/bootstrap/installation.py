"""How the parts are joined: what is built from the settings, and handed to what.

Only what an entry point needs is imported when it is built: the API process never
loads a decoder or a network.
"""

import logging
import stat
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from passerby.access.encryption import SealingKey, open_key_file
from passerby.access.keys import AccessKeys, has_access_keys
from passerby.api.notifications import notification_of
from passerby.database.backup import KEY_NAME, database_file
from passerby.database.connection import Database, open_database
from passerby.errors import SettingsError
from passerby.jobs.artifact_orders import ArtifactOrders
from passerby.jobs.outbox import Outbox
from passerby.jobs.store import JobStore
from passerby.results.store import Results
from passerby.settings import Settings

logger = logging.getLogger(__name__)

HOUR_MS = 3_600_000
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Installation:
    """What all processes of one installation share: its data folder, opened."""

    settings: Settings
    database: Database
    sealing_key: SealingKey
    jobs: JobStore
    keys: AccessKeys
    results: Results
    outbox: Outbox
    artifacts: ArtifactOrders


def open_installation(settings: Settings) -> Installation:
    """Open the data folder, or make it on first use.

    Raises
    ------
    SettingsError
        If it cannot be made, or was written by a newer passerby.
    """
    for folder in (settings.data, settings.bucket_root):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"{folder} cannot be a folder: {error.strerror}") from error
    _keep_private(settings.data)
    database = open_database(settings.database_url)
    # The file is made before the first key is stored: so it is there if there are keys.
    is_first_use = not has_access_keys(database)
    sealing_key = open_key_file(settings.data / KEY_NAME, is_first_use=is_first_use)
    keys = AccessKeys(database, sealing_key, upload_bucket=settings.upload_bucket)
    keys.check_sealing_key()
    return Installation(
        settings=settings,
        database=database,
        sealing_key=sealing_key,
        jobs=JobStore(
            database,
            now=database.now,
            message_of=notification_of,
            retention=timedelta(days=settings.retention_days),
        ),
        keys=keys,
        results=Results(settings.data / "results"),
        outbox=Outbox(database, now=database.now),
        artifacts=ArtifactOrders(database, settings.data / "pictures", now=database.now),
    )


def _keep_private(data: Path) -> None:
    """Take the data folder from other users of the machine: it shows people, and holds keys."""
    mode = stat.S_IMODE(data.stat().st_mode)
    if not mode & OTHERS:
        return
    try:
        data.chmod(mode & ~OTHERS)
    except OSError as error:
        logger.warning("%s can be read by other users: %s", data, error.strerror)
    else:
        logger.warning("%s could be read by other users of this machine; no longer", data)


def find_installation(settings: Settings) -> Installation:
    """Open a data folder that is there already, and make nothing.

    Raises
    ------
    SettingsError
        If there is none, or it was written by a newer passerby.
    """
    database = database_file(settings.database_url)
    parts = [settings.data / KEY_NAME, *([database] if database else [])]
    if not all(part.is_file() for part in parts):
        raise SettingsError(
            f"{settings.data} holds no installation; "
            "passerby serve or passerby keys create makes one."
        )
    return open_installation(settings)
