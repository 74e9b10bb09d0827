"""How the tables of an older job database become those of `schema`, step by step."""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from passerby.errors import SettingsError

STEPS = ScriptDirectory(Path(__file__).parent / "migrations")


def migrate(connection: Connection) -> None:
    """Take the steps that a database lacks; all of them where it is new.

    Parameters
    ----------
    connection : Connection
        In a transaction that may write.

    Raises
    ------
    SettingsError
        If the database was written by a newer passerby.
    """
    context = MigrationContext.configure(connection)
    present = context.get_current_revision()
    known = {step.revision for step in STEPS.walk_revisions()}
    if present is not None and present not in known:
        raise SettingsError(
            f"the database was written by a newer passerby (its schema revision is {present}, "
            f"this one knows up to {STEPS.get_current_head()}): install that version"
        )
    missing = list(STEPS.iterate_revisions("head", present or "base"))
    with Operations.context(context):
        for step in reversed(missing):
            step.module.upgrade()
            context.stamp(STEPS, step.revision)
