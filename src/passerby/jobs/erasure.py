"""Delete a job with everything that was made from it, and nothing that others use.

A job leaves a row with its token, its message and the names of its observations; its
result with all that was derived from it; pictures, films and places; perhaps a copy of the
video; and observations, which several jobs of one video share.
"""

import shutil
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, insert, select

from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import JOBS, OBSERVATION_USES
from passerby.errors import JobStillOpen
from passerby.jobs.job import OPEN_STATES, JobState
from passerby.jobs.sweeper import Folders, StoredResults


@retry_on_disconnect
def note_observations(database: Database, job_id: str, names: Sequence[str]) -> None:
    """Note which observations a job uses, before it makes or reads them.

    A later attempt may use others, if it runs with other settings: all are noted.
    """
    known = select(OBSERVATION_USES.c.name).where(OBSERVATION_USES.c.job_id == job_id)
    with database.writing() as connection:
        missing = set(names) - set(connection.execute(known).scalars())
        rows = [{"job_id": job_id, "name": name} for name in sorted(missing)]
        if rows and _exists(connection, job_id):
            connection.execute(insert(OBSERVATION_USES), rows)


def erase_job(
    database: Database,
    results: StoredResults,
    folders: Folders,
    delete_observations: Callable[[str], None],
    job_id: str,
) -> None:
    """Delete a job that has ended, and all that was made from it alone.

    Parameters
    ----------
    delete_observations : callable
        Deletes a file of observations by its name.

    Raises
    ------
    JobStillOpen
        If it waits or runs: a worker would go on with it.
    """
    # First the row: nobody finds the job any more, and the sweeper deletes what is left of it
    # if this process dies here. Only the names of its own observations are lost with it, and
    # those go when nobody has used them for the retention time.
    for name in _delete_rows(database, job_id):
        delete_observations(name)
    results.delete(job_id)
    for root in (folders.pictures, folders.copies):
        shutil.rmtree(root / job_id, ignore_errors=True)
    database.erase_remains()


@retry_on_disconnect
def _delete_rows(database: Database, job_id: str) -> list[str]:
    """Delete the rows of a job; return the names of the observations that it alone used."""
    with database.writing() as connection:
        found = select(JOBS.c.state).where(JOBS.c.id == job_id).with_for_update()
        state = connection.execute(found).scalar_one_or_none()
        if state is not None and JobState(state) in OPEN_STATES:
            raise JobStillOpen
        names = _own_observations(connection, job_id)
        connection.execute(delete(JOBS).where(JOBS.c.id == job_id))
        return names


def _own_observations(connection: Connection, job_id: str) -> list[str]:
    used = OBSERVATION_USES.alias()
    others = OBSERVATION_USES.alias()
    shared = select(others.c.name).where(others.c.name == used.c.name, others.c.job_id != job_id)
    own = select(used.c.name).where(used.c.job_id == job_id, ~shared.exists())
    return list(connection.execute(own.order_by(used.c.name)).scalars())


def _exists(connection: Connection, job_id: str) -> bool:
    return connection.execute(select(JOBS.c.id).where(JOBS.c.id == job_id)).first() is not None
